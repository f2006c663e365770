"""A PDF that cannot be read is named, with what is wrong and a way out; a hostile one does no harm."""

import io

import pytest
from pdfs import OPENING, Book, parsed
from pypdfium2 import PdfDocument
from reportlab.lib.pagesizes import A5
from reportlab.pdfgen import canvas

from pipeline.corpus.pdf import document as reader
from pipeline.ground.errors import DocumentError


def _raw(**options: object) -> bytes:
    book = Book()
    book.prose(OPENING)
    if options:
        book.set_encryption(**options)
    return book.raw()


def _fault(raw: bytes) -> DocumentError:
    with pytest.raises(DocumentError) as caught:
        parsed(raw)
    assert caught.value.message.startswith("accord.pdf") and caught.value.hint
    return caught.value


def test_encrypted():
    fault = _fault(_raw(owner_password="owner", user_password="secret"))  # noqa: S106 - of a test
    assert "encrypted" in fault.message and "qpdf --decrypt" in fault.hint


def test_encrypted_without_a_password_to_open_is_read():
    assert OPENING in parsed(_raw(owner_password="owner")).text  # noqa: S106 - of a test


def test_a_scan_is_told_to_be_recognised():
    page = io.BytesIO()
    pdf = canvas.Canvas(page, pagesize=A5)
    for number in range(3):
        pdf.rect(50, 50, 200, 300, fill=1)
        pdf.drawString(200, 20, str(number + 1))
        pdf.showPage()
    pdf.save()
    fault = _fault(page.getvalue())
    assert "no text layer in 3 pages" in fault.message and "ocrmypdf accord.pdf" in fault.hint


def test_cut_short():
    raw = _raw()
    fault = _fault(raw[: len(raw) // 2])
    assert "cut short" in fault.message and "qpdf" in fault.hint


def test_no_pdf():
    assert "not a PDF file; it begins b'<html>'" in _fault(b"<html>").message


def test_damaged():
    assert "damaged PDF" in _fault(b"%PDF-1.7\nnothing of the kind\n%%EOF\n").message


def test_without_pages():
    empty = io.BytesIO()
    PdfDocument.new().save(empty)
    assert "a PDF without pages" in _fault(empty.getvalue()).message


@pytest.mark.parametrize(
    ("limit", "said"),
    [
        ("MAX_PAGES", "3 pages, and at most 2 are read"),
        ("MAX_CHARACTERS", "page 1: more than 2 characters"),
        ("MAX_ON_PAGE", "characters, and at most 2 on a page are read"),
    ],
)
def test_limits_are_named(monkeypatch, limit, said):
    book = Book()
    for _ in range(3):
        book.prose(OPENING)
        book.set_y(185)
    monkeypatch.setattr(reader, limit, 2)
    assert said in _fault(book.raw()).message


def test_fonts_without_letters_are_told_to_be_read_as_pictures(monkeypatch):
    from pipeline.corpus.pdf import words

    monkeypatch.setattr(words, "_UNREADABLE", {ord(char) for char in "aeiourstn"})
    fault = _fault(_raw())
    assert "do not say which letters" in fault.message and "--force-ocr" in fault.hint
