"""Name what is to be scored before it is read: an item is one document to be, or what is wrong with it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Item:
    """One document to be: a file, a member of an archive, or a text already in hand (a table's row, standard input).

    `place` is unique within a run and points back to the document: `north/a.pdf`, `drop.zip!b.docx`,
    `table.csv#12` (rows count from 1). `name` is a file name, whose extension chooses the reader. Either `path` is
    set (with `members`, the way into nested archives), or `text`.
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
