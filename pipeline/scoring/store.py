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

import fcntl
import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from pipeline.ground.errors import ConfigError, StanceError
from pipeline.ground.files import hash_text, read_json, sha256_of, write_json
from pipeline.scoring.formats import Format, Kind, write_rows
from pipeline.scoring.items import Failure
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
    """A folder of scores, held by one run at a time; use `open_store`."""

    def __init__(self, folder: Path, form: Format, labels: Sequence[str]) -> None:
        self.folder = folder
        self._form: Format = form
        self._labels = tuple(labels)
        self._before: dict[int, int] = {}  # place to digest and part, of what earlier runs left here
        self._next = 0
        self.documents = 0
        self.sentences = 0

    def load(self) -> None:
        """Take in the parts that are whole; remove what a killed run left half-done."""
        for name in (PARTS, *KINDS):
            (self.folder / name).mkdir(exist_ok=True)
        numbers = sorted(int(path.stem) for path in (self.folder / PARTS).glob("[0-9]*.json"))
        found = [self._whole(number, hashed=number in numbers[-LAST:]) for number in numbers]
        replaced = {number for part in found if part for number in part.replaces}
        whole = [part for part in found if part and part.number not in replaced]
        for part in whole:
            brief = {_brief(place): _brief(digest) for place, digest in part.documents.items()}
            self._before |= {place: digest << 32 | part.number for place, digest in brief.items()}
            self._count(part)
        self._sweep({part.number for part in whole})
        for path in self.folder.glob(f"{HALF}*"):
            path.unlink()

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
                if path.name.startswith((HALF, ".")) or (stem.isdigit() and int(stem) not in whole):
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
        """Write a part and make it count; documents that have changed leave the part that held them in the same step.

        Raises:
            StanceError: the disk is full or the folder cannot be written; what was finished before is kept.
        """
        new = {one.read.item.place: one.read.digest for one in batch}
        old = self._parts_with(new)
        kept = {place: digest for part in old for place, digest in part.documents.items() if place not in new}
        rows: dict[Kind, Iterable[dict[str, Any]]] = {
            "sentences": chain(
                (row for one in batch for row in sentence_rows(one.scored)), self._rows("sentences", old, kept)
            ),
            "documents": chain((document_row(one.scored) for one in batch), self._rows("documents", old, kept)),
        }
        number = self._next
        with self._explained():
            self._commit(number, rows, {"keys": new | kept, "replaces": [part.number for part in old]})
            self._forget(old)
        self._before |= {_brief(place): _brief(digest) << 32 | number for place, digest in kept.items()}

    def _parts_with(self, places: Iterable[str]) -> list[Part]:
        """Read the parts of earlier runs that hold a document at one of these places."""
        numbers = {self._before[_brief(place)] & 0xFFFFFFFF for place in places if self.knows(place)}
        return [part for part in (self._whole(number, hashed=False) for number in sorted(numbers)) if part]

    def _rows(self, kind: Kind, parts: Sequence[Part], kept: dict[str, str]) -> Iterator[dict[str, Any]]:
        """Read back the rows of the documents kept."""
        from pipeline.scoring.readback import read_rows

        for part in parts:
            rows = read_rows(self._table(kind, part.number), self._form, self._labels)
            yield from (row for row in rows if row["path"] in kept)

    def _commit(self, number: int, rows: dict[Kind, Iterable[dict[str, Any]]], record: dict[str, Any]) -> None:
        halves = {kind: self.folder / kind / f"{HALF}{number:05}.{self._form}" for kind in KINDS}
        try:
            for kind, half in halves.items():
                count = write_rows(half, kind, self._form, self._labels, rows[kind])
                _flush(half)
                record[kind] = {"rows": count, "size": half.stat().st_size, "sha256": sha256_of(half)}
            for kind, half in halves.items():
                os.replace(half, self._table(kind, number))
                _flush(self.folder / kind)
            write_json(self.folder / PARTS / f"{number:05}.json", record)
            _flush(self.folder / PARTS / f"{number:05}.json")
            _flush(self.folder / PARTS)
        finally:
            for half in halves.values():
                half.unlink(missing_ok=True)
        self._count(Part(number, {kind: record[kind]["rows"] for kind in KINDS}, {}))

    def _forget(self, parts: Sequence[Part]) -> None:
        """Remove parts that another has replaced."""
        for part in parts:
            (self.folder / PARTS / f"{part.number:05}.json").unlink()
            for kind in KINDS:
                self._table(kind, part.number).unlink()
            self.documents -= part.rows["documents"]
            self.sentences -= part.rows["sentences"]

    @contextmanager
    def errors(self) -> Iterator[Callable[[Failure], None]]:
        """Give a function that notes what cannot be read; the list replaces the last run's when the block is done."""
        half, count = self.folder / f"{HALF}{ERRORS}", 0
        with self._explained():
            stream = half.open("w", encoding="utf-8")

        def note(failure: Failure) -> None:
            nonlocal count
            count += 1
            with self._explained():
                stream.write(json.dumps(asdict(failure), ensure_ascii=False) + "\n")

        try:
            with stream:
                yield note
            if count:
                os.replace(half, self.folder / ERRORS)
            else:
                (self.folder / ERRORS).unlink(missing_ok=True)
        finally:
            half.unlink(missing_ok=True)

    @contextmanager
    def _explained(self) -> Iterator[None]:
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


