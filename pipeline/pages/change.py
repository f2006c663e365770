"""Compare a briefing with the one before it of the same source, or any two with each other."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from pipeline.ground.records import Estimate
from pipeline.judging.difference import difference, p_value, stand
from pipeline.pages.align import WORK
from pipeline.pages.diff import Diff, diff
from pipeline.pages.views import DocumentView, LabelView
from pipeline.pages.when import When, when

WIDE = 0.2  # half an interval; where it is wider, a change that matters could stay unseen
LEAST_WORK = 1_000_000  # pairs of words that even one of many comparisons may look at
Reading = Literal["rise", "fall", "few", "level"]
_SAID: dict[Reading, str] = {
    "rise": "a rise beyond chance",
    "fall": "a fall beyond chance",
    "few": "too few to tell",
    "level": "no change beyond chance",
}


@dataclass(frozen=True, slots=True)
class Shift:
    """A label's share in two briefings, and the later less the earlier with its 95 % interval.

    `stands` tells whether chance hardly explains it, among all that its page asks (Holm 1979, 5 %).
    """

    label: LabelView
    then: tuple[int, int]
    now: tuple[int, int]
    difference: Estimate
    stands: bool = False

    @property
    def reading(self) -> Reading:
        """Tell what can be said of the counts: a change beyond chance, none, or nothing for want of sentences."""
        low, high = self.difference.low, self.difference.high
        if low is None or high is None:
            return "few"
        if self.stands:
            return "rise" if self.difference.value > 0 else "fall"
        return "few" if high - low > 2 * WIDE else "level"

    @property
    def said(self) -> str:
        """Say it in words."""
        return _SAID[self.reading]

    @property
    def points(self) -> str:
        """Give the difference in percentage points, with its sign."""
        return signed(self.difference.value)

    @property
    def interval(self) -> str:
        """Give the interval in percentage points; empty where there is none."""
        low, high = self.difference.low, self.difference.high
        return "" if low is None or high is None else f"{signed(low)} to {signed(high)}"


@dataclass(frozen=True, slots=True)
class Change:
    """Two briefings compared; `by_date` tells whether their dates say which is the earlier.

    `beside` are others of the source that bear the earlier one's date, and were not compared. `asked` counts the
    shifts that the page shows, among which one stands.
    """

    then: DocumentView
    now: DocumentView
    shifts: tuple[Shift, ...]
    diff: Diff
    by_date: bool
    beside: tuple[DocumentView, ...] = ()
    asked: int = 0

    @property
    def dates(self) -> tuple[str, str]:
        """Write both dates for a reader, as they stand where they are none; empty where there is none."""
        first, second = (when(one.date) for one in (self.then, self.now))
        return first.text if first else self.then.date, second.text if second else self.now.date


@dataclass(frozen=True, slots=True)
class Alone:
    """A briefing with none before it, and why."""

    now: DocumentView
    reason: str


def compare_two(one: DocumentView, other: DocumentView, labels: Sequence[LabelView]) -> Change:
    """Compare any two briefings: from the earlier to the later, or in the order given where dates do not tell."""
    first, second = when(one.date), when(other.date)
    if first and second and second.before(first):
        change = _change(other, one, labels, by_date=True)
    else:
        change = _change(one, other, labels, by_date=bool(first and second and first.before(second)))
    return _asked_together([change])[0]


def changes(documents: Sequence[DocumentView], labels: Sequence[LabelView]) -> dict[str, Change | Alone]:
    """Compare each document with the one before it of the same source; by key.

    One counts as before another only if no reading of their dates puts it on the same day or later: two of one day, or
    a month and a day in it, are not compared. Of several, the nearest in time is taken; of equals, the last given.
    """
    by_source: dict[str, list[DocumentView]] = defaultdict(list)
    for document in documents:
        by_source[source_key(document)].append(document)
    work = max(WORK // max(len(documents), 1), LEAST_WORK)
    found: Mapping[str, Change | Alone] = {
        document.key: _since(document, by_source[source_key(document)], labels, work=work) for document in documents
    }
    compared = {key: one for key, one in found.items() if isinstance(one, Change)}
    return {**found, **dict(zip(compared, _asked_together(list(compared.values())), strict=True))}


def source_key(document: DocumentView) -> str:
    """Give the name by which sources are told apart, whatever their capitals."""
    return document.source.casefold()


def signed(share: float) -> str:
    """Write a share's change in whole percentage points, with a sign unless it is 0."""
    points = round(100 * share)
    return f"+{points}" if points > 0 else f"−{-points}" if points else "0"


def _asked_together(compared: Sequence[Change]) -> list[Change]:
    """Tell of all shifts of a page which stand; of identical briefings nothing is asked, and nothing shown."""
    shown = [shift for change in compared if not change.diff.identical for shift in change.shifts]
    real = iter(stand([p_value(shift.then, shift.now) for shift in shown]))
    return [
        change
        if change.diff.identical
        else replace(
            change, shifts=tuple(replace(shift, stands=next(real)) for shift in change.shifts), asked=len(shown)
        )
        for change in compared
    ]


def _since(
    document: DocumentView, family: Sequence[DocumentView], labels: Sequence[LabelView], *, work: int
) -> Change | Alone:
    day = when(document.date)
    if not document.source:
        return Alone(document, "it names no source")
    if day is None:
        return Alone(document, "its date is not known")
    dated = [(other, found) for other in family if (found := when(other.date)) and other is not document]
    before = [(other, found) for other, found in dated if found.before(day)]
    if not before:
        others = any(not day.before(found) for _, found in dated)
        return Alone(document, _none_before(document.source, others))
    last = max(_age(found) for _, found in before)
    *beside, then = [other for other, found in before if _age(found) == last]
    return _change(then, document, labels, by_date=True, beside=tuple(beside), work=work)


def _none_before(source: str, others: bool) -> str:
    if others:
        return f"the dates of {source} do not tell which came before it"
    return f"there is none of {source} before it here"


def _age(found: When) -> tuple[float, int]:
    return found.middle, found.last.toordinal()


def _change(
    then: DocumentView,
    now: DocumentView,
    labels: Sequence[LabelView],
    *,
    by_date: bool,
    beside: tuple[DocumentView, ...] = (),
    work: int = WORK,
) -> Change:
    shifts = tuple(_shift(label, then, now) for label in labels)
    return Change(then, now, shifts, diff(then, now, labels, work=work), by_date, beside)


def _shift(label: LabelView, then: DocumentView, now: DocumentView) -> Shift:
    first, second = ((one.shares[label.index].count, len(one.sentences)) for one in (then, now))
    return Shift(label, first, second, difference(first, second))
