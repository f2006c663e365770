"""Open a folder of scores: one run at a time, one model and one set of options, and nobody else's files."""

import fcntl
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipeline.ground.errors import ConfigError, StanceError
from pipeline.ground.files import read_json, write_json
from pipeline.scoring.formats import FORMATS, Format
from pipeline.scoring.store import ERRORS, FORMAT, HALF, KINDS, LOCK, PARTS, RUN, Store, flush

EMPTIED = "emptied"  # stands in run.json while what lies beside it is on its way out, and counts no more
_LEFT = (HALF, f".{RUN}.")  # what opens the name of a file that was being written
_TABLE = re.compile(rf"part-\d+\.({'|'.join(FORMATS)})")


@contextmanager
def open_store(
    folder: Path, run: dict[str, Any], form: Format, labels: Sequence[str], *, force: bool = False, anew: bool = False
) -> Iterator[Store]:
    """Open or make a folder of scores, and hold it alone; `force` empties it first, `anew` only if made otherwise.

    Raises:
        StanceError: the folder holds something else, scores of another model or other options, is used by another
            run, or cannot be written.
    """
    store = Store(folder, form, labels)
    with _locked(folder), store.explained():
        if force or _half_emptied(folder) or (anew and _differences(folder, run)):
            _empty(folder, run)
        _agree(folder, run)
        store.load()
        yield store


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _refuse_foreign(folder)
        lock = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise StanceError(
            f"cannot make {folder}: {error.strerror}", hint="name a folder you may write to with -o"
        ) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        for path in folder.glob(f".{RUN}.*"):  # a run was killed while it wrote the file
            path.unlink()
        yield
    except BlockingIOError as error:
        raise StanceError(
            f"{folder} is being written by another run", hint="wait for it, or name another folder with -o"
        ) from error
    finally:
        os.close(lock)


def _refuse_foreign(folder: Path) -> None:
    """Raise `StanceError` where a folder holds other things than scores."""
    names = {path.name for path in folder.iterdir() if path.name != LOCK and not path.name.startswith(_LEFT)}
    if names and not _is_ours(folder, names):
        raise StanceError(
            f"{folder} holds other files ({', '.join(sorted(names)[:3])}), and no scores; it is left as it is",
            hint="name a new or empty folder with -o",
        )


def _is_ours(folder: Path, names: set[str]) -> bool:
    """Tell scores by what their run.json says; where a power cut took that, by there being nothing but our names."""
    told = _told(folder)
    if told is None:
        return (folder / RUN).is_file() and names <= {RUN, PARTS, ERRORS, *KINDS}
    return {"format", "model", "rows"} <= set(told)


def _told(folder: Path) -> dict[str, Any] | None:
    """Read what made the scores in a folder; None where nothing can be read."""
    try:
        told = read_json(folder / RUN)
    except (ConfigError, StanceError):
        return None
    return told if isinstance(told, dict) else None


def _differences(folder: Path, run: dict[str, Any]) -> list[str]:
    """Say how scores that are there were made otherwise; empty where they were not, or there are none."""
    before, now = _told(folder), {"format": FORMAT} | run
    if before is None:
        there = any((folder / PARTS).glob("*.json")) if (folder / PARTS).is_dir() else False
        return [f"{RUN} is damaged"] if there else []
    return [f"{name} {before.get(name)!r} there, {now[name]!r} now" for name in now if before.get(name) != now[name]]


def _agree(folder: Path, run: dict[str, Any]) -> None:
    """Write what makes these scores, or compare it with what made those that are there."""
    if differs := _differences(folder, run):
        raise StanceError(
            f"{folder} holds scores made otherwise: {'; '.join(differs)}",
            hint="name another folder with -o, or score everything anew there with --force",
        )
    if _told(folder) is None or _half_emptied(folder):
        _tell(folder, run)


def _tell(folder: Path, run: dict[str, Any]) -> None:
    """Write what makes the scores of a folder, and wait until it is on the disk."""
    write_json(folder / RUN, {"format": FORMAT} | run)
    flush(folder / RUN)
    flush(folder)


def _half_emptied(folder: Path) -> bool:
    """Tell whether a run was stopped while it emptied the folder; what is left there counts no more."""
    return bool((_told(folder) or {}).get(EMPTIED))


def _empty(folder: Path, run: dict[str, Any]) -> None:
    """Remove our files, and nothing else; stopped anywhere, the folder is known as ours and to be emptied."""
    _tell(folder, run | {EMPTIED: True})
    for name in (PARTS, *KINDS):
        inside = list((folder / name).iterdir()) if (folder / name).is_dir() else []
        for path in inside:
            ours = re.fullmatch(r"\d+\.json", path.name) if name == PARTS else _TABLE.fullmatch(path.name)
            if path.is_file() and (ours or path.name.startswith(HALF)):
                path.unlink()
        if inside:
            flush(folder / name)  # else a power cut could bring them back beside the new run.json
    (folder / ERRORS).unlink(missing_ok=True)


def discard(folder: Path) -> None:
    """Remove a folder of scores with all that is in it; stopped anywhere, what is left is whole and known as ours."""
    for record in sorted((folder / PARTS).glob("*.json"), reverse=True):  # so that a next run adds in the same order
        record.unlink()
    for path in list(folder.iterdir()):
        if path.name == RUN:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    (folder / RUN).unlink(missing_ok=True)
    folder.rmdir()