def _flush(path: Path) -> None:
    """Wait until a file or a folder's names are on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def open_store(folder: Path, run: dict[str, Any], form: Format, labels: Sequence[str]) -> Iterator[Store]:
    """Open or make a folder of scores, and hold it alone.

    Raises:
        StanceError: the folder holds something else, scores of another model or other options, is used by another
            run, or cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        refuse_foreign(folder)
        lock = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise StanceError(
            f"cannot make {folder}: {error.strerror}", hint="name a folder you may write to with -o"
        ) from error
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise StanceError(
                f"{folder} is being written by another run", hint="wait for it, or name another folder with -o"
            ) from error
        _agree(folder, run)
        store = Store(folder, form, labels)
        store.load()
        yield store
    finally:
        os.close(lock)


def refuse_foreign(folder: Path) -> None:
    """Raise `StanceError` where a folder holds other things than scores."""
    strangers = sorted(path.name for path in folder.iterdir() if path.name != LOCK)
    if strangers and not (folder / RUN).is_file():
        raise StanceError(
            f"{folder} holds other files ({', '.join(strangers[:3])}), and no scores; it is left as it is",
            hint="name a new or empty folder with -o",
        )


def _agree(folder: Path, run: dict[str, Any]) -> None:
    """Write what makes these scores, or compare it with what made those that are there."""
    path, told = folder / RUN, {"format": FORMAT} | run
    try:
        before = read_json(path) if path.is_file() else None
    except ConfigError:
        before = None if not any((folder / PARTS).glob("*.json")) else {}
    if before is None:
        write_json(path, told)
        _flush(path)
        _flush(folder)
        return
    differs = [name for name in told if not isinstance(before, dict) or before.get(name) != told[name]]
    if differs:
        had = {name: before.get(name) for name in differs} if isinstance(before, dict) else {}
        said = "; ".join(f"{name} {had.get(name)!r} there, {told[name]!r} now" for name in differs)
        raise StanceError(
            f"{folder} holds scores made otherwise: {said}",
            hint="name another folder with -o, or score everything anew there with --force",
        )


def empty_store(folder: Path) -> None:
    """Remove the scores in a folder, and nothing else."""
    if not folder.is_dir():
        return
    refuse_foreign(folder)
    for name in (PARTS, *KINDS):
        shutil.rmtree(folder / name, ignore_errors=True)
    for name in (ERRORS, RUN):
        (folder / name).unlink(missing_ok=True)
