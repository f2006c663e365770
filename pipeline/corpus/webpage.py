"""Read a web page: its main text without menus, forms and footers, each block with its kind."""

import codecs
import logging
import re
from collections.abc import Iterator
from typing import Any

from pipeline.corpus.dating import iso_date
from pipeline.corpus.normalise import collapse
from pipeline.corpus.pieces import Parsed, Piece, join_pieces
from pipeline.ground.records import Block, BlockKind

_DECLARED = re.compile(
    rb"""<meta[^>]+charset\s*=\s*["']?\s*([\w.:-]+)|<\?xml[^>]+encoding\s*=\s*["']([\w.:-]+)""", re.I
)
_XML_DECLARATION = re.compile(r"\s*<\?xml[^>]*\?>")
_KINDS = {
    "head": BlockKind.HEADING,
    "item": BlockKind.ITEM,
    "quote": BlockKind.QUOTE,
    "table": BlockKind.TABLE,
    "code": BlockKind.CODE,
}
_BLOCKS = {*_KINDS, "p", "list", "div", "main", "body"}

# Browsers read these as their Windows supersets (WHATWG Encoding), and pages rely on it.
_READ_AS = {
    "iso-8859-1": "windows-1252",
    "latin1": "windows-1252",
    "latin-1": "windows-1252",
    "us-ascii": "windows-1252",
}
# Python counts these as text encodings, and no text is kept in them; some decode to lone surrogates.
_NO_TEXT = {"undefined", "punycode", "idna", "unicode-escape", "raw-unicode-escape", "utf-7"}


def text_encoding(name: str) -> str | None:
    """Give Python's name of an encoding that texts are kept in; None for another codec or none known."""
    try:
        info = codecs.lookup(name)
    except (LookupError, ValueError):
        return None
    return info.name if info._is_text_encoding and info.name.replace("_", "-") not in _NO_TEXT else None


def declared_encoding(raw: bytes) -> str | None:
    """Give the encoding a page declares in its first 2,048 bytes, as browsers read it; None for none known."""
    found = _DECLARED.search(raw[:2048])
    if not found:
        return None
    name = (found[1] or found[2]).decode("ascii", "replace").lower()
    known = text_encoding(name)
    if known is None:
        return None
    # A declaration that can be read byte by byte stands in no such page; browsers take UTF-8 (WHATWG HTML).
    return "utf-8" if known.startswith(("utf-16", "utf-32")) else _READ_AS.get(name, name)


def webpage_blocks(source: str) -> tuple[str, tuple[Block, ...]]:
    """Extract the main text of a page, and its blocks; both are empty for a page without any."""
    body = _main_text(source)
    return join_pieces(() if body is None else _pieces(body, BlockKind.PARAGRAPH))


def webpage_facts(source: str) -> Parsed:
    """Read a page; title and date are those its head declares."""
    text, blocks = webpage_blocks(source)
    return Parsed(text, blocks, *_declared_facts(source)) if blocks else Parsed(text, blocks)


def _declared_facts(source: str) -> tuple[str, str]:
    """Give the title and the date a page's head declares; a date that stands in the text alone is not looked for."""
    from trafilatura.metadata import extract_metadata

    _hush()
    # The short search reads meta tags, JSON-LD and <time>; the extensive one guesses, and takes ten times as long.
    facts = extract_metadata(_XML_DECLARATION.sub("", source, count=1), extensive=False)
    # JSON-LD may hold a list or an object where a title belongs, and trafilatura hands it on.
    title, date = (one if isinstance(one, str) else "" for one in (facts.title, facts.date))
    return collapse(title), iso_date(date)


def _hush() -> None:
    # These report guesses about dates and discarded pages to the root logger's stream; nobody asked for them.
    for name in ("trafilatura", "htmldate", "courlan", "justext"):
        logging.getLogger(name).setLevel(logging.CRITICAL)


def _main_text(source: str) -> Any:
    """Let trafilatura find the main text; return its XML element, or None."""
    import trafilatura
    from lxml import etree

    _hush()
    # Recall over precision: what is no prose is skipped later and named, what is lost here is lost unseen.
    found = trafilatura.extract(
        _XML_DECLARATION.sub("", source, count=1),
        output_format="xml",
        favor_recall=True,
        include_comments=False,
        include_tables=True,
    )
    return etree.fromstring(found.encode("utf-8")).find(".//main") if found else None


def _pieces(element: Any, kind: BlockKind) -> Iterator[Piece]:
    """Yield the blocks of an element in order; text around an inner block is a block of its own."""
    kind = _KINDS.get(element.tag, kind)
    if kind in (BlockKind.TABLE, BlockKind.CODE):
        between = " | " if kind is BlockKind.TABLE else ""
        yield Piece(kind, between.join(part for part in element.itertext() if part.strip()))
        return
    inline = [element.text or ""]
    for child in element:
        if child.tag in _BLOCKS:
            yield Piece(kind, collapse("".join(inline)))
            yield from _pieces(child, kind)
            inline = []
        elif child.tag == "lb":
            inline.append(" ")
        else:
            inline.append("".join(child.itertext()))
        inline.append(child.tail or "")
    yield Piece(kind, collapse("".join(inline)))
