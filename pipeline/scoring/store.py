"""Keep scores in a folder of parts that a killed run leaves whole.

```
run.json                    what made them: model, options, labels
sentences/part-00000.parquet   rows of whole documents, by the thousand
documents/part-00000.parquet   their profiles
parts/00000.json            the record that makes a part count: sizes, hashes, and which documents it holds
errors.jsonl                what the last run could not read
```
A part's two tables are written under other names, flushed to disk and renamed; its record follows by one rename. What
has no record, or a record that does not fit its tables, is removed when the folder is opened, and scored again.
"""

import json
import os
import re
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pipeline.ground.errors import ConfigError, StanceError
from pipeline.ground.files import hash_text, read_json, sha256_of, write_json
from pipeline.scoring.formats import Format, Kind, write_rows
from pipeline.scoring.items import Failure
from pipeline.scoring.row_numbers import RowNumbers, row_of
from pipeline.scoring.rows import document_row, sentence_rows
from pipeline.scoring.stream import Scored

FORMAT = 1
RUN, PARTS, ERRORS, LOCK = "run.json", "parts", "errors.jsonl", ".lock"
KINDS: tuple[Kind, ...] = ("sentences", "documents")
HALF = ".half-"  # opens the name of a file that is being written
LAST = 3  # parts whose bytes are hashed again on opening; an older one was flushed long ago, and its size must do


@dataclass(frozen=True, slots=True)
class Part:
    """A finished part: how many rows its tables hold, and which documents, by place and digest."""

    number: int
    rows: dict[str, int]
    documents: dict[str, str]
    replaces: tuple[int, ...] = ()


