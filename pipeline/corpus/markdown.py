"""Read Markdown: the plain text of its blocks, each with its kind."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pipeline.corpus.normalise import collapse
from pipeline.corpus.pieces import Piece, join_pieces
from pipeline.ground.records import Block, BlockKind

if TYPE_CHECKING:
    from markdown_it.token import Token

_FRONT_MATTER = re.compile(r"---[ \t]*\n(?P<yaml>.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_MARKUP = re.compile(r"<!--.*?-->|<(script|style)\b.*?</\1>|<[^>]+>", re.DOTALL | re.IGNORECASE)
_FOOTNOTE = re.compile(r"\[\^[^\]\s]+\](?::\s+)?")
_KINDS = {
    "heading_open": BlockKind.HEADING,
    "list_item_open": BlockKind.ITEM,
    "blockquote_open": BlockKind.QUOTE,
    "table_open": BlockKind.TABLE,
}


def markdown_blocks(source: str) -> tuple[str, tuple[Block, ...]]:
    """Extract the text of a Markdown source, and its blocks."""
    return join_pieces(_pieces(source.replace("\r\n", "\n").replace("\r", "\n")))


def _pieces(source: str) -> Iterator[Piece]:
    from markdown_it import MarkdownIt

    front = _FRONT_MATTER.match(source)
    if front:
        yield Piece(BlockKind.FRONT_MATTER, front["yaml"])
        source = source[front.end() :]
    opened: list[BlockKind] = []
    cells: list[str] = []
    for token in MarkdownIt("commonmark").enable("table").parse(source):
        if token.type in _KINDS:
            opened.append(_KINDS[token.type])
        elif token.type.replace("close", "open") in _KINDS:
            opened.pop()
            if token.type == "table_close":
                yield Piece(BlockKind.TABLE, " | ".join(cells))
                cells = []
        elif BlockKind.TABLE in opened:
            cells += [_plain(token)] if token.type == "inline" else []
        else:
            yield from _leaf(token, opened[-1] if opened else BlockKind.PARAGRAPH)


def _leaf(token: "Token", kind: BlockKind) -> Iterator[Piece]:
    """Yield the piece of a token that holds text."""
    if token.type in ("fence", "code_block"):
        yield Piece(BlockKind.CODE, token.content)
    elif token.type == "html_block":
        yield Piece(kind, collapse(_MARKUP.sub(" ", token.content)))
    elif token.type == "inline":
        pictures = [child for child in token.children or [] if child.type == "image"]
        text = _plain(token)
        if pictures and not text:
            yield Piece(BlockKind.CAPTION, collapse(" ".join(picture.content for picture in pictures)))
        else:
            yield Piece(kind, text)


def _plain(token: "Token") -> str:
    """Give the text of an inline token: links keep theirs, pictures, tags and note marks go, breaks become spaces."""
    parts = []
    for child in token.children or []:
        if child.type in ("text", "code_inline", "text_special"):
            parts.append(child.content)
        elif child.type in ("softbreak", "hardbreak"):
            parts.append(" ")
    return _FOOTNOTE.sub("", "".join(parts)).strip()
