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
@click.option("--seed", type=click.IntRange(min=0), help="Replace the recipe's seed.")
@click.option("--out", type=click.Path(path_type=Path), help="Model folder [default: models/trained/<recipe>].")
@click.option("--experiment", default="training", show_default=True, help="MLflow experiment of the run.")
@click.option("--threads", type=click.IntRange(min=1), default=2, show_default=True, help="Threads for torch.")
def command(
    recipe: Path, labels: Path | None, seed: int | None, out: Path | None, experiment: str, threads: int
) -> None:
    """Train the model that RECIPE describes, judge it, and track the run in MLflow.

    The model folder appears only when it is complete. Figures on validation and
    test come from that folder, loaded again as `stance score` will load it.
    """
    from pipeline.ground.extras import need
    from pipeline.ground.paths import find_project

    for module in ("sklearn", "mlflow", "datasets"):
        need(module, "train", "stance train")
    from pipeline.cli.console import terminal_progress
    from pipeline.learning.recipes import load_recipe
    from pipeline.tracking.store import Tracker
    from pipeline.workflows.training import Order, train

    project = find_project()
    order = Order(
        recipe=recipe,
        labels=labels or project.labels,
        out=out or project.trained / load_recipe(recipe).name,
        seed=seed,
        experiment=experiment,
        threads=threads,
    )
    progress = terminal_progress()
    try:
        trained = train(order, Tracker(project.root), progress)
    finally:
        progress.close()
    from rich.console import Console

    from pipeline.reports.training import training_summary

    Console(highlight=False, soft_wrap=False).print(training_summary(trained))
