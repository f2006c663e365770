"""Everyone can read a report: axe finds nothing serious, light or dark, wide or narrow; nothing runs off the side."""

import pytest
from browser.chromium import NARROW, WIDE
from browser.judging_pages import grave_findings, overflow

PAGES = ["one", "set"]
LOOKS = [("one", scheme, size) for scheme in ("light", "dark") for size in (WIDE, NARROW)]
LOOKS += [("set", "light", WIDE), ("set", "dark", NARROW)]  # axe takes its time over a set


@pytest.mark.parametrize(("name", "scheme", "size"), LOOKS)
def test_axe_finds_nothing_serious(visitor, report, name, scheme, size):
    with visitor.visit(size, color_scheme=scheme) as visit:
        page = visit.page
        page.goto(report(name).as_uri())
        if name == "one":  # the whole set at rest is the same again, and takes axe half a minute
            assert grave_findings(visit) == []
        page.keyboard.press("j")  # with the figures of a sentence open, a filter on, and everything unfolded
        page.keyboard.press("3")
        for folded in page.locator("summary").all():
            folded.click()
        assert page.locator(".s.active").count() == 1
        assert grave_findings(visit) == []
        page.keyboard.press("?")
        assert grave_findings(visit, "dialog") == []


@pytest.mark.parametrize("width", [320, NARROW[0], 768, WIDE[0]])
@pytest.mark.parametrize("name", [*PAGES, "hostile"])
def test_nothing_runs_off_the_side(visitor, report, name, width):
    with visitor.visit((width, 800)) as visit:
        visit.page.goto(report(name).as_uri())
        assert overflow(visit) <= 0
        visit.page.keyboard.press("j")
        assert overflow(visit) <= 0


def test_it_is_readable_at_twice_the_type(visitor, report):
    with visitor.visit(WIDE) as visit:
        visit.page.goto(report("one").as_uri())
        visit.page.add_style_tag(content="html { font-size: 200% !important }")
        assert overflow(visit) <= 0
