"""A briefing's report shows every sentence with what was decided, and reads without its script."""

import dataclasses
import re

import pytest
from marked import LABELS, TEXT, briefing, carried, exclusive, maker, page_of, parsed, scored, words_of

from pipeline.corpus.reading import read
from pipeline.ground.records import Estimate, Evidence, Prevalence
from pipeline.inference.evidence import NOTHING
from pipeline.pages.briefing import Extras, render_briefing


@pytest.fixture
def tree():
    return parsed(page_of(briefing()))


def test_each_sentence_carries_its_labels_as_colour_line_letter_and_words(tree):
    sentences = tree.find_class("s")
    assert [one.get("id") for one in sentences] == ["d1-s1", "d1-s2", "d1-s3"]
    assert [one.get("data-labels") for one in sentences] == ["0", "2", "1 2"]
    third = sentences[2]
    assert {"given2", "a1", "b2", "look"} <= set(third.get("class").split())
    assert [one.get("class").split()[1] for one in third.find_class("u")] == ["u1", "u2"]
    assert [one.text for one in third.find_class("tag")] == ["C?", "R"]
    assert words_of(third.find_class("visually-hidden")[0]) == (
        "(caution, 91 per cent, worth a look; recommendation, 91 per cent)"
    )


def test_the_text_stands_whole_and_in_its_paragraphs(tree):
    for hidden in (*tree.find_class("tags"), *tree.find_class("visually-hidden"), *tree.find_class("at")):
        hidden.text = ""
        for one in list(hidden):
            hidden.remove(one)
    assert [words_of(one) for one in tree.find_class("para")] == [" ".join(one.split()) for one in TEXT.split("\n\n")]


def test_headings_and_lists_are_kept_and_what_was_left_out_says_why():
    text = (
        "# Varo\n\nBy the Desk\n\n## What to do\n\nThe sides met at last, and this is what they should do:\n\n"
        "- Publish the map of the mines before winter comes;\n- Let the monitors go everywhere they ask to go.\n\n"
        "| a | b |\n|---|---|\n| 1 | 2 |\n"
    )
    from pathlib import Path

    from pipeline.corpus.readers import parse_document

    reading = read(parse_document(Path("varo.md"), text.encode()))
    tree = parsed(page_of(scored(reading, [()] * len(reading.sentences))))
    [text_column] = tree.xpath("//*[@data-text]")
    assert [(one.tag, one.get("class")) for one in text_column] == [
        ("details", "omitted"),
        ("h2", "within"),
        ("p", "para"),
        ("ul", "items"),
        ("details", "omitted"),
    ]
    assert [words_of(one.find("summary")) for one in tree.find_class("omitted")] == [
        "not scored: byline",
        "not scored: table",
    ]
    assert len(text_column.findall("ul/li")) == 2 and tree.findtext("body//h1/bdi") == "Varo"


def test_requests_are_a_list_to_tick_with_their_places(tree):
    items = tree.xpath("//*[@data-todo]/li")
    assert [one.findtext(".//bdi") for one in items] == [
        "Both sides should publish the map.",
        "Without monitors the truce may not hold, and monitors should be sent now.",
    ]
    assert [one.find(".//input").get("type") for one in items] == ["checkbox"] * 2
    assert [one.find_class("place")[0].get("href") for one in items] == ["#d1-s2", "#d1-s3"]
    assert items[0].find_class("place")[0].text == "paragraph 2"


def test_what_deserves_a_look_says_why(tree):
    [item] = tree.find_class("doubts")[0]
    assert "caution given at 91 % (given from 40 % up), and it may not be there" in words_of(item).replace("\xa0", " ")


def test_figures_of_every_sentence_stand_in_a_table(tree):
    rows = tree.xpath("//tr[starts-with(@id, 'd1-f')]")
    assert [one.get("id") for one in rows] == ["d1-f1", "d1-f2", "d1-f3"]
    cells = rows[2].xpath("./td[@data-p]")
    assert [one.get("data-p") for one in cells] == ["0.1000", "0.9100", "0.9100"]
    assert ["data-given" in one.attrib for one in cells] == [False, True, True]
    assert ["data-unsure" in one.attrib for one in cells] == [False, True, False]


def test_words_that_carried_a_label_are_marked_and_listed():
    document = briefing()
    tree = parsed(page_of(document, extras=Extras([carried(document, "should", "monitors")])))
    marked = {
        one.get("id"): [(word.text, word.get("class")) for word in one.find_class("w")] for one in tree.find_class("s")
    }
    assert marked == {
        "d1-s1": [],
        "d1-s2": [("should", "w w3")],
        "d1-s3": [("monitors", "w w2"), ("should", "w w3")],
    }
    listed = tree.xpath("//tr[@id='d1-f3']//*[@data-word='1']")
    assert [(one.text, one.get("data-weight")) for one in listed] == [("should", "1.00"), ("monitors", "0.50")]
    assert "found by dropping words" in words_of(tree.find_class("foot")[0])


