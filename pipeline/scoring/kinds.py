"""Tell by its name what kind of input a file is, and count what is of no kind that is read."""

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path, PurePosixPath

from pipeline.corpus.readers import EXTENSIONS, conversion
from pipeline.scoring.items import Failure, Passed, spell

TABLES = (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet")
ARCHIVES = (".zip",)
_SHEETS = (".xlsx", ".xlsm", ".xls", ".ods")
_PACKED = (".gz", ".tgz", ".bz2", ".xz", ".zst", ".7z", ".rar", ".tar")
_LONGEST_SUFFIX = 10  # what is longer is no extension that a count would be read for


class Kind(StrEnum):
    """What an input is made of: one document, rows, or members."""

    DOCUMENT = "document"
    TABLE = "table"
    ARCHIVE = "archive"


def kind_of(name: str) -> Kind | None:
    """Tell the kind by the extension, in any case; None for a kind that is not read."""
    suffix = PurePosixPath(name).suffix.lower()
    if suffix in EXTENSIONS:
        return Kind.DOCUMENT
    if suffix in TABLES:
        return Kind.TABLE
    return Kind.ARCHIVE if suffix in ARCHIVES else None


def unread_kind(path: Path, place: str) -> Failure:
    """Say that a file named outright is of a kind that is not read, and how to go on."""
    suffix, stem = path.suffix.lower(), spell(path.stem)
    allowed = ", ".join((*EXTENSIONS, *TABLES, *ARCHIVES))
    reason = f"the extension {path.suffix!r} is not one this reads; allowed: {allowed}"
    if suffix in _SHEETS:
        return Failure(
            place, reason, f"save the sheet as {stem}.csv (UTF-8) in your spreadsheet program, and name that"
        )
    if suffix in _PACKED:
        return Failure(place, reason, "unpack it into a folder, and name the folder")
    return Failure(place, reason, conversion(path))


@dataclass(slots=True)
class Tally:
    """Counts of what is passed over, as they grow."""

    counts: Counter[str] = field(default_factory=Counter)
    hidden: int = 0

    def pass_over(self, name: str) -> None:
        """Count a file of another kind by its extension."""
        suffix = PurePosixPath(name).suffix.lower()
        known = suffix[1:].isalnum() and suffix.isascii() and len(suffix) <= _LONGEST_SUFFIX
        self.counts[suffix if known else "other" if suffix else "without extension"] += 1

    def closed(self) -> Passed:
        """Give the counts as a record."""
        return Passed(dict(self.counts.most_common()), self.hidden)
