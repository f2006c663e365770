"""Read the rows of a file of JSON lines, one object each."""

import json
from collections.abc import Iterator
from typing import Any, BinaryIO

from pipeline.scoring.columns import BadRow, Row, TableOptions, choose_columns
from pipeline.scoring.lines import Lines, TooLong

_HINT = 'each line must be one JSON object, such as {"id": "a", "text": "…"}'


def jsonl_rows(stream: BinaryIO, options: TableOptions) -> Iterator[Row | BadRow]:
    """Yield a row for each line that is not blank; a row's number is its line.

    The first object tells the columns; a later one may lack any but the text.

    Raises:
        DocumentError: the first object lacks the columns asked for.
    """
    lines = Lines(stream, options.encoding, newline="\n")
    try:
        yield from _rows(lines, options)
    finally:
        lines.detach()


def _rows(lines: Lines, options: TableOptions) -> Iterator[Row | BadRow]:
    columns: dict[str, str] | None = None
    while True:
        lines.held = 0
        try:
            line = next(lines, None)
        except TooLong as error:
            yield BadRow(error.line, error.message, error.hint)
            lines.skip_rest()
            continue
        if line is None:
            return
        if not line.strip():
            continue
        record = _record(line, lines.number)
        if isinstance(record, BadRow):
            yield record
            continue
        columns = columns or choose_columns(list(record), options)
        yield Row(lines.number, {role: record.get(column) for role, column in columns.items()}, lines.number)


def _record(line: str, number: int) -> dict[str, Any] | BadRow:
    try:
        record = json.loads(line)
    except json.JSONDecodeError as error:
        return BadRow(number, f"line {number}: not JSON ({error.msg}, column {error.colno})", _HINT)
    except RecursionError:
        return BadRow(number, f"line {number}: JSON nested too deeply to be read", _HINT)
    except ValueError:
        return BadRow(number, f"line {number}: holds a number of thousands of digits, which is not read", _HINT)
    if not isinstance(record, dict):
        return BadRow(number, f"line {number}: a JSON {type(record).__name__}, and an object is expected", _HINT)
    return record
