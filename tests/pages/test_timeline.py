"""A timeline has a panel for each label, a line for each source, and a true scale of time."""

import pytest
from briefings import LABELS, briefing

from pipeline.pages.timeline import HEIGHT, LEFT, RIGHT, WIDTH, draw_timeline


def _drawn(*facts):
    return draw_timeline(
        [briefing(f"d{n}", source=source, date=date) for n, (source, date) in enumerate(facts, 1)], LABELS
    )


def test_fewer_than_three_dates_make_none():
    assert _drawn(("", "2026-01"), ("", "2026-02"), ("", "soon"), ("", "")) is None


def test_distance_is_time_and_a_vague_date_stands_in_the_middle():
    drawn = _drawn(("Desk", "2026-01-01"), ("Desk", "2026-01-11"), ("Desk", "2026-01-31"), ("Desk", "2026-01"))
    points = {point.document.key: point for point in drawn.bands[0].panels[0].lines[0].points}
    assert points["d3"].x - points["d2"].x == pytest.approx(2 * (points["d2"].x - points["d1"].x))
    vague = points["d4"]
    assert not vague.exact and (vague.left, vague.right) == (points["d1"].x, points["d3"].x)
    assert vague.x == pytest.approx((vague.left + vague.right) / 2)
    assert [document.key for document, _ in drawn.dated] == ["d1", "d2", "d4", "d3"]


def test_everything_lies_within_the_panel_even_on_one_day():
    for dates in (["2026-01-01"] * 3, ["0001-01-01", "9999", "2026"], ["2026", "2026-05", "2026-05-06"]):
        drawn = _drawn(*(("Desk", date) for date in dates))
        for point in (point for panel in drawn.bands[0].panels for line in panel.lines for point in line.points):
            assert LEFT <= point.left <= point.x <= point.right <= WIDTH - RIGHT
            assert 0 < point.high <= point.y <= point.low < HEIGHT
        assert all(LEFT <= mark.at <= WIDTH - RIGHT for mark in drawn.across)


def test_a_higher_share_stands_higher():
    low, high = [("One.", []), ("Two.", ["hawk"])], [("One.", ["hawk"]), ("Two.", ["hawk"])]
    documents = [briefing(f"d{n}", said, date=f"2026-0{n}") for n, said in enumerate((low, high, low), 1)]
    first, second, _ = draw_timeline(documents, LABELS).bands[0].panels[0].lines[0].points
    assert second.y < first.y and "1 of 2 sentences, 50 %" in first.text


def test_each_source_has_a_line_and_documents_without_one_are_not_joined():
    drawn = _drawn(("Desk", "2026-01"), ("desk", "2026-02"), ("Watch", "2026-01"), ("", "2026-03"), ("", "2026-04"))
    desk, watch, unnamed = drawn.bands[0].panels[1].lines
    assert desk.path.startswith("M") and desk.path.count("L") == 1
    assert (watch.source, watch.path) == ("Watch", "")
    assert unnamed.style is None and unnamed.path == "" and len(unnamed.points) == 2


def test_where_no_document_names_a_source_they_are_one_line():
    drawn = _drawn(("", "2026-01"), ("", "2026-02"), ("", "2026-03"))
    [line] = drawn.bands[0].panels[0].lines
    assert line.path.count("L") == 2 and drawn.sources == ()


def test_what_has_no_date_is_listed():
    drawn = _drawn(("", "2026-01"), ("", "2026-02"), ("", "2026-03"), ("", "soon"), ("", ""))
    assert [document.key for document in drawn.undated] == ["d4", "d5"]


def test_many_documents_of_several_sources_get_a_band_for_each():
    facts = [(f"Source {n % 6}", f"20{n // 6 + 10}-01") for n in range(42)]
    assert [band.source for band in _drawn(*facts[:40]).bands] == [""]
    drawn = _drawn(*facts)
    assert [band.source for band in drawn.bands] == ["Source 0", "Source 1", "Source 2", "Source 3", "Others"]
    for band in drawn.bands[:4]:
        assert [len(panel.lines) for panel in band.panels] == [1, 1] and band.panels[0].lines[0].path
    assert [len(line.points) for line in drawn.bands[4].panels[1].lines] == [7, 7]
