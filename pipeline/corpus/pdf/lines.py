"""Make lines of words: rows by their baseline, superscripts and drop caps put where they belong."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from pipeline.corpus.pdf.words import Word

# In ems.
_LEVEL = 0.3  # baselines nearer than this are one row
_SPACE, _TIGHT = 0.25, 0.1  # gaps that are a space without, and with, a space in the file
_CELL = 1.8  # a wider gap parts cells of a table; spaces of justified text stay below
_SMALL, _RAISED, _TALL = 0.82, 0.12, 0.7  # a superscript's size, and how far it is raised at least and at most
_CAP, _MOST_CAPS = 1.8, 10  # a drop cap's size; how many a column has at most

_NOTE_MARK = re.compile(r"(\d{1,3}([,–-]\d{1,3})*|[*†‡§¶‖#]+|[\[(]\d{1,3}[\])]|[a-z])[.,;:]?")
_UNIT = re.compile(r"\b(?:[ckm]?m|ft|mi|yd|10)$")
_EXPONENTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of one column, and what decides where paragraphs begin; edges and `y`, the baseline, in points.

    `marked` tells whether it begins with a superscript; `cells` are the texts between wide gaps.
    """

    text: str
    cells: tuple[str, ...]
    x0: float
    x1: float
    y: float
    size: float
    page: int
    bold: bool
    marked: bool
    first: float  # width of the first word

    @classmethod
    def of(cls, words: Sequence[Word], y: float, size: float, page: int) -> "Line":
        """Make a line of words from left to right."""
        cells = tuple(text_of(cell) for cell in _cells(words, size))
        return cls(
            text_of(words),
            cells,
            words[0].x0,
            max(word.x1 for word in words),
            y,
            size,
            page,
            bold=all(word.bold for word in words),
            marked=words[0].raised,
            first=words[0].x1 - words[0].x0,
        )


def _cells(words: Sequence[Word], size: float) -> list[list[Word]]:
    cells = [[words[0]]]
    for last, word in pairwise(words):
        if word.x0 - last.x1 > _CELL * size:
            cells.append([])
        cells[-1].append(word)
    return cells


def text_of(words: Sequence[Word]) -> str:
    """Write words as a text; the marks of footnotes go, raised figures behind a unit stay."""
    parts: list[str] = []
    last: Word | None = None
    for word in words:
        text = word.text
        if word.raised and last is not None and _NOTE_MARK.fullmatch(text):
            if not (text.isdigit() and _UNIT.search(parts[-1])):
                parts += [text[-1]] if text[-1] in ".,;:" else []
                continue
            text = text.translate(_EXPONENTS)
        gap = (word.x0 - last.x1) / max(word.size, last.size) if last else 0.0
        if last and gap > (_TIGHT if word.spaced else _SPACE):
            parts.append(" ")
        parts.append(text)
        last = word
    return "".join(parts)


def rows_of(words: Iterable[Word]) -> list[list[Word]]:
    """Gather words on one baseline, from the top of the page to its foot; each row from left to right."""
    rows: list[list[Word]] = []
    for word in sorted(words, key=lambda word: -word.y):
        level = rows and rows[-1][0].y - word.y <= _LEVEL * min(word.size, rows[-1][0].size)
        if level:
            rows[-1].append(word)
        else:
            rows.append([word])
    return [sorted(row, key=lambda word: word.x0) for row in rows]


def text_rows(words: Iterable[Word]) -> list[list[Word]]:
    """Gather words into rows as `rows_of` does, superscripts with the row they belong to."""
    rows: list[list[Word]] = []
    waiting: list[Word] = []
    found = rows_of(words)
    for place, row in enumerate(found):
        if place + 1 < len(found) and _hangs_over(row, found[place + 1]):
            waiting += row
            continue
        rows.append(sorted(row + waiting, key=lambda word: word.x0) if waiting else row)
        waiting = []
    return rows


def _hangs_over(row: list[Word], below: list[Word]) -> bool:
    """Tell whether a row holds nothing but superscripts of the next one."""
    size = _size(below)
    return _size(row) < _SMALL * size and _RAISED < (row[0].y - below[0].y) / size < _TALL


def lines_of(flow: Sequence[Word], page: int) -> list[Line]:
    """Make the lines of a column; superscripts join their line, and a drop cap the first line beside it."""
    lines: list[Line] = []
    for row in text_rows(_capped(flow)):
        size = _size(row)
        y = next(word.y for word in row if word.size >= _SMALL * size)
        words = [replace(word, raised=True) if _is_raised(word, y, size) else word for word in row]
        lines.append(Line.of(words, y, size, page))
    return lines


def _is_raised(word: Word, y: float, size: float) -> bool:
    return word.size < _SMALL * size and word.y - y > _RAISED * size


def _size(row: list[Word]) -> float:
    """Give the size most characters of a row are set in."""
    sizes: Counter[float] = Counter()
    for word in row:
        sizes[word.size] += len(word.text)
    return sizes.most_common(1)[0][0]


def _capped(flow: Sequence[Word]) -> list[Word]:
    """Move drop caps to the baseline of the first line they stand beside, and those lines to their left edge."""
    usual = _size(list(flow))
    words = list(flow)
    caps = [word for word in flow if len(word.text) == 1 and word.size > _CAP * usual and word.text.isalpha()]
    for cap in caps[:_MOST_CAPS]:
        level = (n for n, word in enumerate(words) if _beside(word, cap, usual))
        beside = {round(words[n].y): n for n in sorted(level, key=lambda n: -words[n].x0)}.values()
        if beside:
            top = max(words[place].y for place in beside)
            words[words.index(cap)] = replace(cap, y=top, size=usual, x0=cap.x0 - 0.1, x1=cap.x0)
            for place in beside:
                words[place] = replace(words[place], x0=cap.x0)
    return words


def _beside(word: Word, cap: Word, usual: float) -> bool:
    """Tell whether a word stands right of a drop cap, at its height."""
    near = word.size < cap.size / _CAP and -1 < word.x0 - cap.x1 < cap.size
    return near and cap.y - _LEVEL * usual <= word.y <= cap.y + 0.75 * cap.size
