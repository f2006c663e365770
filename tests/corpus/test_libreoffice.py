"""PDF files that LibreOffice made, with its hyphens, footnotes, columns and page numbers, read as they were written."""

import re
from pathlib import Path

import pytest
from lxml import etree
from pdfs import blocks, parsed, sentences

from pipeline.corpus.sentences import split_sentences
from pipeline.ground.records import BlockKind

FOLDER = Path(__file__).parents[1] / "data" / "readers"
TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"


def _source(name: str) -> list[str]:
    """List the sentences of the paragraphs in the source, without notes."""
    told = []
    for paragraph in list(etree.parse(FOLDER / f"{name}.fodt").iter(f"{TEXT}p")):
        if paragraph.get(f"{TEXT}style-name") != "Body":
            continue
        for note in list(paragraph.iter(f"{TEXT}note")):
            tail = note.tail
            note.clear()
            note.tail = tail
        text = "".join(paragraph.itertext())
        told += [text[start:end] for start, end in split_sentences(text)]
    return told


@pytest.mark.parametrize(("name", "pages"), [("book", 5), ("columns", 3)])
def test_every_sentence_is_read_whole_and_in_order(name, pages):
    raw = (FOLDER / f"{name}.pdf").read_bytes()
    told = _source(name)
    found = sentences(raw, f"{name}.pdf")
    assert len(told) > 30
    assert [one.text for one in found.sentences] == told
    assert [one.page for one in found.sentences] == sorted(one.page for one in found.sentences)
    assert max(one.page for one in found.document.blocks) == pages
    assert {str(one.reason) for one in found.skipped} == {"title", "footnote", "running head"}


def test_the_pages_hold_what_they_are_meant_to_test():
    raw = (FOLDER / "book.pdf").read_bytes()
    document = parsed(raw, "book.pdf")
    heads = blocks(document, BlockKind.RUNNING_HEAD)
    assert {"Water for Two Countries", "2 Basin Review", "Page 1 of 5"} <= set(heads)
    assert blocks(document, BlockKind.HEADING)[1:] == [
        "1. How the talks began",
        "2. What the intermediaries proposed",
        "3. What remains to be decided",
    ]
    assert document.title == "Water for Two Countries"
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", document.date)
    assert parsed((FOLDER / "columns.pdf").read_bytes()).title == "The Orla Negotiations"
