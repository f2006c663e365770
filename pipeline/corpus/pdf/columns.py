"""Find the columns of a page, where a gutter parts them, and put them into reading order."""

from collections.abc import Sequence
from itertools import groupby

from pipeline.corpus.pdf.lines import rows_of
from pipeline.corpus.pdf.words import Word

_GUTTER = 0.9  # ems; no space between words is as wide on several rows at the same place
_FEWEST_ROWS, _FEWEST_WORDS = 3, 2.5  # on both sides of a gutter; words are a mean over rows
_DEEPEST = 8  # columns within bands within columns; no page goes further than four
_STEP = 2.0  # points; the grid gutters are looked for on


def flows_of(words: Sequence[Word], em: float, depth: int = _DEEPEST) -> list[list[Word]]:
    """Divide the words of a page into columns, in reading order; a text across the page is a column of its own."""
    if not words:
        return []
    bands = _bands(rows_of(words), em) if depth else []
    if not bands:
        return [list(words)]
    flows = []
    for x, band in bands:
        inside = [word for row in band for word in row]
        parts = [inside] if x is None else [[w for w in inside if w.x0 < x], [w for w in inside if w.x0 >= x]]
        # A part as large as the whole would be divided for ever.
        flows += [
            flow for part in parts for flow in (flows_of(part, em, depth - 1) if len(part) < len(words) else [part])
        ]
    return flows


def _bands(rows: list[list[Word]], em: float) -> list[tuple[float | None, list[list[Word]]]]:
    """Cut rows into bands with the x of their gutter, or None; nothing where no gutter parts any."""
    covered = [_covered(row) for row in rows]
    width = max(round(_GUTTER * em / _STEP), 2)
    gains = [_gain(rows, covered, place, width) for place in range(max(mask.bit_length() for mask in covered))]
    best = max(gains, default=0)
    if not best:
        return []
    # The middle of the widest free strip, so that words which jut out a little do not count.
    first = gains.index(best)
    wide = next((n for n, gain in enumerate(gains[first:]) if gain != best), len(gains) - first)
    place = first + (wide - 1) // 2
    x = (place + width / 2) * _STEP
    bands: list[tuple[float | None, list[list[Word]]]] = []
    for free, run in _runs(rows, covered, place, width):
        split = x if free and _parts(run, x) else None
        if split is None and bands and bands[-1][0] is None:
            bands[-1][1].extend(run)
        else:
            bands.append((split, list(run)))
    return bands


def _covered(row: list[Word]) -> int:
    """Mark the steps of the grid that a row's words cover, as bits."""
    mask = 0
    for word in row:
        left, right = int(max(word.x0, 0) // _STEP), int(max(word.x1, 0) // _STEP)
        mask |= ((1 << (right - left + 1)) - 1) << left
    return mask


def _runs(rows: list[list[Word]], covered: list[int], place: int, width: int) -> list[tuple[bool, list[list[Word]]]]:
    """Group consecutive rows by whether the strip is free in them."""
    strip = ((1 << width) - 1) << place
    pairs = zip(covered, rows, strict=True)
    return [(free, [row for _, row in run]) for free, run in groupby(pairs, key=lambda pair: not pair[0] & strip)]


def _gain(rows: list[list[Word]], covered: list[int], place: int, width: int) -> int:
    """Count the rows that a gutter at this place parts into columns."""
    strip, left = ((1 << width) - 1) << place, (1 << place) - 1
    free = [mask for mask in covered if not mask & strip]
    # Most places fall through here, at a tenth of the price of looking at words.
    if sum(bool(mask & left) for mask in free) < _FEWEST_ROWS:
        return 0
    if sum(bool(mask >> (place + width)) for mask in free) < _FEWEST_ROWS:
        return 0
    x = (place + width / 2) * _STEP
    return sum(len(run) for clear, run in _runs(rows, covered, place, width) if clear and _parts(run, x))


def _parts(run: list[list[Word]], x: float) -> bool:
    """Tell whether both sides of a band hold enough text to be columns, and not a margin, numbers or cells."""
    for side in ([[w for w in row if w.x0 < x] for row in run], [[w for w in row if w.x0 >= x] for row in run]):
        held = [len(row) for row in side if row]
        if len(held) < _FEWEST_ROWS or sum(held) / len(held) < _FEWEST_WORDS:
            return False
    return True
