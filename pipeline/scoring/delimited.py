"""Read the rows of a CSV or TSV file, however long; quoted cells may hold line breaks."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from pipeline.ground.errors import DocumentError
from pipeline.scoring.columns import LONGEST, BadRow, Row, TableOptions, choose_columns
from pipeline.scoring.lines import Lines, TooLong

_DELIMITERS = (",", ";", "\t", "|")


@dataclass(frozen=True, slots=True)
class Header:
    """How a table begins, and so is to be read: column names, delimiter, encoding (Python's name), end of a line."""

    names: tuple[str, ...]
    delimiter: str
    encoding: str
    end: str


def delimited_rows(stream: BinaryIO, options: TableOptions, delimiter: str | None = None) -> Iterator[Row | BadRow]:
    """Yield the rows below the header; the delimiter is the one that cuts the header into most columns.

    Rows count from 1 without the header and blank lines. A row with more or fewer cells than the header is a bad one;
    a quote that is never closed, or a record of more than `LONGEST` characters, ends the table.

    Raises:
        DocumentError: there is no header, or not the columns asked for.
    """
    # The limit is the process's own; it is only ever raised, to a stated bound.
    csv.field_size_limit(max(csv.field_size_limit(), LONGEST))
    lines = Lines(stream, options.encoding, newline="")
    try:
        yield from _rows(lines, options, delimiter)
    finally:
        lines.detach()


def _rows(lines: Lines, options: TableOptions, delimiter: str | None) -> Iterator[Row | BadRow]:
    header, reader = _start(lines, delimiter)
    names = header.names
    places = {role: names.index(column) for role, column in choose_columns(names, options).items()}
    number = 0
    while True:
        lines.held, line = 0, lines.number + 1
        try:
            cells = next(reader, None)
        except (TooLong, csv.Error) as error:
            said = error.message if isinstance(error, TooLong) else f"line {line}: {error}"
            yield BadRow(None, f"{said}; nothing is read from line {line} on", _quote_hint(line))
            return
        if cells is None:
            return
        if not cells:
            continue
        number += 1
        if lines.ended:  # only a quoted cell asks for one more line
            yield BadRow(number, f"line {line}: a quote opens here or below and is never closed", _quote_hint(line))
        elif len(cells) != len(names):
            said = f"line {line}: {len(cells):,} cells, and the header has {len(names):,}"
            yield BadRow(number, said, "put a cell that holds the delimiter into double quotes")
        else:
            yield Row(number, {role: cells[place] for role, place in places.items()}, line)


def read_header(stream: BinaryIO, options: TableOptions, delimiter: str | None = None) -> Header:
    """Read how a table begins, as `delimited_rows` does; only the head of the table need be there.

    Raises:
        DocumentError: there is no header, or its encoding is unknown.
    """
    csv.field_size_limit(max(csv.field_size_limit(), LONGEST))
    lines = Lines(stream, options.encoding, newline="")
    try:
        return _start(lines, delimiter)[0]
    finally:
        lines.detach()


def _quote_hint(line: int) -> str:
    return f"look for a double quote without its partner on line {line} or below"


def _start(lines: Lines, delimiter: str | None) -> tuple[Header, Iterator[list[str]]]:
    """Read the header; return it with the reader of the rows below."""
    try:
        first = next((line for line in lines if line.strip()), "")
        if not first:
            raise DocumentError("the table is empty", hint="give it a header and rows")
        if "\0" in first:
            raise DocumentError("holds NUL characters: UTF-16 without a mark, or no table", hint="--encoding utf-16-le")
        chosen = delimiter or max(_DELIMITERS, key=lambda one: len(next(csv.reader([first], delimiter=one))))
        reader = csv.reader(_chain(first, lines), delimiter=chosen)
        names = tuple(name.strip() for name in next(reader))
        return Header(names, chosen, lines.encoding, first[len(first.rstrip("\r\n")) :]), reader
    except (TooLong, csv.Error) as error:
        said = error.message if isinstance(error, TooLong) else str(error)
        raise DocumentError(f"the header cannot be read ({said})", hint="the first line names the columns") from error


def _chain(first: str, lines: Lines) -> Iterator[str]:
    yield first
    yield from lines
