"""Join what a marked-up document holds into one text, so that its blocks have offsets."""

from collections.abc import Iterable
from dataclasses import dataclass

from pipeline.ground.records import Block, BlockKind

_BETWEEN = "\n\n"


@dataclass(frozen=True, slots=True)
class Piece:
    """The plain text of one block, before it has a place; `page` counts from 1.

    `turns` are the offsets in `text` at which it goes on to other pages, each with its page; such a text has no space
    at its ends.
    """

    kind: BlockKind
    text: str
    page: int | None = None
    turns: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a reader found: a text, the blocks that index into it, and what the document says of itself."""

    text: str
    blocks: tuple[Block, ...]
    title: str = ""
    date: str = ""
    source: str = ""


def join_pieces(pieces: Iterable[Piece]) -> tuple[str, tuple[Block, ...]]:
    """Join pieces by blank lines; return the text and the blocks that index into it. Empty pieces are dropped."""
    parts, blocks, place = [], [], 0
    for piece in pieces:
        part = piece.text.strip()
        if part:
            turns = tuple((place + offset, page) for offset, page in piece.turns)
            blocks.append(Block(piece.kind, place, place + len(part), piece.page, turns))
            parts.append(part)
            place += len(part) + len(_BETWEEN)
    return _BETWEEN.join(parts), tuple(blocks)


def first_heading(text: str, blocks: Iterable[Block]) -> str:
    """Give the first heading on one line; empty where there is none."""
    headings = (text[one.start : one.end] for one in blocks if one.kind is BlockKind.HEADING)
    return " ".join(next(headings, "").split())
