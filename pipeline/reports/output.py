"""Write a report to the file a user names: only over one that the same command wrote, and through links."""

import os
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path

from pipeline.ground.errors import StanceError
from pipeline.ground.files import look_at, write_text


def refuse_output(path: Path, made_here: Callable[[Path], bool], command: str) -> None:
    """Raise `StanceError` for a file that `command` did not make, or where none can be written; leave nothing behind.

    `made_here` tells of an ordinary file whether the command made it.
    """
    facts = look_at(path)
    if facts and not (stat.S_ISREG(facts.st_mode) and made_here(path)):
        raise StanceError(
            f"{path} is there already and was not made by `{command}`; it is left as it is",
            hint="name another file with -o, or move what is there",
        )
    nearest = next(folder for folder in _target(path).parents if os.path.lexists(folder))
    try:
        tempfile.TemporaryFile(dir=nearest).close()
    except OSError as error:
        raise _not_written(path, error) from error


def write_output(path: Path, text: str) -> None:
    """Write a report by rename; raise `StanceError` where that fails."""
    try:
        write_text(_target(path), text)
    except OSError as error:
        raise _not_written(path, error) from error


def _target(path: Path) -> Path:
    return Path(os.path.realpath(path))


def _not_written(path: Path, error: OSError) -> StanceError:
    return StanceError(f"cannot write {path}: {error.strerror}", hint="name a file in a folder you may write to")
