"""Write Markdown tables and the numbers in their cells."""

import csv
import io
from collections.abc import Iterable, Sequence

from pipeline.ground.records import Estimate


def markdown_table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Lay out a table, first column to the left, the others to the right."""
    lines = ["| " + " | ".join(heads) + " |", "| --- |" + " ---: |" * (len(heads) - 1)]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])


def csv_table(columns: Sequence[str], rows: Iterable[dict[str, str | int | float | None]]) -> str:
    """Lay out the same for machines; a value that is absent leaves its cell empty."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(row.get(column)) for column in columns])
    return stream.getvalue()


def interval(estimate: Estimate, digits: int = 3, *, sign: bool = False) -> str:
    """Write a figure and its 95 % interval; `sign` shows a plus, as differences want.

    A minus before 0.000 tells on which side a small difference lies; before a figure it would say nothing.
    """
    style = f"{'+' if sign else 'z'}.{digits}f"
    value = f"{estimate.value + 0.0:{style}}"  # -0.0 + 0.0 is 0.0
    if estimate.low is None or estimate.high is None:
        return value
    return f"{value} [{estimate.low + 0.0:{style}}, {estimate.high + 0.0:{style}}]"


def _cell(value: str | int | float | None) -> str:
    if value is None:
        return ""
    return f"{value:.6g}" if isinstance(value, float) else str(value)
