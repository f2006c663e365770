"""The report of a set: the index sorts by mouse and by key, and says so; two files of one name stay apart."""

import pytest
from browser.chromium import WIDE
from playwright.sync_api import expect


@pytest.fixture
def page(visitor, report):
    with visitor.visit(WIDE) as visit:
        visit.page.goto(report("set").as_uri())
        yield visit.page
        assert visit.complaints == [] and visit.dialogs == []


def keys(page, column):
    cells = f"table[data-sortable] tbody tr > :nth-child({column})"
    return page.locator(cells).evaluate_all("all => all.map((one) => one.dataset.key)")


def column_of(page, name):
    headings = page.locator("table[data-sortable] thead th").all_inner_texts()
    return 1 + next(place for place, text in enumerate(headings) if text.strip().startswith(name))


@pytest.mark.parametrize("by", ["mouse", "Enter", "Space"])
def test_a_heading_sorts_by_its_figures_and_back(page, by):
    column = column_of(page, "Recommendation")
    heading = page.locator(f"table[data-sortable] thead th:nth-child({column})")
    expect(heading).not_to_have_attribute("aria-sort", "descending")
    button = heading.get_by_role("button")
    for direction in ("descending", "ascending"):
        button.click() if by == "mouse" else button.press(by)
        expect(heading).to_have_attribute("aria-sort", direction)
        found = [float(key) for key in keys(page, column)]
        assert len(found) == 6 and len(set(found)) > 3
        assert found == sorted(found, reverse=direction == "descending")
        expect(page.locator("[data-announce]").first).to_contain_text(direction)
    assert page.locator("table[data-sortable] thead th[aria-sort]").count() == 1


def test_dates_sort_as_dates_and_rows_without_one_come_last(page):
    column = column_of(page, "Date")
    page.locator(f"table[data-sortable] thead th:nth-child({column})").get_by_role("button").click()
    found = keys(page, column)
    dated = [key for key in found if key]
    assert len(dated) == 4 and found[:4] == sorted(dated) and found[4:] == ["", ""]


def test_two_documents_of_one_name_are_two(page):
    titles = page.locator("article[data-document] header .path").all_inner_texts()
    assert [title.split("/")[-2:] for title in titles if title.endswith("note.txt")] == [
        ["north", "note.txt"],
        ["south", "note.txt"],
    ]
    links = page.locator("table[data-sortable] tbody a").evaluate_all("all => all.map((one) => one.hash)")
    assert len(set(links)) == page.locator("article[data-document]").count() == 6
    page.locator(f"table[data-sortable] a[href='{links[-1]}']").first.click()
    expect(page.locator(f"{links[-1]} header").first).to_be_in_viewport()