def test_corrected_shares_stand_beside_the_counted_ones():
    rates = [
        Prevalence("optimism", 3, 1 / 3, Estimate(0.3, 0.2, 0.45)),
        Prevalence("caution", 3, 1 / 3, Estimate(0.25)),
        Prevalence("recommendation", 3, 2 / 3, None),
    ]
    [table] = parsed(page_of(briefing(), extras=Extras(None, rates, [rates]))).find_class("shares")
    rows = [words_of(row).replace("\xa0", " ") for row in table.find("tbody")]
    assert rows == [
        "O Optimism 1 of 3 33 % 30 % 20 to 45 %",
        "C Caution 1 of 3 33 % 25 %",
        "R Recommendation 2 of 3 67 % not known",
    ]
    assert re.findall(r"left:([\d.]+)%;width:([\d.]+)%", table.find_class("span")[0].get("style")) == [
        ("20.00", "25.00")
    ]


def test_without_evidence_and_prevalence_it_says_so():
    document = dataclasses.replace(briefing(), profile=dataclasses.replace(briefing().profile, review=None))
    tree = parsed(page_of(document, extras=Extras(without="Not sought: too long.")))
    assert tree.find_class("w") == [] and tree.xpath("//*[@data-word]") == []
    assert "Not sought: too long." in words_of(tree.find_class("foot")[0])
    assert "how often it makes them is not known here" in words_of(tree.find_class("meaning")[0])
    assert tree.xpath("//*[@data-filter='look']") == [] and tree.find_class("looks") == []


def test_the_foot_says_what_made_it_and_how_far_to_trust_it():
    page = page_of(briefing(), made=maker(own=Estimate(0.8, 0.76, 0.83), others=Estimate(0.7704)))
    foot = words_of(parsed(page).find_class("foot")[0])
    assert "m-1, on 26 November 2026" in foot and "Codebook stance 1.0.0" in foot
    assert "macro-F1 is 0.80 (95 % interval 0.76 to 0.83)" in foot and "it is 0.77. A figure" in foot
    assert "nothing left it" in foot


def test_where_one_label_stands_there_is_no_threshold_and_nothing_to_do():
    document, codebook = exclusive()
    page = page_of(document, made=maker(codebook, (None,) * 3))
    tree = parsed(page)
    assert tree.find_class("requests") == [] and "Each sentence carries exactly one." in words_of(tree)
    assert [one.get("data-labels") for one in tree.find_class("s")] == ["1", "0", "2"]
    assert [one["tag"] for one in page.signs] == ["H", "D", "O"]
    assert LABELS and "None" not in render_briefing(page).partition("<body>")[2].partition("<script>")[0]


def test_a_date_is_written_for_a_reader_no_finer_than_it_is():
    for said, shown in (("2026-09-21", "21 Sep 2026"), ("2026-09", "Sep 2026"), ("in spring", "in spring")):
        document = briefing()
        reading = document.reading
        dated = dataclasses.replace(reading, document=dataclasses.replace(reading.document, date=said))
        page = parsed(page_of(dataclasses.replace(document, reading=dated)))
        assert shown in words_of(page) and (said == shown or said not in words_of(page))


def test_of_too_few_sentences_to_correct_it_says_so():
    rates = [Prevalence(label, 3, 1 / 3, None) for label in ("optimism", "caution", "recommendation")]
    tree = parsed(page_of(briefing(), extras=Extras(None, rates, [rates])))
    said = words_of(tree.find_class("meaning")[0])
    assert "Fewer than 10 are too few to correct" in said and "not known" not in said
    [table] = tree.find_class("shares")
    assert "Corrected" not in words_of(table)


@pytest.mark.parametrize(
    ("method", "said"), [(None, "no sentence was given a label"), (NOTHING, "gives every sentence the same")]
)
def test_where_words_were_sought_and_none_found_it_says_why(method, said):
    rows = [(Evidence("caution", method, ()),) if method else () for _ in briefing().predictions]
    foot = words_of(parsed(page_of(briefing(), extras=Extras([rows]))).find_class("foot")[0])
    assert said in foot and "nothing is known here" not in foot and "were found by" not in foot


@pytest.mark.parametrize(
    ("probability", "shown"),
    [
        (0.0, "<1 %"),
        (0.0099, "<1 %"),
        (0.01, "1 %"),
        (0.125, "13 %"),
        (0.99, "99 %"),
        (0.9901, ">99 %"),
        (1.0, ">99 %"),
    ],
)
def test_no_probability_is_shown_as_certain(probability, shown):
    document = briefing()
    first = document.predictions[0]
    chances = first.probabilities | {"caution": probability}
    changed = (dataclasses.replace(first, probabilities=chances), *document.predictions[1:])
    tree = parsed(page_of(dataclasses.replace(document, predictions=changed)))
    assert words_of(tree.xpath("//tr[@id='d1-f1']/td[@data-p]")[1]) == shown


def test_on_a_page_of_several_filters_and_bars_name_their_document():
    tree = parsed(page_of(briefing("one"), briefing("two")))
    for part in ("//*[@class='filters']/@aria-label", "//*[@data-slider]/@data-slider"):
        first, second = tree.xpath(part)
        assert "document 1, one" in first and "document 2, two" in second


def test_the_hint_of_keys_ends_at_nine():
    page = page_of(briefing())
    many = dataclasses.replace(page, labels=page.labels * 4)
    hint = words_of(parsed(many).xpath("//dialog")[0])
    assert "1 – 9" in hint and hint.count("optimism") == 3
