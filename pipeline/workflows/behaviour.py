"""Try models on the behavioural suite of a labels folder, and track what came of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.corpus.cases import load_suite
from pipeline.corpus.claims import Suite
from pipeline.ground.codebook import Codebook, load_codebook
from pipeline.ground.errors import ModelError
from pipeline.ground.version import code_version
from pipeline.inference.manifest import Manifest
from pipeline.judging.behaviour import behaviour_metrics, judge_behaviour
from pipeline.judging.verdicts import BehaviourReport
from pipeline.predict import Predictor
from pipeline.tracking.store import Tracker

EXPERIMENT = "behaviour"


@dataclass(frozen=True, slots=True)
class Tried:
    """A model folder and what it did on the suite."""

    folder: Path
    manifest: Manifest
    report: BehaviourReport


def read_suite(labels_dir: Path) -> Suite:
    """Read a labels folder's suite for its own codebook; raise `ConfigError` where either is at fault."""
    return load_suite(labels_dir, load_codebook(labels_dir))


def try_models(folders: Sequence[Path], suite: Suite) -> list[Tried]:
    """Judge each model folder by the suite, in the order given.

    Raises:
        ModelError: a folder cannot be used, is named twice, or was trained for other labels; before any is scored.
    """
    predictors = load_each(folders)
    for folder, predictor in zip(folders, predictors, strict=True):
        _check_scheme(folder, predictor.codebook, suite.codebook)
    return [_try(folder, predictor, suite) for folder, predictor in zip(folders, predictors, strict=True)]


def load_each(folders: Sequence[Path]) -> list[Predictor]:
    """Load model folders; raise `ModelError` where one cannot be used or is named twice."""
    once: dict[Path, Path] = {}
    for folder in folders:
        if once.setdefault(folder.resolve(), folder) != folder or list(folders).count(folder) > 1:
            raise ModelError(f"{folder} is named twice", hint="name each model folder once")
    return [Predictor.load(folder) for folder in folders]


def _check_scheme(folder: Path, own: Codebook, wanted: Codebook) -> None:
    if (own.names, own.exclusive) != (wanted.names, wanted.exclusive):
        raise ModelError(
            f"{folder} was trained for {_describe(own)}, and the behavioural suite is for {_describe(wanted)}",
            hint="name the labels folder that the model was trained on: --labels DIR",
        )


def _describe(codebook: Codebook) -> str:
    return f"{'one' if codebook.exclusive else 'any'} of {', '.join(codebook.names)}"


def _try(folder: Path, predictor: Predictor, suite: Suite) -> Tried:
    probabilities = predictor.predict_proba(suite.texts)
    report = judge_behaviour(suite, probabilities, predictor.decide(probabilities))
    return Tried(folder, predictor.manifest, report)


def track(tried: Tried, suite: Suite, tracker: Tracker) -> str:
    """Add the figures to the run that made the model, or to a new run of the experiment `behaviour`; give its id."""
    tags = {"behaviour_suite": suite.fingerprint}
    return add_figures(tracker, EXPERIMENT, tried.folder, tried.manifest, behaviour_metrics(tried.report), tags)


def add_figures(
    tracker: Tracker,
    experiment: str,
    folder: Path,
    manifest: Manifest,
    metrics: dict[str, float],
    tags: dict[str, str],
) -> str:
    """Add figures and tags to the run that made a model, or to a new run of an experiment; give its id."""
    known = tracker.add_to_model(manifest.id, metrics, tags)
    if known:
        return known
    tags = tags | {
        "model_id": manifest.id,
        "model_folder": str(folder),
        "recipe_hash": manifest.recipe_hash,
        "codebook": f"{manifest.codebook.name} {manifest.codebook.version}",
        "code_version": code_version(),
    }
    with tracker.run(experiment, f"{manifest.name} {experiment}", tags, {}) as run:
        run.metrics(metrics)
        return run.id
