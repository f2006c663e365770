"""Draw the frontier: macro-F1 against speed and against size, what no other model beats joined by a step line."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from pipeline.judging.figure_style import FAINT, GRID, INK, PALETTE, SMALL, dress, legend_below, panels
from pipeline.judging.frontier import Fronts, Point
from pipeline.judging.label_places import Box, place_labels, set_apart

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

HERE, TAKEN = PALETTE[0], PALETTE[1]  # colours of what was measured in this run, and of what was not
DIAMETER = 8.0  # of a mark, points
APART = 4.0  # points between bars that would lie on one another: little, since it moves them off their cost
FEW_DECADES = 2.0  # an axis that spans fewer has marks at 2 and 5, too
FRONT: dict[str, Any] = {"color": FAINT, "linewidth": 1.4, "alpha": 0.6, "zorder": 1.5}
BARS: dict[str, Any] = {"linewidth": 1.6, "alpha": 0.75, "zorder": 2}
Place = tuple[float, float]
LEADER = 10.0  # points from which on a thin line leads from a name to its point


@dataclass(frozen=True, slots=True)
class Cost:
    """One panel: what it costs to be good, read from a point; `more` tells whether more of it is better."""

    title: str
    axis: str
    more: bool
    of: Callable[[Point], float]


SPEED = Cost("against speed", "sentences a second, more is better", True, lambda point: point.speed.value)
SIZE = Cost("against size", "MB on disk, less is better", False, lambda point: point.megabytes)


def draw_frontier(points: Sequence[Point], fronts: Fronts) -> "Figure":
    """Draw macro-F1 against sentences/s and against MB, both on log axes.

    Filled marks are on the panel's front, open ones are not; diamonds were not measured in this run, and no front of
    speed has them. Upright bars are 95 % intervals, level ones reach from the slowest to the fastest round. A point
    without a figure, or at 0, is not drawn.
    """
    figure, axes = panels(2, width=5.8, height=4.8)
    for place, (part, cost, front) in enumerate(zip(axes, (SPEED, SIZE), (fronts.speed, fronts.size), strict=True)):
        drawn = [point for point in points if _drawable(point, cost)]
        dress(part, f"macro-F1 {cost.title}", cost.axis, "" if place else "macro-F1 on test")
        _scale(part, drawn, points, cost)
        corners = _corners(part, [point for point in drawn if point.name in front], cost)
        part.plot([x for x, _ in corners], [y for _, y in corners], **FRONT)
    _explain(axes[0], points)
    legend_below(figure, axes, columns=3)
    figure.draw_without_rendering()  # the places of names are sought in what is then the final layout
    figure.set_layout_engine("none")
    for part, cost, front in zip(axes, (SPEED, SIZE), (fronts.speed, fronts.size), strict=True):
        _mark(part, [point for point in points if _drawable(point, cost)], front, cost)
    return figure


def _drawable(point: Point, cost: Cost) -> bool:
    value = cost.of(point)
    return math.isfinite(value) and value > 0 and math.isfinite(point.macro_f1.value)


def _ends(point: Point) -> tuple[float, float]:
    """Give the ends of a point's interval; its value where there is none."""
    value, low, high = point.macro_f1.value, point.macro_f1.low, point.macro_f1.high
    return (value if low is None else low), (value if high is None else high)


