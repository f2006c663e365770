"""Plain text is divided where its writer divided it, and hard-wrapped lines are joined."""

import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.corpus.normalise import collapse
from pipeline.corpus.plaintext import plain_blocks
from pipeline.ground.records import BlockKind

PARAGRAPHS = (
    "The joint commission met for the third time since the flood. It heard reports from both banks, and it put "
    "off the question of payment until the autumn, when the new figures – for what they are worth – will be known.",
    "Nobody expects the figures to settle the matter. The upstream ministry has its own engineers, the downstream "
    "ministry has its own lawyers, and neither has yet been willing to lend them to the other side.",
    "A few dissenters in both capitals say that the treaty of 1961 should simply be applied. They may be right.",
)


def _blocks(text: str) -> list[tuple[BlockKind, str]]:
    return [(block.kind, collapse(text[block.start : block.end])) for block in plain_blocks(text)]


def _texts(text: str) -> list[str]:
    return [content for _, content in _blocks(text)]


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("width", [60, 72, 80, 120, 1000])
def test_wrapping_and_line_ends_change_nothing(ending, width):
    wrapped = "\n\n".join(textwrap.fill(paragraph, width) for paragraph in PARAGRAPHS)
    assert _texts(wrapped.replace("\n", ending)) == [collapse(paragraph) for paragraph in PARAGRAPHS]


def test_titles_without_blank_lines_stay_apart():
    lines = ["Water for Two Countries", "Water for Two Countries", "Fishing Rights in the Delta", PARAGRAPHS[0]]
    assert _texts("\n".join(lines)) == [collapse(line) for line in lines]


def test_title_above_a_wrapped_paragraph_stays_apart():
    text = "Water for two countries\n" + "\n\n".join(textwrap.fill(paragraph, 72) for paragraph in PARAGRAPHS)
    assert _texts(text) == ["Water for two countries", *[collapse(paragraph) for paragraph in PARAGRAPHS]]


def test_one_sentence_a_line_stays_apart():
    lines = [
        "The gates opened at dawn.",
        "Water reached the fields by noon, as the engineers had said it would.",
        "It was late.",
    ]
    assert _texts("\n".join(lines)) == lines


@pytest.mark.parametrize("marker", ["-", "*", "•", "–", "‣", "▪", "◦", "·", "1.", "1)", "(1)", "a)", "(a)", "(iv)"])
def test_markers_open_items_and_stay_outside(marker):
    text = f"The parties should:\n{marker} open the gates\n"
    assert _blocks(text) == [(BlockKind.PARAGRAPH, "The parties should:"), (BlockKind.ITEM, "open the gates")]


def test_wrapped_items_keep_their_lines():
    text = (
        "The parties should:\n\n"
        "  1. open the gates in May, when the snow has melted and the\n"
        "     fields are dry; and\n"
        "  2. publish what they measure.\n\n"
        "Nothing else will do.\n"
    )
    assert _blocks(text) == [
        (BlockKind.PARAGRAPH, "The parties should:"),
        (BlockKind.ITEM, "open the gates in May, when the snow has melted and the fields are dry; and"),
        (BlockKind.ITEM, "publish what they measure."),
        (BlockKind.PARAGRAPH, "Nothing else will do."),
    ]


def test_dash_or_number_at_a_wrapped_line_is_no_marker():
    text = (
        "The commission has put off the question until the harvest is in, the\n"
        "– some say empty – barns are counted, and the note of the year before\n"
        "12. The note has been lost, and the two secretaries blame one another\n"
        "for it.\n"
    )
    assert len(_blocks(text)) == 1


@pytest.mark.parametrize("rule", ["=====", "-----", "* * *", "_____"])
def test_rules_are_no_text(rule):
    text = f"Water for two countries\n{rule}\n\n{PARAGRAPHS[2]}\n"
    assert _blocks(text) == [(BlockKind.HEADING, "Water for two countries"), (BlockKind.PARAGRAPH, PARAGRAPHS[2])]


@given(st.text(alphabet="aB .-\n\r\t•1)(–=é\u2028", max_size=200))
def test_blocks_are_in_order_apart_and_stripped(text):
    place = 0
    for block in plain_blocks(text):
        piece = text[block.start : block.end]
        assert place <= block.start < block.end
        assert piece == piece.strip()
        place = block.end
