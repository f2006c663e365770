"""Each sentence of a PDF has the page it begins on."""

import io

from pdfs import Book, sentences
from pypdfium2 import PdfDocument
from reportlab.lib.pagesizes import A5
from reportlab.pdfgen import canvas

from pipeline.ground.records import BlockKind

LEADING = 12


def drawn(*pages: list[tuple[float, str]]) -> bytes:
    """Draw lines of one size at heights, a list for each page."""
    page = io.BytesIO()
    pdf = canvas.Canvas(page, pagesize=A5)
    for rows in pages:
        pdf.setFont("Times-Roman", 10)
        for y, text in rows:
            pdf.drawString(40, y, text)
        pdf.showPage()
    pdf.save()
    return page.getvalue()


def down(top: float, lines: list[str]) -> list[tuple[float, str]]:
    return [(top - LEADING * number, line) for number, line in enumerate(lines)]


def test_a_sentence_has_the_page_it_begins_on():
    told = [
        f"Clause{n} says that gate {n * n} may stay open for {n + 7} days, that {n + 3} boats may pass it then, "
        f"and that nobody on either bank is to be asked for more than {2 * n} coins."
        for n in range(70)
    ]
    book = Book(lambda number: "Water for Two Countries", "{}")
    book.prose(" ".join(told))
    found = sentences(book.raw())
    drawn_on = {
        word: number
        for number, page in enumerate(PdfDocument(book.raw()), 1)
        for word in page.get_textpage().get_text_range().split()
        if word.startswith("Clause")
    }
    assert len(drawn_on) == 70 and max(drawn_on.values()) >= 3
    assert {one.text.split()[0]: one.page for one in found.sentences} == drawn_on
    assert {one.paragraph for one in found.sentences} == {1}
    assert [one.page for one in found.document.blocks if one.kind is BlockKind.PARAGRAPH] == [1]


def test_what_is_left_out_on_the_page_before_moves_no_sentence():
    first = [
        "The two sides met.¹²³ They spoke of the river.¹²³ The",
        "envoys of the upper province would not speak about",
    ]
    second = [
        "it. It rained on the fields of the eastern bank, so",
        "the lower gates were opened. All of that was nego-",
    ]
    raw = drawn(down(64, first), down(540, second), down(540, ["tiated later. The lamps on the bank were lit."]))
    assert [(one.text, one.page) for one in sentences(raw).sentences] == [
        ("The two sides met.", 1),
        ("They spoke of the river.", 1),
        ("The envoys of the upper province would not speak about it.", 1),
        ("It rained on the fields of the eastern bank, so the lower gates were opened.", 2),
        ("All of that was negotiated later.", 2),
        ("The lamps on the bank were lit.", 3),
    ]
