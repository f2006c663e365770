"""A PDF gives up its sentences whole: what stands at the edges of its pages and lines is not in them."""

import io
import random
from pathlib import Path

import pytest
import reportlab
from pdfs import CLOSING, MIDDLE, OPENING, SENTENCES, Book, blocks, parsed, sentences
from pypdfium2 import PdfDocument
from reportlab.lib.pagesizes import A5
from reportlab.pdfgen import canvas

from pipeline.ground.records import BlockKind


def _long(count: int) -> list[str]:
    """Make sentences that differ, so that none is lost or read twice unseen."""
    draw = random.Random(7)
    names = ("Ardell", "Bremer", "Castell", "Dorne", "Eckart", "Fallow", "Garrick", "Hollis", "Imber", "Joss", "Kell")
    told = [
        f"{draw.choice(names)} told {draw.choice(names)} and {draw.choice(names)} that the upper gates should "
        f"{draw.choice(('stay open', 'be shut', 'be mended'))} until the fields of {draw.choice(names)} are "
        f"{draw.choice(('watered', 'ploughed', 'sold', 'measured'))}."
        for _ in range(count)
    ]
    return list(dict.fromkeys(told))


def _pages(raw: bytes) -> dict[str, int | None]:
    return {one.text: one.page for one in sentences(raw).sentences}


def test_paragraphs_of_several_lines_are_whole():
    book = Book()
    book.prose(f"{OPENING} {MIDDLE}")
    book.prose(CLOSING)
    document = parsed(book.raw())
    assert blocks(document, BlockKind.PARAGRAPH) == [f"{OPENING} {MIDDLE}", CLOSING]
    assert {one.page for one in document.blocks} == {1}


def test_running_heads_feet_and_page_numbers_break_no_sentence():
    told = _long(90)
    book = Book(lambda number: "Water for Two Countries" if number % 2 else f"{number}   Basin Review", "- {} -")
    book.prose(" ".join(told))
    document = parsed(book.raw())
    found = sentences(book.raw())
    assert [one.text for one in found.sentences] == told
    heads = blocks(document, BlockKind.RUNNING_HEAD)
    assert heads[0] == "Water for Two Countries" and "2 Basin Review" in heads and "- 3 -" in heads
    assert {str(one.reason) for one in found.skipped} == {"running head"}
    last = max(one.page for one in document.blocks)
    assert last >= 4 and sum("Water" in head for head in heads) == (last + 1) // 2


def test_a_head_that_changes_from_page_to_page_is_known_by_its_place():
    told = _long(90)
    topics = ("Gates", "Fields", "Payments", "Harvests", "Engineers", "Mediators", "Ferries", "Summers")
    book = Book(lambda number: f"On {topics[number % 8]} and related questions")
    book.prose(" ".join(told))
    found = sentences(book.raw())
    assert [one.text for one in found.sentences] == told
    assert len({one.text for one in found.skipped}) >= 4


def test_a_block_has_the_page_it_begins_on():
    book = Book(foot="{}")
    told = _long(40)
    for one in told:
        book.prose(one)
    pages = _pages(book.raw())
    assert list(pages) == told
    assert pages[told[0]] == 1 and pages[told[-1]] > 2
    assert list(pages.values()) == sorted(pages.values())


def test_an_empty_page_does_no_harm():
    book = Book()
    book.prose(OPENING)
    book.add_page()
    book.add_page()
    book.prose(MIDDLE)
    assert _pages(book.raw()) == {OPENING: 1, MIDDLE: 3}


def test_headings_are_no_prose_and_the_first_is_the_title():
    book = Book()
    book.heading("Water for Two Countries")
    book.prose(OPENING)
    book.heading("What each side wants")
    book.prose(MIDDLE)
    document = parsed(book.raw())
    assert blocks(document, BlockKind.HEADING) == ["Water for Two Countries", "What each side wants"]
    assert document.title == "Water for Two Countries"


@pytest.mark.parametrize(("title", "kept"), [("Terms of the Truce", True), ("Microsoft Word - x.docx", False)])
def test_title_and_date_of_the_metadata(title, kept):
    from datetime import UTC, datetime

    book = Book()
    book.heading("Water for Two Countries")
    book.prose(OPENING)
    book.set_title(title)
    book.set_creation_date(datetime(2018, 3, 9, tzinfo=UTC))
    document = parsed(book.raw())
    assert (document.title, document.date) == (title if kept else "Water for Two Countries", "2018-03-09")


@pytest.mark.parametrize(
    "title", ["untitled", "report_final_v3", "Microsoft Word - a", "2018", "a.indd", "PowerPoint x"]
)
def test_titles_that_say_nothing_are_passed_over(title):
    book = Book()
    book.prose(OPENING)
    book.set_title(title)
    assert parsed(book.raw()).title == ""


def test_ligatures_spaces_and_soft_hyphens_are_undone():
    book = Book()
    book.add_font("Vera", fname=Path(reportlab.__file__).parent / "fonts" / "Vera.ttf")
    book.set_font("Vera", size=10)
    book.multi_cell(0, 5, "The ﬁrst of\u00adﬁcials\u00a0met. They\u00a0left.")
    assert [one.text for one in sentences(book.raw()).sentences] == ["The first officials met.", "They left."]