class Store:
    """A folder of scores, held by one run at a time; use `pipeline.scoring.folder.open_store`."""

    def __init__(self, folder: Path, form: Format, labels: Sequence[str]) -> None:
        self.folder = folder
        self._form: Format = form
        self._labels = tuple(labels)
        self._before: dict[int, int] = {}  # place to digest and part, of what earlier runs left here
        self._highest: dict[str, int] = {}  # table to the highest number of a row of it that earlier runs left here
        self._next = 0
        self.documents = 0
        self.sentences = 0

    def load(self) -> None:
        """Take in the parts that are whole; remove what a killed run left half-done."""
        for name in (PARTS, *KINDS):
            (self.folder / name).mkdir(exist_ok=True)
        numbers = sorted(int(path.stem) for path in (self.folder / PARTS).glob("*.json") if path.stem.isdecimal())
        found = [self._whole(number, hashed=number in numbers[-LAST:]) for number in numbers]
        replaced = {number for part in found if part for number in part.replaces}
        whole = [part for part in found if part and part.number not in replaced]
        for part in whole:
            brief = {_brief(place): _brief(digest) for place, digest in part.documents.items()}
            self._before |= {place: digest << 32 | part.number for place, digest in brief.items()}
            self._take_in_rows(part)
            self._count(part)
        self._sweep({part.number for part in whole})
        for path in self.folder.glob(f"{HALF}*"):
            path.unlink()

    def _take_in_rows(self, part: Part) -> None:
        for table, number in map(row_of, part.documents):
            if number > self._highest.get(table, 0):
                self._highest[table] = number

    def _count(self, part: Part) -> None:
        self._next = max(self._next, part.number + 1)
        self.documents += part.rows["documents"]
        self.sentences += part.rows["sentences"]

    def _whole(self, number: int, *, hashed: bool) -> Part | None:
        """Read a part's record; None where the record or a table is cut short, changed or gone."""
        try:
            record = read_json(self.folder / PARTS / f"{number:05}.json")
            for kind in KINDS:
                path, said = self._table(kind, number), record[kind]
                if path.stat().st_size != said["size"] or (hashed and sha256_of(path) != said["sha256"]):
                    return None
            rows = {str(kind): int(record[kind]["rows"]) for kind in KINDS}
            return Part(number, rows, dict(record["keys"]), tuple(record["replaces"]))
        except (ConfigError, OSError, KeyError, TypeError, ValueError):
            return None

    def _sweep(self, whole: set[int]) -> None:
        """Remove tables and records of no whole part, and files that were being written."""
        for name in (PARTS, *KINDS):
            for path in (self.folder / name).iterdir():
                stem = path.stem.removeprefix("part-")
                half = path.name.startswith(HALF) or (name == PARTS and re.match(r"\.\d+\.json\.", path.name))
                if path.is_file() and (half or (stem.isdecimal() and int(stem) not in whole)):
                    path.unlink()

    def _table(self, kind: Kind, number: int) -> Path:
        return self.folder / kind / f"part-{number:05}.{self._form}"

    def tables(self, kind: Kind) -> list[Path]:
        """List the tables of one kind in the order of their parts."""
        return sorted((self.folder / kind).glob(f"part-*.{self._form}"))

    def knows(self, place: str) -> bool:
        """Tell whether an earlier run scored a document at this place, whatever it held then."""
        return _brief(place) in self._before

    def holds(self, place: str, digest: str) -> bool:
        """Tell whether an earlier run scored a document of these very bytes at this place."""
        return self._before.get(_brief(place), -1) >> 32 == _brief(digest)

    def add(self, batch: Sequence[Scored]) -> None:
        """Write a part and make it count; documents that have changed leave the part that held them just before.

        Raises:
            StanceError: the disk is full or the folder cannot be written; what was finished before is kept.
        """
        new = {one.read.item.place: one.read.digest for one in batch}
        rows: dict[Kind, Iterable[dict[str, Any]]] = {
            "sentences": (row for one in batch for row in sentence_rows(one.scored)),
            "documents": (document_row(one.scored) for one in batch),
        }
        with self.explained():
            for part in self._parts_with(new):
                self._drop(part, new)
            self._commit(rows, {"keys": new, "replaces": []})

    def leave_out(self, ends: Mapping[str, RowNumbers]) -> int:
        """Drop the rows that tables have no more, of those read to their end; give how many there were.

        A row that moved up must have been scored in its new place before, and its part written.

        Raises:
            StanceError: as in `add`; what is not yet dropped is dropped by the next run.
        """
        gone = {
            place
            for table, numbers in ends.items()
            for number in numbers.missing(self._highest.get(table, 0))
            if self.knows(place := f"{table}#{number}")
        }
        with self.explained():
            for part in self._parts_with(gone):
                self._drop(part, gone)
        for place in gone:
            self._before.pop(_brief(place), None)
        return len(gone)

    def _drop(self, part: Part, places: Container[str]) -> None:
        """Write a part again without the documents at some places; in between, those are scored nowhere."""
        kept = {place: digest for place, digest in part.documents.items() if place not in places}
        if kept:
            number = self._next
            rows: dict[Kind, Iterable[dict[str, Any]]] = {kind: self._rows(kind, part, kept) for kind in KINDS}
            self._commit(rows, {"keys": kept, "replaces": [part.number]})
            self._before |= {_brief(place): _brief(digest) << 32 | number for place, digest in kept.items()}
        (self.folder / PARTS / f"{part.number:05}.json").unlink()
        for kind in KINDS:
            self._table(kind, part.number).unlink()
        self.documents -= part.rows["documents"]
        self.sentences -= part.rows["sentences"]

    def _parts_with(self, places: Iterable[str]) -> Iterator[Part]:
        """Read the parts of earlier runs that hold a document at one of these places, one after the other."""
        numbers = {self._before[_brief(place)] & 0xFFFFFFFF for place in places if self.knows(place)}
        return (part for part in (self._whole(number, hashed=False) for number in sorted(numbers)) if part)

    def _rows(self, kind: Kind, part: Part, kept: Container[str]) -> Iterator[dict[str, Any]]:
        """Read back the rows of the documents kept."""
        from pipeline.scoring.readback import read_rows

        table = self._table(kind, part.number)
        try:
            yield from (row for row in read_rows(table, self._form, self._labels) if row["path"] in kept)
        except (ValueError, KeyError) as error:
            raise StanceError(
                f"{table} is damaged ({error})", hint="remove it and run again: what it held is scored anew"
            ) from error

    def _commit(self, rows: dict[Kind, Iterable[dict[str, Any]]], record: dict[str, Any]) -> None:
        number = self._next
        halves = {kind: self.folder / kind / f"{HALF}{number:05}.{self._form}" for kind in KINDS}
        try:
            for kind, half in halves.items():
                count = write_rows(half, kind, self._form, self._labels, rows[kind])
                flush(half)
                record[kind] = {"rows": count, "size": half.stat().st_size, "sha256": sha256_of(half)}
            for kind, half in halves.items():
                os.replace(half, self._table(kind, number))
                flush(self.folder / kind)
            write_json(self.folder / PARTS / f"{number:05}.json", record)
            flush(self.folder / PARTS / f"{number:05}.json")
            flush(self.folder / PARTS)
        finally:
            for half in halves.values():
                half.unlink(missing_ok=True)
        self._count(Part(number, {kind: record[kind]["rows"] for kind in KINDS}, {}))

    @contextmanager
    def errors(self) -> Iterator[Callable[[Failure], None]]:
        """Give a function that notes what cannot be read; the list replaces the last run's when the block is done."""
        half, count = self.folder / f"{HALF}{ERRORS}", 0
        with self.explained():
            stream = half.open("w", encoding="utf-8")

        def note(failure: Failure) -> None:
            nonlocal count
            count += 1
            with self.explained():
                stream.write(json.dumps(asdict(failure), ensure_ascii=False) + "\n")

        try:
            yield note
            with self.explained():
                stream.close()
                if count:
                    os.replace(half, self.folder / ERRORS)
                else:
                    (self.folder / ERRORS).unlink(missing_ok=True)
        finally:
            with suppress(OSError):
                stream.close()
            half.unlink(missing_ok=True)

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Turn what the disk refuses into a `StanceError` that says what is safe."""
        try:
            yield
        except OSError as error:
            raise StanceError(
                f"cannot write to {self.folder}: {error.strerror}; {self.documents} documents with {self.sentences} "
                "sentences are safe there",
                hint="make room or mend the folder, then run the same command again: it goes on where it stopped",
            ) from error


def _brief(text: str) -> int:
    """Shorten a text to 64 bits, so that ten million documents fit into memory."""
    return int(hash_text(text, 16), 16)


def flush(path: Path) -> None:
    """Wait until a file or a folder's names are on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
