"""Read the documents that `stance score` holds in memory: few enough to be printed, or laid out in a report."""

import glob
import shlex
import stat
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.ground.errors import StanceError
    from pipeline.ground.records import Reading
    from pipeline.predict import Predictor

Options = dict[str, str | None]
TEXTS = (".txt", ".md")  # which no parser of a binary format has to open
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
    files: Sequence[str], options: Options, outside: Sequence[Path] = ()
) -> tuple[list["Reading"], list["StanceError"]]:
    """Read what can be read, each document once; keep what is said of the rest.

    `outside` is never read: what this run writes. Nor are reports of earlier runs, unless nothing else is named.
    """
    from pipeline.cli.console import note
    from pipeline.ground.errors import DocumentError
    from pipeline.scoring.inputs import is_first, reports_among

    readings: list[Reading] = []
    faults: list[StanceError] = []
    taken: set[int] = set()
    passed = reports_among(files)
    if passed:
        note(f"passed over as reports of ours: {', '.join(sorted(passed))}")
    for file in dict.fromkeys(files):
        try:
            if file in passed:
                continue
            if not is_document(file):
                _read_many(file, options, outside, taken, readings, faults)
            elif is_first(Path(file), taken):
                readings.append(_read_one(Path(file), options["encoding"]))
        except DocumentError as error:
            faults.append(error)
    return readings, faults


def _read_one(path: Path, encoding: str | None) -> "Reading":
    """Read a document: a short text here, which is soonest; all else in a process whose time and memory have limits."""
    from pipeline.corpus.naming import refuse_no_file

    refuse_no_file(path)
    facts = path.stat()
    if path.suffix.lower() in TEXTS and stat.S_ISREG(facts.st_mode) and facts.st_size <= SHORT:
        from pipeline.predict import read_input

        return read_input(path, encoding=encoding)
    from pipeline.scoring.reader import read_apart

    return read_apart(path, encoding)


def _read_many(
    file: str,
    options: Options,
    outside: Sequence[Path],
    taken: set[int],
    readings: list["Reading"],
    faults: list["StanceError"],
) -> None:
    """Read what a folder, pattern, archive, table or standard input holds; refuse too much of it."""
    from pipeline.cli.console import note
    from pipeline.ground.errors import StanceError
    from pipeline.scoring.columns import TableOptions
    from pipeline.scoring.inputs import find_items
    from pipeline.scoring.items import Failure, Passed
    from pipeline.scoring.reader import as_error, read_items
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
        if isinstance(one, Failure):
            faults.append(as_error(one))
        else:
            readings.append(one.reading)
