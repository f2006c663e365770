"""Read Word files: paragraphs by their style, tables, text of insertions; deletions, notes and margins stay out."""

import io
import shlex
import zipfile
import zlib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from pipeline.corpus.dating import calendar_date
from pipeline.corpus.normalise import collapse
from pipeline.corpus.pieces import Parsed, Piece, first_heading, join_pieces
from pipeline.ground.errors import DocumentError
from pipeline.ground.records import BlockKind

MAX_UNPACKED = 256 * 2**20  # bytes; pictures and all, the largest reports have some 100 MiB
MAX_XML = 32 * 2**20  # bytes in one part of text; 1,000 pages have some 10 MiB, and a tree takes ten times its text
MAX_RATIO, _SMALL = 200, 2**20  # unpacked to packed, for what is larger than 1 MiB; XML of prose packs to a tenth
_LAYOUT_WORDS = 25  # a table whose cells hold more words on average lays out prose

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_MAIN = "word/document.xml"
_TEMPLATE = datetime(2013, 12, 23, 23, 15)  # stands in every file that python-docx wrote and nobody dated
_MACROS = "application/vnd.ms-word.document.macroEnabled.main+xml"
_OLD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # the container of .doc files and of encrypted .docx files
# Deletions, what moved away, the same drawing for old versions, and codes of fields.
_LEFT_OUT = {
    "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback",
    *(f"{_W}{name}" for name in ("del", "moveFrom", "instrText", "delText", "pPr", "footnoteReference")),
}
_SIGNS = {f"{_W}tab": " ", f"{_W}br": " ", f"{_W}cr": " ", f"{_W}noBreakHyphen": "-", f"{_W}softHyphen": ""}
_STYLES = (
    ("heading", BlockKind.HEADING),
    ("title", BlockKind.HEADING),
    ("subtitle", BlockKind.HEADING),
    ("caption", BlockKind.CAPTION),
    ("quote", BlockKind.QUOTE),
    ("intense quote", BlockKind.QUOTE),
    ("block text", BlockKind.QUOTE),
    ("list", BlockKind.ITEM),
    ("toc", BlockKind.TABLE),
    ("table of", BlockKind.TABLE),
    ("html preformatted", BlockKind.CODE),
    ("footnote text", BlockKind.FOOTNOTE),
    ("endnote text", BlockKind.FOOTNOTE),
    ("header", BlockKind.RUNNING_HEAD),
    ("footer", BlockKind.RUNNING_HEAD),
)
# What lxml, zipfile and python-docx raise for damaged files beside errors of their own.
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    SyntaxError,
    KeyError,
    ValueError,
    TypeError,
    AttributeError,
    IndexError,
    EOFError,
    OSError,
    NotImplementedError,
    RuntimeError,
)


def read_word(path: Path, raw: bytes) -> Parsed:
    """Read the text of a .docx or .docm file as it stands with all changes accepted; macros are never looked at.

    Raises:
        DocumentError: the bytes are no Word file, are encrypted, damaged, or unpack to more than is allowed, or hold
            no text.
    """
    _check(path, raw)
    try:
        document = _open(raw)
        pieces = list(_body(document.element.body, _Styles(document)))
        title, date = _facts(document)
    except _damages() as error:
        raise _damaged(path, f"{type(error).__name__}: {error}") from error
    text, blocks = join_pieces(pieces)
    if not blocks:
        raise DocumentError(
            f"{path}: holds no text; it may consist of pictures",
            hint=f"see it as a PDF: libreoffice --headless --convert-to pdf {shlex.quote(str(path))}",
        )
    return Parsed(text, blocks, title or first_heading(text, blocks), date)


def _facts(document: Any) -> tuple[str, str]:
    """Give title and date of the core properties; empty where there are none, for which python-docx makes some up."""
    from docx.opc.constants import RELATIONSHIP_TYPE

    if not any(one.reltype == RELATIONSHIP_TYPE.CORE_PROPERTIES for one in document.part.package.rels.values()):
        return "", ""
    core = document.core_properties
    dates = [one for one in (core.created, core.modified) if one and one.replace(tzinfo=None) != _TEMPLATE]
    return collapse(core.title or ""), calendar_date(dates[0].year, dates[0].month, dates[0].day) if dates else ""


def _damages() -> tuple[type[Exception], ...]:
    """List what the libraries raise for damaged files."""
    from docx.exceptions import PythonDocxError
    from docx.opc.exceptions import OpcError

    return (*_DAMAGE, PythonDocxError, OpcError)


def _check(path: Path, raw: bytes) -> None:
    """Refuse what is no Word file, and what would unpack to more than the limits, before anything is unpacked."""
    name = shlex.quote(str(path))
    if raw.startswith(_OLD):
        if "EncryptedPackage".encode("utf-16-le") in raw:
            raise DocumentError(
                f"{path}: encrypted", hint="open it in Word or LibreOffice and save it without password"
            )
        raise DocumentError(
            f"{path}: an old Word file (.doc), and .docx is expected",
            hint=f"convert it: cp {name} {path.stem}.doc && libreoffice --headless --convert-to docx {path.stem}.doc",
        )
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError, EOFError) as error:
        raise _damaged(path, f"no zip archive ({error})") from error
    if _MAIN not in {entry.filename for entry in entries} and not any("word/" in entry.filename for entry in entries):
        raise DocumentError(
            f"{path}: not a Word file; it has no part {_MAIN}", hint=f"see what it holds: unzip -l {name}"
        )
    total = sum(entry.file_size for entry in entries)
    largest = max((entry.file_size for entry in entries if entry.filename.endswith((".xml", ".rels"))), default=0)
    for size, most, what in ((total, MAX_UNPACKED, "in all"), (largest, MAX_XML, "in one part of text")):
        if size > most:
            fault = f"{path}: unpacks to {size / 2**20:,.0f} MiB {what}, and at most {most // 2**20} are read"
            raise DocumentError(fault, hint=f"see what it holds: unzip -l {name}")
    if total > max(_SMALL, MAX_RATIO * len(raw)):
        fault = f"{path}: unpacks to {total / len(raw):,.0f} times its size, and at most {MAX_RATIO} times is read"
        raise DocumentError(fault, hint=f"see what it holds: unzip -l {name}")


