"""A briefing is compared with the one surely before it of the same source, and says so where there is none."""

import pytest
from briefings import LABELS, briefing

from pipeline.ground.records import Estimate
from pipeline.pages.change import Alone, Change, Shift, changes, compare_two, signed


def _before(*facts):
    """Give for each (source, date) the key it is compared with, or why it is not."""
    documents = [briefing(f"d{n}", source=source, date=date) for n, (source, date) in enumerate(facts, 1)]
    found = changes(documents, LABELS)
    return [one.then.key if isinstance(one, Change) else one.reason for one in found.values()]


def test_the_nearest_earlier_one_of_the_source_is_taken_whatever_the_order_given():
    given = [("Desk", "2026-03-01"), ("Desk", "2026-01-01"), ("Watch", "2026-02-01"), ("DESK", "2026-02-10")]
    assert _before(*given) == [
        "d4",
        "there is none of Desk before it here",
        "there is none of Watch before it here",
        "d2",
    ]


def test_dates_that_overlap_are_not_compared():
    tell = "the dates of Desk do not tell which came before it"
    assert _before(("Desk", "2026-10"), ("Desk", "2026-10-12")) == [tell, tell]
    assert _before(("Desk", "2026-09"), ("Desk", "2026-10-12")) == ["there is none of Desk before it here", "d1"]


def test_of_equals_the_last_given_is_taken_and_the_others_are_named():
    documents = [briefing(f"d{n}", source="Desk", date=date) for n, date in enumerate(["2026-01-01"] * 2 + ["2026-02"])]
    change = changes(documents, LABELS)["d2"]
    assert change.then.key == "d1" and [one.key for one in change.beside] == ["d0"]


def test_without_source_or_date_it_says_so():
    assert _before(("", "2026-01-01"), ("Desk", ""), ("Desk", "in spring")) == [
        "it names no source",
        "its date is not known",
        "its date is not known",
    ]


def test_the_same_text_again_is_identical():
    documents = [briefing("d1", source="Desk", date="2026-01"), briefing("d2", source="Desk", date="2026-02")]
    assert changes(documents, LABELS)["d2"].diff.identical


@pytest.mark.parametrize(
    ("dates", "order", "by_date"),
    [
        (("2026-02-01", "2026-01-01"), ("d2", "d1"), True),
        (("2026-01-01", "2026-02-01"), ("d1", "d2"), True),
        (("2026-01", "2026-01-09"), ("d1", "d2"), False),
        (("", ""), ("d1", "d2"), False),
    ],
)
def test_two_are_compared_in_order_of_time_or_as_given(dates, order, by_date):
    change = compare_two(*(briefing(f"d{n}", date=date) for n, date in enumerate(dates, 1)), LABELS)
    assert (change.then.key, change.now.key) == order and change.by_date is by_date


def test_dates_are_written_for_a_reader():
    change = compare_two(briefing("d1", date="2026-01"), briefing("d2", date="in spring"), LABELS)
    assert change.dates == ("Jan 2026", "in spring")


@pytest.mark.parametrize(
    ("estimate", "stands", "said"),
    [
        (Estimate(0.3, 0.05, 0.5), True, "a rise beyond chance"),
        (Estimate(-0.3, -0.5, -0.05), True, "a fall beyond chance"),
        (Estimate(-0.2, -0.3, -0.05), False, "no change beyond chance"),
        (Estimate(0.1, -0.15, 0.3), False, "too few to tell"),
        (Estimate(0.01, -0.04, 0.06), False, "no change beyond chance"),
        (Estimate(0.0), False, "too few to tell"),
    ],
)
def test_a_shift_says_no_more_than_its_interval_and_no_more_than_stands(estimate, stands, said):
    assert Shift(LABELS[0], (1, 10), (2, 10), estimate, stands).said == said


def _counted(key, hits, **facts):
    """Make a briefing of 40 sentences of which the first carry hawk; none stands in another briefing."""
    return briefing(key, [(f"{key}x{n} y{key}{n}.", ["hawk"] if n < hits else []) for n in range(40)], **facts)


def test_a_change_that_two_briefings_show_does_not_stand_among_many():
    two = compare_two(_counted("a", 8), _counted("b", 18), LABELS)
    assert two.shifts[0].difference.low > 0 and two.shifts[0].said == "a rise beyond chance" and two.asked == 2
    dates = [f"2026-01-{day:02}" for day in range(1, 12)]
    many = [_counted(f"d{n}", 18 if n == 10 else 8, source="Desk", date=date) for n, date in enumerate(dates)]
    found = changes(many, LABELS)
    assert found["d10"].shifts[0].difference == two.shifts[0].difference and found["d10"].asked == 20
    assert {shift.reading for one in found.values() if isinstance(one, Change) for shift in one.shifts} == {"level"}


def test_what_is_identical_asks_nothing():
    dates = ["2026-01-01", "2026-01-02", "2026-01-03"]
    documents = [
        briefing("d1", source="Desk", date=dates[0]),
        briefing("d2", source="Desk", date=dates[1]),
        _counted("d3", 3, source="Desk", date=dates[2]),
    ]
    found = changes(documents, LABELS)
    assert found["d2"].diff.identical and found["d3"].asked == len(LABELS)


def test_shifts_count_sentences():
    then = briefing("d1", [("One came.", ["hawk"]), ("Two came.", [])])
    now = briefing("d2", [("Three came.", ["hawk", "dove"])])
    hawk, dove = compare_two(then, now, LABELS).shifts
    assert (hawk.then, hawk.now, hawk.points) == ((1, 2), (1, 1), "+50")
    assert (dove.then, dove.now, dove.points) == ((0, 2), (1, 1), "+100")
    assert hawk.interval.startswith("−") and " to +" in hawk.interval


def test_points_have_a_true_sign():
    assert [signed(share) for share in (0.114, -0.114, 0.001, -0.001)] == ["+11", "−11", "0", "0"]


def test_alone_is_told_from_change():
    [alone] = changes([briefing("d1")], LABELS).values()
    assert isinstance(alone, Alone)
