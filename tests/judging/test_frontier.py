"""A front holds what nothing beats; its figure shows every point, named, without one name over another."""

import math
import re
from itertools import combinations

import pytest

from pipeline.ground.records import Estimate
from pipeline.judging.curve_figure import to_svg
from pipeline.judging.frontier import Point, Speed, fronts_of, pareto_front
from pipeline.judging.frontier_figure import draw_frontier
from pipeline.judging.label_places import Box, place_labels, set_apart

NAN = math.nan


def point(name, f1, speed, megabytes, taken="") -> Point:
    return Point(name, Estimate(f1, f1 - 0.04, f1 + 0.03), Speed(speed, speed * 0.9, speed * 1.1), megabytes, taken)


POINTS = [
    point("teacher", 0.89, 14, 1310),
    point("accurate", 0.88, 95, 94),
    point("mpnet", 0.87, 40, 438),
    point("fast", 0.82, 1020, 27),
    point("minilm", 0.756, 358, 91.0),
    point("transformers", 0.704, 260, 91.6, "2026-11-23"),
    point("setfit", 0.675, 280, 91.6, "2026-11-23"),
    point("average", 0.661, 322, 92.1),
    point("tfidf", 0.64, 3449, 1.05),
    point("spacy", 0.583, 9276, 3.4, "2026-11-24"),
    point("frozen", 0.567, 353, 91.0),
    point("rules", 0.538, 2929, 0.0146),
]


@pytest.mark.parametrize(
    ("first", "second", "on"),
    [
        ([], [], []),
        ([0.5], [10.0], [True]),
        ([0.9, 0.8, 0.7], [1, 2, 3], [True, True, True]),
        ([0.9, 0.8, 0.7], [3, 2, 1], [True, False, False]),
        ([0.8, 0.8, 0.7], [5, 5, 5], [True, True, False]),  # equal points stand together
        ([0.8, 0.8], [5, 6], [False, True]),
        ([0.9, 0.8], [5, 5], [True, False]),
        ([NAN, 0.5, 0.4], [9, 1, NAN], [False, True, False]),  # what is no number neither stands nor beats
        ([NAN], [1.0], [False]),
        ([0.5, 0.4], [1.0, math.inf], [True, True]),
    ],
)
def test_the_front_is_what_nothing_beats(first, second, on):
    assert list(pareto_front(first, second)) == on


def test_figures_must_pair():
    with pytest.raises(ValueError, match="zip"):
        pareto_front([0.5], [1.0, 2.0])


def test_the_front_of_speed_is_of_models_timed_together_and_that_of_size_of_all():
    fronts = fronts_of(POINTS)
    assert fronts.speed == ("teacher", "accurate", "fast", "tfidf")
    assert fronts.speed_of_all == ("teacher", "accurate", "fast", "tfidf", "spacy")
    assert fronts.size == ("teacher", "accurate", "fast", "tfidf", "rules")
    lighter = point("guest", 0.7, 1, 0.5, "2026-11-23")
    assert "guest" in fronts_of([*POINTS, lighter]).size and "tfidf" not in fronts_of([*POINTS, lighter]).size


def test_a_speed_is_the_median_of_its_rounds():
    assert Speed.over([2.0, 1.0, 10.0], 100) == Speed(50.0, 10.0, 100.0)
    assert Speed.over([4.0], 100) == Speed(25.0, 25.0, 25.0)


def test_names_cover_neither_each_other_nor_what_is_drawn():
    frame = Box(0, 0, 400, 300)
    points = [(100 + 3 * n, 150 + 2 * n) for n in range(8)]
    marks = [Box(x, y, x, y).grown(4) for x, y in points]
    bar = Box(160, 0, 162, 300)
    places = place_labels([(50, 12)] * 8, points, frame, [*marks, bar])
    assert len(places) == 8 and place_labels([(50, 12)] * 8, points, frame, [*marks, bar]) == places
    assert all(one.shared(other) == 0 for one, other in combinations(places, 2))
    assert all(place.shared(drawn) == 0 for place in places for drawn in (*marks, bar))
    assert all(place.shared(frame) == pytest.approx(place.area) for place in places)
    assert place_labels([(50, 12)], [(200, 150)], frame)[0].left == pytest.approx(205)  # alone: close, to the right
    assert place_labels([(50, 12)], [(390, 150)], frame)[0].right <= 400
    assert place_labels([], [], frame) == []


