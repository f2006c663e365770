"""Define the model folder: one manifest that names, hashes and describes every file.

The manifest itself is trusted: it vouches for the other files, and nothing vouches for it.
"""

import os
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from pipeline.decisions.decisions import Decisions
from pipeline.ground.codebook import Codebook
from pipeline.ground.config import Strict
from pipeline.ground.errors import ModelError, StanceError
from pipeline.ground.files import hash_json, read_json, sha256_of, write_json
from pipeline.ground.paths import packaged_models, shown
from pipeline.inference.released import SHIPPED
from pipeline.inference.session import GRAPH, PACKED

FORMAT = 1
MANIFEST = "manifest.json"
DECISIONS = "decisions.json"
REQUANTISED = "requantised"  # among the facts: from which model a graph was quantised, when, where, on what
REPACKED = "repacked"  # among the facts: from which model a graph was written anew, its numbers the same
RETRAIN = "train it again (stance train models/RECIPE.yaml), or copy the folder whole"
ELSEWHERE = "see what there is: stance models ls\n      or make one: stance train models/minilm.yaml"
UPGRADE = "upgrade cautious-hope: git pull, then pip install . (or make env)"


class PriorSpec(Strict):
    """Give every sentence the same probabilities."""

    kind: Literal["prior"] = "prior"
    probabilities: tuple[float, ...]


class TfidfSpec(Strict):
    """Weigh word and character n-grams; files `vocabulary.json` and `weights.npz`."""

    kind: Literal["tfidf"] = "tfidf"
    word_ngrams: tuple[int, int]
    char_ngrams: tuple[int, int]
    sublinear: bool


class OnnxSpec(Strict):
    """Run an encoder with its head; files `model.onnx` and `tokenizer.json`; the graph gives logits.

    With `packed`, weights of the graph are in `packed.npy`, as `pipeline.inference.packed` keeps them.
    """

    kind: Literal["onnx"] = "onnx"
    max_length: int = Field(ge=8)
    pad_id: int = 0
    packed: bool = Field(default=False, exclude_if=lambda packed: not packed)


class RulesSpec(Strict):
    """Count patterns written by hand; file `rules.json`."""

    kind: Literal["rules"] = "rules"


class AverageSpec(Strict):
    """Average the probabilities of members, each in `members/<name>/`."""

    kind: Literal["average"] = "average"
    members: dict[str, "ScorerSpec"]


ScorerSpec = Annotated[PriorSpec | TfidfSpec | OnnxSpec | RulesSpec | AverageSpec, Field(discriminator="kind")]
AverageSpec.model_rebuild()

FILES = {
    "prior": (),
    "tfidf": ("vocabulary.json", "weights.npz"),
    "onnx": (GRAPH, "tokenizer.json"),
    "rules": ("rules.json",),
}


class FileEntry(Strict):
    """State what a file must be."""

    sha256: str
    size: int


class Manifest(Strict):
    """Describe a model folder: what it is, what made it, how good it was, and its files.

    `facts` holds what a training learned beside figures, such as its machine; older manifests have none.
    """

    format: int
    name: str
    codebook: Codebook
    scorer: ScorerSpec
    recipe: dict[str, Any]
    recipe_hash: str
    data_fingerprint: str
    code_version: str
    seed: int
    created: str
    metrics: dict[str, float] = Field(default_factory=dict)
    facts: dict[str, Any] = Field(default_factory=dict, exclude_if=lambda facts: not facts)
    files: dict[str, FileEntry]

    @property
    def id(self) -> str:
        """Name the model by its recipe and the hash of the files that decide scores; a card may be written anew."""
        deciding = {name: self.files[name].sha256 for name in deciding_files(self.scorer) if name in self.files}
        return f"{self.name}-{hash_json(deciding, 8)}"

    @property
    def size(self) -> int:
        """Count the bytes of all files but the manifest."""
        return sum(entry.size for entry in self.files.values())


def write_manifest(folder: Path, manifest: Manifest) -> Manifest:
    """Hash every file of the folder into the manifest, and write it."""
    names = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file() and p.name != MANIFEST)
    files = {name: FileEntry(sha256=sha256_of(folder / name), size=(folder / name).stat().st_size) for name in names}
    whole = manifest.model_copy(update={"files": files})
    write_json(folder / MANIFEST, whole.model_dump(mode="json"))
    return whole


def way_back(folder: Path) -> str:
    """Say how to get a damaged model folder back: a released one whole as it was shipped, another by training."""
    whole = folder.resolve()
    if whole.parent == packaged_models():
        how = "install cautious-hope again: pip install --force-reinstall --no-deps ."
    elif _is_shipped(folder):
        place = shown(folder)
        near = not Path(place).is_absolute()
        command = ["checkout", "--", place] if near else ["-C", str(whole.parent), "checkout", "--", whole.name]
        how = f"get it back: git {shlex.join(command)}"
    else:
        return RETRAIN
    has_fast = whole.name != "fast" and (whole.parent / "fast").is_dir()
    others = "--fast or --model DIR" if has_fast else "--model DIR"
    return f"{how}\n      or score with another model: stance score FILE {others}"


def _is_shipped(folder: Path) -> bool:
    """Tell whether a folder is, or would be, a released model: git holds the two that come with this repository."""
    whole = folder.resolve()
    return whole.parts[-3:-1] == ("models", "released") and whole.name in SHIPPED


