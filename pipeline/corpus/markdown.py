"""Read Markdown: the plain text of its blocks, each with its kind."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pipeline.corpus.dating import iso_date
from pipeline.corpus.normalise import characters, collapse
from pipeline.corpus.pieces import Parsed, Piece, first_heading, join_pieces
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
    return join_pieces(_pieces(_unix(source)))


def markdown_facts(source: str) -> Parsed:
    """Read a Markdown source; title, date and source are its front matter's, the title else its first heading."""
    text, blocks = markdown_blocks(source)
    front = _front_matter(source)
    # An escape of YAML can be half a surrogate pair.
    title, date, origin = (collapse(characters(_said(front.get(name)))) for name in ("title", "date", "source"))
    return Parsed(text, blocks, title or first_heading(text, blocks), iso_date(date), origin)


def _said(value: Any) -> str:
    """Give a field that is one value as text; a list or mapping says nothing."""
    return "" if value is None or isinstance(value, list | dict | set | tuple | bytes) else str(value)


def _unix(source: str) -> str:
    return source.replace("\r\n", "\n").replace("\r", "\n")


def _front_matter(source: str) -> dict[Any, Any]:
    """Give the fields of the front matter; none where it is no YAML, which the text itself then shows."""
    import yaml

    found = _FRONT_MATTER.match(_unix(source))
    if not found:
        return {}
    try:
        if any(isinstance(token, yaml.AliasToken) for token in yaml.scan(found["yaml"], Loader=yaml.SafeLoader)):
            return {}  # a few lines that repeat each other can stand for more than any memory holds
        fields = yaml.safe_load(found["yaml"])
    except (yaml.YAMLError, ValueError, TypeError, RecursionError):  # a date of 30 February is a ValueError
        return {}
    return fields if isinstance(fields, dict) else {}


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
