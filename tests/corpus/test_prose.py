"""Running prose is kept, and what is none is named."""

import time
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.corpus.prose import _within_larger, judge_blocks
from pipeline.corpus.readers import read_text
from pipeline.corpus.reading import read
from pipeline.ground.errors import DocumentError
from pipeline.ground.records import Block, BlockKind, Document, SkipReason

BODY = (
    "The commission met on Monday and put off the question of payment. Neither side can afford another dry summer, "
    "and both of them know it. The next round is planned for the autumn."
)


def _document(*blocks: tuple[BlockKind, str]) -> Document:
    text, spans = "", []
    for kind, content in blocks:
        spans.append(Block(kind, len(text), len(text) + len(content)))
        text += content + "\n\n"
    return Document("test", text, tuple(spans))


def _reason(text: str, kind: BlockKind = BlockKind.PARAGRAPH) -> SkipReason | None:
    """Judge one block beside a paragraph of prose."""
    document = _document((kind, text), (BlockKind.PARAGRAPH, BODY))
    kept, skipped = judge_blocks(document)
    assert len(kept) + len(skipped) == 2
    assert document.blocks[1] in kept
    return skipped[0].reason if skipped else None


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        (SkipReason.TITLE, "Water for Two Countries"),
        (SkipReason.TITLE, "A FLOOD FORETOLD."),
        (SkipReason.TITLE, "What do the two sides want?"),
        (SkipReason.TITLE, "Peace at last? The road to the second round"),
        (SkipReason.TITLE, "The background:"),
        (SkipReason.TITLE, "1. Introduction"),
        (SkipReason.KICKER, "Statement / Asia 4 minutes"),
        (SkipReason.KICKER, "5 min read"),
        (SkipReason.KICKER, "Rivers / Estmark"),
        (SkipReason.BYLINE, "By Mira Lund and Jan Hovel"),
        (SkipReason.BYLINE, "Written by Mira Lund, Senior Analyst"),
        (SkipReason.DATE_LINE, "4 March 2026"),
        (SkipReason.DATE_LINE, "Published: March 4, 2026, 10:15 am"),
        (SkipReason.DATE_LINE, "Geneva, Tuesday, 4 March 2026"),
        (SkipReason.DATE_LINE, "2026-03-04"),
        (SkipReason.CAPTION, "A ferry leaves the eastern bank at dawn, watched by soldiers. Jan Hovel / AFP"),
        (SkipReason.CAPTION, "Farmers wait for water (Jan Hovel/Reuters)"),
        (SkipReason.CAPTION, "Farmers wait for water. © Jan Hovel"),
        (SkipReason.CAPTION, "Photo: Jan Hovel"),
        (SkipReason.CAPTION, "Figure 2: Flow of the Orla by month, in cubic metres."),
        (SkipReason.CAPTION, "Map 1"),
        (SkipReason.CAPTION, "Source: Joint River Commission."),
        (SkipReason.SUBSCRIPTION, "Subscribe to Basin Watch’s Weekly Letter"),
        (SkipReason.SUBSCRIPTION, "Receive our best analysis of rivers in your inbox."),
        (SkipReason.SUBSCRIPTION, "Sign up for our newsletter."),
        (SkipReason.NAVIGATION, "Related content"),
        (SkipReason.NAVIGATION, "Read more"),
        (SkipReason.NAVIGATION, "Share this"),
        (SkipReason.NAVIGATION, "Download PDF"),
        (SkipReason.NAVIGATION, "Back to top"),
        (SkipReason.NAVIGATION, "Skip to main content"),
        (SkipReason.NAVIGATION, "© 2026 Basin Watch. All rights reserved."),
        (SkipReason.NAVIGATION, "* * *"),
        (SkipReason.CONTACT, "For more information, please contact press@example.org."),
        (SkipReason.CONTACT, "Media contact: Mira Lund"),
        (SkipReason.CONTACT, "Tel.: +44 20 7946 0000"),
        (SkipReason.PULL_QUOTE, "Neither side can afford another dry summer"),
        (SkipReason.PULL_QUOTE, "“Neither side can afford another dry summer.”"),
    ],
)
def test_furniture_is_named(reason, text):
    assert _reason(text) is reason


