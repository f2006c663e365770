"""Read the documents that `stance score` holds in memory: few enough to be printed, or laid out in a report."""

import glob
import shlex
import stat
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.ground.errors import StanceError
    from pipeline.ground.records import Reading
    from pipeline.predict import Predictor
    from pipeline.scoring.items import Failure, Item
    from pipeline.scoring.reader import Read

Options = dict[str, str | None]
SHORT = 2**17  # bytes of a text; a briefing of twenty pages has half of that
AT_HAND = 200  # documents that are printed without -o, or stand in one report


def is_document(name: str) -> bool:
    """Tell a name that means one document from a folder, pattern, archive, table or standard input."""
    from pipeline.scoring.kinds import Kind, kind_of

    path = Path(name)
    try:
        folder, there = path.is_dir(), path.exists()
    except OSError:  # a name too long, a folder that nobody may enter
        folder = there = False
    named = not folder and kind_of(path.name) not in (Kind.ARCHIVE, Kind.TABLE)
    return name != "-" and named and (there or not glob.has_magic(name))


def read_and_load(
    load: Callable[[], "Predictor"],
    files: Sequence[str],
    options: Options,
    outside: Sequence[Path] = (),
    meanwhile: Callable[[], None] = lambda: None,
) -> tuple["Predictor", list["Reading"], list["StanceError"]]:
    """Read one document, and do what can be done `meanwhile`, as the model loads: mostly on another core, in no Python.

    More of them, and what is not a document by itself, wait for the model: nobody should read a folder, or type a
    text, to be told then that the model is damaged. `read_named` says the rest.
    """
    if len(files) > 1 or not is_document(files[0]):
        return load(), *read_named(files, options, outside)
    with ThreadPoolExecutor(1, thread_name_prefix="load") as pool:
        loading = pool.submit(load)
        readings, faults = read_named(files, options, outside)
        meanwhile()
        return loading.result(), readings, faults


def read_named(
    files: Sequence[str], options: Options, outside: Sequence[Path] = (), seconds: float | None = None
) -> tuple[list["Reading"], list["StanceError"]]:
    """Read what can be read, each document once; keep what is said of the rest, both in the order named.

    `outside` is never read: what this run writes. Nor are reports of earlier runs, unless nothing else is named. A
    short text is read here, which is soonest; all else in one process, where time (`seconds`) and memory have limits.
    """
    from pipeline.cli.console import note
    from pipeline.ground.errors import DocumentError
    from pipeline.scoring.inputs import is_first, reports_among
    from pipeline.scoring.reader import SECONDS, read_here, read_items

    found: list[_Found] = []
    apart: list[tuple[_Found, Item]] = []
    taken: set[int] = set()
    passed = reports_among(files)
    if passed:
        note(f"passed over as reports of ours: {', '.join(sorted(passed))}")
    for file in dict.fromkeys(files):
        if file in passed:
            continue
        found.append(here := _Found())
        try:
            if not is_document(file):
                _read_many(file, options, outside, taken, here)
            elif is_first(Path(file), taken):
                item = _item(Path(file))
                if _is_short(Path(file)):
                    here.take(read_here(item, options["encoding"]))
                else:
                    apart.append((here, item))
        except DocumentError as error:
            here.faults.append(error)
    if apart:
        read = read_items((item for _, item in apart), options["encoding"], seconds or SECONDS)
        for (place, _), one in zip(apart, read, strict=True):
            place.take(one)
    return [one for place in found for one in place.readings], [one for place in found for one in place.faults]


@dataclass(slots=True)
class _Found:
    """What one name brought."""

    readings: list["Reading"] = field(default_factory=list)
    faults: list["StanceError"] = field(default_factory=list)

    def take(self, one: "Read | Failure") -> None:
        from pipeline.scoring.items import Failure
        from pipeline.scoring.reader import as_error

        if isinstance(one, Failure):
            self.faults.append(as_error(one))
        else:
            self.readings.append(one.reading)


def _item(path: Path) -> "Item":
    """Take a file as an item; raise `DocumentError` where it is none, or of a kind that is not read."""
    from pipeline.corpus.naming import refuse_no_file
    from pipeline.scoring.items import Item, seal, spell
    from pipeline.scoring.kinds import kind_of, unread_kind
    from pipeline.scoring.reader import as_error

    refuse_no_file(path)
    place = spell(path.as_posix())
    if kind_of(path.name) is None:
        raise as_error(unread_kind(path, place))
    return Item(place, spell(path.name), id=spell(path.stem), path=seal(path))


def _is_short(path: Path) -> bool:
    from pipeline.corpus.readers import TEXTS

    facts = path.stat()
    return path.suffix.lower() in TEXTS and stat.S_ISREG(facts.st_mode) and facts.st_size <= SHORT


def _read_many(
    file: str,
    options: Options,
    outside: Sequence[Path],
    taken: set[int],
    here: _Found,
) -> None:
    """Read what a folder, pattern, archive, table or standard input holds; refuse too much of it."""
    from pipeline.cli.console import note
    from pipeline.ground.errors import StanceError
    from pipeline.scoring.columns import TableOptions
    from pipeline.scoring.inputs import find_items
    from pipeline.scoring.items import Passed
    from pipeline.scoring.reader import read_items
    from pipeline.workflows.archive import nothing_in

    columns = TableOptions(**options)
    found = list(islice(find_items([file], columns, outside=outside, taken=taken), AT_HAND + 2))
    if len(found) > AT_HAND + 1:
        raise StanceError(
            f"{file} holds more than {AT_HAND} documents, too many to print",
            hint=f"give a folder for the scores: stance score {shlex.quote(file)} -o scores/",
        )
    for passed in (one for one in found if isinstance(one, Passed)):
        note(passed.said)
    if all(isinstance(one, Passed) for one in found):
        if all(isinstance(one, Passed) for one in find_items([file], columns, outside=outside)):
            raise nothing_in((file,))
        return  # all it holds was named before
    for one in read_items((one for one in found if not isinstance(one, Passed)), options["encoding"]):
        here.take(one)
