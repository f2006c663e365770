"""Look at model folders: what there is, what one says of itself, and whether it is whole."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from pipeline.decisions.decisions import Decisions
from pipeline.ground.codebook import Codebook
from pipeline.ground.errors import ModelError
from pipeline.ground.paths import packaged_models, shown
from pipeline.ground.records import Estimate
from pipeline.inference.manifest import (
    Manifest,
    file_faults,
    read_decisions,
    read_manifest,
    unlisted_files,
    way_back,
)
from pipeline.inference.released import Shelved, project_here, released_models
from pipeline.inference.shelf import find_model, label_difference, trained_models
from pipeline.predict import Predictor

SENTENCE = "The talks may yet succeed, but both sides should act soon."


@dataclass(frozen=True, slots=True)
class Described:
    """A model folder with its manifest, or the fault that keeps it from being read."""

    shelved: Shelved
    manifest: Manifest | None
    fault: ModelError | None = None

    def as_dict(self) -> dict[str, Any]:
        """Give the model as JSON holds it; what is unknown is null."""
        value = {"name": self.shelved.name, "where": self.shelved.where, "folder": str(self.shelved.folder)}
        if self.manifest is None:
            return value | {"fault": self.fault.message if self.fault else None}
        codebook, score = self.manifest.codebook, stored_estimate(self.manifest, "macro_f1")
        return value | {
            "fault": None,
            "id": self.manifest.id,
            "bytes": self.manifest.size,
            "codebook": {"name": codebook.name, "version": codebook.version},
            "macro_f1": score.as_dict() if score else None,
            "sentences_per_second": self.manifest.metrics.get("sentences_per_second"),
            "created": self.manifest.created,
        }


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at; `hint` says how to mend a fault."""

    what: str
    state: Literal["ok", "note", "fault", "skipped"]
    said: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Verified:
    """A model folder and everything that was looked at."""

    folder: Path
    checks: tuple[Check, ...]

    @property
    def sound(self) -> bool:
        """Tell whether nothing is at fault."""
        return all(check.state != "fault" for check in self.checks)


def stored_estimate(manifest: Manifest, name: str) -> Estimate | None:
    """Give a figure of the manifest with its interval where one is stored; None where there is no such figure."""
    metrics = manifest.metrics
    if name not in metrics:
        return None
    return Estimate(metrics[name], metrics.get(f"{name}_low"), metrics.get(f"{name}_high"))


def list_models() -> list[Described]:
    """Describe every model: released in the checkout, released in the package, trained."""
    return [_described(shelved) for shelved in [*released_models(), *trained_models()]]


def _described(shelved: Shelved) -> Described:
    try:
        return Described(shelved, read_manifest(shelved.folder))
    except ModelError as error:
        return Described(shelved, None, error)


def describe_model(named: Path) -> tuple[Path, Manifest, Decisions]:
    """Read a model by its name or folder.

    Raises:
        ModelError: there is none, or its manifest or decisions cannot be used.
    """
    folder = find_model(named)
    manifest = read_manifest(folder)
    return folder, manifest, read_decisions(folder, manifest)


def models_to_verify(named: tuple[Path, ...]) -> list[Path]:
    """Find the folders of the models named, or every released one; raise `ModelError` where there is none."""
    folders = [find_model(name) for name in named] or [model.folder for model in released_models()]
    if not folders:
        project = project_here()
        shelves = [*([project.released] if project else []), packaged_models()]
        raise ModelError(
            f"no released model in {' or '.join(map(shown, shelves))}",
            hint="name a model folder: stance models verify DIR",
        )
    return folders


def verify_model(folder: Path, codebook: Codebook | None, place: str) -> Verified:
    """Look at a model folder from its manifest to the probabilities it gives; every fault is kept, none raised.

    `codebook` is what its labels are compared with (None: nothing to compare with), and `place` names its file.
    """
    try:
        manifest = read_manifest(folder)
    except ModelError as error:
        return Verified(folder, (Check("manifest", "fault", error.message, error.hint),))
    checks = [Check("manifest", "ok", f"format {manifest.format}, {manifest.id}"), *_files(folder, manifest)]
    whole = all(check.state != "fault" for check in checks)
    checks += _scores(folder, manifest) if whole else [Check("scores", "skipped", "not tried: mend the files first")]
    return Verified(folder, (*checks, _codebook(manifest.codebook, codebook, place)))


def _files(folder: Path, manifest: Manifest) -> Iterator[Check]:
    faults = list(file_faults(folder, manifest))
    for fault in faults:
        yield Check("files", "fault", fault, way_back(folder))
    if not faults:
        yield Check("files", "ok", f"{_count(manifest)}, {manifest.size / 1e6:.1f} MB, each as listed")
    if stray := unlisted_files(folder, manifest):
        more = f" and {len(stray) - 5} more" if len(stray) > 5 else ""
        yield Check("files", "note", f"not in the manifest, and not read: {', '.join(stray[:5])}{more}")


def _count(manifest: Manifest) -> str:
    return f"{len(manifest.files)} file" + "s" * (len(manifest.files) != 1)


def _scores(folder: Path, manifest: Manifest) -> Iterator[Check]:
    """Read the decisions, load the scorer, and score one sentence."""
    try:
        decisions = read_decisions(folder, manifest)
        yield Check("decisions", "ok", f"for {', '.join(decisions.labels)}; calibration {decisions.calibration}")
        predictor = Predictor.load(folder)
        raw, chances = predictor.predict_raw([SENTENCE]), predictor.predict_proba([SENTENCE])
    except ModelError as error:
        yield Check("scores", "fault", error.message, error.hint)
        return
    if not all(np.isfinite(part).all() and (part >= 0).all() and (part <= 1).all() for part in (raw, chances)):
        said = ", ".join(f"{value:.3g}" for value in chances[0])
        yield Check("scores", "fault", f"{folder}: no probabilities for a plain sentence ({said})", way_back(folder))
        return
    yield Check("scores", "ok", "loads, and gives one sentence finite probabilities")


def _codebook(own: Codebook, other: Codebook | None, place: str) -> Check:
    """Compare a model's codebook with the project's: other labels are a fault, another version is a notice."""
    name = f"{own.name} {own.version}"
    if other is None:
        return Check("codebook", "skipped", f"{name}; no labels/codebook.yaml here to compare it with")
    if said := label_difference(own, other, place):
        return Check("codebook", "fault", f"made for another codebook: {said}", _other_scheme())
    if (own.name, own.version) != (other.name, other.version):
        return Check("codebook", "note", f"{name}, the same labels; {place} is {other.name} {other.version}")
    words = [(label.name, label.definition) for label in own.labels]
    if words != [(label.name, label.definition) for label in other.labels]:
        return Check("codebook", "note", f"{name}, the same labels; {place} defines them in other words")
    return Check("codebook", "ok", f"{name}, as {place}")


def _other_scheme() -> str:
    return "compare it with its own labels folder (--labels DIR), or train a model for these labels"