@pytest.mark.parametrize(
    "text",
    [
        "The ministry should subscribe to the convention.",
        "Both sides should share this information.",
        "Download the files and compare them with your own, the engineers say. Few have done so.",
        "We call on readers to contact their deputies.",
        "The parties to the treaty should:",
        "In view of the losses on both banks,",
        "Recalling its earlier resolutions on the river; and",
        "He said it twice: “The gates will open.”",
        "The gates will open.[4]",
        "The gates will open.3",
        "The gates will open (and close again).",
        "Why the gates were shut, and who gave the order, nobody on either bank has yet been able to say with any "
        "certainty, although several have tried",
        "The gates were shut. Nobody has said why",
        "By Tuesday the gates had been shut.",
        "By March 2026 the gates had been shut.",
        "Figure 2 shows the flow of the river.",
        "The photo: a bridge. The place: unknown.",
        "QUESTION: Will the gates open?",
        "It opened on 4 March 2026.",
        "Sources in both capitals say so.",
        "The question is old. Who owns the water?",
    ],
)
def test_prose_is_kept(text):
    assert _reason(text) is None


@pytest.mark.parametrize("text", ["open the gates in May", "publish the figures;", "Will it rain?"])
def test_items_of_a_list_are_prose(text):
    assert _reason(text, BlockKind.ITEM) is None


def test_short_item_is_a_title():
    assert _reason("Background", BlockKind.ITEM) is SkipReason.TITLE


def test_quotes_are_prose_unless_they_repeat():
    assert _reason("We will not sign any text of this kind", BlockKind.QUOTE) is None
    assert _reason("Neither side can afford another dry summer", BlockKind.QUOTE) is SkipReason.PULL_QUOTE


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (BlockKind.HEADING, SkipReason.TITLE),
        (BlockKind.TABLE, SkipReason.TABLE),
        (BlockKind.CODE, SkipReason.CODE),
        (BlockKind.FRONT_MATTER, SkipReason.FRONT_MATTER),
        (BlockKind.CAPTION, SkipReason.CAPTION),
    ],
)
def test_kinds_that_are_never_prose(kind, reason):
    assert _reason("The gates will open in May.", kind) is reason


def test_refrain_is_no_pull_quote():
    refrain = (BlockKind.PARAGRAPH, "The river does not wait for us.")
    document = _document(refrain, (BlockKind.PARAGRAPH, BODY), refrain)
    assert judge_blocks(document) == (list(document.blocks), [])


def test_pull_quote_after_its_source():
    document = _document((BlockKind.PARAGRAPH, BODY), (BlockKind.PARAGRAPH, "and both of them know it. The next round"))
    assert [one.reason for one in judge_blocks(document)[1]] == [SkipReason.PULL_QUOTE]


WORDS = st.lists(st.sampled_from("abc"), min_size=5, max_size=12).map(lambda words: f" {' '.join(words)} ")


@settings(max_examples=300, deadline=None)
@given(st.sets(WORDS, max_size=6), st.sets(WORDS, max_size=6), st.data())
def test_the_index_finds_what_a_plain_search_finds(runs, blocks, data):
    for block in sorted(blocks):
        words = block.split()
        first = data.draw(st.integers(0, len(words) - 5))
        runs = runs | {f" {' '.join(words[first : data.draw(st.integers(first + 5, len(words)))])} "}
    plain = {run for run in runs if any(run in block and run != block for block in blocks)}
    assert _within_larger(runs, blocks) == plain


def test_many_short_paragraphs_are_judged_in_time_that_grows_with_them():
    blocks = [(BlockKind.PARAGRAPH, f"The envoys met for round {number} of the talks.") for number in range(20_000)]
    document = _document(*blocks, (BlockKind.PARAGRAPH, "the envoys met for round 7 of"))
    started = time.process_time()
    kept, skipped = judge_blocks(document)
    assert time.process_time() - started < 15  # a search of all blocks for each takes minutes
    assert len(kept) == 20_000 and len(skipped) == 1


def test_skipped_spans_slice_back():
    text = f"Water for Two Countries\n\n{BODY}\n\nRead more\n"
    reading = read(read_text(text))
    assert [text[one.start : one.end] for one in reading.skipped] == ["Water for Two Countries", "Read more"]
    assert all(one.text == text[one.start : one.end] for one in (*reading.skipped, *reading.sentences))
    assert [one.index for one in reading.sentences] == [0, 1, 2]


def test_document_without_prose_says_what_was_skipped():
    document = read_text("Water for Two Countries\n\nRead more\n\nShare this\n")
    with pytest.raises(DocumentError, match=r"no running prose; skipped: 2 navigation, 1 title") as caught:
        read(replace(document, path="a.txt"))
    assert caught.value.hint == "stance sentences a.txt --show-skipped"
    with pytest.raises(DocumentError, match=r"text: holds no running prose"):
        read(document)
    assert len(read(document, allow_none=True).skipped) == 3
