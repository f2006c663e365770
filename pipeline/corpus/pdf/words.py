"""Take the words of a PDF page from PDFium, each with its place, size and weight."""

import ctypes
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_BOLD = re.compile(r"bold|black|heavy|demi", re.IGNORECASE)
_BOLD_WEIGHT = 600  # CSS: semi-bold and up
_LEVEL = 0.2  # ems; edges of characters further apart belong to another size or line
_HYPHEN_AT_LINE_END = 0x02  # PDFium writes this for a hyphen after which it joined two lines
# Ligatures, bullets of symbol fonts, spaces and what is not seen; superscript figures stay, for they are note marks.
_FOLDED = {
    **dict(zip(range(0xFB00, 0xFB07), ("ff", "fi", "fl", "ffi", "ffl", "st", "st"), strict=True)),
    **dict.fromkeys((0xF0B7, 0xF0A7, 0xF076, 0x25CF, 0x25A0, 0x25FE, 0x2756), "•"),
    **dict.fromkeys((0x2010, 0x2011, _HYPHEN_AT_LINE_END), "-"),
    **dict.fromkeys((0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF, 0xFFFE, 0xFFFF), ""),
}
_SPACES = {0x09, 0x0A, 0x0D, 0x20, 0xA0, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000}
_UNREADABLE = {0, 0xFFFD}
SOFT_HYPHEN = "\u00ad"


@dataclass(frozen=True, slots=True)
class Word:
    """A run of characters without a space, in points from the page's lower left corner; `y` is the baseline.

    `spaced` tells whether the file has a space before it; `raised` whether it is a superscript.
    """

    text: str
    x0: float
    x1: float
    y: float
    size: float
    bold: bool
    spaced: bool = True
    raised: bool = False


@dataclass(frozen=True, slots=True)
class PageWords:
    """The upright words of a page, its width and height, and how many characters its fonts give no letter for."""

    number: int
    width: float
    height: float
    words: tuple[Word, ...]
    unreadable: int = 0


@dataclass(frozen=True, slots=True)
class _Style:
    y: float
    size: float
    bold: bool
    upright: bool


@dataclass(slots=True)
class _Opened:
    """A word still growing."""

    style: _Style
    x0: float
    x1: float
    spaced: bool
    letters: list[str]

    def closed(self) -> Word | None:
        text, style = "".join(self.letters), self.style
        if not text or not style.upright:
            return None
        return Word(text, self.x0, self.x1, style.y, style.size, style.bold, self.spaced)


def page_words(page: Any, number: int, most: int) -> PageWords:
    """Read the words of an open page; raise `OverflowError` where it holds more than `most` characters."""
    text = page.get_textpage()
    try:
        glyphs = _Glyphs(text, page)
        count = text.count_chars()
        if count > most:
            raise OverflowError(count)
        words = tuple(word for word in _words(glyphs, count) if glyphs.shows(word))
        return PageWords(number, glyphs.width, glyphs.height, words, glyphs.unreadable)
    finally:
        text.close()


