"""Find models: the released ones, those trained here, and the one to score with where the user names none."""

import os
from pathlib import Path

from pipeline.ground.codebook import Codebook, load_codebook
from pipeline.ground.config import did_you_mean
from pipeline.ground.errors import ModelError, StanceError
from pipeline.ground.paths import shown
from pipeline.ground.records import Notice
from pipeline.inference.manifest import MANIFEST, read_manifest
from pipeline.inference.released import (
    ACCURATE,
    FAST,
    Shelved,
    model_folders,
    project_here,
    released_models,
    shipped_folders,
)


def trained_models() -> list[Shelved]:
    """List the model folders trained in this project."""
    project = project_here()
    folders = model_folders(project.trained) if project else []
    return [Shelved(folder.name, "trained", folder) for folder in folders if (folder / MANIFEST).is_file()]


def find_model(named: Path) -> Path:
    """Give the folder named, or else the released, then the trained model of that name.

    Raises:
        ModelError: it is a bare name, and neither a folder nor a model is called so.
    """
    if os.path.lexists(named) or len(named.parts) != 1:
        return named
    models = [*released_models(), *trained_models()]
    for model in models:
        if model.name == named.name:
            return model.folder
    names = list(dict.fromkeys(model.name for model in models))
    known = f"; {did_you_mean(named.name, names)}" if names else ""
    raise ModelError(
        f"model folder {named} does not exist, and no model is called so{known}",
        hint="see what there is: stance models ls\n      or make one: stance train models/minilm.yaml",
    )


def choose_model(named: Path | None, fast: bool) -> tuple[Path, list[Notice], str]:
    """Choose the model to score with: the one named; with `fast`, the released `fast`; else `accurate`.

    Where no `accurate` is released the released `fast` serves, and where neither is, the model trained last.
    A damaged default is never passed over, since another model gives other results: reading it says how to get
    it back. The sentence says which model it is and why; it is empty where the user named it.

    Raises:
        ModelError: there is no such model, or its manifest cannot be used.
    """
    if named is not None:
        if fast:
            raise ModelError("--fast and --model name two models", hint="give one of them")
        folder = find_model(named)
        try:
            return folder, _notices(folder), ""
        except ModelError:  # whoever loads it says what is wrong
            return folder, [], ""
    shipped = shipped_folders()
    if fast and FAST not in shipped:
        raise ModelError(
            f"no model {FAST!r} is released here", hint="see what there is: stance models ls; then --model NAME"
        )
    if ACCURATE in shipped and not fast:
        other = "--fast or --model chooses another" if FAST in shipped else "--model chooses another"
        return _shipped(shipped[ACCURATE], f"the default; {other}")
    if FAST in shipped:
        return _shipped(
            shipped[FAST], "--fast" if fast else f"no {ACCURATE!r} is released here; --model chooses another"
        )
    return _trained_last()


def _shipped(folder: Path, why: str) -> tuple[Path, list[Notice], str]:
    return folder, _notices(folder), f"model {shown(folder)} ({why})"


def _notices(folder: Path) -> list[Notice]:
    """Read a model's manifest; note where its labels are not those of the project here."""
    codebook = read_manifest(folder).codebook
    project = project_here()
    differs = _difference_here(codebook, project.labels) if project else ""
    advice = "to score with a model of your own: stance score FILE --model DIR"
    return [Notice(f"{shown(folder)}: {differs}", advice)] if differs else []


def _difference_here(codebook: Codebook, labels_dir: Path) -> str:
    """Compare with the project's codebook; one that cannot be read does not stop the scoring."""
    try:
        return label_difference(codebook, load_codebook(labels_dir), shown(labels_dir / "codebook.yaml"))
    except StanceError:
        return ""


def _trained_last() -> tuple[Path, list[Notice], str]:
    project = project_here()
    if project is None:
        raise ModelError("no model named, and no checkout here to look in", hint="stance score FILE --model DIR")
    folder, notices = latest_model(project.trained)
    return folder, notices, f"model {shown(folder)} (the one trained last; --model chooses another)"


def label_difference(own: Codebook, other: Codebook, place: str) -> str:
    """Say how a model's labels differ from those of `place`; empty where labels, order and choice are the same."""
    mine, theirs = ", ".join(own.names), ", ".join(other.names)
    if own.names != other.names:
        order = "the same in another order: " if set(own.names) == set(other.names) else ""
        return f"its labels are {mine}; {place} has {order}{theirs}"
    if own.choice != other.choice:
        return f"it gives {own.choice} of its labels ({mine}); {place} says {other.choice}"
    return ""


def latest_model(trained: Path) -> tuple[Path, list[Notice]]:
    """Return the model folder trained last, and a notice for each folder passed over; raise `ModelError` for none."""
    found: dict[Path, str] = {}
    faults: list[ModelError] = []
    for path in sorted(trained.glob(f"*/{MANIFEST}")):
        if path.parent.name.startswith("."):
            continue
        try:
            found[path.parent] = read_manifest(path.parent).created
        except ModelError as error:
            faults.append(error)
    if not found:
        said = "".join(f"; passed over: {fault.message}" for fault in faults)
        raise ModelError(f"no model in {trained}{said}", hint="train one: stance train models/minilm.yaml")
    return max(found, key=lambda folder: found[folder]), [
        Notice(f"passed over: {fault.message}", fault.hint) for fault in faults
    ]
