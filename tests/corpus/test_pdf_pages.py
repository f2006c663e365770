"""Where a page of a PDF ends, no line is taken for its number, and each sentence has the page it begins on."""

import io

import pytest
from pdfs import Book, blocks, parsed, sentences
from pypdfium2 import PdfDocument
from reportlab.lib.pagesizes import A5
from reportlab.pdfgen import canvas

from pipeline.corpus.pdf.numbering import page_number
from pipeline.ground.records import BlockKind

LEADING = 12
PARTS = [
    ["The two envoys met on the island at noon, and they", "signed the accord on the gates of the river, which"],
    ["had been shut since the autumn, and which the upper", "province had promised to open again in the spring of"],
    [
        "the year after, when the fields were dry, though the",
        "lower province had asked for it on the first day of",
        "2018.",
    ],
]
FIRST = ["The two envoys met on the island at noon, and they", "signed the accord on the gates of the river in May"]
NEXT = ["The ferries went home across the lake in the dusk,", "and the lamps on the eastern bank were lit at last."]


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


def texts(raw: bytes) -> list[str]:
    return [one.text for one in sentences(raw).sentences]


@pytest.mark.parametrize("end", ["2018.", "civil.", "II."])
def test_the_last_line_of_a_page_is_no_number(end):
    raw = drawn(down(76, [*FIRST, end]), down(540, NEXT))
    assert texts(raw) == [" ".join([*FIRST, end]), " ".join(NEXT)]
    assert blocks(parsed(raw), BlockKind.RUNNING_HEAD) == []


@pytest.mark.parametrize("gap", [LEADING, 2 * LEADING])
def test_the_first_line_of_a_page_is_no_number(gap):
    raw = drawn(down(64, FIRST), [(540, "2018."), *down(540 - gap, NEXT)])
    assert texts(raw) == [" ".join([*FIRST, "2018."]), " ".join(NEXT)]


def test_a_last_line_alone_on_its_page_is_no_number():
    assert texts(drawn(down(64, FIRST), [(540, "2018.")])) == [" ".join([*FIRST, "2018."])]


@pytest.mark.parametrize(
    "numbers", [["7", "8", "9"], ["viii", "ix", "x"], ["Page 1 of 3", "Page 2 of 3", "Page 3 of 3"], ["7.", "8.", "9."]]
)
@pytest.mark.parametrize("top", [True, False])
def test_numbers_that_count_the_pages_are_left_out_however_near_to_the_text(numbers, top):
    height = 540 if top else 64 - LEADING * 2
    pages = [
        [(height, number), *down(540 - LEADING if top else height + LEADING * len(text), text)]
        for number, text in zip(numbers, PARTS, strict=True)
    ]
    raw = drawn(*pages)
    assert blocks(parsed(raw), BlockKind.RUNNING_HEAD) == numbers
    assert texts(raw) == [" ".join(line for part in PARTS for line in part)]


@pytest.mark.parametrize("number", ["7", "- 7 -", "xii", "p. 7"])
def test_a_number_set_apart_from_the_text_is_left_out(number):
    raw = drawn([*down(400, [*FIRST, *NEXT]), (40, number)])
    assert blocks(parsed(raw), BlockKind.RUNNING_HEAD) == [number]


def test_a_number_alone_on_its_page_is_left_out():
    assert blocks(parsed(drawn(down(400, [*FIRST, *NEXT]), [(40, "2")])), BlockKind.RUNNING_HEAD) == ["2"]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        *(("12", 12), ("- 12 -", 12), ("Page 1 of 5", 1), ("p. 7", 7), ("3/9", 3), ("[4]", 4), ("2018.", 2018)),
        *(("i", 1), ("iv", 4), ("XIV", 14), ("xlix", 49), ("xc", 90), ("cxi", 111)),
        *(
            ("civil", None),
            ("ill", None),
            ("iiii", None),
            ("12 Review", None),
            ("", None),
            ("-", None),
            ("12345", None),
        ),
    ],
)
def test_numbers_of_pages(text, number):
    assert page_number(text) == number


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