def read_manifest(folder: Path) -> Manifest:
    """Read and check a model folder's manifest; raise `ModelError` where it cannot be used."""
    if not os.path.isdir(folder):  # noqa: PTH112 - Path raises for a name too long
        kind = "is a file, and a model is a folder" if os.path.exists(folder) else "does not exist"  # noqa: PTH110
        raise ModelError(
            f"model folder {folder} {kind}",
            hint=way_back(folder) if _is_shipped(folder) else ELSEWHERE,
        )
    path = folder / MANIFEST
    if not os.path.isfile(path):  # noqa: PTH113 - Path raises where the folder may not be searched
        raise ModelError(f"{folder} is not a model folder: it holds no {MANIFEST}", hint=way_back(folder))
    value = _read(path)
    _check_format(path, value.get("format") if isinstance(value, dict) else None)
    try:
        return Manifest.model_validate(value)
    except ValidationError as error:
        raise _refused(path, error) from error


def _refused(path: Path, error: ValidationError) -> ModelError:
    """Say the first fault of a file of the folder; a key we do not know may come from a newer version."""
    fault = error.errors()[0]
    name = ".".join(str(part) for part in fault["loc"])
    if fault["type"] == "extra_forbidden":
        return ModelError(f"{path}: unknown key {name}; a newer stance may have written it", hint=UPGRADE)
    said = fault["msg"].removeprefix("Value error, ")
    return ModelError(f"{path}: {name + ': ' if name else ''}{said}", hint=way_back(path.parent))


def _check_format(path: Path, found: object) -> None:
    if type(found) is int and found > FORMAT:
        raise ModelError(f"{path}: format {found}, and this version of stance reads up to {FORMAT}", hint=UPGRADE)
    if type(found) is not int or found != FORMAT:
        raise ModelError(
            f"{path}: format {found!r}, and this version of stance reads format {FORMAT}", hint=way_back(path.parent)
        )


def needed_files(spec: ScorerSpec, within: str = "") -> list[str]:
    """Name the files a scorer reads, as paths within the model folder."""
    if isinstance(spec, AverageSpec):
        return [file for name, one in spec.members.items() for file in needed_files(one, f"{within}members/{name}/")]
    beside = (PACKED,) if isinstance(spec, OnnxSpec) and spec.packed else ()
    return [within + name for name in (*FILES[spec.kind], *beside)]


def deciding_files(spec: ScorerSpec) -> list[str]:
    """Name the files that decide scores: the decisions and what the scorer reads."""
    return [DECISIONS, *needed_files(spec)]


def _priors(spec: ScorerSpec) -> list[PriorSpec]:
    if isinstance(spec, AverageSpec):
        return [prior for one in spec.members.values() for prior in _priors(one)]
    return [spec] if isinstance(spec, PriorSpec) else []


def verify_files(folder: Path, manifest: Manifest, *, contents: bool = True) -> None:
    """Raise `ModelError` for what the manifest does not list but the model needs, and for files not as listed.

    The manifest itself is trusted; a file is compared with what it says. Files it does not list do no harm. Without
    `contents` a file's presence and size are compared, which takes no time, and not its hash.
    """
    for fault in file_faults(folder, manifest, contents=contents):
        raise ModelError(fault, hint=way_back(folder))


def file_faults(folder: Path, manifest: Manifest, *, contents: bool = True) -> Iterator[str]:
    """Say each fault that `verify_files` would raise for."""
    for name in deciding_files(manifest.scorer):
        if name not in manifest.files:
            yield f"{folder / name} is not in the manifest"
    labels = len(manifest.codebook.names)
    for prior in _priors(manifest.scorer):
        if len(prior.probabilities) != labels:
            yield f"{folder / MANIFEST}: {len(prior.probabilities)} prior probabilities for {labels} labels"
    for name, entry in manifest.files.items():
        try:
            fault = _file_fault(folder / name, entry, contents)
        except OSError as error:
            fault = f"{folder / name} cannot be read ({error.strerror})"
        if fault:
            yield fault


def _file_fault(path: Path, entry: FileEntry, contents: bool) -> str:
    """Say how a file differs from its entry; empty where it does not."""
    if not path.is_file():
        return f"{path} is missing from the model folder"
    size = path.stat().st_size
    if size != entry.size:
        cut = ": it is cut short" if size < entry.size else ""
        return f"{path} has {size} bytes, and the manifest says {entry.size}{cut}"
    if contents and sha256_of(path) != entry.sha256:
        return f"{path} has changed: its sha256 is not the manifest's"
    return ""


def unlisted_files(folder: Path, manifest: Manifest) -> list[str]:
    """Name files in the folder that the manifest does not list."""
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    return sorted(there - set(manifest.files) - {MANIFEST})


def read_decisions(folder: Path, manifest: Manifest) -> Decisions:
    """Read a model's decisions; they must be for the manifest's labels."""
    path = folder / DECISIONS
    try:
        decisions = Decisions.model_validate(_read(path))
    except ValidationError as error:
        raise _refused(path, error) from error
    if decisions.labels != manifest.codebook.names:
        raise ModelError(
            f"{path}: decisions are for {decisions.labels}, the model for {manifest.codebook.names}",
            hint=way_back(folder),
        )
    if decisions.choice != manifest.codebook.choice:
        raise ModelError(
            f"{path}: decisions are for choice {decisions.choice!r}, the model for {manifest.codebook.choice!r}",
            hint=way_back(folder),
        )
    return decisions


def _read(path: Path) -> Any:
    try:
        return read_json(path)
    except StanceError as error:
        damaged = f"{error.message}; the file is damaged or cut short" if path.is_file() else error.message
        raise ModelError(damaged, hint=way_back(path.parent)) from error
