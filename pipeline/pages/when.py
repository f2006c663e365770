"""Place dates that name a year, a month or a day on one axis of time."""

import re
from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

_SAID = re.compile(r"(?P<year>\d{4})(?:-(?P<month>\d\d)(?:-(?P<day>\d\d))?)?")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DAYS = (1, 2, 7, 14)  # steps between marks of an axis
_MONTH_STEPS = (1, 3, 6)
_YEARS = (1, 2, 5, 10, 20, 50, 100, 500, 1000)


@dataclass(frozen=True, slots=True)
class When:
    """The days a date may mean, first and last; one day where it names one."""

    first: date
    last: date

    @property
    def middle(self) -> float:
        """Give the middle as a number of days, where the date stands on an axis."""
        return (self.first.toordinal() + self.last.toordinal()) / 2

    @property
    def exact(self) -> bool:
        """Tell whether it names a day."""
        return self.first == self.last

    @property
    def text(self) -> str:
        """Write it for a reader, no finer than it is: `12 Oct 2026`, `Oct 2026`, `2026`."""
        if self.exact:
            return f"{self.first.day} {_month(self.first)}"
        return _month(self.first) if self.first.month == self.last.month else str(self.first.year)

    def before(self, other: "When") -> bool:
        """Tell whether every day it may mean lies before every day of the other."""
        return self.last < other.first


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark of an axis: a day and what is written under it."""

    day: date
    text: str


def when(said: str) -> When | None:
    """Read an ISO 8601 year, year and month, or day; None for anything else, and for what no calendar has."""
    found = _SAID.fullmatch(said)
    if not found:
        return None
    year, month, day = (int(part) if part else None for part in found.groups())
    try:
        if day is not None:
            one = date(year or 0, month or 0, day)
            return When(one, one)
        first = date(year or 0, month or 1, 1)
        end = month or 12
        return When(first, date(first.year, end, monthrange(first.year, end)[1]))
    except ValueError:
        return None


def ticks(first: date, last: date, most: int = 6) -> tuple[Tick, ...]:
    """Mark an axis at round days, months or years, by the shortest step that needs at most `most` marks.

    The year is written at the first mark and where it changes. There is always a mark.
    """
    span = (last - first).days
    for step in _DAYS:
        if span // step + 1 <= most:
            days = [first + timedelta(days=count * step) for count in range(span // step + 1)]
            return _written(days, lambda day: f"{day.day} {_MONTHS[day.month - 1]}")
    for step in _MONTH_STEPS:
        days = _firsts(first, last, step)
        if days and len(days) <= most:
            return _written(days, lambda day: _MONTHS[day.month - 1])
    for step in _YEARS:
        years = [year for year in range(first.year, last.year + 2) if year % step == 0]
        days = [date(year, 1, 1) for year in years if 1 <= year <= 9999 and first <= date(year, 1, 1) <= last]
        if len(days) <= most:
            break
    return tuple(Tick(day, str(day.year)) for day in days) or (Tick(first, _month(first)),)


def _firsts(first: date, last: date, step: int) -> list[date]:
    """List the first days of months, counted from January by `step`, that lie between two days."""
    months = range(first.year * 12 + first.month - 1, last.year * 12 + last.month)
    days = [date(month // 12, month % 12 + 1, 1) for month in months if month % step == 0]
    return [day for day in days if first <= day <= last]


def _written(days: list[date], short: Callable[[date], str]) -> tuple[Tick, ...]:
    """Write a mark under each day, with the year where it is new."""
    years = [None, *(day.year for day in days)]
    return tuple(
        Tick(day, short(day) if day.year == before else f"{short(day)} {day.year}")
        for day, before in zip(days, years, strict=False)
    )


def _month(day: date) -> str:
    return f"{_MONTHS[day.month - 1]} {day.year}"
