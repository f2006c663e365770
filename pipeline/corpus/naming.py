"""Tell a file's name from a text, and say what is wrong with a name that leads to no file."""

import os
import re
import shlex
from pathlib import Path

from pipeline.ground.errors import DocumentError

FOREIGN = (".doc", ".odt", ".rtf", ".epub")  # files that a user may name, and that are not read
NAME_WORDS = 4  # a name with more words is taken for prose, unless it begins like a path


def names_a_file(text: str) -> bool:
    """Tell a file name from prose: what exists, or a few words on one line with the ending of a document."""
    from pipeline.corpus.readers import EXTENSIONS

    if "\n" in text or len(text) > 1024 or not text.strip():
        return False
    if os.path.isfile(text) or os.path.isdir(text):  # noqa: PTH112, PTH113 - Path raises for a name too long
        return True
    if Path(text).suffix.lower() not in EXTENSIONS + FOREIGN or re.search(r"[.!?;,:]\s", text):
        return False
    return len(text.split()) <= NAME_WORDS or text.startswith(("/", "./", "../", "~"))


def refuse_no_file(path: Path) -> None:
    """Raise `DocumentError` for what is absent, out of reach or a folder, with a command that can work."""
    from pipeline.corpus.readers import EXTENSIONS

    try:
        path.stat()
        inside = sorted(path.iterdir()) if path.is_dir() else []
    except (FileNotFoundError, NotADirectoryError, ValueError) as error:
        raise DocumentError(f"no such file: {path}", hint=f"see what is there: {_listing(path)}") from error
    except OSError as error:
        raise DocumentError(
            f"{path}: cannot be read ({error.strerror})", hint=f"see what is there: {_listing(path)}"
        ) from error
    if path.is_dir():
        fit = [str(entry) for entry in inside if entry.suffix.lower() in EXTENSIONS and entry.is_file()]
        see = f"see what is in it: ls {shlex.quote(str(path))}"
        raise DocumentError(
            f"{path} is a folder, and a file is expected; allowed: {', '.join(EXTENSIONS)}",
            hint=f"name a file in it: stance score {shlex.quote(fit[0])}" if fit else see,
        )


def _listing(path: Path) -> str:
    """Give the command that lists the nearest folder that is there."""
    there = next(folder for folder in (*path.parents, Path()) if os.path.isdir(folder))  # noqa: PTH112
    return f"ls {shlex.quote(str(there))}"
