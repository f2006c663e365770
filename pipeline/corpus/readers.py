"""Read a file as a document: choose the reader by extension, and say what is wrong with a file that cannot be read."""

import shlex
from pathlib import Path

from pipeline.corpus.dating import date_in_name
from pipeline.corpus.decoding import decode_text
from pipeline.corpus.markdown import markdown_facts
from pipeline.corpus.pieces import Parsed
from pipeline.corpus.plaintext import plain_blocks
from pipeline.corpus.unforeseen import failures_named
from pipeline.corpus.webpage import webpage_facts
from pipeline.ground.errors import DocumentError
from pipeline.ground.records import Document

_PLAIN, _MARKDOWN, _WEBPAGE = (".txt", ".text"), (".md", ".markdown"), (".html", ".htm", ".xhtml")
_PDF, _WORD, _MAIL = (".pdf",), (".docx", ".docm"), (".eml",)
TEXTS = (*_PLAIN, *_MARKDOWN)
EXTENSIONS = (*_PLAIN, *_MARKDOWN, *_WEBPAGE, *_PDF, *_WORD, *_MAIL)
_BY_LIBREOFFICE = (".doc", ".dot", ".odt", ".rtf", ".wpd", ".pages")


def read_document(path: Path, *, encoding: str | None = None, doc_id: str | None = None) -> Document:
    """Read a file of any kind in `EXTENSIONS`; `encoding` overrides what the file says of itself."""
    path = Path(path)
    return parse_document(path, _read(path), encoding=encoding, doc_id=doc_id)


def parse_document(
    path: Path, raw: bytes, *, encoding: str | None = None, doc_id: str | None = None, name: str | None = None
) -> Document:
    """Make a document of bytes already read; `path` gives the kind and stands in messages, and need not exist.

    The date is the document's own or, failing that, one in the file's name, which is the last part of `path` unless
    `name` says otherwise, as of a member of an archive. PDF and Word files have no `encoding`.

    Raises:
        DocumentError: the bytes are not of that kind, are damaged, or hold no text.
    """
    kind = path.suffix.lower()
    if kind not in EXTENSIONS:
        raise DocumentError(
            f"{path}: the extension {path.suffix!r} is not one this reads; allowed: {', '.join(EXTENSIONS)}",
            hint=conversion(path),
        )
    if not raw:
        raise _empty(path)
    with failures_named(str(path)):
        parsed = _binary_kind(path, raw, kind, encoding) or _text_kind(path, raw, kind, encoding)
    date = parsed.date or date_in_name(path.name if name is None else name)
    return Document(
        doc_id or path.stem,
        parsed.text,
        parsed.blocks,
        source=parsed.source,
        title=parsed.title,
        path=str(path),
        date=date,
    )


def read_text(text: str, doc_id: str = "text") -> Document:
    """Read a text already in memory by the rules for plain text."""
    if not text.strip():
        raise DocumentError(f"{doc_id}: the text is empty", hint="give at least one sentence")
    return Document(doc_id, text, plain_blocks(text))


def _binary_kind(path: Path, raw: bytes, kind: str, encoding: str | None) -> Parsed | None:
    """Read what is no text file; None for the other kinds."""
    if kind in _PDF:
        from pipeline.corpus.pdf.document import read_pdf

        return read_pdf(path, raw)
    if kind in _WORD:
        from pipeline.corpus.word import read_word

        return read_word(path, raw)
    if kind in _MAIL:
        from pipeline.corpus.mail import read_mail

        return read_mail(path, raw, encoding)
    return None


def _text_kind(path: Path, raw: bytes, kind: str, encoding: str | None) -> Parsed:
    """Read plain text, Markdown or a web page."""
    text = decode_text(path, raw, encoding, EXTENSIONS, web=kind in _WEBPAGE)
    if not text.strip():
        raise _empty(path)
    if kind in _PLAIN:
        parsed = Parsed(text, plain_blocks(text))
    else:
        parsed = (markdown_facts if kind in _MARKDOWN else webpage_facts)(text)
    if not parsed.blocks:
        raise DocumentError(
            f"{path}: no main text found; it may be a menu, a form, or a page filled in by a script",
            hint=f"save the text of the page as {path.stem}.txt, and name that",
        )
    return parsed


def conversion(path: Path) -> str:
    """Give the command that makes a file of an unread kind one that is read."""
    kind, name = path.suffix.lower(), shlex.quote(str(path))
    if kind in _BY_LIBREOFFICE:
        return f"convert it: libreoffice --headless --convert-to docx {name}"
    if kind == ".epub":
        return f"convert it: pandoc {name} -t markdown -o {shlex.quote(path.stem + '.md')}"
    if kind == ".msg":
        return f"convert it: msgconvert {name}, or save the message as .eml"
    return f"if it is plain text, copy it: cp {name} {shlex.quote(path.with_suffix('.txt').name)}"


def _empty(path: Path) -> DocumentError:
    return DocumentError(f"{path}: the file is empty", hint=f"look at it: head {shlex.quote(str(path))}")


def _read(path: Path) -> bytes:
    """Read the bytes of a file; refuse what is no file, empty or out of reach."""
    if path.is_dir():
        inside = sorted(entry for entry in path.iterdir() if entry.suffix.lower() in EXTENSIONS)
        example = inside[0] if inside else path / "FILE.txt"
        raise DocumentError(
            f"{path} is a folder, and a file is expected; allowed: {', '.join(EXTENSIONS)}",
            hint=f"name a file in it: stance sentences {shlex.quote(str(example))}",
        )
    try:
        raw = path.read_bytes()
    except FileNotFoundError as error:
        raise DocumentError(
            f"no such file: {path}", hint=f"see what is there: ls {shlex.quote(str(path.parent))}"
        ) from error
    except PermissionError as error:
        raise DocumentError(
            f"{path}: permission denied", hint=f"let yourself read it: chmod u+r {shlex.quote(str(path))}"
        ) from error
    except OSError as error:
        raise DocumentError(
            f"{path}: cannot be read ({error.strerror})", hint=f"look at it: ls -l {shlex.quote(str(path))}"
        ) from error
    if not raw:
        raise DocumentError(f"{path}: the file is empty", hint=f"look at it: ls -l {shlex.quote(str(path))}")
    return raw
