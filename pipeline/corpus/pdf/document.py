"""Open a PDF file, and say what is wrong with one that cannot be read."""

import re
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipeline.corpus.dating import iso_date
from pipeline.corpus.normalise import collapse
from pipeline.corpus.pdf.assembly import assemble
from pipeline.corpus.pdf.words import PageWords, page_words
from pipeline.corpus.pieces import Parsed, first_heading, join_pieces
from pipeline.ground.errors import DocumentError

MAX_PAGES = 3000  # the longest reports have some 1,500; a page takes 10 to 20 ms
MAX_CHARACTERS = 5_000_000  # some 1,500 full pages of A4, which take some 400 MB of memory
MAX_ON_PAGE = 100_000  # twenty times a full page of newsprint
_FEWEST_LETTERS = 8  # a page, on average; page numbers and stamps on scans give fewer
_UNREADABLE = 0.3  # share of characters without a letter, above which the text is no text
_TAIL = 2048  # bytes; readers look for the end mark in the last 1,024
_PASSWORD = 4  # FPDF_ERR_PASSWORD
_NO_TITLE = re.compile(
    r"(microsoft (word|powerpoint)|powerpoint|untitled|document ?\d*$|title$|slide \d|[\w-]*[\d_][\w-]*$|[\W\d_]*$"
    r"|.*\.(docx?|docm|pdf|indd|odt|rtf|p65|qxd|pptx?|xlsx?|tex|dvi|html?|tmp)$)",
    re.IGNORECASE,
)


def read_pdf(path: Path, raw: bytes) -> Parsed:
    """Read the text layer of a PDF; each block has the page it begins on.

    Raises:
        DocumentError: the bytes are no PDF, are cut short, damaged or encrypted, hold no page or no text layer,
            or more pages or characters than is allowed.
    """
    _refuse_other(path, raw)
    with _opened(path, raw) as document:
        pages = _pages(path, document)
        _refuse_scan(path, pages)
        fields = {name: document.get_metadata_value(name) for name in ("Title", "CreationDate", "ModDate")}
    text, blocks = join_pieces(assemble(pages))
    title = collapse("".join(char for char in fields["Title"] if char.isprintable()))
    if _NO_TITLE.match(title):
        title = first_heading(text, blocks)
    return Parsed(text, blocks, title, iso_date(fields["CreationDate"]) or iso_date(fields["ModDate"]))


def _refuse_other(path: Path, raw: bytes) -> None:
    """Refuse what is no PDF, and what ends before its end mark: PDFium would mend it and hide what is lost."""
    name = shlex.quote(str(path))
    if b"%PDF-" not in raw[:1024]:
        raise DocumentError(
            f"{path}: not a PDF file; it begins {raw[:8]!r}, and b'%PDF-' is expected", hint=f"file {name}"
        )
    if b"%%EOF" not in raw[-_TAIL:]:
        raise DocumentError(
            f"{path}: cut short after {len(raw):,} bytes: a PDF ends in %%EOF, and this one does not",
            hint=f"fetch it again; or read what is left of it: qpdf {name} {shlex.quote(path.stem + '-mended.pdf')}",
        )


@contextmanager
def _opened(path: Path, raw: bytes) -> Iterator[Any]:
    """Open a PDF; turn what PDFium says into an error of ours."""
    import pypdfium2

    name, mended = shlex.quote(str(path)), shlex.quote(f"{path.stem}-mended.pdf")
    try:
        document = pypdfium2.PdfDocument(raw)
        try:
            yield document
        finally:
            document.close()
    except pypdfium2.PdfiumError as error:
        if getattr(error, "err_code", None) == _PASSWORD:
            raise DocumentError(
                f"{path}: encrypted, and it opens with a password only",
                hint=f"take the password off: qpdf --decrypt --password=PASSWORD {name} {path.stem}-open.pdf",
            ) from error
        if re.search(rb"/Count\s+0\b", raw) and not re.search(rb"/Type\s*/Page\b", raw):
            raise _without_pages(path) from error  # which PDFium takes for damage
        raise DocumentError(f"{path}: damaged PDF ({error})", hint=f"mend it: qpdf {name} {mended}") from error


def _without_pages(path: Path) -> DocumentError:
    return DocumentError(f"{path}: a PDF without pages", hint=f"look at it: pdfinfo {shlex.quote(str(path))}")


def _pages(path: Path, document: Any) -> list[PageWords]:
    """Read the words of all pages, within the limits."""
    from pypdfium2 import PdfiumError

    count = len(document)
    part = (
        f"read a part: qpdf {shlex.quote(str(path))} --pages . 1-{MAX_PAGES} -- {shlex.quote(path.stem + '-part.pdf')}"
    )
    mend = f"mend it: qpdf {shlex.quote(str(path))} {shlex.quote(path.stem + '-mended.pdf')}"
    if not count:
        raise _without_pages(path)
    if count > MAX_PAGES:
        raise DocumentError(f"{path}: {count:,} pages, and at most {MAX_PAGES:,} are read", hint=part)
    pages, total = [], 0
    for number in range(1, count + 1):
        try:
            page = document[number - 1]
        except PdfiumError as error:
            raise DocumentError(f"{path}, page {number}: damaged PDF ({error})", hint=mend) from error
        try:
            words = page_words(page, number, MAX_ON_PAGE)
        except OverflowError as error:
            fault = f"{path}, page {number}: {error} characters, and at most {MAX_ON_PAGE:,} on a page are read"
            raise DocumentError(fault, hint="no page of prose has as many; look at it in a viewer") from error
        finally:
            page.close()
        pages.append(words)
        total += sum(len(word.text) for word in words.words)
        if total > MAX_CHARACTERS:
            fault = f"{path}, page {number}: more than {MAX_CHARACTERS:,} characters, which is the most that is read"
            raise DocumentError(fault, hint=part)
    return pages


def _refuse_scan(path: Path, pages: list[PageWords]) -> None:
    """Refuse a PDF without a text layer, and one whose fonts do not say which letters they draw."""
    name, done = shlex.quote(str(path)), shlex.quote(f"{path.stem}-ocr.pdf")
    letters = sum(char.isalpha() for page in pages for word in page.words for char in word.text)
    unreadable = sum(page.unreadable for page in pages)
    if unreadable > _UNREADABLE * (letters + unreadable):
        raise DocumentError(
            f"{path}: its fonts do not say which letters they draw ({unreadable:,} characters cannot be read)",
            hint=f"let the pages be read as pictures: ocrmypdf --force-ocr {name} {done}",
        )
    if letters < _FEWEST_LETTERS * len(pages):
        raise DocumentError(
            f"{path}: no text layer in {len(pages)} page{'s' if len(pages) > 1 else ''}; it seems to be a scan",
            hint=f"recognise its text: ocrmypdf {name} {done}",
        )
