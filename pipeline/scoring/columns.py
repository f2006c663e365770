"""Choose the columns of a table that hold a document's text, name, date, source and title."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pipeline.ground.config import did_you_mean
from pipeline.ground.errors import DocumentError
from pipeline.scoring.items import spell

LONGEST = 16 * 2**20  # characters of one cell, line or record: ten times the longest novel, and a bound on memory
DEFAULTS = {  # the names a column of each role usually has
    "text": ("text", "sentence", "content", "body"),
    "id": ("id", "doc", "document"),
    "date": ("date",),
    "source": ("source",),
    "title": ("title",),
}
_OURS = {"text_sha256", "model"}
_SHOWN, _SHOWN_WIDTH = 20, 40


@dataclass(frozen=True, slots=True)
class TableOptions:
    """Which columns of a table hold what, and how it and standard input are encoded.

    Where a column is not named, the first of these that is there is taken, in any case: text, sentence, content or
    body; id, doc or document; date; source; title. Without an encoding, a byte-order mark or else UTF-8 counts.
    """

    text_column: str | None = None
    id_column: str | None = None
    date_column: str | None = None
    source_column: str | None = None
    title_column: str | None = None
    encoding: str | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table: `cells` by role (text, id, date, source, title), `number` from 1, `line` where it has one."""

    number: int
    cells: dict[str, Any] = field(default_factory=dict)
    line: int | None = None


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be read; `number` is None for all that follow."""

    number: int | None
    reason: str
    hint: str = ""


def choose_columns(columns: Sequence[str], options: TableOptions) -> dict[str, str]:
    """Give the column of each role that has one.

    Raises:
        DocumentError: a named column is absent or stands twice, no column holds text, or the rows are our own output.
    """
    if set(columns) >= _OURS:
        raise DocumentError("holds the rows of an earlier run, and not texts", hint="score the documents themselves")
    chosen = {role: _choose(role, columns, getattr(options, f"{role}_column")) for role in DEFAULTS}
    if chosen["text"] is None:
        raise DocumentError(
            f"no column is called {', '.join(DEFAULTS['text'])}; {_listed(columns)}",
            hint="name the one with the text: --text-column NAME; or move the table away if it holds none",
        )
    found = {role: column for role, column in chosen.items() if column is not None}
    for column in found.values():
        if columns.count(column) > 1:
            raise DocumentError(f"the column {spell(column)!r} stands twice", hint="rename one of the two")
    return found


def _choose(role: str, columns: Sequence[str], named: str | None) -> str | None:
    if named is None:
        lowered = {column.strip().lower(): column for column in reversed(columns)}
        return next((lowered[name] for name in DEFAULTS[role] if name in lowered), None)
    if named in columns:
        return named
    near = did_you_mean(named, [spell(column)[:_SHOWN_WIDTH] for column in columns[:_SHOWN]])
    raise DocumentError(f"no column is called {named!r}; {_listed(columns)}", hint=f"--{role}-column: {near}")


def _listed(columns: Sequence[str]) -> str:
    if not columns:
        return "it has no columns"
    names = ", ".join(spell(column)[:_SHOWN_WIDTH] for column in columns[:_SHOWN])
    more = f" and {len(columns) - _SHOWN:,} more" if len(columns) > _SHOWN else ""
    return f"its columns: {names}{more}"
