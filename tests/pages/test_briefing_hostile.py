"""Nothing in a document runs, loads, leaves its place or breaks the page; thousands of sentences fit on one."""

import dataclasses

import pytest
from marked import LABELS, UNSURE, briefing, page_of, parsed, scored, words_of

from pipeline.corpus.readers import read_text
from pipeline.corpus.reading import read
from pipeline.ground.records import Document, Reading
from pipeline.pages.briefing import render_briefing

ATTACKS = (
    "<script>alert(1)</script>",
    "</style><style>*{display:none}</style>",
    '<iframe src="https://example.org"></iframe>',
    "<svg onload=alert(2)>",
    '"><img src=x onerror=alert(3)>',
    "{{ page.maker }}",
    "</bdi></span></article>",
)


def with_document(document, **changes):
    reading = dataclasses.replace(document.reading, document=dataclasses.replace(document.reading.document, **changes))
    return dataclasses.replace(document, reading=reading)


@pytest.fixture
def clean():
    return render_briefing(page_of(briefing()))


def count(tree):
    kinds = ("script", "style", "iframe", "img", "svg", "article", "object", "link", "form")
    return {kind: len(tree.findall(f".//{kind}")) for kind in kinds}


@pytest.mark.parametrize("attack", ATTACKS)
def test_markup_in_a_document_is_text(attack):
    text = f"The envoys wrote {attack} into the draft, and it is a start.\n\nBoth stop. It would {attack} help all.\n"
    reading = read(read_text(text, attack))
    document = scored(reading, [("recommendation",)] * len(reading.sentences))
    hostile = with_document(document, title=attack, source=attack, genre=attack, date=attack, path=f"a/{attack}.md")
    tree, harmless = parsed(page_of(hostile)), parsed(page_of(document))
    assert count(tree) == count(harmless) and count(tree)["script"] == 1
    assert words_of(tree).count(attack) >= 6
    attributes = [name for element in tree.iter() for name in element.attrib]
    assert [name for name in attributes if name.startswith("on")] == []
    assert [one.get("href") for one in tree.iter("a") if not one.get("href").startswith("#")] == []


def test_an_id_from_outside_never_becomes_an_address():
    tree = parsed(page_of(with_document(briefing("javascript:alert(1)"), id="javascript:alert(1)", path="")))
    assert all(one.get("href").startswith("#") for one in tree.iter("a"))
    assert [one.get("id") for one in tree.iter("article")] == ["d1"]


def test_marks_of_direction_stay_within_their_sentence_and_out_of_names():
    turned = "\u202egnp.exe"
    text = f"The file {turned} was sent to both sides at night. Both should open nothing. It may be a trap for all.\n"
    document = scored(read(read_text(text, "varo")), LABELS, unsure=UNSURE)
    page = page_of(with_document(document, title=turned, path=turned, source=turned))
    tree = parsed(page)
    assert turned in tree.get_element_by_id("d1-s1").text_content()
    assert "\u202e" not in tree.findtext(".//title") + page.documents[0].title + page.documents[0].path
    assert "unicode-bidi: isolate" in render_briefing(page)


def test_what_html_cannot_hold_is_replaced_and_offsets_stay_true():
    text = "The en\x00voys met \x1b[31m at \ud800 noon, and \ufffe it was good.\n\nBoth should go. It may fail.\n"
    document = scored(read(read_text(text, "varo")), LABELS, unsure=UNSURE)
    shown = render_briefing(page_of(document))
    shown.encode("utf-8")
    assert "\x00" not in shown and "\x1b" not in shown and "en\N{REPLACEMENT CHARACTER}voys" in shown


def test_two_documents_of_one_name_are_both_there_with_their_paths():
    pair = [with_document(briefing(), title="Varo", path=path) for path in ("north/varo.md", "south/varo.md")]
    tree = parsed(page_of(*pair))
    assert [one.get("id") for one in tree.iter("article")] == ["d1", "d2"]
    ids = [one.get("id") for one in tree.iter() if one.get("id")]
    assert len(ids) == len(set(ids))
    assert [one.text for one in tree.find_class("path")] == ["north/varo.md", "south/varo.md"]
    targets = {one.get("href")[1:] for one in tree.iter("a")}
    assert targets <= set(ids) and len(targets) > 10


def test_three_thousand_sentences_fit_on_a_page():
    text = "\n\n".join("The envoys met in Varo. Both should go. It may fail." for _ in range(1000))
    reading: Reading = read(read_text(text, "long"))
    assert len(reading.sentences) == 3000
    document = scored(reading, LABELS * 1000, unsure=UNSURE * 1000)
    shown = render_briefing(page_of(document))
    assert shown.count('<span class="s ') == 3000 and len(shown) < 5_000_000
    assert '<article class="document long"' in shown


def test_a_document_without_sentences_has_a_page(clean):
    empty = Document("void", "", ())
    shown = render_briefing(page_of(scored(Reading(empty, (), ()), ())))
    assert "0 sentences" in shown and "of 0" in shown
    assert shown.count("<script>") == clean.count("<script>")
