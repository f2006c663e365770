"""`stance experiment`: run recipes side by side and write the leaderboard."""

from pathlib import Path

import click

RUN_EPILOG = """\b
Example:
  stance experiment run experiments/recipes.yaml
"""
VALIDATE_EPILOG = """\b
Example:
  stance experiment validate experiments/recipes.yaml
"""


@click.group("experiment")
def command() -> None:
    """Put one question to several recipes: same labels, same splits, one table."""


@command.command("validate", epilog=VALIDATE_EPILOG)
@click.argument("spec", type=click.Path(path_type=Path))
def validate(spec: Path) -> None:
    """Check SPEC and its recipes without running anything."""
    from pipeline.ground.paths import find_project
    from pipeline.workflows.spec import load_spec

    read, recipes = load_spec(spec, find_project().models)
    click.echo(f"{read.name}: {len(recipes)} recipes, {len(read.seeds)} seed(s); {read.question}")


@command.command("run", epilog=RUN_EPILOG)
@click.argument("spec", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Run every step again, also those whose inputs have not changed.")
def run(spec: Path, force: bool) -> None:
    """Train and judge what SPEC names; write leaderboard.md and .csv beside it, and the README's table.

    Steps that ran before with the same recipe, seed, labels and splits are
    skipped; a killed run goes on where it stopped.
    """
    from pipeline.cli.console import terminal_progress
    from pipeline.ground.extras import need
    from pipeline.ground.paths import find_project

    for module in ("sklearn", "mlflow", "datasets"):
        need(module, "train", "stance experiment run")
    from pipeline.tracking.store import Tracker
    from pipeline.workflows.experiment import run_experiment

    project = find_project()
    progress = terminal_progress()
    try:
        rows = run_experiment(spec, project, Tracker(project.root), progress, force=force)
    finally:
        progress.close()
    from pipeline.ground.codebook import load_codebook
    from pipeline.ground.files import write_text
    from pipeline.ground.machine import describe_machine
    from pipeline.reports.leaderboard import leaderboard_csv, leaderboard_markdown, leaderboard_table
    from pipeline.reports.markers import replace_block
    from pipeline.workflows.spec import load_spec

    codebook = load_codebook(project.labels)
    table = leaderboard_table(rows, codebook)
    whole = leaderboard_markdown(load_spec(spec, project.models)[0], rows, codebook, describe_machine())
    write_text(spec.parent / "leaderboard.md", whole)
    write_text(spec.parent / "leaderboard.csv", leaderboard_csv(rows))
    if spec.resolve().parent == project.root / "experiments":
        replace_block(
            project.root / "README.md", "leaderboard", f"{table}\n\n{describe_machine()}, {rows[0].made_by['date']}."
        )
    click.echo(table)
