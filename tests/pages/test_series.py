"""A set of documents as HTML: an index that sorts, a timeline with its table, changes; and nothing of theirs runs."""

from datetime import date

import pytest
from briefings import scored
from lxml import html
from tiny import codebook_of

from pipeline.ground.records import Estimate, Prevalence
from pipeline.pages.briefing import Extras, Maker, build_page, render_briefing

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"
MAKER = Maker("model-1", codebook_of("any"), (0.5, 0.5))
SAID = [
    [("The talks will fail.", ["hawk"]), ("Ships wait off the port.", []), ("They should meet again soon.", ["dove"])],
    [("The talks will not fail now.", ["dove"]), ("Ships wait off the port.", []), ("Trade grows.", ["hawk", "dove"])],
    [("Trade grows.", ["hawk", "dove"]), ("Nobody came.", [])],
]


def _page(documents, **extras):
    return html.fromstring(render_briefing(build_page(documents, MAKER, date(2026, 1, 2), Extras(**extras))))


def _three(**facts):
    return [
        scored(said, title=f"Briefing {n}", source="Desk", date=f"2026-0{n}", **facts) for n, said in enumerate(SAID, 1)
    ]


def test_the_index_has_a_row_for_each_document_with_keys_to_sort_by():
    page = _page(_three())
    [table] = page.xpath("//table[@data-sortable]")
    headings = [" ".join(one.text_content().split()) for one in table.xpath("./thead/tr/th")]
    assert headings == ["Document", "Source", "Date", "Sentences", "Hawk", "Dove", "To review"]
    rows = table.xpath("./tbody/tr")
    assert [row.get("data-of") for row in rows] == ["d1", "d2", "d3"]
    for row in rows:
        assert len(row.xpath("./*[@data-key]")) == len(headings)
        [link] = row.xpath("./th[@scope='row']/a")
        assert page.xpath(f"//*[@id='{link.get('href')[1:]}']")
    assert [cell.get("data-key") for cell in rows[2].xpath("./td")][2:] == ["2", "0.5", "0.5", "0"]
    assert float(rows[0].xpath("./td")[1].get("data-key")) < float(rows[1].xpath("./td")[1].get("data-key"))


def test_without_a_script_the_index_is_a_plain_table():
    [table] = _page(_three()).xpath("//table[@data-sortable]")
    assert not table.xpath(".//button") and not table.xpath("./thead//th[@aria-sort]")


def test_the_total_stands_raw_beside_corrected():
    known = [Prevalence("hawk", 8, 0.375, Estimate(0.31, 0.2, 0.44)), Prevalence("dove", 8, 0.5, None)]
    raw, corrected = _page(_three(), prevalence=known).xpath("//table[@data-sortable]/tfoot/tr")
    assert [" ".join(cell.text_content().split()) for cell in raw.xpath("./td[@data-name]")] == [
        "8",
        "38 %",
        "50 %",
        "0",
    ]
    assert [" ".join(cell.text_content().split()) for cell in corrected.xpath("./td[@data-name]")] == [
        "31 %20 to 44 %",
        "–",
    ]
    assert len(_page(_three()).xpath("//table[@data-sortable]/tfoot/tr")) == 1


def test_a_model_that_does_not_tell_has_no_column_for_it():
    assert "To review" not in _page(_three(told=False)).xpath("//table[@data-sortable]/thead")[0].text_content()


def test_documents_of_one_title_are_told_apart_by_their_paths():
    twins = [scored(SAID[0], title="Same", path=f"{folder}/same.md") for folder in "ab"]
    rows = _page([*twins, scored(SAID[1], title="Other", path="c/o.md")]).xpath("//table[@data-sortable]/tbody/tr")
    assert [row.xpath("string(.//*[@class='beneath'])") for row in rows] == ["a/same.md", "b/same.md", ""]


def test_the_timeline_is_a_drawing_with_its_figures_as_a_table():
    [timeline] = _page(_three()).xpath("//section[@id='timeline']")
    assert len(timeline.xpath(".//*[@data-panel]")) == 2
    points = timeline.xpath(".//*[@aria-hidden='true']//a")
    assert len(points) == 6 and all(point.get("tabindex") == "-1" for point in points)
    assert points[0].xpath("./title")[0].text == "Briefing 1, Desk, Jan 2026: hawk in 1 of 3 sentences, 33 %"
    assert [link.get("href") for link in timeline.xpath(".//tbody//a")] == ["#d1", "#d2", "#d3"]


def test_each_document_shows_its_change_and_the_first_says_why_there_is_none():
    page = _page(_three())
    assert "there is none of Desk before it here" in page.xpath("string(//p[@id='d1-change'])")
    [change] = page.xpath("//article[@id='d2']//div[@id='d2-change']")
    assert (change.get("data-then"), change.get("data-now")) == ("d1", "d2")
    [turned] = change.xpath(".//details//*[@data-group='turned']//li")
    assert turned.xpath("string(./p[@class='turn'])") == "From hawk to dove"
    assert turned.xpath(".//del/text()") == [] and turned.xpath(".//ins/text()") == ["not", "now"]
    assert [li.get("data-sentence") for li in change.xpath(".//*[@data-group='new']//li")] == ["d2-s3"]
    assert [li.get("data-sentence") for li in change.xpath(".//*[@data-group='gone']//li")] == ["d1-s3"]
    assert not page.xpath("//section[@id='comparison']")


def test_two_documents_are_always_compared_once_and_in_the_open():
    page = _page([scored(SAID[1], title="B"), scored(SAID[0], title="A", source="Other")])
    [comparison] = page.xpath("//section[@id='comparison']")
    assert (comparison.get("data-then"), comparison.get("data-now")) == ("d1", "d2")
    assert "the order they were given in" in comparison.text_content()
    assert comparison.xpath(".//*[@data-group='turned' and not(ancestor::details)]")
    assert not page.xpath("//*[contains(@id, 'd1-change') or contains(@id, 'd2-change')]")


def test_the_same_text_twice_is_said_to_be_so():
    page = _page([scored(SAID[0], title="A"), scored(SAID[0], title="B")])
    assert "the same sentences, all 3" in page.xpath("string(//*[@data-identical])")


def test_one_document_is_no_set():
    page = _page([scored(SAID[0])])
    assert not page.xpath("//*[@id='index' or @id='timeline' or @id='comparison' or contains(@id, '-change')]")


@pytest.mark.parametrize("count", [2, 3])
def test_nothing_in_a_document_becomes_markup(count):
    documents = [
        scored([(f"{HOSTILE} {n}", ["hawk"]), (HOSTILE, [])], title=HOSTILE, source=HOSTILE, date=date, path=HOSTILE)
        for n, date in zip(range(count), ["2026-01", "2026-02", HOSTILE], strict=False)
    ]
    written = render_briefing(build_page(documents, MAKER, date(2026, 1, 2)))
    assert written.count("<script") == 1 and "<img" not in written
    assert not html.fromstring(written).xpath("//@*[starts-with(name(), 'on')]")


def test_ids_are_unique_and_links_lead_somewhere():
    for page in (_page(_three()), _page(_three()[:2])):
        ids = page.xpath("//@id")
        assert len(ids) == len(set(ids))
        assert {link[1:] for link in page.xpath("//a/@href") if link.startswith("#")} <= set(ids)
