"""Say what an MLflow run of a training holds."""

from typing import TYPE_CHECKING, Any

import yaml

from pipeline.corpus.load import Corpus
from pipeline.corpus.splits import Split
from pipeline.ground.files import hash_json
from pipeline.ground.version import code_version
from pipeline.judging.errors_table import worst_errors
from pipeline.judging.figures import all_figures
from pipeline.judging.report import flat_metrics
from pipeline.learning.recipes import Recipe
from pipeline.tracking.store import Run

if TYPE_CHECKING:
    from pipeline.workflows.training import Trained


def run_tags(recipe: Recipe, corpus: Corpus) -> dict[str, str]:
    """Name exactly what makes a run: recipe and its hash, data, codebook, code."""
    return {
        "recipe": recipe.name,
        "recipe_hash": recipe.hash,
        "learner": recipe.learner.kind,
        "decisions_learned_from": recipe.decisions.learn_from,
        "data_fingerprint": corpus.fingerprint,
        "codebook": f"{corpus.codebook.name} {corpus.codebook.version}",
        "code_version": code_version(),
    }


def run_params(recipe: Recipe, split: Split, threads: int) -> dict[str, Any]:
    """Flatten the recipe into columns, with the sizes of the split."""
    flat = {
        f"{room}.{key}": value for room in ("learner", "decisions") for key, value in recipe.described[room].items()
    }
    sizes = {f"{part}_sentences": len(getattr(split, part)) for part in ("train", "validation", "test")}
    documents = hash_json({p: sorted({e.doc for e in getattr(split, p)}) for p in ("train", "validation", "test")})
    return flat | sizes | {"seed": recipe.seed, "split_hash": documents, "threads": threads}


def log_run(run: Run, trained: "Trained", history: list[dict[str, float]]) -> None:
    """Log epochs, metrics, figures, worst errors, the recipe and the model folder."""
    for epoch, values in enumerate(history, start=1):
        run.metrics(values, step=epoch)
    run.metrics(trained.manifest.metrics)
    run.metrics(flat_metrics(trained.validation, "val_"))
    run.metrics({"model_megabytes": sum(f.size for f in trained.manifest.files.values()) / 1e6})
    for file, figure in all_figures(trained.judged).items():
        run.figure(figure, file)
    errors = worst_errors(trained.judged)
    columns = ("document", "label", "gold", "predicted", "probability", "text")
    run.table({column: [getattr(error, column) for error in errors] for column in columns}, "worst_errors.json")
    run.text(yaml.safe_dump(trained.manifest.recipe, sort_keys=False), "recipe.yaml")
    run.tags({"model_id": trained.manifest.id, "model_folder": str(trained.folder)})
    run.folder(trained.folder)