@pytest.mark.parametrize(
    ("start", "end", "cut"),
    [
        ((0, 5), (20, 5), True),
        ((5, 0), (5, 20), True),
        ((0, 0), (20, 10), True),
        ((12, 8), (20, 20), True),
        ((0, 5), (9, 5), False),
        ((0, 12), (20, 12), False),
        ((0, 30), (30, 0), False),
        ((0, 10), (20, 10), False),  # along its rim
    ],
)
def test_a_line_cuts_what_it_passes_through(start, end, cut):
    box = Box(10, 0, 14, 10) if start[0] != 5 else Box(0, 10, 14, 14)
    assert box.cuts(start, end) is box.cuts(end, start) is cut


def test_a_line_from_a_point_to_its_name_crosses_no_other_name():
    points, frame = [(200.0, 150.0), (206.0, 151.0), (203.0, 156.0)], Box(0, 0, 400, 300)
    wall = [Box(190, 0, 192, 300), Box(214, 0, 216, 300)]
    places = place_labels([(60, 12)] * 3, points, frame, [*wall, *(Box(x, y, x, y).grown(4) for x, y in points)])
    for (one, its), (other, _) in combinations(zip(places, points, strict=True), 2):
        assert not other.cuts(its, one.nearest(its))


def test_bars_are_set_apart_only_where_they_would_lie_on_one_another():
    shifts = set_apart([10, 10, 10, 50], [(0.4, 0.6), (0.5, 0.7), (0.8, 0.9), (0.4, 0.9)], 4)
    assert shifts[0] == shifts[2] == shifts[3] == 0 and abs(shifts[1]) == 4
    crowd = set_apart([10.0] * 5, [(0, 1)] * 5, 4)
    assert all(abs(a - b) >= 4 for a, b in combinations(crowd, 2)) and max(map(abs, crowd)) <= 8


def names_in(figure) -> list[list]:
    return [[text for text in axes.texts if text.get_text()] for axes in figure.axes]


def test_the_figure_names_every_point_apart_from_the_others_and_fills_the_front():
    fronts = fronts_of(POINTS)
    figure = draw_frontier(POINTS, fronts)
    assert all(axes.get_xscale() == "log" for axes in figure.axes)
    for axes, texts, front in zip(figure.axes, names_in(figure), (fronts.speed, fronts.size), strict=True):
        assert [text.get_text() for text in texts] == [one.name for one in POINTS]
        spans = [text.get_window_extent() for text in texts]
        assert not any(a.overlaps(b) for a, b in combinations(spans, 2))
        frame = axes.get_window_extent()
        assert all(frame.x0 <= span.x0 and span.x1 <= frame.x1 for span in spans)
        marks = [line for line in axes.lines if line.get_marker() in ("o", "D") and len(line.get_xdata())]
        filled = {one.name for one, mark in zip(POINTS, marks, strict=True) if mark.get_markerfacecolor() != "white"}
        assert filled == set(front)
        assert [mark.get_marker() == "D" for mark in marks] == [bool(one.taken) for one in POINTS]
        assert [mark.get_ydata()[0] for mark in marks] == [one.macro_f1.value for one in POINTS]
    entries = [text.get_text() for text in figure.legends[0].get_texts()]
    assert entries[:2] == ["measured in this run", "from the leaderboard"]


def test_the_step_line_is_the_best_to_be_had_at_each_cost():
    axes = draw_frontier(POINTS, fronts_of(POINTS)).axes
    [line] = [line for line in axes[0].lines if len(line.get_xdata()) > 2]
    assert list(line.get_xdata())[:-1] == [3449, 3449, 3449, 1020, 1020, 95, 95, 14, 14]
    assert list(line.get_ydata())[1:] == [axes[0].get_ylim()[0], 0.64, 0.64, 0.82, 0.82, 0.88, 0.88, 0.89, 0.89]
    assert line.get_xdata()[-1] == axes[0].get_xlim()[0]


def test_what_cannot_be_drawn_is_left_out_of_its_panel_alone():
    odd = [point("sized", 0.7, NAN, 3.0), point("nothing", 0.6, 10, 0.0), point("plain", 0.5, 20, 1.0)]
    by_speed, by_size = names_in(draw_frontier(odd, fronts_of(odd)))
    assert [text.get_text() for text in by_speed] == ["nothing", "plain"]
    assert [text.get_text() for text in by_size] == ["sized", "plain"]


@pytest.mark.parametrize("number", [1, 2, len(POINTS)])
def test_the_same_points_give_the_same_svg_without_a_date(number):
    first, again = (to_svg(draw_frontier(POINTS[:number], fronts_of(POINTS[:number]))) for _ in range(2))
    assert first == again and "nan" not in first.lower().split()
    assert not re.search(r"\d{4}-\d{2}-\d{2}|Matplotlib v", first)


def test_a_point_without_interval_is_a_point():
    bare = [Point("bare", Estimate(0.7), Speed(5, 5, 5), 1.0)]
    assert [len(texts) for texts in names_in(draw_frontier(bare, fronts_of(bare)))] == [1, 1]
