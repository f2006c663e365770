"""Say what an MLflow run of a training holds."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import yaml

from pipeline.corpus.load import Corpus
from pipeline.corpus.splits import Split
from pipeline.ground.files import hash_json, hash_text
from pipeline.ground.version import code_version, commit
from pipeline.judging.errors_table import worst_errors
from pipeline.judging.figures import all_figures
from pipeline.judging.report import flat_metrics
from pipeline.learning.recipes import Recipe
from pipeline.tracking.store import COMMIT, NOTE, Run
from pipeline.workflows.notes import figures_note

LONGEST = 250  # characters of a setting in a table of runs
VALIDATED = ("macro_f1", "f1_", "ap_")  # of validation no more, which choices were made on

if TYPE_CHECKING:
    from pipeline.workflows.training import Trained


def run_tags(recipe: Recipe, corpus: Corpus, note: str = "") -> dict[str, str]:
    """Name exactly what makes a run: recipe and its hash, data, codebook, code; and say it in a note, where given."""
    said = {COMMIT: commit(), NOTE: note}
    return {name: value for name, value in said.items() if value} | {
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
        f"{room}.{key}": in_a_cell(value)
        for room in ("learner", "decisions")
        for key, value in recipe.described[room].items()
    }
    sizes = {f"{part}_sentences": len(getattr(split, part)) for part in ("train", "validation", "test")}
    documents = hash_json({p: sorted({e.doc for e in getattr(split, p)}) for p in ("train", "validation", "test")})
    return flat | sizes | {"seed": recipe.seed, "split_hash": documents, "threads": threads}


def in_a_cell(value: Any) -> Any:
    """Give a setting as a table of runs can show it: one as long as a list of patterns by its hash."""
    said = str(value)
    return value if len(said) <= LONGEST else f"sha256 {hash_text(said)[:12]}, {len(said):,} characters in recipe.yaml"


def log_run(run: Run, trained: "Trained", history: list[dict[str, float]]) -> None:
    """Log epochs, metrics, figures, worst errors, the recipe and the model folder."""
    for epoch, values in enumerate(history, start=1):
        run.metrics(values, step=epoch)
    megabytes = trained.manifest.size / 1e6
    run.metrics(columns(trained.manifest.metrics) | {"model_megabytes": megabytes})
    validation = flat_metrics(trained.validation)
    run.metrics({f"val_{name}": value for name, value in validation.items() if name.startswith(VALIDATED)})
    for file, figure in all_figures(trained.judged).items():
        run.figure(figure, file)
    errors = worst_errors(trained.judged)
    heads = ("document", "label", "gold", "predicted", "probability", "text")
    run.table({head: [getattr(error, head) for error in errors] for head in heads}, "worst_errors.json")
    run.text(yaml.safe_dump(trained.manifest.recipe, sort_keys=False), "recipe.yaml")
    run.tags({"model_id": trained.manifest.id, "model_folder": str(trained.folder)})
    run.folder(trained.folder)


def columns(figures: Mapping[str, float]) -> dict[str, float]:
    """Name figures as the table of runs shows them: `source/<name>/macro_f1` becomes `source_macro_f1/<name>`.

    The UI makes a group of all that stands before the last `/`, and so has one group for each kind of slice.
    """
    return {re.sub(r"^([^/]+)/(.+)/macro_f1$", r"\1_macro_f1/\2", name): value for name, value in figures.items()}


def add_figures(run: Run, trained: "Trained", note: str, peak: int) -> None:
    """Let a run's description end with its headline figures; `peak` is the memory of the training, in bytes."""
    megabytes = trained.manifest.size / 1e6
    run.tags({NOTE: f"{note} {figures_note(trained.test, trained.seconds, trained.sentences_per_second, megabytes)}"})
    log_peak(run, peak)


def log_peak(run: Run, peak: int) -> None:
    """Log the most memory that a training held, where this machine tells (Linux does)."""
    if peak:
        run.metrics({"peak_memory_megabytes": peak / 1e6})
