"""Score an archive: find documents, read, score and keep them, part by part, and never one of them twice."""

import os
import shlex
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import BinaryIO

from pipeline.ground.errors import DocumentError, StanceError
from pipeline.ground.files import cut_name
from pipeline.ground.progress import Progress
from pipeline.predict import Predictor
from pipeline.scoring.archives import read_item
from pipeline.scoring.columns import TableOptions
from pipeline.scoring.folder import discard, open_store
from pipeline.scoring.formats import Format, join_files
from pipeline.scoring.inputs import find_items
from pipeline.scoring.items import Failure, Item, Passed, digest_of
from pipeline.scoring.reader import SECONDS, read_items
from pipeline.scoring.row_numbers import RowNumbers
from pipeline.scoring.store import ERRORS, HALF, Store
from pipeline.scoring.stream import Scored, score_stream
from pipeline.scoring.tables import Tables, known_rows, table_items

PART = 8192  # sentences after which a part is closed: what a kill can cost, some ten seconds with `fast`
SHOWN = 5  # failures told one by one; errors.jsonl holds all


@dataclass(frozen=True, slots=True)
class ArchiveRequest:
    """What to score and where to keep it: `output` is a folder; `named` are files, folders, patterns or `-`.

    `beside` are files that are written as well, and never read.
    """

    named: tuple[str, ...]
    output: Path
    form: Format = "parquet"
    options: TableOptions = field(default_factory=TableOptions)
    part: int = PART
    seconds: float = SECONDS
    beside: tuple[Path, ...] = ()


@dataclass(slots=True)
class ArchiveResult:
    """What a run did, and what the folder holds after it.

    `faults` are the first few of `failed`; `left_out` counts rows that their tables have no more.
    """

    new_documents: int = 0
    new_sentences: int = 0
    unchanged: int = 0
    failed: int = 0
    left_out: int = 0
    faults: list[Failure] = field(default_factory=list)
    passed: Passed = field(default_factory=Passed)
    documents: int = 0
    sentences: int = 0


def score_archive(
    predictor: Predictor, request: ArchiveRequest, progress: Progress, *, force: bool = False
) -> ArchiveResult:
    """Score what is not scored yet, all of it with `force`; what was finished stays whatever happens.

    Raises:
        DocumentError: nothing to score is named.
        StanceError: the folder is another's, in use, full or not to be written.
    """
    return _score(predictor, request, progress, lambda store: None, force=force)


def _score(
    predictor: Predictor,
    request: ArchiveRequest,
    progress: Progress,
    finish: Callable[[Store], None],
    *,
    force: bool = False,
    target: Path | None = None,
) -> ArchiveResult:
    """Score into a folder, and finish while it is still held; parts for a `target` file belong to one list of names."""
    ends: dict[str, RowNumbers] = {}
    found = _found(request, target, partial(table_items, ends=ends))
    head = list(islice(found, 2))
    if all(isinstance(one, Passed) for one in head):
        raise nothing_in(request.named)
    run = {
        "model": predictor.manifest.id,
        "labels": list(predictor.classes_),
        "rows": request.form,
        "options": {name: value for name, value in asdict(request.options).items() if value is not None},
        "from": str(Path.cwd()),  # places are told from here
    } | ({"named": list(request.named)} if target else {})
    result = ArchiveResult()
    labels, anew = predictor.classes_, target is not None
    force = force or (anew and "-" in request.named)  # parts of another text on standard input are none of this file
    with open_store(request.output, run, request.form, labels, force=force, anew=anew) as store:
        fresh = _not_done(store, chain(head, found), result, progress)
        stream = score_stream(predictor, read_items(fresh, request.options.encoding, request.seconds))
        _keep(store, stream, request.part, result, progress)
        result.left_out = store.leave_out(ends)  # last: what moved up is in its new place by now
        progress.close()
        result.documents, result.sentences = store.documents, store.sentences
        finish(store)
    return result


def _found(
    request: ArchiveRequest, target: Path | None = None, tables: Tables = table_items
) -> Iterator[Item | Failure | Passed]:
    written = (target, errors_of(target)) if target else ()
    outside = (request.output, *written, *request.beside)
    return find_items(request.named, request.options, outside=outside, tables=tables)


