"""Read `sources.yaml` and fetch each source's documents: ours, a package's, or the user's own files."""

import importlib
import importlib.metadata
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from pipeline.ground.config import Strict, load_config
from pipeline.ground.errors import ConfigError, LabelError
from pipeline.ground.files import read_jsonl
from pipeline.ground.records import Annotation, Block, BlockKind, Document, Notice


class Source(Strict):
    """What every source states: its annotations, its licence, and how its text is obtained."""

    name: str
    annotations: str
    licence: str
    obtain: str
    genre: str = ""
    share: float | None = Field(default=None, ge=0, le=1)
    pin: Literal["train", "validation", "test"] | None = None


class WrittenSource(Source):
    """Texts that we wrote, in a JSONL file of documents beside the annotations."""

    kind: Literal["written"]
    documents: str


class PackageSource(Source):
    """Texts inside an installed package that answers `raw(document id)`."""

    kind: Literal["package"]
    package: str
    version: str


class UserSource(Source):
    """One text that the user supplies as a file of their own."""

    kind: Literal["user"]
    document: str
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class Sources(Strict):
    """All sources of a labels folder, in file order."""

    sources: tuple[Annotated[WrittenSource | PackageSource | UserSource, Field(discriminator="kind")], ...]


def load_sources(labels_dir: Path) -> tuple[WrittenSource | PackageSource | UserSource, ...]:
    """Read `sources.yaml` of a labels folder; raise `ConfigError` where two sources have one name."""
    path = labels_dir / "sources.yaml"
    sources = load_config(path, Sources).sources
    first: dict[str, int] = {}
    for number, source in enumerate(sources):
        if first.setdefault(source.name, number) != number:
            raise ConfigError(
                f"{path}: sources.{number}.name: {source.name!r} is also the name of sources.{first[source.name]}",
                hint="rename one of the two",
            )
    return sources


def whole(doc_id: str, text: str, source: Source, genre: str = "", title: str = "") -> Document:
    """Make a document whose one block is its whole text."""
    block = Block(BlockKind.PARAGRAPH, 0, len(text))
    return Document(doc_id, text, (block,), source=source.name, genre=genre or source.genre, title=title)


def written_documents(source: WrittenSource, labels_dir: Path) -> dict[str, Document]:
    """Read the documents we wrote; raise `ConfigError` with file and line for a bad record."""
    documents: dict[str, Document] = {}
    path = labels_dir / source.documents
    for number, record in read_jsonl(path):
        if not isinstance(record.get("doc"), str) or not isinstance(record.get("text"), str):
            raise ConfigError(
                f"{path}, line {number}: `doc` and `text` must be strings",
                hint='a document is {"doc": "id", "title": "…", "genre": "…", "text": "…"}',
            )
        if record["doc"] in documents:
            raise ConfigError(f"{path}, line {number}: document {record['doc']!r} stands here twice", hint="rename one")
        title, genre = str(record.get("title", "")), str(record.get("genre", ""))
        documents[record["doc"]] = whole(record["doc"], record["text"], source, genre, title)
    return documents


def package_documents(
    source: PackageSource, annotations: list[Annotation]
) -> tuple[dict[str, Document], Notice | None]:
    """Fetch the annotated documents from an installed package, or say what its absence costs.

    Raises:
        LabelError: the package lacks an annotated document; the message names file and line.
    """
    raw, fault = _package_reader(source)
    if raw is None:
        return {}, Notice(f"{source.name}: {fault}; {len(annotations)} labelled sentences left out", source.obtain)
    documents: dict[str, Document] = {}
    for annotation in annotations:
        if annotation.doc in documents:
            continue
        try:
            text = raw(annotation.doc)
        except (OSError, LookupError, ValueError) as error:
            raise LabelError(
                f"{annotation.where}: the package {source.package} {source.version} has no document {annotation.doc!r}",
                hint=f"check `doc`, or install the package again: {source.obtain}",
            ) from error
        documents[annotation.doc] = whole(annotation.doc, text, source)
    return documents, None


def _package_reader(source: PackageSource) -> tuple[Callable[[str], str] | None, str]:
    """Find the package's `raw`; None with the reason where it is missing, broken or of another version."""
    try:
        installed = importlib.metadata.version(source.package)
    except importlib.metadata.PackageNotFoundError:
        return None, f"the package {source.package} is not installed"
    if installed != source.version:
        return None, f"the package {source.package} is {installed}, and the labels were made on {source.version}"
    try:
        reader: Callable[[str], str] | None = getattr(importlib.import_module(source.package), "raw", None)
    except ImportError as error:
        return None, f"the package {source.package} cannot be imported ({error})"
    return reader, f"the package {source.package} has no function `raw`"
