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


@click.group("experiment", epilog=RUN_EPILOG)
def command() -> None:
    """Put one question to several recipes: same labels, same splits, one table."""


@command.command("validate", short_help="check a specification", epilog=VALIDATE_EPILOG)
@click.argument("spec", type=click.Path(path_type=Path))
def validate(spec: Path) -> None:
    """Check SPEC and its recipes without running anything."""
    from pipeline.ground.paths import find_project
    from pipeline.workflows.spec import load_spec

    read, recipes = load_spec(spec, find_project().models)
    click.echo(f"{read.name}: {len(recipes)} recipes, {len(read.seeds)} seed(s); {read.question}")


@command.command("run", short_help="train, judge, write the table", epilog=RUN_EPILOG)
@click.argument("spec", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Run every step again, also those whose inputs have not changed.")
def run(spec: Path, force: bool) -> None:
    """Train and judge what SPEC names, and write the table as Markdown and CSV.

    A SPEC with `publish: true` writes leaderboard.md and .csv beside it and the
    README's table; any other writes beside its results. Steps that ran before
    with the same recipe, seed, labels and splits are skipped (the code is not
    compared: use --force after changing it); a killed run goes on where it
    stopped.
    """
    from pipeline.cli.console import note, terminal_progress
    from pipeline.ground.extras import need_training
    from pipeline.ground.paths import find_project, shown

    need_training("stance experiment run")
    from pipeline.tracking.store import Tracker
    from pipeline.workflows.experiment import run_experiment

    project = find_project()
    progress = terminal_progress()
    try:
        rows = run_experiment(spec, project, Tracker(project.root), progress, force=force)
    finally:
        progress.close()
    from pipeline.reports.leaderboard import publish

    table, written = publish(spec, rows, project)
    for path in written:
        note(f"wrote {shown(path)}")
    click.echo(table)
