"""Define the model folder: one manifest that names, hashes and describes every file.

The manifest itself is trusted: it vouches for the other files, and nothing vouches for it.
"""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from pipeline.decisions.decisions import Decisions
from pipeline.ground.codebook import Codebook
from pipeline.ground.config import Strict
from pipeline.ground.errors import ConfigError, ModelError
from pipeline.ground.files import hash_json, read_json, sha256_of, write_json

FORMAT = 1
MANIFEST = "manifest.json"
DECISIONS = "decisions.json"
RETRAIN = "train it again (stance train models/RECIPE.yaml), or copy the folder whole"


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
    """Run an encoder with its head; files `model.onnx` and `tokenizer.json`; the graph gives logits."""

    kind: Literal["onnx"] = "onnx"
    max_length: int = Field(ge=8)
    pad_id: int = 0


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
    "onnx": ("model.onnx", "tokenizer.json"),
    "rules": ("rules.json",),
}


class FileEntry(Strict):
    """State what a file must be."""

    sha256: str
    size: int


class Manifest(Strict):
    """Describe a model folder: what it is, what made it, how good it was, and its files."""

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
    files: dict[str, FileEntry]

    @property
    def id(self) -> str:
        """Name the model by its recipe and the hash of its files."""
        return f"{self.name}-{hash_json({k: v.sha256 for k, v in self.files.items()}, 8)}"


def write_manifest(folder: Path, manifest: Manifest) -> Manifest:
    """Hash every file of the folder into the manifest, and write it."""
    names = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file() and p.name != MANIFEST)
    files = {name: FileEntry(sha256=sha256_of(folder / name), size=(folder / name).stat().st_size) for name in names}
    whole = manifest.model_copy(update={"files": files})
    write_json(folder / MANIFEST, whole.model_dump(mode="json"))
    return whole


def read_manifest(folder: Path) -> Manifest:
    """Read and check a model folder's manifest; raise `ModelError` where it cannot be used."""
    if not folder.is_dir():
        kind = "is a file, and a model is a folder" if folder.exists() else "does not exist"
        raise ModelError(f"model folder {folder} {kind}", hint="make one: stance train models/minilm.yaml")
    path = folder / MANIFEST
    if not path.is_file():
        raise ModelError(f"{folder} is not a model folder: it holds no {MANIFEST}", hint=RETRAIN)
    value = _read(path)
    found = value.get("format") if isinstance(value, dict) else None
    if found != FORMAT:
        raise ModelError(
            f"{path}: format {found!r}, and this version of stance reads format {FORMAT}",
            hint="upgrade cautious-hope if the format is newer, or train the model again",
        )
    try:
        return Manifest.model_validate(value)
    except ValidationError as error:
        fault = error.errors()[0]
        name = ".".join(str(part) for part in fault["loc"])
        raise ModelError(f"{path}: {name}: {fault['msg']}", hint=RETRAIN) from error


def needed_files(spec: ScorerSpec, within: str = "") -> list[str]:
    """Name the files a scorer reads, as paths within the model folder."""
    if isinstance(spec, AverageSpec):
        return [file for name, one in spec.members.items() for file in needed_files(one, f"{within}members/{name}/")]
    return [within + name for name in FILES[spec.kind]]


def _priors(spec: ScorerSpec) -> list[PriorSpec]:
    if isinstance(spec, AverageSpec):
        return [prior for one in spec.members.values() for prior in _priors(one)]
    return [spec] if isinstance(spec, PriorSpec) else []


def verify_files(folder: Path, manifest: Manifest) -> None:
    """Raise `ModelError` for what the manifest does not list but the model needs, and for files not as listed.

    The manifest itself is trusted; a file is compared with what it says.
    """
    for name in (DECISIONS, *needed_files(manifest.scorer)):
        if name not in manifest.files:
            raise ModelError(f"{folder / name} is not in the manifest", hint=RETRAIN)
    labels = len(manifest.codebook.names)
    for prior in _priors(manifest.scorer):
        if len(prior.probabilities) != labels:
            raise ModelError(
                f"{folder / MANIFEST}: {len(prior.probabilities)} prior probabilities for {labels} labels", hint=RETRAIN
            )
    for name, entry in manifest.files.items():
        path = folder / name
        if not path.is_file():
            raise ModelError(f"{path} is missing from the model folder", hint=RETRAIN)
        size = path.stat().st_size
        if size != entry.size:
            raise ModelError(f"{path} has {size} bytes, and the manifest says {entry.size}", hint=RETRAIN)
        if sha256_of(path) != entry.sha256:
            raise ModelError(f"{path} has changed: its sha256 is not the manifest's", hint=RETRAIN)


def read_decisions(folder: Path, manifest: Manifest) -> Decisions:
    """Read a model's decisions; they must be for the manifest's labels."""
    path = folder / DECISIONS
    try:
        decisions = Decisions.model_validate(_read(path))
    except ValidationError as error:
        raise ModelError(f"{path}: {error.errors()[0]['msg']}", hint=RETRAIN) from error
    if decisions.labels != manifest.codebook.names:
        raise ModelError(
            f"{path}: decisions are for {decisions.labels}, the model for {manifest.codebook.names}", hint=RETRAIN
        )
    if decisions.choice != manifest.codebook.choice:
        raise ModelError(
            f"{path}: decisions are for choice {decisions.choice!r}, the model for {manifest.codebook.choice!r}",
            hint=RETRAIN,
        )
    return decisions


def _read(path: Path) -> Any:
    try:
        return read_json(path)
    except ConfigError as error:
        raise ModelError(error.message, hint=RETRAIN) from error
