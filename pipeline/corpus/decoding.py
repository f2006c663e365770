"""Decode the bytes of a text: by the encoding asked for, the byte-order mark, a page's declaration, or UTF-8."""

import codecs
import shlex
from collections.abc import Sequence
from pathlib import Path

from pipeline.corpus.webpage import declared_encoding, text_encoding
from pipeline.ground.errors import DocumentError

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CONTROLS = bytes(code for code in range(32) if code not in b"\t\n\v\f\r\x1b")
_LOOKS_BINARY = 0.1
_MISNAMED = ((b"%PDF-", ".pdf"), (b"PK\x03\x04", ".docx"))


def decode_text(path: Path, raw: bytes, encoding: str | None, allowed: Sequence[str], *, web: bool = False) -> str:
    """Decode a text; `web` heeds what a page declares, and `allowed` are the extensions a message names.

    Raises:
        DocumentError: the bytes are binary or in another encoding, or the encoding asked for is unknown.
    """
    marked = next((name for bom, name in _BOMS if raw.startswith(bom)), None)
    if encoding is not None:
        encoding = known_encoding(path, encoding)
    # A UTF-8 page may carry a mark although the user says utf-8, and the mark is no text.
    name = marked if encoding in (None, "utf-8") and marked else encoding
    name = name or (declared_encoding(raw) if web else None) or "utf-8"
    if name == "utf-8":
        _refuse_binary(path, raw, allowed)
    try:
        text = raw.decode(name)
    except UnicodeDecodeError as error:
        raise _not_decodable(path, error, name) from error
    if "\0" in text:
        raise _binary(path, raw, allowed)
    return text


def known_encoding(path: Path, encoding: str) -> str:
    """Give Python's name of an encoding asked for; raise `DocumentError` where texts are kept in no such one."""
    known = text_encoding(encoding)
    if known is None:
        raise DocumentError(
            f"{path}: unknown encoding {encoding!r}; allowed: utf-8, utf-16, windows-1252 and others Python knows",
            hint=f"stance sentences {shlex.quote(str(path))} --encoding windows-1252",
        )
    return known


def _refuse_binary(path: Path, raw: bytes, allowed: Sequence[str]) -> None:
    controls = len(raw) - len(raw.translate(None, _CONTROLS))
    if b"\0" in raw or controls > _LOOKS_BINARY * len(raw):
        raise _binary(path, raw, allowed)


def _binary(path: Path, raw: bytes, allowed: Sequence[str]) -> DocumentError:
    kind = next((extension for start, extension in _MISNAMED if raw.startswith(start)), "")
    named = f"it begins as a {kind} file does; name it so: mv {shlex.quote(str(path))} {shlex.quote(path.stem + kind)}"
    return DocumentError(
        f"{path}: a binary file, and text is expected; allowed: {', '.join(allowed)}",
        hint=named
        if kind
        else f"see what it is: file {shlex.quote(str(path))}; a PDF or Word document needs its extension: .pdf, .docx",
    )


def _not_decodable(path: Path, error: UnicodeDecodeError, name: str) -> DocumentError:
    """Name the byte at fault, and the encoding the bytes look like."""
    from charset_normalizer import from_bytes

    raw = error.object
    line = raw.count(b"\n", 0, error.start) + 1
    best = from_bytes(raw).best()
    guess = best.encoding.replace("_", "-") if best and best.encoding != name.replace("-", "_") else "windows-1252"
    shown, quoted = name.upper() if name.startswith("utf") else name, shlex.quote(str(path))
    return DocumentError(
        f"{path}: not {shown}: byte {raw[error.start]:#04x} at offset {error.start}, line {line}; {shown} is expected "
        "unless --encoding names another",
        hint=f"it looks like {guess}: stance sentences {quoted} --encoding {guess}\n"
        f"      or convert it: iconv -f {guess} -t UTF-8 {quoted} > {shlex.quote(f'{path.stem}-utf8{path.suffix}')}",
    )
