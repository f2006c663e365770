"""Read the rows of a Parquet file, a few at a time, and only the columns that are needed."""

from collections.abc import Iterator
from typing import Any, BinaryIO

from pipeline.ground.errors import DocumentError
from pipeline.scoring.columns import BadRow, Row, TableOptions, choose_columns

_ROWS = 64  # rows in memory at once; with cells of LONGEST characters they still fit


def parquet_rows(stream: BinaryIO, options: TableOptions) -> Iterator[Row | BadRow]:
    """Yield the rows; one whose text is no UTF-8 is a bad one.

    Raises:
        DocumentError: the file is damaged, or lacks the columns asked for.
    """
    import pyarrow
    import pyarrow.parquet

    try:
        file = pyarrow.parquet.ParquetFile(stream)
        columns = choose_columns(file.schema_arrow.names, options)
        _check(file.schema_arrow.field(columns["text"]).type, columns["text"])
        number = 0
        for batch in file.iter_batches(batch_size=_ROWS, columns=sorted(set(columns.values()))):
            for index in range(batch.num_rows):
                number += 1
                yield _row(batch, index, number, columns)
    except (pyarrow.ArrowException, OSError, ValueError, LookupError, OverflowError) as error:
        said = " ".join(str(error).split())[:200]
        raise DocumentError(f"no Parquet file, or a damaged one ({said})", hint="write or copy it anew") from error


def _check(kind: Any, column: str) -> None:
    import pyarrow

    kind = kind.value_type if pyarrow.types.is_dictionary(kind) else kind
    tests = (pyarrow.types.is_string, pyarrow.types.is_large_string, pyarrow.types.is_string_view)
    if not any(test(kind) for test in tests):
        raise DocumentError(
            f"the column {column!r} holds {kind}, and strings are expected",
            hint="name the one with the text: --text-column NAME",
        )


def _row(batch: Any, index: int, number: int, columns: dict[str, str]) -> Row | BadRow:
    try:
        return Row(number, {role: batch.column(name)[index].as_py() for role, name in columns.items()})
    except (ValueError, OverflowError, LookupError) as error:
        return BadRow(number, f"row {number}: a cell cannot be read ({error})", "write the table anew in UTF-8")
