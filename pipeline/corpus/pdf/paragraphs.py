"""Group the lines of a column into paragraphs, items, headings, captions and tables."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from pipeline.corpus.furniture import ends_sentence
from pipeline.corpus.pdf.lines import Line
from pipeline.corpus.plaintext import BULLET, NUMBER
from pipeline.ground.records import BlockKind

# In ems or leadings.
_SPACE = 0.25
_PARTED, _INDENT, _ROWS_APART = 1.3, 0.8, 4.0
_SAME_SIZE, _LARGER = 0.08, 1.12  # shares of a size
_HEADING_WORDS, _HEADING_LINES = 25, 4
_FULL = 0.9  # of the lines end further left than what counts as the right edge

_CAPTION = re.compile(
    r"(figure|fig\.|table|map|chart|graph|box|image|photo|plate)\s?[\dIVX]{1,4}\b|sources?:|photo", re.I
)
_LEADERS = re.compile(r"(\.\s?){4,}\s*\d{1,4}$")


@dataclass(frozen=True, slots=True)
class Measures:
    """The type of a document: size and leading of most of its text in points, and whether that is bold."""

    em: float
    leading: float
    bold: bool = False


@dataclass(frozen=True, slots=True)
class Draft:
    """Lines that belong together, and what they are."""

    kind: BlockKind
    lines: tuple[Line, ...]
    marker: int = 0  # characters of the bullet or number the first line opens with
    full: bool = False  # the last line reaches the right edge

    @property
    def page(self) -> int:
        """Give the page the draft begins on."""
        return self.lines[0].page


def measure(pages: Iterable[Sequence[Line]]) -> Measures:
    """Measure the type of a document from the lines of its columns."""
    sizes: Counter[float] = Counter()
    gaps: Counter[float] = Counter()
    heavy = letters = 0
    for lines in pages:
        for line in lines:
            sizes[round(line.size, 1)] += len(line.text)
        gaps.update(round(a.y - b.y, 1) for a, b in pairwise(lines) if 0 < a.y - b.y < 3 * a.size)
        heavy += sum(len(line.text) for line in lines if line.bold)
        letters += sum(len(line.text) for line in lines)
    em = sizes.most_common(1)[0][0] if sizes else 1.0
    return Measures(em, gaps.most_common(1)[0][0] if gaps else 1.2 * em, 2 * heavy > letters)


def draft(lines: Sequence[Line], measures: Measures) -> list[Draft]:
    """Group the lines of one column, in order."""
    right = _right_edge(lines)
    drafts = []
    for group in _groups(lines, measures, right):
        drafts.append(_draft(group, measures, right))
    return drafts


def _right_edge(lines: Sequence[Line]) -> float:
    """Give where full lines end; a few that jut out do not count."""
    edges = sorted(line.x1 for line in lines)
    return edges[min(int(len(edges) * _FULL), len(edges) - 1)] if edges else 0.0


def _groups(lines: Sequence[Line], measures: Measures, right: float) -> Iterator[list[Line]]:
    group: list[Line] = []
    tables = _tabular(lines)
    for place, (line, table) in enumerate(zip(lines, tables, strict=True)):
        if group:
            follow = _tabled if table else _continues
            if tables[place - 1] is not table or not follow(group, line, measures, right):
                yield group
                group = []
        group.append(line)
    if group:
        yield group


def _tabular(lines: Sequence[Line]) -> list[bool]:
    """Mark rows of tables: three cells, or two on neighbouring lines; and lines of contents, with leaders."""
    counts = [1 if marker_of(line.text) else len(line.cells) for line in lines]
    near = [max(counts[max(n - 1, 0) : n] + counts[n + 1 : n + 2], default=0) for n in range(len(counts))]
    return [
        count > 2 or (count > 1 and beside > 1) or bool(_LEADERS.search(line.text))
        for line, count, beside in zip(lines, counts, near, strict=True)
    ]


def _tabled(group: list[Line], line: Line, measures: Measures, _right: float) -> bool:
    return 0 < group[-1].y - line.y < _ROWS_APART * measures.leading


def marker_of(text: str) -> str:
    """Give the bullet or number a line opens with, white space included."""
    found = BULLET.match(text) or NUMBER.match(text)
    return found[0] if found else ""


def _continues(group: list[Line], line: Line, measures: Measures, right: float) -> bool:
    """Tell whether a line goes on with the paragraph above it."""
    last, text = group[-1], line.text
    before = last.text
    if _another_type(last, line) or _parted(last, line, measures):
        return False
    lower = next((char.islower() for char in text if char.isalpha()), False)
    if before.endswith("-") and lower:
        return True
    marked = bool(marker_of(group[0].text))
    if marker_of(text) and (marked or before[-1:] in ".:;!?" or line.x0 < last.x0 - _INDENT * last.size):
        return False
    if _shifted(group, line, marked):
        return False
    return _fills(last, line, right) or (lower and not ends_sentence(before))


def _another_type(last: Line, line: Line) -> bool:
    """Tell whether size or weight of the line change as between heading and text."""
    return abs(last.size - line.size) > _SAME_SIZE * max(last.size, line.size) or last.bold is not line.bold


def _parted(last: Line, line: Line, measures: Measures) -> bool:
    """Tell whether more than the leading lies between two lines."""
    usual = measures.leading * max(last.size / measures.em, 1.0)
    return not 0 < last.y - line.y < _PARTED * usual


def _shifted(group: list[Line], line: Line, item: bool) -> bool:
    """Tell whether the line opens a paragraph by its indent, or leaves an indented one."""
    last, indent = group[-1], _INDENT * line.size
    if line.x0 > last.x0 + indent:
        return not (item and len(group) == 1)
    return line.x0 < last.x0 - indent and len(group) > 1


def _fills(last: Line, line: Line, right: float) -> bool:
    """Tell whether the first word of a line would not have fitted on the one above."""
    return last.x1 + _SPACE * last.size + line.first > right - 0.2 * last.size


def _draft(group: list[Line], measures: Measures, right: float) -> Draft:
    texts = [line.text for line in group]
    marker = len(marker_of(texts[0]))
    full = group[-1].x1 > right - 0.15 * (right - min(line.x0 for line in group))
    if any(_tabular(group)):
        return Draft(BlockKind.TABLE, tuple(group))
    if _CAPTION.match(texts[0]) and (group[0].size < 0.97 * measures.em or group[0].bold or len(group) == 1):
        return Draft(BlockKind.CAPTION, tuple(group))
    if _is_heading(group, texts, measures):
        return Draft(BlockKind.HEADING, tuple(group))
    return Draft(BlockKind.ITEM if marker else BlockKind.PARAGRAPH, tuple(group), marker, full)


def _is_heading(group: list[Line], texts: list[str], measures: Measures) -> bool:
    """Tell a heading: short, and larger or bolder than the text; what ends as a sentence does must be larger."""
    words = sum(len(text.split()) for text in texts)
    if len(group) > _HEADING_LINES or words > _HEADING_WORDS:
        return False
    if min(line.size for line in group) > _LARGER * measures.em:
        return not texts[-1].endswith((",", ";")) and (words <= 12 or not ends_sentence(texts[-1]))
    bold = all(line.bold for line in group) and not measures.bold
    return bold and not texts[-1].endswith((".", ",", ";", ":", "!"))