def count_items(request: ArchiveRequest) -> int:
    """Count the documents to come, reading through only tables that do not tell; 0 with standard input among them."""
    if "-" in request.named:
        return 0
    told = 0

    def tables(stream: BinaryIO, name: str, place: str, options: TableOptions) -> Iterator[Item | Failure]:
        nonlocal told
        rows = known_rows(stream, name, options)
        told += rows or 0
        return table_items(stream, name, place, options) if rows is None else iter(())

    found = sum(not isinstance(one, Passed) for one in _found(request, request.output, tables))
    return found + told


def _not_done(
    store: Store, items: Iterable[Item | Failure | Passed], result: ArchiveResult, progress: Progress
) -> Iterator[Item | Failure]:
    """Leave out documents whose very bytes are scored already."""
    for item in items:
        if isinstance(item, Passed):
            result.passed = item
        elif isinstance(item, Item) and store.knows(item.place) and store.holds(item.place, _digest(item)):
            result.unchanged += 1
            progress.advance()
        else:
            yield item


def _digest(item: Item) -> str:
    """Hash what an item holds; empty where it cannot be read, which its reader will say."""
    try:
        raw = read_item(item) if item.text is None else item.text.encode("utf-8", "surrogatepass")
    except DocumentError:
        return ""
    return digest_of(item, raw)


def _keep(
    store: Store, stream: Iterator[Scored | Failure], part: int, result: ArchiveResult, progress: Progress
) -> None:
    """Write a part whenever enough sentences have come together; on an interruption, also what is at hand."""
    batch: list[Scored] = []
    waiting, begun = 0, time.perf_counter()
    with store.errors() as note:
        try:
            for one in stream:
                if isinstance(one, Failure):
                    note(one)
                    result.failed += 1
                    result.faults += [one] if len(result.faults) < SHOWN else []
                    progress.advance()
                    continue
                batch.append(one)
                waiting += one.scored.profile.sentences
                result.new_documents += 1
                result.new_sentences += one.scored.profile.sentences
                progress.rename(f"{result.new_sentences / (time.perf_counter() - begun):,.0f} sentences/s, documents")
                progress.advance()
                if waiting >= part:
                    full, batch, waiting = batch, [], 0  # first: an interruption within `add` must not add it twice
                    store.add(full)
        except KeyboardInterrupt:
            if batch:
                store.add(batch)
            raise
        if batch:
            store.add(batch)


def nothing_in(named: Sequence[str]) -> DocumentError:
    """Say that what was named holds nothing to score, and what would be."""
    from pipeline.corpus.readers import EXTENSIONS

    kinds = ", ".join((*EXTENSIONS, ".csv", ".jsonl", ".parquet", ".zip"))
    shown = ", ".join(named[:SHOWN])
    return DocumentError(
        f"nothing to score in {shown}; allowed: {kinds}",
        hint=f"see what is there: ls -R {shlex.quote(named[0])}",
    )


def score_to_file(
    predictor: Predictor, request: ArchiveRequest, progress: Progress, *, force: bool = False
) -> ArchiveResult:
    """Score into one file, `request.output`: parts beside it, joined and renamed at the end, then removed.

    What could not be read is listed in `errors_of(request.output)`, which a run without failures removes.

    Raises:
        DocumentError: nothing to score is named.
        StanceError: the file cannot be written, or another run writes it.
    """
    target = request.output.resolve()
    beside = target.with_name(f".{target.name}.parts")

    def finish(store: Store) -> None:
        half = target.with_name(f"{HALF}{target.name}")
        try:
            if store.documents:
                join_files(store.tables("sentences"), half, "sentences", request.form, predictor.classes_)
                os.replace(half, target)
            if (beside / ERRORS).exists():
                os.replace(beside / ERRORS, errors_of(target))
            else:
                errors_of(target).unlink(missing_ok=True)
            discard(beside)
        except OSError as error:
            raise StanceError(
                f"cannot write {target}: {error.strerror}; the scores are safe in {beside}",
                hint="make room and run the same command again",
            ) from error
        finally:
            half.unlink(missing_ok=True)

    return _score(predictor, replace(request, output=beside), progress, finish, force=force, target=target)


def errors_of(output: Path) -> Path:
    """Name the list of what could not be read: beside a file of scores, and where a link to one leads."""
    file = output.resolve() if output.is_symlink() else output
    return file.with_name(f"{cut_name(file.name)}.{ERRORS}")
