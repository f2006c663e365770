"""`stance experiment`: ask a question of recipes, and write down the answer."""

from pathlib import Path

import click

from pipeline.ground.errors import StanceError

LS_EPILOG = """\b
Example:
  stance experiment ls
"""
VALIDATE_EPILOG = """\b
Example:
  stance experiment validate experiments/peers.yaml
"""
RUN_EPILOG = """\b
Example:
  stance experiment run experiments/peers.yaml
"""
SHOW_EPILOG = """\b
Example:
  stance experiment show experiments/peers.yaml
"""
SPEC = click.argument("spec", type=click.Path(path_type=Path))


@click.group("experiment", epilog=RUN_EPILOG)
def command() -> None:
    """Put one question to several recipes, settings or models: same labels, same splits, one table."""


@command.command("ls", short_help="list the specifications", epilog=LS_EPILOG)
def ls() -> None:
    """List the specifications in experiments/: kind, what is run, question."""
    from pipeline.cli.console import results, stdout_console
    from pipeline.ground.extras import need_training
    from pipeline.ground.paths import find_project

    need_training("stance experiment ls")
    from pipeline.reports.experiment import listing
    from pipeline.workflows.survey import list_specs

    listed = list_specs(find_project())
    with results():
        stdout_console().print(listing(listed))


@command.command("validate", short_help="check a specification", epilog=VALIDATE_EPILOG)
@SPEC
def validate(spec: Path) -> None:
    """Check SPEC, its recipes, and the labels they would learn from, without running anything."""
    from pipeline.cli.console import results, stdout_console
    from pipeline.ground.extras import need_training
    from pipeline.ground.paths import find_project
    from pipeline.ground.progress import Progress

    need_training("stance experiment validate")
    from pipeline.reports.experiment import listing
    from pipeline.tracking.store import Tracker
    from pipeline.workflows.bench import open_bench
    from pipeline.workflows.experiment import progress_of
    from pipeline.workflows.spec import load_spec
    from pipeline.workflows.survey import Listed

    project = find_project()
    read, recipes = load_spec(spec, project.models)
    bench = open_bench(spec, read.name, project, Tracker(project.root), Progress(), force=False)
    progress_of(read, recipes, bench)
    with results():
        stdout_console().print(listing([Listed(spec, read)]))


@command.command("show", short_help="what it asks, and how far it is", epilog=SHOW_EPILOG)
@SPEC
def show(spec: Path) -> None:
    """Show what SPEC asks, and which steps are done with the labels and recipes of now."""
    from pipeline.cli.console import results, stdout_console, terminal_progress
    from pipeline.ground.extras import need_training
    from pipeline.ground.paths import find_project

    need_training("stance experiment show")
    from pipeline.reports.experiment import overview
    from pipeline.tracking.store import Tracker
    from pipeline.workflows.bench import open_bench
    from pipeline.workflows.experiment import progress_of
    from pipeline.workflows.spec import load_spec

    project = find_project()
    read, recipes = load_spec(spec, project.models)
    progress = terminal_progress()
    try:
        bench = open_bench(spec, read.name, project, Tracker(project.root), progress, force=False)
        state = progress_of(read, recipes, bench)
    finally:
        progress.close()
    with results():
        stdout_console().print(overview(spec, read, state))


@command.command("run", short_help="train, judge, write the tables", epilog=RUN_EPILOG)
@SPEC
@click.option(
    "--force",
    is_flag=True,
    help="Run every step again, also those whose inputs have not changed; teachers and students are fitted anew.",
)
def run(spec: Path, force: bool) -> None:
    """Train and judge what SPEC names, and write the answer as Markdown and CSV.

    A comparison with `publish: true` writes leaderboard.md and .csv beside SPEC
    and the README's table; a learning curve writes its tables and figure beside
    SPEC; an ablation tries settings of one recipe on grouped folds of the
    training documents, and writes .md and .csv of its name beside SPEC; a
    frontier judges trained models, times them in turn, and writes .md, .csv and
    .svg of its name; a benchmark times batch scoring beside other programs, and
    writes .md and .csv of its name; a sweep searches settings of one recipe by
    trials, each an MLflow run, writes .md, .csv and .svg of its name, and
    prints the recipe it found. Peers get environments of their own in
    .cache/peers; one that cannot be installed drops out with the reason in its
    row, as does a variant or a trial that fails or a model that is not here.
    Steps and trials that ran before with the same recipe or model, seed, labels
    and splits are skipped (the code is not compared: use --force after changing
    it); timings of a frontier are always made anew, and so are those of a
    benchmark, but for its growing tables. A killed run goes on where it
    stopped: a sweep with the first trial not done.
    """
    from pipeline.cli.console import note, results, terminal_progress
    from pipeline.ground.extras import need_training
    from pipeline.ground.paths import find_project, shown

    need_training("stance experiment run")
    from pipeline.reports.experiment import publish_result
    from pipeline.tracking.store import Tracker
    from pipeline.workflows.experiment import run_experiment
    from pipeline.workflows.spec import load_spec

    project = find_project()
    read, _ = load_spec(spec, project.models)
    progress = terminal_progress()
    try:
        result = run_experiment(spec, project, Tracker(project.root), progress, force=force)
    finally:
        progress.close()
    try:
        table, written = publish_result(spec, read, result, project)
    except OSError as error:
        raise StanceError(
            f"the answer cannot be written beside {spec}: {error.strerror or error}",
            hint="make room, or make the folder writable; then run the same command again: what was done is kept",
        ) from error
    for path in written:
        note(f"wrote {shown(path)}")
    with results():
        click.echo(table)