def _scale(axes: "Axes", drawn: Sequence[Point], points: Sequence[Point], cost: Cost) -> None:
    """Make room for all points, with some to spare for their names; both panels share the upright axis."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    ends = [end for point in points if math.isfinite(point.macro_f1.value) for end in _ends(point)] or [0.0, 1.0]
    axes.set_ylim(max(math.floor(min(ends) * 20 - 0.5) / 20, -0.02), min(math.ceil(max(ends) * 20 + 0.5) / 20, 1.02))
    axes.set_xscale("log")
    values = [cost.of(point) for point in drawn] or [1.0, 10.0]
    if cost.more:
        values += [end for point in drawn for end in (point.speed.slowest, point.speed.fastest) if end > 0]
    low, high = math.log10(min(values)), math.log10(max(values))
    room = max(0.2 * (high - low), 0.2, (1 - high + low) / 2)
    axes.set_xlim(10 ** (low - room), 10 ** (high + room))
    few = high - low + 2 * room < FEW_DECADES
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if few else (1.0,)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}" if value >= 1 else f"{value:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.grid(color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)


def _corners(axes: "Axes", front: Sequence[Point], cost: Cost) -> list[tuple[float, float]]:
    """Give the best macro-F1 to be had at each cost as a line: level to a point of the front, upright to the next."""
    if not front:
        return []
    (left, right), bottom = axes.get_xlim(), axes.get_ylim()[0]
    ordered = sorted(front, key=cost.of, reverse=cost.more)
    corners = [(cost.of(ordered[0]), bottom)]
    for point in ordered:
        corners += [(cost.of(point), corners[-1][1]), (cost.of(point), point.macro_f1.value)]
    return [*corners, (left if cost.more else right, corners[-1][1])]


def _mark(axes: "Axes", points: Sequence[Point], front: Sequence[str], cost: Cost) -> None:
    """Draw points with their bars, side by side where they would lie on one another, and their names."""
    if not points:
        return
    pixel = axes.figure.dpi / 72
    across = [float(axes.transData.transform((cost.of(point), 0.5))[0]) for point in points]
    shifts = set_apart(across, [_ends(point) for point in points], APART * pixel)
    places = []
    for point, x, shift in zip(points, across, shifts, strict=True):
        at = float(axes.transData.inverted().transform((x + shift, 0.0))[0])
        places.append((at, point.macro_f1.value))
        _draw(axes, point, at, cost, filled=point.name in front)
    lines = [*pairwise(_corners(axes, [point for point in points if point.name in front], cost))]
    _name(axes, points, places, _drawn(axes, points, places, lines, cost))


def _draw(axes: "Axes", point: Point, at: float, cost: Cost, *, filled: bool) -> None:
    value, (low, high) = point.macro_f1.value, _ends(point)
    color = TAKEN if point.taken else HERE
    axes.plot([at, at], [low, high], color=color, **BARS)
    if cost.more:
        axes.plot(_range(point, at), [value, value], color=color, **BARS)
    axes.plot([at], [value], **_style(color, taken=bool(point.taken), filled=filled), zorder=3)


def _range(point: Point, at: float) -> list[float]:
    """Give the slowest and the fastest round, moved as far as their point was."""
    moved = at / point.speed.value
    return [point.speed.slowest * moved, point.speed.fastest * moved]


def _style(color: str, *, taken: bool, filled: bool) -> dict[str, Any]:
    return {
        "color": color,
        "marker": "D" if taken else "o",
        "markersize": DIAMETER * (0.85 if taken else 1),
        "markerfacecolor": color if filled else "white",
        "markeredgewidth": 1.6,
        "linestyle": "none",
    }


def _name(axes: "Axes", points: Sequence[Point], places: Sequence[Place], drawn: Sequence[Box]) -> None:
    """Write each name near its point, clear of what is drawn, with a thin line where it is further off."""
    pixel = axes.figure.dpi / 72
    texts = [axes.text(*places[0], point.name, fontsize=SMALL, color=INK, zorder=4) for point in points]
    spans = [text.get_window_extent() for text in texts]
    marks = [tuple(axes.transData.transform(place)) for place in places]
    whole = axes.get_window_extent()
    frame = Box(whole.x0, whole.y0, whole.x1, whole.y1).grown(-2 * pixel)
    sizes = [(span.width + 2 * pixel, span.height + 2 * pixel) for span in spans]
    boxes = place_labels(sizes, marks, frame, drawn)
    back = axes.transData.inverted()
    for text, box, (x, y) in zip(texts, boxes, marks, strict=True):
        text.set(ha="center", va="center_baseline")
        middle = ((box.left + box.right) / 2, (box.bottom + box.top) / 2)
        x_middle, y_middle = back.transform(middle)
        text.set_position((float(x_middle), float(y_middle)))
        near = box.nearest((x, y))
        if math.dist(near, (x, y)) > LEADER * pixel:
            ends = [back.transform(end) for end in ((x, y), near)]
            axes.plot([e[0] for e in ends], [e[1] for e in ends], color=FAINT, linewidth=0.7, zorder=1.8)


def _drawn(
    axes: "Axes",
    points: Sequence[Point],
    places: Sequence[Place],
    front: Sequence[tuple[Place, Place]],
    cost: Cost,
) -> list[Box]:
    """Give what names must not cover: marks, bars, and the lines of the front; in pixels."""
    pixel = axes.figure.dpi / 72
    lines: list[tuple[Place, Place, float]] = [(*line, 1.0) for line in front]
    for point, (at, value) in zip(points, places, strict=True):
        low, high = _ends(point)
        lines += [((at, value), (at, value), DIAMETER / 2 + 1), ((at, low), (at, high), 1.0)]
        if cost.more:
            slow, fast = _range(point, at)
            lines.append(((slow, value), (fast, value), 1.0))
    found = []
    for start, end, half in lines:
        (x, y), (u, v) = axes.transData.transform(start), axes.transData.transform(end)
        found.append(Box(min(x, u), min(y, v), max(x, u), max(y, v)).grown(half * pixel))
    return found


def _explain(axes: "Axes", points: Sequence[Point]) -> None:
    """Name the marks in the legend, those that there are."""
    dates = sorted({point.taken for point in points if point.taken})
    if any(not point.taken for point in points):
        axes.plot([], [], label="measured in this run", **_style(HERE, taken=False, filled=True))
    if dates:
        said = "from the leaderboard" if len(dates) > 1 else f"from the leaderboard, {dates[0]}"
        axes.plot([], [], label=said, **_style(TAKEN, taken=True, filled=True))
    axes.plot([], [], label="open: not on the front", **_style(FAINT, taken=False, filled=False))
    axes.plot([], [], label="front", **FRONT)
    upright = {"marker": "|", "markersize": 13, "markeredgewidth": BARS["linewidth"], "linestyle": "none"}
    axes.plot([], [], color=HERE, label="95 % interval", **upright)
    axes.plot([], [], color=HERE, label="slowest to fastest round", **BARS)
