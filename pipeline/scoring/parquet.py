"""Read the rows of a Parquet file, a few at a time, and only the columns that are needed."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, BinaryIO

from pipeline.ground.errors import DocumentError
from pipeline.scoring.columns import LONGEST, BadRow, Row, TableOptions, choose_columns
from pipeline.scoring.items import spell
from pipeline.scoring.parquet_pages import largest_page

MOST = 512 * 2**20  # bytes the largest page of each column may take, together: writers put 1,024 texts into one
HELD = 128 * 2**20  # bytes of cells in memory at once, where one row needs no more
_ROWS = 64  # rows in memory at once, at most
_BUFFER = 2**20
_WIDEST = 4  # bytes of a character


def parquet_rows(stream: BinaryIO, options: TableOptions) -> Iterator[Row | BadRow]:
    """Yield the rows; one whose text is no UTF-8 is a bad one.

    Memory grows with neither file nor row group, only with the largest page, of which nothing is unpacked beyond `MOST`
    bytes: the rows of such a group are one bad row, numbered as its first.

    Raises:
        DocumentError: the file is damaged, or lacks the columns asked for.
    """
    with _damage_named():
        file = _opened(stream)
        columns = choose_columns(file.schema_arrow.names, options)
        for role, name in columns.items():
            _check(role, name, file.schema_arrow.field(name).type)
        named, number = sorted(set(columns.values())), 0
        leaves = [place for place in range(file.metadata.num_columns) if _is_in(file.schema.column(place).path, named)]
        for group in range(file.metadata.num_row_groups):
            facts = file.metadata.row_group(group)
            largest = sum(largest_page(stream, facts.column(place)) for place in leaves)
            if largest > MOST:
                yield _too_large(number + 1, facts.num_rows, largest)
                number += max(facts.num_rows, 1)
                continue
            # A page can hold one cell, and a dictionary's page the cell of every row.
            size = max(1, min(_ROWS, HELD // max(largest, 1)))
            for batch in file.iter_batches(size, row_groups=[group], columns=named):
                for index in range(batch.num_rows):
                    number += 1
                    yield _row(batch, index, number, columns)


def row_count(stream: BinaryIO, options: TableOptions) -> int:
    """Give the number of rows the file tells, and unpack nothing.

    Raises:
        DocumentError: the file is damaged, or lacks the columns asked for.
    """
    with _damage_named():
        file = _opened(stream)
        choose_columns(file.schema_arrow.names, options)
        return int(file.metadata.num_rows)


@contextmanager
def _damage_named() -> Iterator[None]:
    """Turn what Arrow and Python raise on damaged bytes into an error of ours."""
    import pyarrow

    try:
        yield
    except (pyarrow.ArrowException, OSError, ValueError, LookupError, OverflowError) as error:
        said = " ".join(str(error).split())[:200]
        raise DocumentError(f"no Parquet file, or a damaged one ({said})", hint="write or copy it anew") from error


def _opened(stream: BinaryIO) -> Any:
    """Open the file so that it is read page by page; by default Arrow fetches all columns of all row groups ahead."""
    import pyarrow.parquet

    return pyarrow.parquet.ParquetFile(stream, pre_buffer=False, buffer_size=_BUFFER)


def _is_in(path: str, named: Sequence[str]) -> bool:
    """Tell whether what is stored under a path belongs to one of the columns."""
    return any(path == name or path.startswith(f"{name}.") for name in named)


def _check(role: str, name: str, kind: Any) -> None:
    """Refuse a column whose cells are no text, date or number; of nested ones a few bytes can be a billion."""
    import pyarrow

    inner = kind.value_type if pyarrow.types.is_dictionary(kind) else kind
    tests = (pyarrow.types.is_string, pyarrow.types.is_large_string, pyarrow.types.is_string_view)
    if not any(test(inner) for test in tests) if role == "text" else pyarrow.types.is_nested(inner):
        wanted = "strings are" if role == "text" else "a string, date or number is"
        raise DocumentError(
            f"the column {spell(name)!r} holds {str(kind)[:80]}, and {wanted} expected",
            hint=f"name the one with the {role}: --{role}-column NAME",
        )


def _too_large(first: int, rows: int, size: int) -> BadRow:
    return BadRow(
        first,
        f"rows {first:,} to {first + rows - 1:,} lie in pages of {size:,} bytes; at most {MOST:,} are unpacked at once",
        "write the table anew with fewer rows in a group (row_group_size=64), or cut its texts into parts",
    )


def _row(batch: Any, index: int, number: int, columns: dict[str, str]) -> Row | BadRow:
    cells = {role: batch.column(name)[index] for role, name in columns.items()}
    for role, cell in cells.items():
        if _length(cell) > _WIDEST * LONGEST:
            fault = f"row {number}: the {role} is longer than {LONGEST:,} characters, the most that is read of one row"
            return BadRow(number, fault, "mend the row, or leave it out")
    try:
        return Row(number, {role: cell.as_py() for role, cell in cells.items()})
    except (ValueError, OverflowError, LookupError) as error:
        return BadRow(number, f"row {number}: a cell cannot be read ({error})", "write the table anew in UTF-8")


def _length(cell: Any) -> int:
    """Give the bytes of a text; 0 for what is none."""
    import pyarrow

    inner = cell.value if isinstance(cell, pyarrow.DictionaryScalar) else cell
    held = inner.as_buffer() if isinstance(inner, pyarrow.BinaryScalar) else None
    return 0 if held is None else int(held.size)
