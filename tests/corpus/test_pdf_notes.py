"""Footnotes, their marks and the hyphens of line ends are not in sentences; what looks like them stays."""

import io

import pytest
from pdfs import blocks, parsed, sentences
from reportlab.lib.pagesizes import A5
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfgen import canvas
from reportlab.platypus import Paragraph

from pipeline.corpus.pdf.hyphens import join_lines, vocabulary
from pipeline.ground.records import BlockKind

STYLE = ParagraphStyle("body", fontName="Times-Roman", fontSize=11, leading=13)
SMALL = ParagraphStyle("note", fontName="Times-Roman", fontSize=8, leading=10)
BODY = (
    "The envoys met at noon.<super>1</super> They agreed on little,<super>2</super> but they agreed to meet again. "
    "The lake covers 40 km<super>2</super> of land on the 1<super>st</super> of May. Nobody measured it "
    "in 1987.<super>*</super> The fields are dry."
)
NOTES = (
    "<super>1</super> Minutes of the river commission, second series.",
    "<super>2</super> See the annex. It is long.",
)
WANTED = [
    "The envoys met at noon.",
    "They agreed on little, but they agreed to meet again.",
    "The lake covers 40 km² of land on the 1st of May.",
    "Nobody measured it in 1987.",
    "The fields are dry.",
]


def _page(notes: tuple[str, ...], body: str = BODY) -> bytes:
    page = io.BytesIO()
    pdf = canvas.Canvas(page, pagesize=A5)
    one = Paragraph(body, STYLE)
    _, height = one.wrap(320, 400)
    one.drawOn(pdf, 50, 540 - height)
    for place, note in enumerate(notes):
        small = Paragraph(note, SMALL)
        small.wrap(320, 100)
        small.drawOn(pdf, 50, 80 - 12 * place)
    pdf.save()
    return page.getvalue()


def test_footnotes_and_their_marks_are_no_prose():
    raw = _page(NOTES)
    found = sentences(raw)
    assert [one.text for one in found.sentences] == WANTED
    assert [str(one.reason) for one in found.skipped] == ["footnote", "footnote"]
    assert blocks(parsed(raw), BlockKind.FOOTNOTE)[0].endswith("Minutes of the river commission, second series.")


def test_notes_by_number_alone_are_known_by_size_and_place():
    raw = _page(("1 Minutes of the river commission, second series.", "2 See the annex. It is long."))
    assert [one.text for one in sentences(raw).sentences] == WANTED


def test_small_type_without_a_mark_stays():
    raw = _page(("This text is small, and it is no footnote.",))
    assert "This text is small, and it is no footnote." in [one.text for one in sentences(raw).sentences]


KNOWN = vocabulary(["A cease-fire was signed.", "The negotiations failed in the post-war years.", "a breakup-"])


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (["the nego-", "tiations failed"], "the negotiations failed"),
        (["the long cease-", "fire held"], "the long cease-fire held"),
        (["the post-", "war order"], "the post-war order"),
        (["an un-", "known word"], "an unknown word"),
        (["an ex-", "traordinary pro-", "posal"], "an extraordinary proposal"),
        (["the Anglo-", "French talks"], "the Anglo-French talks"),
        (["a face-to-", "face meeting"], "a face-to-face meeting"),
        (["in mid-", "2018"], "in mid-2018"),
        (["the 12-", "month truce"], "the 12-month truce"),
        (["by e-", "mail"], "by e-mail"),
        (["a self-", "governing region"], "a self-governing region"),
        (["a soft hy\u00adphen and an\u00ad", "other"], "a soft hyphen and another"),
        (["they left —", "and came back"], "they left — and came back"),
        (["they left—", "and came back"], "they left—and came back"),
        (["and/", "or"], "and/or"),
        (["one", "two"], "one two"),
        (["pre- ", "and post-war"], "pre-  and post-war"),
        ([], ""),
    ],
)
def test_hyphens_at_line_ends(lines, text):
    assert join_lines(lines, KNOWN) == text


def test_the_document_decides_against_a_prefix():
    assert join_lines(["the anti-", "dote"], vocabulary(["an antidote"])) == "the antidote"
    assert join_lines(["the anti-", "dote"], vocabulary([])) == "the anti-dote"


def test_hyphens_are_undone_in_a_file():
    page = io.BytesIO()
    pdf = canvas.Canvas(page, pagesize=A5)
    lines = [
        "The two sides resumed their nego-",
        "tiations on the river, and a cease-",
        "fire may follow. The cease-fire of",
        "May had not held.",
    ]
    pdf.setFont("Times-Roman", 11)
    for place, line in enumerate(lines):
        pdf.drawString(50, 500 - 13 * place, line)
    pdf.save()
    assert [one.text for one in sentences(page.getvalue()).sentences] == [
        "The two sides resumed their negotiations on the river, and a cease-fire may follow.",
        "The cease-fire of May had not held.",
    ]
