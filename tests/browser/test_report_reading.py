"""A briefing's report in a browser: shading, figures by pointer and by key, filters, bars, things to do."""

import re
from collections.abc import Iterator

import pytest
from browser.chromium import WIDE, Visit
from playwright.sync_api import expect

GIVEN = ".s:not([data-labels=''])"


@pytest.fixture
def opened(visitor, report) -> Iterator[Visit]:
    """Open the report of one briefing; nothing may have been complained of when the test ends."""
    with visitor.visit(WIDE, permissions=["clipboard-read", "clipboard-write"]) as visit:
        visit.page.goto(report("one").as_uri())
        yield visit
        assert visit.complaints == [] and visit.dialogs == []


def ids(page, wanted):
    return page.locator(wanted).evaluate_all("all => all.map((one) => one.id)")


def active(page):
    return ids(page, ".s.active")


def style(locator, name):
    return locator.evaluate("(one, name) => getComputedStyle(one)[name]", name)


def test_labelled_sentences_are_shaded_by_label_and_strength_and_others_are_not(opened):
    page = opened.page
    plain = page.locator(".s[data-labels='']:not(.look)").first
    bare = style(plain, "backgroundColor"), style(plain, "backgroundImage")
    shades = {}
    for index in "012":
        only = page.locator(f".s[data-labels='{index}']").first
        shades[index] = style(only, "backgroundColor"), style(only, "backgroundImage")
    assert len({bare, *shades.values()}) == 4
    by_level = page.locator(".s[data-labels='0']").evaluate_all(
        "all => all.map((one) => [one.className.match(/ma\\d/)[0], getComputedStyle(one).backgroundColor])"
    )
    assert len(by_level) > 3 and len({level for level, _ in by_level}) == len({shade for _, shade in by_level})
    for letter, index in (("O", "0"), ("C", "1"), ("R", "2")):  # never by colour alone
        expect(page.locator(f".s[data-labels='{index}'] .tags").first).to_contain_text(letter)


def test_pointing_at_a_sentence_gives_its_figures_and_leaving_takes_them_away(opened):
    page = opened.page
    sentence = page.locator(GIVEN).first
    details = page.locator("[data-details]")
    expect(details).to_be_hidden()
    sentence.hover()
    expect(details).to_be_visible()
    row = page.locator("#" + sentence.get_attribute("id").replace("-s", "-f"))
    figures = [
        int(100 * float(p) + 0.5) for p in row.locator("[data-p]").evaluate_all("all => all.map((td) => td.dataset.p)")
    ]
    shown = [int(text.split()[0].strip("<>")) for text in details.locator(".figure").all_inner_texts()]
    assert len(shown) == 3 and shown == [min(max(one, 1), 99) for one in figures]
    table = [re.search(r"[<>]?\d+ %", text)[0] for text in row.locator("[data-p]").all_text_contents()]
    assert [text.replace("\xa0", " ") for text in details.locator(".figure").all_inner_texts()] == table
    words = row.locator("[data-word]").all_text_contents()
    assert words and details.locator(".carried bdi").all_inner_texts() == words
    marked = sentence.locator(".w").first
    assert style(marked, "backgroundColor") != style(sentence, "backgroundColor")
    page.mouse.move(5, 5)
    expect(details).to_be_hidden()


def test_a_keyboard_walks_the_marked_sentences_and_back(opened):
    page = opened.page
    marked, doubted = ids(page, GIVEN), ids(page, ".s.look")
    assert len(marked) > 10 and doubted
    for wanted in marked[:4]:
        page.keyboard.press("j")
        assert active(page) == [wanted] and page.evaluate("document.activeElement.id") == wanted
        expect(page.locator("[data-details]")).to_be_visible()
    page.keyboard.press("k")
    assert active(page) == [marked[2]]
    everyone = ids(page, ".s")
    page.keyboard.press("ArrowRight")
    assert active(page) == [everyone[everyone.index(marked[2]) + 1]]
    page.keyboard.press("n")
    assert active(page)[0] in doubted
    page.keyboard.press("Escape")
    assert active(page) == []
    expect(page.locator("[data-details]")).to_be_hidden()


def test_a_sentence_reached_by_key_is_named_by_its_text_and_its_card_is_said(opened):
    page = opened.page
    page.keyboard.press("n")
    sentence = page.locator(".s.active")
    number = sentence.get_attribute("id").removeprefix("d1-s")
    assert page.locator(".s[role]").evaluate_all("all => all.map((one) => one.id)") == [f"d1-s{number}"]
    expect(page.get_by_role("group", name=sentence.inner_text()[:20])).to_be_focused()
    said = page.locator("[data-spoken]")
    expect(said).to_have_attribute("role", "status")
    why = page.locator(f"#d1-f{number}").get_attribute("data-why")
    expect(said).to_contain_text(f"Sentence {number}: ")
    expect(said).to_contain_text(f"Worth a look: {why}.")


