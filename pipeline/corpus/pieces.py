"""Join what a marked-up document holds into one text, so that its blocks have offsets."""

from collections.abc import Iterable
from dataclasses import dataclass

from pipeline.ground.records import Block, BlockKind

_BETWEEN = "\n\n"


@dataclass(frozen=True, slots=True)
class Piece:
    """The plain text of one block, before it has a place."""

    kind: BlockKind
    text: str


def join_pieces(pieces: Iterable[Piece]) -> tuple[str, tuple[Block, ...]]:
    """Join pieces by blank lines; return the text and the blocks that index into it. Empty pieces are dropped."""
    parts, blocks, place = [], [], 0
    for piece in pieces:
        part = piece.text.strip()
        if part:
            blocks.append(Block(piece.kind, place, place + len(part)))
            parts.append(part)
            place += len(part) + len(_BETWEEN)
    return _BETWEEN.join(parts), tuple(blocks)