def _damaged(path: Path, said: str) -> DocumentError:
    return DocumentError(
        f"{path}: damaged Word file: {said}",
        hint=f"test it: unzip -t {shlex.quote(str(path))}; Word and LibreOffice can mend some, and save them anew",
    )


def _open(raw: bytes) -> Any:
    """Open the package; python-docx knows the text of a file with macros by another name only."""
    from docx.opc.constants import CONTENT_TYPE
    from docx.opc.part import PartFactory
    from docx.package import Package
    from docx.parts.document import DocumentPart

    PartFactory.part_type_for.setdefault(_MACROS, DocumentPart)
    part = Package.open(io.BytesIO(raw)).main_document_part
    if part.content_type not in (CONTENT_TYPE.WML_DOCUMENT_MAIN, _MACROS):
        raise ValueError(f"its main part is of type {part.content_type}")
    return part.document


class _Styles:
    """Tell what a paragraph is by its style, the styles that one is based on, and its numbering."""

    def __init__(self, document: Any) -> None:
        self._styles = {style.style_id: style for style in document.styles}
        self._known: dict[str, BlockKind | None] = {}

    def kind(self, paragraph: Any) -> BlockKind:
        """Name the kind of a w:p element."""
        properties = paragraph.find(f"{_W}pPr")
        if properties is None:
            return BlockKind.PARAGRAPH
        style = properties.find(f"{_W}pStyle")
        named = self._of_style(style.get(f"{_W}val") or "") if style is not None else None
        if named is not None:
            return named
        outline = properties.find(f"{_W}outlineLvl")
        if outline is not None and outline.get(f"{_W}val") != "9":  # 9 is body text
            return BlockKind.HEADING
        number = properties.find(f"{_W}numPr/{_W}numId")
        listed = number is not None and number.get(f"{_W}val") != "0"  # 0 takes numbering away
        return BlockKind.ITEM if listed else BlockKind.PARAGRAPH

    def _of_style(self, name: str) -> BlockKind | None:
        if name not in self._known:
            self._known[name] = self._looked_up(name)
        return self._known[name]

    def _looked_up(self, name: str) -> BlockKind | None:
        style, seen = self._styles.get(name), set()
        while style is not None and style.style_id not in seen:
            seen.add(style.style_id)
            said = (style.name or "").lower()
            found = next((kind for start, kind in _STYLES if said.startswith(start)), None)
            if found or said == "normal":
                return found
            style = self._styles.get(style.element.basedOn_val or "")
        return None


def _body(parent: Any, styles: _Styles) -> Iterator[Piece]:
    """Yield the pieces of a body, a table cell or a content control, in order."""
    for element in parent:
        if element.tag == f"{_W}p":
            yield from _paragraph(element, styles)
        elif element.tag == f"{_W}tbl":
            yield from _table(element, styles)
        elif element.tag in (f"{_W}sdt", f"{_W}sdtContent", f"{_W}ins", f"{_W}moveTo", f"{_W}customXml"):
            yield from _body(element, styles)


def _paragraph(element: Any, styles: _Styles) -> Iterator[Piece]:
    """Yield a paragraph, and behind it the text boxes anchored in it."""
    yield Piece(styles.kind(element), _text(element))
    for box in element.iter(f"{_W}txbxContent"):
        if not any(above.tag in _LEFT_OUT for above in box.iterancestors()):
            yield from _body(box, styles)


def _table(element: Any, styles: _Styles) -> Iterator[Piece]:
    """Yield a table as one piece, or the paragraphs of one that serves to lay out prose."""
    cells = [cell for row in element.iter(f"{_W}tr") for cell in row.findall(f"{_W}tc")]
    texts = [collapse(" ".join(_text(paragraph) for paragraph in cell.iter(f"{_W}p"))) for cell in cells]
    filled = [text for text in texts if text]
    if filled and sum(len(text.split()) for text in filled) > _LAYOUT_WORDS * len(filled):
        for row in element.findall(f"{_W}tr"):
            for cell in row.findall(f"{_W}tc"):
                yield from _body(cell, styles)
    else:
        yield Piece(BlockKind.TABLE, " | ".join(filled))


def _text(paragraph: Any) -> str:
    """Write the text of a paragraph as it reads with all changes accepted; hidden text and text boxes stay out."""
    return collapse("".join(_parts(paragraph)).replace("\u00ad", ""))


def _parts(element: Any) -> Iterator[str]:
    for child in element:
        if child.tag in _LEFT_OUT or child.tag == f"{_W}txbxContent" or not isinstance(child.tag, str):
            continue
        if child.tag == f"{_W}t":
            yield child.text or ""
        elif child.tag in _SIGNS:
            yield _SIGNS[child.tag]
        elif child.tag != f"{_W}r" or child.find(f"{_W}rPr/{_W}vanish") is None:
            yield from _parts(child)
