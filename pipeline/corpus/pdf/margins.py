"""Find what stands at the edges of pages and belongs to none of their text: running heads and feet, page numbers."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from pipeline.corpus.furniture import ends_sentence
from pipeline.corpus.pdf.lines import text_of, text_rows
from pipeline.corpus.pdf.numbering import counted, page_number
from pipeline.corpus.pdf.words import PageWords, Word

_MARGIN = 0.18  # of the page's height, from either edge; nothing further in is a running head
_ROWS = 4  # the most rows a head or foot has
_LONGEST, _SHORT = 20, 8  # words; the longest head known by its place alone, and by recurring close to the text
_APART, _SAME_PLACE = 1.6, 3.0  # leadings between a head and its text; points between one page's head and the next's
_FEWEST_PAGES = 3  # a place shared by fewer pages says nothing
_NUMBERS = re.compile(r"\d+|\b[ivxlc]+\b")


@dataclass(frozen=True, slots=True)
class Framed:
    """A page without its margins: the words of its text, and each row of its head and foot as one text."""

    page: PageWords
    words: tuple[Word, ...]
    heads: tuple[str, ...]
    feet: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Row:
    words: list[Word]
    y: float
    text: str
    size: int

    @property
    def bare(self) -> str:
        """Reduce the text to what recurs: `12 River Review` and `14 River Review` are one."""
        return " ".join(_NUMBERS.sub("#", self.text.casefold()).split())

    @property
    def key(self) -> str:
        """Tell rows apart by what recurs and by their size."""
        return f"{self.size} {self.bare}"


def frame(pages: Sequence[PageWords]) -> list[Framed]:
    """Take heads and feet off the pages: rows that recur but for numbers, stand apart, or number it."""
    rows = [[_row(row) for row in text_rows(page.words)] for page in pages]
    heads, feet = _Edge(pages, rows, top=True), _Edge(pages, rows, top=False)
    framed = []
    for number, (page, own) in enumerate(zip(pages, rows, strict=True)):
        above = heads.length(number)
        below = min(feet.length(number), len(own) - above)
        inside = own[above : len(own) - below]
        words = tuple(word for row in inside for word in row.words)
        texts = [row.text for row in own]
        framed.append(Framed(page, words, tuple(texts[:above]), tuple(texts[len(own) - below :])))
    return framed


def _row(words: list[Word]) -> _Row:
    return _Row(words, words[0].y, text_of(words), round(words[0].size))


class _Edge:
    """The rows at one edge of all pages, outermost first."""

    def __init__(self, pages: Sequence[PageWords], rows: Sequence[list[_Row]], *, top: bool) -> None:
        self.rows = [
            [row for row in (own if top else own[::-1])[:_ROWS] if self._near(page, row.y, top)]
            for page, own in zip(pages, rows, strict=True)
        ]
        # A key counts once a page, wherever in the margin it stands.
        self.keys = Counter(key for own in self.rows for key in {row.key for row in own})
        gaps = [abs(a.y - b.y) for own in rows for a, b in pairwise(own)]
        self.leading = Counter(round(gap, 1) for gap in gaps).most_common(1)[0][0] if gaps else 0.0
        self.inner = [(own if top else own[::-1])[1 : _ROWS + 1] for own in rows]
        self.places = [own[0].y for number, own in enumerate(self.rows) if own and self._apart(number, 0)]
        edges = [page.height if top else 0.0 for page in pages]
        numbers = [
            [(value, abs(edge - row.y)) for row in own if (value := page_number(row.text)) is not None]
            for edge, own in zip(edges, self.rows, strict=True)
        ]
        self.counted = counted(numbers, _SAME_PLACE)

    @staticmethod
    def _near(page: PageWords, y: float, top: bool) -> bool:
        return y > page.height * (1 - _MARGIN) if top else y < page.height * _MARGIN

    def _apart(self, number: int, place: int) -> bool:
        """Tell whether more than the leading lies between a row and the next one further in."""
        inner = self.inner[number][place : place + 1]
        return bool(inner) and abs(self.rows[number][place].y - inner[0].y) > _APART * self.leading

    def length(self, number: int) -> int:
        """Count the rows that are head or foot on a page."""
        length = 0
        for place in range(len(self.rows[number])):
            placed = place == 0 and self._placed(number)
            if not (self._numbers(number, place) or placed or self._recurs(number, place)):
                break
            length = place + 1
        return length

    def _numbers(self, number: int, place: int) -> bool:
        """Tell whether a row is the page's number, and no end of a line such as `2018.` that a page break cut off."""
        row = self.rows[number][place]
        value = page_number(row.text)
        if value is None or value in self.counted[number]:
            return value is not None
        inner = self.inner[number][place : place + 1]
        apart = not inner or self._apart(number, place) or row.size != inner[0].size
        return apart and not ends_sentence(row.text)

    def _recurs(self, number: int, place: int) -> bool:
        """Tell whether a row recurs but for numbers; two pages may begin with the same line of text, most do not."""
        row = self.rows[number][place]
        if self.keys[row.key] < 2 or not any(char.isalpha() for char in row.bare):
            return False
        if 2 * self.keys[row.key] > len(self.rows):
            return True
        first = next(char for char in row.text if char.isalpha())
        text = first.islower() and ends_sentence(row.text)
        return self._apart(number, place) or (len(row.words) <= _SHORT and not text)

    def _placed(self, number: int) -> bool:
        """Tell whether the outermost row stands apart at the place where it does on most pages."""
        row = self.rows[number][0]
        near = sum(abs(y - row.y) < _SAME_PLACE for y in self.places)
        short = len(row.words) <= _LONGEST and not ends_sentence(row.text)
        return short and near >= _FEWEST_PAGES and 2 * near > len(self.rows) and self._apart(number, 0)
