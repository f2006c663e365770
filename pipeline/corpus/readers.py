"""Read a file as a document: choose the reader by extension, and say what is wrong with a file that cannot be read."""

import codecs
from pathlib import Path

from pipeline.corpus.markdown import markdown_blocks
from pipeline.corpus.plaintext import plain_blocks
from pipeline.corpus.webpage import declared_encoding, text_encoding, webpage_blocks
from pipeline.ground.errors import DocumentError
from pipeline.ground.records import Document

_PLAIN, _MARKDOWN, _WEBPAGE = (".txt", ".text"), (".md", ".markdown"), (".html", ".htm", ".xhtml")
EXTENSIONS = (*_PLAIN, *_MARKDOWN, *_WEBPAGE)
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CONTROLS = bytes(code for code in range(32) if code not in b"\t\n\v\f\r\x1b")
_LOOKS_BINARY = 0.1


def read_document(path: Path, *, encoding: str | None = None, doc_id: str | None = None) -> Document:
    """Read a file of any kind in `EXTENSIONS`; `encoding` overrides what the file says of itself."""
    path = Path(path)
    return parse_document(path, _read(path), encoding=encoding, doc_id=doc_id)


def parse_document(path: Path, raw: bytes, *, encoding: str | None = None, doc_id: str | None = None) -> Document:
    """Make a document of bytes already read; `path` gives the kind and stands in messages, and need not exist.

    Raises:
        DocumentError: the bytes are not of that kind, are damaged, or hold no text.
    """
    kind = path.suffix.lower()
    if kind not in EXTENSIONS:
        raise DocumentError(
            f"{path}: the extension {path.suffix!r} is not one this reads; allowed: {', '.join(EXTENSIONS)}",
            hint=f"if it is plain text, copy it: cp {path} {path.with_suffix('.txt').name}",
        )
    text = _decode(path, raw, encoding, web=kind in _WEBPAGE)
    if not text.strip():
        raise DocumentError(f"{path}: the file is empty", hint=f"look at it: head {path}")
    if kind in _PLAIN:
        blocks = plain_blocks(text)
    else:
        text, blocks = (markdown_blocks if kind in _MARKDOWN else webpage_blocks)(text)
    if not blocks:
        raise DocumentError(
            f"{path}: no main text found; it may be a menu, a form, or a page filled in by a script",
            hint=f"save the text of the page as {path.stem}.txt, and run: stance sentences {path.stem}.txt",
        )
    return Document(doc_id or path.stem, text, blocks, path=str(path))


def read_text(text: str, doc_id: str = "text") -> Document:
    """Read a text already in memory by the rules for plain text."""
    if not text.strip():
        raise DocumentError(f"{doc_id}: the text is empty", hint="give at least one sentence")
    return Document(doc_id, text, plain_blocks(text))


def _read(path: Path) -> bytes:
    """Read the bytes of a file; refuse what is no file, empty or out of reach."""
    if path.is_dir():
        inside = sorted(entry for entry in path.iterdir() if entry.suffix.lower() in EXTENSIONS)
        example = inside[0] if inside else path / "FILE.txt"
        raise DocumentError(
            f"{path} is a folder, and a file is expected; allowed: {', '.join(EXTENSIONS)}",
            hint=f"name a file in it: stance sentences {example}",
        )
    try:
        raw = path.read_bytes()
    except FileNotFoundError as error:
        raise DocumentError(f"no such file: {path}", hint=f"see what is there: ls {path.parent}") from error
    except PermissionError as error:
        raise DocumentError(f"{path}: permission denied", hint=f"let yourself read it: chmod u+r {path}") from error
    except OSError as error:
        raise DocumentError(f"{path}: cannot be read ({error.strerror})", hint=f"look at it: ls -l {path}") from error
    if not raw:
        raise DocumentError(f"{path}: the file is empty", hint=f"look at it: ls -l {path}")
    return raw


def _decode(path: Path, raw: bytes, encoding: str | None, *, web: bool) -> str:
    """Decode by the encoding asked for, the byte-order mark, a page's own declaration, or UTF-8."""
    marked = next((name for bom, name in _BOMS if raw.startswith(bom)), None)
    if encoding is not None:
        encoding = _known(path, encoding)
    # A UTF-8 page may carry a mark although the user says utf-8, and the mark is no text.
    name = marked if encoding in (None, "utf-8") and marked else encoding
    name = name or (declared_encoding(raw) if web else None) or "utf-8"
    if name == "utf-8":
        _refuse_binary(path, raw)
    try:
        text = raw.decode(name)
    except UnicodeDecodeError as error:
        raise _not_decodable(path, error, name) from error
    if "\0" in text:
        raise _binary(path)
    return text


def _known(path: Path, encoding: str) -> str:
    known = text_encoding(encoding)
    if known is None:
        raise DocumentError(
            f"{path}: unknown encoding {encoding!r}; allowed: utf-8, utf-16, windows-1252 and others Python knows",
            hint=f"stance sentences {path} --encoding windows-1252",
        )
    return known


def _refuse_binary(path: Path, raw: bytes) -> None:
    controls = len(raw) - len(raw.translate(None, _CONTROLS))
    if b"\0" in raw or controls > _LOOKS_BINARY * len(raw):
        raise _binary(path)


def _binary(path: Path) -> DocumentError:
    return DocumentError(
        f"{path}: a binary file, and text is expected; allowed: {', '.join(EXTENSIONS)}",
        hint=f"see what it is: file {path}; save a PDF or Word document as text first",
    )


def _not_decodable(path: Path, error: UnicodeDecodeError, name: str) -> DocumentError:
    """Name the byte at fault, and the encoding the bytes look like."""
    from charset_normalizer import from_bytes

    raw = error.object
    line = raw.count(b"\n", 0, error.start) + 1
    best = from_bytes(raw).best()
    guess = best.encoding.replace("_", "-") if best and best.encoding != name.replace("-", "_") else "windows-1252"
    shown = name.upper() if name.startswith("utf") else name
    return DocumentError(
        f"{path}: not {shown}: byte {raw[error.start]:#04x} at offset {error.start}, line {line}; {shown} is expected "
        "unless --encoding names another",
        hint=f"it looks like {guess}: stance sentences {path} --encoding {guess}\n"
        f"      or convert it: iconv -f {guess} -t UTF-8 {path} > {path.stem}-utf8{path.suffix}",
    )