def _drawn(rows: list[tuple[float, float, float, str]], pages: int = 1) -> bytes:
    """Draw texts at places in sizes."""
    page = io.BytesIO()
    pdf = canvas.Canvas(page, pagesize=A5)
    for _ in range(pages):
        for x, y, size, text in rows:
            pdf.setFont("Times-Roman", size)
            pdf.drawString(x, y, text)
        pdf.showPage()
    pdf.save()
    return page.getvalue()


def _column(x: float, texts: list[str], top: float = 520) -> list[tuple[float, float, float, str]]:
    return [(x, top - 12 * n, 10, text) for n, text in enumerate(texts)]


LEFT = [
    "The envoys of both sides met on",
    "the island at noon, and stayed",
    "until the lamps were lit and the",
    "ferries had gone home across",
]
RIGHT = [
    "the lake. They will meet again",
    "in May, when the snow is gone",
    "and the gates can be opened. It",
    "may be their last chance to do so.",
]


@pytest.mark.parametrize("by_rows", [False, True], ids=["by columns", "by rows"])
def test_two_columns_are_read_one_after_the_other(by_rows):
    rows = _column(40, LEFT) + _column(220, RIGHT)
    rows = sorted(rows, key=lambda row: -row[1]) if by_rows else rows
    assert [one.text for one in sentences(_drawn(rows)).sentences] == [
        "The envoys of both sides met on the island at noon, and stayed until the lamps were lit and the ferries had "
        "gone home across the lake.",
        "They will meet again in May, when the snow is gone and the gates can be opened.",
        "It may be their last chance to do so.",
    ]


def test_a_text_across_the_page_stands_above_its_columns():
    wide = (40.0, 560.0, 10.0, "This summary of the talks runs across the whole page, and its columns come below.")
    found = sentences(_drawn([wide, *_column(40, LEFT), *_column(220, RIGHT)])).sentences
    assert found[0].text == wide[3]
    assert found[1].text.endswith("home across the lake.")


def test_tables_are_no_prose():
    cells = ((40, "Gate {}"), (150, "open"), (250, "12.5"))
    rows = [(x, 400 - 14 * n, 10, text.format(n)) for n in range(4) for x, text in cells]
    document = parsed(
        _drawn([*_column(40, ["The gates are listed below, and all are open.", "None was shut."]), *rows])
    )
    assert blocks(document, BlockKind.TABLE) == ["\n".join(f"Gate {n} | open | 12.5" for n in range(4))]


def test_items_of_a_list_are_blocks_without_their_bullets():
    lines = ["The parties should:", "• open the gates of the upper dam in May;", "• publish the figures of the flow;"]
    document = parsed(_drawn(_column(40, lines)))
    assert blocks(document, BlockKind.ITEM) == [line[2:] for line in lines[1:]]


def test_a_turned_page_is_read_as_it_is_seen():
    page = io.BytesIO()
    pdf = canvas.Canvas(page, pagesize=A5)
    pdf.setPageRotation(90)
    pdf.rotate(90)
    pdf.setFont("Times-Roman", 10)
    for n, line in enumerate(LEFT):
        pdf.drawString(60, -100 - 12 * n, line)
    pdf.drawString(60, -100 - 12 * len(LEFT), "the lake.")
    pdf.save()
    assert [one.text for one in sentences(page.getvalue()).sentences] == [" ".join(LEFT) + " the lake."]


def test_text_that_stands_upright_in_the_margin_is_left_out():
    page = io.BytesIO()
    pdf = canvas.Canvas(page, pagesize=A5)
    pdf.setFont("Times-Roman", 10)
    pdf.drawString(60, 400, SENTENCES[0][:60])
    pdf.drawString(60, 388, SENTENCES[0][60:].strip())
    pdf.rotate(90)
    pdf.drawString(300, -20, "DRAFT 7 of the secretariat")
    pdf.save()
    assert "DRAFT" not in parsed(page.getvalue()).text


def test_a_page_that_begins_elsewhere_and_words_off_it():
    document = PdfDocument(_drawn(_column(40, LEFT[:2])))
    document[0].set_mediabox(-1000, -2000, 1400, 600)
    moved = io.BytesIO()
    document.save(moved)
    assert parsed(moved.getvalue()).text == " ".join(LEFT[:2])
    raw = _drawn([*_column(40, LEFT[:2]), (1e9, 300, 10, "far"), (40, -500, 10, "below")])
    assert parsed(raw).text == " ".join(LEFT[:2])


def test_a_drop_cap_joins_its_word():
    rows = [
        (40, 496, 40, "T"),
        *[
            (70, 520 - 12 * n, 10, text)
            for n, text in enumerate(
                ["he envoys met at noon, and they", "stayed until the lamps were lit", "and the ferries had gone home."]
            )
        ],
    ]
    found = sentences(_drawn(rows)).sentences
    assert (
        found[0].text
        == "The envoys met at noon, and they stayed until the lamps were lit and the ferries had gone home."
    )
