"""`stance train`: train a model from a recipe and track it."""

from pathlib import Path

import click

EPILOG = """\b
Example:
  stance train models/tfidf.yaml --seed 11
"""


@click.command("train", epilog=EPILOG)
@click.argument("recipe", type=click.Path(path_type=Path))
@click.option("--labels", type=click.Path(path_type=Path), help="Labels folder [default: labels/ of the project].")
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), help="Replace the recipe's seed.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Model folder [default: models/trained/<recipe>, with -seedN for another seed].",
)
@click.option("--experiment", default="training", show_default=True, help="MLflow experiment of the run.")
@click.option("--threads", type=click.IntRange(min=1), default=2, show_default=True, help="Threads for torch.")
def command(
    recipe: Path, labels: Path | None, seed: int | None, out: Path | None, experiment: str, threads: int
) -> None:
    """Train the model that RECIPE describes, judge it, and track the run in MLflow.

    The model folder appears only when it is complete. Figures on validation and
    test come from that folder, loaded again as `stance score` will load it.
    """
    from pipeline.ground.extras import need_training
    from pipeline.ground.paths import find_project

    need_training("stance train")
    from pipeline.cli.console import results, stdout_console, terminal_progress
    from pipeline.learning.recipes import load_recipe
    from pipeline.tracking.store import Tracker
    from pipeline.workflows.training import Order, train

    project = find_project(beside=labels)
    read = load_recipe(recipe)
    name = read.name if seed in (None, read.seed) else f"{read.name}-seed{seed}"
    order = Order(
        recipe=recipe,
        labels=labels or project.labels,
        out=out or project.trained / name,
        seed=seed,
        experiment=experiment,
        threads=threads,
    )
    progress = terminal_progress()
    try:
        trained = train(order, Tracker(project.root), progress)
    finally:
        progress.close()
    from pipeline.reports.training import training_summary

    with results():
        stdout_console().print(training_summary(trained))
