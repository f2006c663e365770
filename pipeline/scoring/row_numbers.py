"""Know a table's rows by their numbers, so that scores of rows which it has no more can be told."""

from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field

_DIGITS = 19  # of a number that fits into 64 bits


@dataclass(slots=True)
class RowNumbers:
    """The numbers of a table's rows, met in order: the last one, and the stretches below it that no row has."""

    last: int = 0
    _gaps: "array[int]" = field(default_factory=lambda: array("q"))  # first and last number of each stretch

    def meet(self, number: int) -> None:
        """Take in the next row's number; only blank lines of JSON lines leave numbers out."""
        if number > self.last + 1:
            self._gaps.extend((self.last + 1, number - 1))
        self.last = number

    def missing(self, highest: int) -> Iterator[int]:
        """Yield the numbers up to `highest` that no row has."""
        for first, last in zip(self._gaps[::2], self._gaps[1::2], strict=True):
            yield from range(first, min(last, highest) + 1)
        yield from range(self.last + 1, highest + 1)


def row_of(place: str) -> tuple[str, int]:
    """Give the table and the number that a place such as `t.csv#12` names; the number is 0 where it names no row."""
    table, _, number = place.rpartition("#")
    known = table and number.isascii() and number.isdecimal() and len(number) < _DIGITS
    return (table, int(number)) if known else (place, 0)
