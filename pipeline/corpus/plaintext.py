"""Divide plain text into blocks: blank lines, bullets and numbers divide; hard-wrapped lines belong together."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from pipeline.ground.records import Block, BlockKind

_LINE = re.compile(r"[^\r\n\f\v\u2028\u2029]*(?:\r\n|[\r\n\f\v\u2028\u2029]|\Z)")
_RULE = re.compile(r"([=\-_*~#])(?:\s?\1){2,}")
BULLET = re.compile(r"(?P<mark>[•‣▪◦·*–-])\s+(?=\S)")
NUMBER = re.compile(r"(?P<mark>\(?(?P<value>\d{1,2}|[a-zA-Z]|[ivxlc]{1,6})\)|(?P<number>\d{1,2})\.)\s+(?=\S)")

# Shorter lines say nothing about wrapping (titles are as long), longer ones are paragraphs of one line.
_NARROWEST, _WIDEST = 55, 200
_FULL_SHARE, _OVER_SHARE = 0.6, 0.05


@dataclass(frozen=True)
class _Line:
    """One line of the text, with the offset of its first character."""

    start: int
    raw: str

    @cached_property
    def text(self) -> str:
        return self.raw.strip()

    @cached_property
    def first(self) -> int:
        """Give the offset of the first visible character."""
        return self.start + len(self.raw) - len(self.raw.lstrip())

    @property
    def indent(self) -> int:
        return self.first - self.start

    @property
    def width(self) -> int:
        return len(self.raw.rstrip())

    def fills(self, width: int, following: "_Line") -> bool:
        """Tell whether the next line's first word would not have fitted here."""
        return self.width + 1 + len(following.text.split()[0]) > width


def plain_blocks(text: str) -> tuple[Block, ...]:
    """Find the blocks of a plain text; spans index into `text` as it is, CRLF included."""
    groups = list(_groups(text))
    width = _wrap_width(groups)
    return tuple(block for group in groups for block in _blocks(group, width))


def _groups(text: str) -> Iterator[list[_Line]]:
    """Yield runs of lines without a blank line between them."""
    group: list[_Line] = []
    for found in _LINE.finditer(text):
        line = _Line(found.start(), found[0])
        if line.text:
            group.append(line)
        elif group:
            yield group
            group = []
    if group:
        yield group


def _wrap_width(groups: list[list[_Line]]) -> int:
    """Find the width a text is hard-wrapped at; 0 where its lines stand for themselves."""
    pairs = [pair for group in groups for pair in pairwise(group)]
    lines = [line for group in groups for line in group if len(group) > 1]
    best, best_share = 0, _FULL_SHARE
    for width in sorted({line.width for line, _ in pairs if _NARROWEST <= line.width <= _WIDEST}, reverse=True):
        if sum(line.width > width for line in lines) > max(_OVER_SHARE * len(lines), len(lines) > 5):
            break
        share = sum(line.fills(width, following) for line, following in pairs) / len(pairs)
        if share > best_share:
            best, best_share = width, share
    return best


def _blocks(group: list[_Line], width: int) -> Iterator[Block]:
    """Yield the blocks of one run of lines."""
    opened: list[_Line] = []
    marker = ""
    for line in group:
        if _RULE.fullmatch(line.text):
            if opened:
                yield _block(opened, marker, heading=len(opened) == 1 and not marker)
            opened, marker = [], ""
            continue
        mark = _marker(line, opened, marker)
        if opened and (mark or not _continues(opened[-1], line, width, opened[0] if marker else None)):
            yield _block(opened, marker)
            opened = []
        if not opened:
            marker = mark
        opened.append(line)
    if opened:
        yield _block(opened, marker)


def _block(lines: list[_Line], marker: str, *, heading: bool = False) -> Block:
    kind = BlockKind.HEADING if heading else BlockKind.ITEM if marker else BlockKind.PARAGRAPH
    last = lines[-1]
    return Block(kind, lines[0].first + len(marker), last.start + last.width)


def _marker(line: _Line, opened: list[_Line], last: str) -> str:
    """Give the bullet or number a line opens with, white space included; empty where it is part of a sentence.

    A dash or a number at the start of a wrapped line may belong to the sentence: within a paragraph it counts
    only after an item of the same kind or the end of a sentence or lead-in.
    """
    found = BULLET.match(line.text) or NUMBER.match(line.text)
    if not found:
        return ""
    if opened and found["mark"] not in "•‣▪◦":
        same = bool(last) and _kind(last) == _kind(found[0])
        if not same and opened[-1].text[-1] not in ".:;!?":
            return ""
        if found["mark"].rstrip(".").isdigit() and not same and int(found["mark"].rstrip(".")) > 1:
            return ""
    return found[0]


def _kind(marker: str) -> str:
    """Reduce a marker to its kind: `2.` and `13.` are one."""
    return re.sub(r"[^\W_]+", "1", marker.strip())


def _continues(line: _Line, following: _Line, width: int, item: _Line | None) -> bool:
    """Tell whether the next line goes on with the same paragraph."""
    letter = re.search(r"[^\W_]", following.text)
    if letter and letter[0].islower():
        return True
    if item is not None and following.indent > item.indent:
        return True
    return bool(width) and line.fills(width, following)
