"""Dates of a year, a month and a day stand on one axis, and none counts as earlier unless it surely is."""

from datetime import date

import pytest

from pipeline.pages.when import ticks, when


@pytest.mark.parametrize(
    ("said", "first", "last", "text"),
    [
        ("2026", date(2026, 1, 1), date(2026, 12, 31), "2026"),
        ("2024-02", date(2024, 2, 1), date(2024, 2, 29), "Feb 2024"),
        ("2026-10-12", date(2026, 10, 12), date(2026, 10, 12), "12 Oct 2026"),
    ],
)
def test_a_date_is_the_days_it_may_mean(said, first, last, text):
    found = when(said)
    assert (found.first, found.last, found.text) == (first, last, text)
    assert found.exact == (first == last)


@pytest.mark.parametrize(
    "said", ["", "spring 2024", "2024-13", "2023-02-29", "0000", "20240301", "2024-3", "2024-03-01T10"]
)
def test_what_is_no_date_has_no_place(said):
    assert when(said) is None


@pytest.mark.parametrize(
    ("one", "other", "surely"),
    [
        ("2026-10-12", "2026-10-13", True),
        ("2026-10-12", "2026-10-12", False),
        ("2026-10", "2026-10-12", False),
        ("2026-09", "2026-10-01", True),
        ("2025", "2026-01", True),
        ("2026", "2026-12-31", False),
    ],
)
def test_one_is_before_another_only_if_no_reading_says_otherwise(one, other, surely):
    assert when(one).before(when(other)) is surely
    assert not when(other).before(when(one))


@pytest.mark.parametrize(
    ("first", "last", "texts"),
    [
        (date(2026, 10, 12), date(2026, 10, 12), ["12 Oct 2026"]),
        (date(2026, 12, 30), date(2027, 1, 2), ["30 Dec 2026", "31 Dec", "1 Jan 2027", "2 Jan"]),
        (date(2026, 9, 19), date(2026, 12, 16), ["Oct 2026", "Nov", "Dec"]),
        (date(2025, 11, 20), date(2026, 9, 1), ["Jan 2026", "Apr", "Jul"]),
        (date(2023, 1, 5), date(2026, 12, 16), ["2024", "2025", "2026"]),
        (date(1789, 1, 1), date(2026, 12, 16), ["1800", "1850", "1900", "1950", "2000"]),
    ],
)
def test_an_axis_has_a_few_round_marks(first, last, texts):
    marks = ticks(first, last, 5)
    assert [mark.text for mark in marks] == texts
    assert all(first <= mark.day <= last for mark in marks)


def test_no_span_is_without_a_mark_or_has_too_many():
    start = date(2024, 1, 31)
    for days in [*range(400), *range(400, 20_000, 97)]:
        assert 1 <= len(ticks(start, date.fromordinal(start.toordinal() + days), 6)) <= 6
