"""Name what is to be scored before it is read: an item is one document to be, or what is wrong with it."""

import os
import re
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from urllib.parse import unquote_to_bytes

_INTO_ARCHIVE = re.compile(r"(\.zip)!", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Item:
    """One document to be: a file, a member of an archive, or a text already in hand (a table's row, standard input).

    `place` is unique within a run and points back to the document: `north/a.pdf`, `drop.zip!b.docx`,
    `table.csv#12` (rows count from 1); a text on standard input has its hash instead, `stdin-8ce1f2a09b3d`. `name` is
    a file name, whose extension chooses the reader. Either `path` is set (with `members`, the way into nested
    archives), or `text`. `path` is written so that JSON can hold it; open `path_of(item)`. `id` is the place, or what
    a table's id column says.
    """

    place: str
    name: str
    id: str = ""
    path: str | None = None
    members: tuple[str, ...] = ()
    text: str | None = None
    title: str = ""
    date: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Failure:
    """Something that cannot be scored: where it is, what is wrong, and how to go on."""

    place: str
    reason: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Passed:
    """What was passed over on the way: files of other kinds, counted by extension, and hidden files and folders."""

    counts: dict[str, int] = field(default_factory=dict)
    hidden: int = 0

    @property
    def said(self) -> str:
        """Say it in one line; empty where nothing was passed over."""
        total = sum(self.counts.values())
        kinds = ", ".join(f"{name} {count}" for name, count in sorted(self.counts.items(), key=lambda one: -one[1]))
        parts = [f"{total} file{'s' * (total != 1)} of other kinds passed over ({kinds})"] if total else []
        return "; ".join([*parts, f"{self.hidden} hidden"] if self.hidden else parts)


def seal(path: Path) -> str:
    """Write a path so that UTF-8 can hold it: bytes of a name that are no UTF-8, and `%` itself, become `%XX`."""
    text = os.fspath(path).replace("%", "%25")
    return "".join(f"%{ord(one) - 0xDC00:02X}" if "\udc80" <= one <= "\udcff" else one for one in text)


def path_of(item: Item) -> Path:
    """Give the file that an item is, or lies in; raise `ValueError` for a text that lies in none."""
    if item.path is None:
        raise ValueError(f"{item.place} lies in no file")
    return Path(os.fsdecode(unquote_to_bytes(item.path)))


def digest_of(item: Item, raw: bytes) -> str:
    """Hash what decides an item's rows: its bytes, and of a table's row what else the table says of it; 64 digits."""
    said = [item.id, item.title, item.date, item.source] if item.text is not None else []
    return sha256(b"\0".join([raw, *(one.encode("utf-8", "surrogatepass") for one in said)])).hexdigest()


def spell(name: str) -> str:
    r"""Spell a name or path in printable characters, no two alike: a line break is `\n`, a backslash `\\`.

    A name that looks like the way into an archive gets a backslash too: `a.zip\!b.txt` is one file.
    """
    if not name.isprintable() or "\\" in name:
        name = "".join(one if one.isprintable() and one != "\\" else _escaped(one) for one in name)
    return _INTO_ARCHIVE.sub(r"\1\\!", name)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