class _Glyphs:
    """Ask PDFium about one character after another, as seldom as possible: a call costs half a microsecond."""

    def __init__(self, text: Any, page: Any) -> None:
        import pypdfium2.raw as pdfium

        self.pdfium, self.text = pdfium, text.raw
        self.width: float
        self.height: float
        self.rotation, (self.width, self.height) = page.get_rotation(), page.get_size()
        self._left, self._bottom, *_ = page.get_bbox()
        self.unreadable = 0
        self._box, self._matrix = pdfium.FS_RECTF(), pdfium.FS_MATRIX()
        self._x, self._y = ctypes.c_double(), ctypes.c_double()
        self._name, self._flags = ctypes.create_string_buffer(128), ctypes.c_int()

    def code(self, index: int) -> int:
        return int(self.pdfium.FPDFText_GetUnicode(self.text, index))

    def box(self, index: int) -> tuple[float, float, float, float]:
        """Give left, bottom, right and top, as the page is seen."""
        self.pdfium.FPDFText_GetLooseCharBox(self.text, index, self._box)
        box = self._box
        if not self.rotation:
            return box.left - self._left, box.bottom, box.right - self._left, box.top
        corners = self._turned(box.left, box.bottom), self._turned(box.right, box.top)
        (left, right), (bottom, top) = (sorted(pair) for pair in zip(*corners, strict=True))
        return left, bottom, right, top

    def shows(self, word: Word) -> bool:
        """Tell whether a word stands on the page; wild coordinates do not."""
        wide = 0 <= word.x0 <= word.x1 <= self.width + word.size
        return wide and 0 <= word.y <= self.height and 0 < word.size <= self.height

    def style(self, index: int) -> _Style:
        """Give baseline, size, weight and direction."""
        pdfium = self.pdfium
        pdfium.FPDFText_GetCharOrigin(self.text, index, self._x, self._y)
        pdfium.FPDFText_GetMatrix(self.text, index, self._matrix)
        matrix = self._matrix
        size = pdfium.FPDFText_GetFontSize(self.text, index) * math.hypot(matrix.c, matrix.d)
        angle = math.degrees(math.atan2(matrix.b, matrix.a)) - self.rotation
        pdfium.FPDFText_GetFontInfo(self.text, index, self._name, len(self._name), self._flags)
        heavy = pdfium.FPDFText_GetFontWeight(self.text, index) >= _BOLD_WEIGHT
        bold = heavy or bool(_BOLD.search(self._name.value.decode("latin-1")))
        _, y = self._turned(self._x.value, self._y.value)
        return _Style(y, abs(size), bold, abs(math.remainder(angle, 360)) < 5)

    def _turned(self, x: float, y: float) -> tuple[float, float]:
        """Give a point from the lower left corner of the page as it is seen, turned by its /Rotate."""
        x, y = x - self._left, y - self._bottom
        if self.rotation == 90:
            return y, self.height - x
        if self.rotation == 180:
            return self.width - x, self.height - y
        return (self.width - y, x) if self.rotation == 270 else (x, y)


def _words(glyphs: _Glyphs, count: int) -> Iterator[Word]:
    """Yield words in the order of the file; a space, a leap, or another size or baseline ends one."""
    opened: _Opened | None = None
    spaced, edges = True, (0.0, 0.0)
    for index in range(count):
        code = glyphs.code(index)
        letter = _letter(glyphs, code)
        if not letter:
            spaced = spaced or code in _SPACES
            continue
        left, bottom, right, top = glyphs.box(index)
        if opened and not spaced and _goes_on(opened, left, edges, (bottom, top)):
            opened.letters.append(letter)
            opened.x1 = right
            continue
        word = opened.closed() if opened else None
        if word:
            yield word
        opened = _Opened(glyphs.style(index), left, right, spaced, [letter])
        spaced, edges = False, (bottom, top)
    word = opened.closed() if opened else None
    if word:
        yield word


def _goes_on(word: _Opened, left: float, edges: tuple[float, float], now: tuple[float, float]) -> bool:
    """Tell whether a character stands right behind the word, on its line and in its size."""
    size = word.style.size
    # Boxes of tall letters may jut out of their font's; superscripts differ by 0.4 em and more.
    level = abs(edges[0] - now[0]) < _LEVEL * size and abs(edges[1] - now[1]) < _LEVEL * size
    return level and -0.5 * size < left - word.x1 < 0.25 * size


def _letter(glyphs: _Glyphs, code: int) -> str:
    """Give what a character says; empty for spaces and for what says nothing."""
    if code in _SPACES:
        return ""
    if code in _FOLDED:
        return _FOLDED[code]
    if code in _UNREADABLE or 0xE000 <= code <= 0xF8FF:
        glyphs.unreadable += 1
        return ""
    if code < 0x20 or 0x7F <= code < 0xA0 or 0xD800 <= code <= 0xDFFF or code > 0x10FFFF:
        return ""
    return chr(code)