def test_tab_alone_reaches_the_text_and_shows_where_it_is(opened):
    page = opened.page
    for _ in range(40):
        page.keyboard.press("Tab")
        focused = page.evaluate(
            "[document.activeElement.className, getComputedStyle(document.activeElement).outlineStyle]"
        )
        assert focused[1] != "none"
        if re.search(r"\bs\b", focused[0]):
            break
    else:
        pytest.fail("no sentence within forty steps")
    expect(page.locator("[data-details]")).to_be_visible()


def test_single_keys_can_be_switched_off(opened):
    page = opened.page
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.get_by_label("Single keys are on").uncheck()
    page.get_by_role("button", name="Close").click()
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.keyboard.press("j")
    assert active(page) == []


def test_filters_let_through_what_they_name_by_mouse_and_by_key(opened):
    page = opened.page
    button = page.locator("[data-filter='1']")
    wanted = ids(page, ".s[data-labels~='1']")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    assert ids(page, ".s.hit") == wanted and len(wanted) >= 2
    expect(page.locator("[data-status]")).to_have_text(f"{len(wanted)} of {page.locator('.s').count()} sentences shown")
    other = page.locator(".s:not(.hit)").first
    assert style(other, "opacity") != "1" or style(other, "color") != style(page.locator(".s.hit").first, "color")
    page.keyboard.press("j")
    assert active(page)[0] in wanted
    page.keyboard.press("3")
    assert set(ids(page, ".s.hit")) == set(wanted) | set(ids(page, ".s[data-labels~='2']"))
    page.keyboard.press("0")
    expect(button).to_have_attribute("aria-pressed", "false")
    assert ids(page, ".s.hit") == []


def test_the_bars_lead_to_their_sentence(opened):
    page = opened.page
    bars = page.locator("#d1-strip")
    bars.scroll_into_view_if_needed()
    box = bars.locator("svg").first.bounding_box()
    count = page.locator(".s").count()
    page.mouse.click(box["x"] + box["width"] * (count - 0.5) / count, box["y"] + 5)
    assert active(page) == [f"d1-s{count}"]
    cursor = page.locator("#d1-strip .cursor").bounding_box()
    assert cursor["x"] == pytest.approx(box["x"] + box["width"] * (count - 0.5) / count, abs=2)
    expect(page.locator(f"#d1-s{count}")).to_be_in_viewport()
    bars.focus()
    page.keyboard.press("Home")
    expect(bars).to_have_attribute("aria-valuenow", "1")
    page.keyboard.press("ArrowRight")
    assert "Sentence 2: optimism" in bars.get_attribute("aria-valuetext")
    page.keyboard.press("Enter")
    assert active(page) == ["d1-s2"] and page.evaluate("document.activeElement.id") == "d1-s2"


def test_things_to_do_can_be_ticked_copied_and_found_in_the_text(opened):
    page = opened.page
    items = page.locator("[data-todo] li")
    assert items.count() == page.locator(".s[data-labels~='2']").count() > 3
    items.nth(1).get_by_role("checkbox").check()
    page.get_by_role("button", name="Copy as text").click()
    expect(page.locator("[data-copied]")).to_have_text("copied")
    lines = page.evaluate("navigator.clipboard.readText()").strip().splitlines()
    assert [line[:5] for line in lines[2:4]] == ["- [ ]", "- [x]"] and len(lines) == 2 + items.count()
    place = items.nth(2).locator("a.place")
    wanted = place.get_attribute("href")[1:]
    place.click()
    assert active(page) == [wanted]
    expect(page.locator(f"#{wanted}")).to_be_in_viewport()


def test_without_javascript_everything_is_there_to_read(visitor, report):
    with visitor.visit(WIDE, java_script_enabled=False) as visit:
        page = visit.page
        page.goto(report("one").as_uri())
        expect(page.get_by_role("heading", level=1)).to_have_text("A Second Chance for the Varo Harbour Talks")
        expect(page.locator(".s").first).to_be_visible()
        expect(page.locator("[data-todo] li").first).to_be_visible()
        expect(page.locator("[data-copy], [data-keys]").first).to_be_hidden()  # what would do nothing is not offered
        page.locator("summary", has_text="Every sentence in figures").click()
        expect(page.locator("#d1-f1 [data-p]").first).to_be_visible()
        assert visit.complaints == []
