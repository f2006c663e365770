"""What documents hold never runs; no page asks for anything; a long one works, and one prints."""

import pytest
from browser.chromium import NARROW, WIDE
from browser.judging_pages import is_alone
from browser.reports import HOSTILE_NAME, LONG
from playwright.sync_api import expect


def test_the_gate_sees_what_a_page_asks_of_other_machines(visitor):
    with visitor.visit(WIDE) as visit:
        visit.page.set_content("<img src='http://example.org/seen.png'><script>console.error('heard')</script>")
        visit.page.wait_for_load_state("networkidle")
        assert [request for request in visit.escaped if "example.org/seen.png" in request]
        assert any("heard" in said for said in visit.complaints)


@pytest.mark.parametrize("name", ["one", "set", "hostile"])
def test_a_page_asks_for_nothing_and_complains_of_nothing(visitor, report, name):
    with visitor.visit(WIDE) as visit:
        visit.page.goto(report(name).as_uri())
        for key in ("j", "n", "1", "0", "?", "Escape"):
            visit.page.keyboard.press(key)
        visit.page.wait_for_timeout(300)
        assert is_alone(visit, report(name)), (visit.requests, visit.escaped)
        assert visit.complaints == [] and visit.dialogs == []


@pytest.mark.parametrize("bypass", [False, True], ids=["as it is", "without its policy"])
def test_markup_in_a_document_is_text_and_nothing_of_it_runs(visitor, report, bypass):
    """The second time Chromium ignores the page's policy, so that escaping alone must hold."""
    with visitor.visit(WIDE, bypass_csp=bypass) as visit:
        page = visit.page
        page.goto(report("hostile").as_uri())
        for sentence in page.locator(".s").all():
            sentence.hover()
        for key in ("j", "j", "j", "n"):
            page.keyboard.press(key)
        for button in page.locator("[data-filter], table[data-sortable] button").all():
            button.click()
        for folded in page.locator("summary").all():
            folded.click()
        assert page.evaluate("window.struck") is None
        assert visit.dialogs == [] and visit.complaints == []
        assert is_alone(visit, report("hostile")) and len(page.frames) == 1
        assert page.locator("img, iframe, link, base, object, embed, form, a[href^='javascript']").count() == 0
        assert page.locator("script").count() == 1 and page.locator("style").count() == 1
        assert page.locator("main article").count() == 2
        expect(page.locator("main")).to_contain_text("{{ 7 * 7 }}")
        expect(page.locator("main")).to_contain_text("<script>window.struck=4;alert(4)</script>")
        expect(page.locator("main")).to_contain_text(HOSTILE_NAME)


def test_a_document_of_3000_sentences_can_be_walked(visitor, report):
    with visitor.visit(WIDE) as visit:
        page = visit.page
        page.goto(report("long").as_uri())
        count = page.locator(".s").count()
        assert LONG - 50 <= count <= LONG + 50
        page.keyboard.press("j")
        first = page.evaluate("document.activeElement.id")
        page.keyboard.press("j")
        assert first.startswith("d1-s") and page.evaluate("document.activeElement.id") not in (first, "")
        page.locator("#d1-strip").focus()
        page.keyboard.press("End")
        page.keyboard.press("Enter")
        expect(page.locator(f"#d1-s{count}")).to_be_in_viewport()
        page.keyboard.press("2")
        assert page.locator(".s.hit").count() == page.locator(".s[data-labels~='1']").count() > 50
        assert visit.complaints == [] and is_alone(visit, report("long"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_prints_on_white_without_what_only_a_screen_can_use(visitor, report, scheme, tmp_path):
    with visitor.visit(NARROW if scheme == "dark" else WIDE, color_scheme=scheme) as visit:
        page = visit.page
        page.goto(report("one").as_uri())
        page.emulate_media(media="print")
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        expect(page.locator("[data-card]").first).to_be_hidden()
        expect(page.locator(".s").first).to_be_visible()
        line = page.locator(".s[data-labels='2'] .u").first.evaluate(
            "(one) => getComputedStyle(one).textDecorationLine"
        )
        assert line == "underline"  # printers leave backgrounds out; lines and letters stay
        expect(page.locator(".s[data-labels='2'] .tags").first).to_be_visible()
        printed = page.pdf(format="A4", print_background=False)
        assert printed.startswith(b"%PDF")
        import pypdfium2

        document = pypdfium2.PdfDocument(printed)
        try:
            text = "".join(one.get_textpage().get_text_range() for one in document)
            assert 2 <= len(document) <= 6 and "A Second Chance" in text and "hotline" in text
        finally:
            document.close()
