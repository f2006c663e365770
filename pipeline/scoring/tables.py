"""Read the rows of a table as items: CSV, TSV, JSON lines, Parquet; each bad row named, the others kept."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from pathlib import PurePosixPath
from typing import Any, BinaryIO

from pipeline.ground.errors import DocumentError
from pipeline.scoring.columns import LONGEST, BadRow, Row, TableOptions
from pipeline.scoring.dates import iso_date
from pipeline.scoring.delimited import delimited_rows
from pipeline.scoring.items import Failure, Item, spell
from pipeline.scoring.jsonlines import jsonl_rows
from pipeline.scoring.parquet import parquet_rows, row_count
from pipeline.scoring.row_numbers import RowNumbers

Tables = Callable[[BinaryIO, str, str, TableOptions], Iterator[Item | Failure]]
_Reader = Callable[[BinaryIO, TableOptions], Iterator[Row | BadRow]]


def table_items(
    stream: BinaryIO, name: str, place: str, options: TableOptions, ends: dict[str, RowNumbers] | None = None
) -> Iterator[Item | Failure]:
    """Yield an item for each row, numbered from 1; the table's `name` tells its kind.

    Memory does not grow with the table, only with its longest row. Once its end is reached, its row numbers go into
    `ends`; not those of a table with a row that could not be told apart, which may have swallowed others.
    """
    shown = spell(PurePosixPath(name).name)
    numbers, whole = RowNumbers(), True
    try:
        for row in _reader(name)(stream, options):
            if isinstance(row, BadRow):
                whole = False
            else:
                numbers.meet(row.number)
            yield _item(row, shown, place)
    except DocumentError as error:
        yield Failure(place, error.message, error.hint)
    except OSError as error:
        yield Failure(place, f"cannot be read on ({error.strerror})", "copy it anew")
    else:
        if whole and ends is not None:
            ends[place] = numbers


def known_rows(stream: BinaryIO, name: str, options: TableOptions) -> int | None:
    """Give the number of rows of a table that tells it; None for one that must be read through."""
    if _reader(name) is not parquet_rows:
        return None
    try:
        return row_count(stream, options)
    except DocumentError:
        return 1  # the failure it will be


def _reader(name: str) -> _Reader:
    kind = PurePosixPath(name).suffix.lower()
    if kind == ".parquet":
        return parquet_rows
    if kind in (".jsonl", ".ndjson"):
        return jsonl_rows
    return lambda stream, options: delimited_rows(stream, options, "\t" if kind == ".tsv" else None)


def _item(row: Row | BadRow, name: str, place: str) -> Item | Failure:
    if isinstance(row, BadRow):
        return Failure(place if row.number is None else f"{place}#{row.number}", row.reason, row.hint)
    found = row_item(f"{place}#{row.number}", name, row.cells)
    if isinstance(found, Failure) and row.line:
        return Failure(found.place, f"line {row.line}: {found.reason}", found.hint)
    return found


def row_item(spot: str, name: str, cells: Mapping[str, Any]) -> Item | Failure:
    """Make an item of a row at a place, its `cells` by role (text, id, date, source, title); or say what is wrong."""
    said = {role: _said(value) for role, value in cells.items()}
    if fault := _fault(cells, said):
        return Failure(spot, fault, "mend the row, or leave it out")
    return Item(
        spot,
        name,
        id=said.get("id", "").strip() or spot,
        text=said["text"],
        title=said.get("title", "").strip(),
        date=iso_date(said.get("date", "")),
        source=said.get("source", "").strip(),
    )


def _said(value: Any) -> str:
    if value is None or isinstance(value, list | dict):
        return ""
    return value.isoformat() if isinstance(value, date | datetime) else str(value)


def _fault(cells: Mapping[str, Any], said: dict[str, str]) -> str:
    """Say why a row is no document; empty where it is one."""
    text = cells.get("text")
    if text is None or (isinstance(text, str) and not text.strip()):
        return "the text is empty"
    if not isinstance(text, str):
        return f"the text is of type {type(text).__name__}, and a string is expected"
    if len(text) > LONGEST:
        return f"the text is longer than {LONGEST:,} characters, the most that is read of one row"
    for role, value in said.items():
        if isinstance(cells[role], list | dict):
            return f"the {role} is of type {type(cells[role]).__name__}, and a string or number is expected"
        if "\0" in value:
            return f"the {role} holds a NUL character, and is no text"
        if not _whole(value):
            return (
                f"the {role} holds bytes or escapes that are no characters of its encoding (--encoding names another)"
            )
    return ""


def _whole(value: str) -> bool:
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
