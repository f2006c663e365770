"""Draw label shares over time: a panel for each label, a line for each source, all on one scale."""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from pipeline.judging.verdicts import wilson
from pipeline.pages.change import source_key
from pipeline.pages.views import DocumentView, LabelView
from pipeline.pages.when import When, ticks, when

FEWEST = 3  # documents with a date that make a timeline
STYLES = 4  # lines that can be told apart without colour; further sources are plain points
BARRED = 24  # points of a lone line up to which each has its interval drawn
CROWDED = 40  # points beyond which sources no longer share a panel
WIDTH, HEIGHT = 360, 200
LEFT, RIGHT, TOP, BOTTOM = 38, 14, 10, 26
_STEPS = 5  # of the whole, between which lines are drawn


@dataclass(frozen=True, slots=True)
class Point:
    """A document in a panel, in the panel's units; `left` and `right` are the ends of what its date may mean."""

    document: DocumentView
    x: float
    y: float
    left: float
    right: float
    low: float
    high: float
    exact: bool
    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """The documents of one source in order of time; `style` counts from 0, and is None for points without a line."""

    source: str
    style: int | None
    points: tuple[Point, ...]

    @property
    def path(self) -> str:
        """Give the line as SVG writes it; empty where the points are not joined."""
        if self.style is None or len(self.points) < 2:
            return ""
        return "M" + "L".join(f"{point.x:.1f} {point.y:.1f}" for point in self.points)


@dataclass(frozen=True, slots=True)
class Panel:
    """One label over time."""

    label: LabelView
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Band:
    """A panel for each label; of one source where there are too many documents for one drawing, else of all."""

    source: str
    panels: tuple[Panel, ...]


@dataclass(frozen=True, slots=True)
class Gridline:
    """A mark of an axis: where it lies, and what is written there."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """All panels with their shared axes; `dated` in order of time with the date as read, `undated` as given."""

    bands: tuple[Band, ...]
    across: tuple[Gridline, ...]
    up: tuple[Gridline, ...]
    sources: tuple[tuple[str, int | None], ...]
    dated: tuple[tuple[DocumentView, When], ...]
    undated: tuple[DocumentView, ...]
    barred: bool


@dataclass(frozen=True, slots=True)
class _Scale:
    first: float
    last: float
    top: float

    def x(self, day: float) -> float:
        span = self.last - self.first
        return LEFT + (WIDTH - LEFT - RIGHT) * (day - self.first) / span

    def y(self, share: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * min(share, self.top) / self.top


def draw_timeline(documents: Sequence[DocumentView], labels: Sequence[LabelView]) -> Timeline | None:
    """Draw documents over time; None where fewer than `FEWEST` have a date that can be read.

    A date stands in the middle of what it may mean. Documents that name no source are joined by a line only if
    none does.
    """
    read = [(document, when(document.date)) for document in documents]
    dated = sorted(((one, found) for one, found in read if found), key=lambda pair: (pair[1].middle, pair[1].last))
    if len(dated) < FEWEST:
        return None
    styles = _styles([document for document, _ in dated])
    barred = len(styles) == 1 and len(dated) <= BARRED
    scale = _scale(dated, barred=barred)
    up = [step / _STEPS for step in range(round(scale.top * _STEPS) + 1)]
    marks = ticks(date.fromordinal(int(scale.first)), date.fromordinal(int(scale.last)), 5)
    panels = tuple(Panel(label, _lines(label, dated, styles, scale)) for label in labels)
    apart = len(styles) > 1 and len(dated) > CROWDED
    return Timeline(
        bands=_bands(panels) if apart else (Band("", panels),),
        across=tuple(Gridline(scale.x(mark.day.toordinal()), mark.text) for mark in marks),
        up=tuple(Gridline(scale.y(share), f"{100 * share:.0f} %") for share in up),
        sources=() if apart or len(styles) == 1 else tuple(styles.values()),
        dated=tuple(dated),
        undated=tuple(document for document, found in read if not found),
        barred=barred,
    )


def _scale(dated: Sequence[tuple[DocumentView, When]], *, barred: bool) -> _Scale:
    """Fit the axes to what is drawn, intervals included where they are, with some air at both ends of time."""
    first = min(found.first.toordinal() for _, found in dated)
    last = max(found.last.toordinal() for _, found in dated)
    air = max((last - first) * 0.04, 1)
    bounds = [wilson(share.count, share.sentences) for document, _ in dated for share in document.shares]
    highest = max((one.high if barred and one.high is not None else one.value for one in bounds), default=0.0)
    top = min(max(math.ceil(highest * _STEPS - 1e-9), 1), _STEPS) / _STEPS
    return _Scale(max(first - air, 1), min(last + air, date.max.toordinal()), top)


def _styles(documents: Sequence[DocumentView]) -> dict[str, tuple[str, int | None]]:
    """Give lines to the sources with most documents; those that name none are no series, unless they are all."""
    counts: dict[str, int] = defaultdict(int)
    names: dict[str, str] = {}
    for document in documents:
        counts[source_key(document)] += 1
        names.setdefault(source_key(document), document.source)
    ranked = sorted(counts, key=lambda key: (key == "", -counts[key], key))
    return {
        key: (names[key] or "no source named", place if place < STYLES and (key or len(ranked) == 1) else None)
        for place, key in enumerate(ranked)
    }


def _lines(
    label: LabelView,
    dated: Sequence[tuple[DocumentView, When]],
    styles: dict[str, tuple[str, int | None]],
    scale: _Scale,
) -> tuple[Line, ...]:
    points: dict[str, list[Point]] = defaultdict(list)
    for document, found in dated:
        points[source_key(document)].append(_point(label, document, found, scale))
    return tuple(Line(name, style, tuple(points[key])) for key, (name, style) in styles.items())


def _bands(panels: Sequence[Panel]) -> tuple[Band, ...]:
    """Give each source that has a line a band of its own, and all others one together."""
    bands: dict[str, dict[int, list[Line]]] = defaultdict(lambda: defaultdict(list))
    for panel in panels:
        for line in panel.lines:
            alone = replace(line, style=None if line.style is None else 0)
            bands["Others" if line.style is None else line.source][panel.label.index].append(alone)
    return tuple(
        Band(name, tuple(Panel(panel.label, tuple(lines[panel.label.index])) for panel in panels))
        for name, lines in bands.items()
    )


def _point(label: LabelView, document: DocumentView, found: When, scale: _Scale) -> Point:
    share = document.shares[label.index]
    bounds = wilson(share.count, share.sentences)
    said = f"{share.count} of {share.sentences} sentences, {100 * share.counted:.0f} %"
    source = f", {document.source}" if document.source else ""
    return Point(
        document,
        x=scale.x(found.middle),
        y=scale.y(share.counted),
        left=scale.x(found.first.toordinal()),
        right=scale.x(found.last.toordinal()),
        low=scale.y(share.counted if bounds.low is None else bounds.low),
        high=scale.y(share.counted if bounds.high is None else bounds.high),
        exact=found.exact,
        text=f"{document.title}{source}, {found.text}: {label.name} in {said}",
    )
