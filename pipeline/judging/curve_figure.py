"""Draw learning curves: what was measured on each share, the law through it, and what it expects beyond."""

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.ground.records import Estimate
from pipeline.judging.curve import Line, Study, Track
from pipeline.judging.figure_style import FAINT, GRID, arrange, dress, legend_below, line_style, panels

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SALT = "cautious-hope"  # the names inside an SVG come from it, not from chance
BEYOND = (0, (3, 2))  # dashes of the law where nothing was measured
DODGE = 0.018  # of the width, between recipes, so that their bars stand side by side


def draw_curves(lines: Sequence[Line]) -> "Figure":
    """Draw one panel for each figure: macro-F1, then labels, then sources, each recipe in its colour.

    Filled marks are means over seeds with 95 % intervals, small dots single seeds; the law is dashed beyond the
    last share, and open marks are what it expects, with the interval of the gain.
    """
    keys = [(track.kind, track.name) for track in lines[0].study.tracks]
    figure, axes = panels(len(keys), width=3.7, height=3.6)
    low, high = _range(lines)
    across = arrange(len(keys))[0]
    for place, (part, (kind, name)) in enumerate(zip(axes, keys, strict=True)):
        dress(
            part, f"on {name}" if kind == "source" else name, "training sentences", "F1" if place % across == 0 else ""
        )
        part.set(ylim=(low, high))
        part.locator_params(axis="x", nbins=4)
        part.xaxis.set_major_formatter("{x:,.0f}")
        part.grid(color=GRID, linewidth=0.8)
        part.set_axisbelow(True)
        for column, line in enumerate(lines):
            shift = (column - (len(lines) - 1) / 2) * DODGE * _furthest(line.study)
            for track in (t for t in line.study.tracks if (t.kind, t.name) == (kind, name)):
                _draw(part, line.study, track, line_style(column)["color"], shift)
        part.set_xlim(left=0)
    for column, line in enumerate(lines):
        color = line_style(column)["color"]
        axes[0].plot([], [], "o-", color=color, linewidth=2, label=f"{line.recipe}: mean, 95 % interval, law")
    axes[0].plot([], [], ".", color=FAINT, label="one seed")
    axes[0].plot([], [], color=FAINT, linestyle=BEYOND, label="law beyond what was measured")
    axes[0].plot([], [], "o", color=FAINT, markerfacecolor="white", label="expected, the gain's 95 % interval")
    legend_below(figure, axes, columns=min(across, 4) if across != 3 else 2)
    return figure


def _draw(axes: "Axes", study: Study, track: Track, color: str, shift: float) -> None:
    """Draw one recipe's figure: the law, single seeds, means with intervals, expectations."""
    n = np.array([size.sentences for size in study.sizes])
    inside, beyond = np.linspace(n[0], n[-1], 60), np.linspace(n[-1], _furthest(study), 20)
    axes.plot(inside, track.law.f1(inside), color=color, linewidth=2)
    axes.plot(beyond, track.law.f1(beyond), color=color, linewidth=1.6, linestyle=BEYOND)
    bars: dict[str, Any] = {"color": color, "elinewidth": 1.6, "capsize": 0, "linestyle": "none"}
    if len(study.seeds) > 1:
        seeds = np.array(track.by_seed)
        beside = n + shift + DODGE * _furthest(study)
        axes.plot(np.repeat(beside, seeds.shape[1]), seeds.ravel(), ".", color=color, markersize=4, alpha=0.6)
    means = np.array([value.value for value in track.values])
    axes.errorbar(n + shift, means, yerr=_reach(track.values), fmt="o", markersize=6, **bars)
    totals = np.array([expected.total for expected in track.expectations])
    gains = _reach([expected.gain for expected in track.expectations])
    f1 = np.array([expected.f1 for expected in track.expectations])
    open_marks: dict[str, Any] = {"markersize": 5, "markerfacecolor": "white", "markeredgecolor": color}
    axes.errorbar(totals + shift, f1, yerr=gains, fmt="o", **open_marks, **bars)


def _reach(estimates: Sequence[Estimate]) -> np.ndarray:
    """Give how far each interval reaches below and above its value; shape (2, n), 0 where there is none."""
    below = [0.0 if e.low is None else max(e.value - e.low, 0.0) for e in estimates]
    above = [0.0 if e.high is None else max(e.high - e.value, 0.0) for e in estimates]
    return np.array([below, above])


def _furthest(study: Study) -> float:
    """Give the most sentences anything is expected for."""
    return max(expected.total for expected in study.tracks[0].expectations)


def _range(lines: Sequence[Line]) -> tuple[float, float]:
    """Give the F1 all panels share, in tenths, so that their slopes compare."""
    tracks = [track for line in lines for track in line.study.tracks]
    ends = [end for t in tracks for v in t.values for end in (v.value, v.low, v.high) if end is not None]
    ends += [
        expected.f1 + (end or expected.gain.value) - expected.gain.value
        for track in tracks
        for expected in track.expectations
        for end in (expected.gain.low, expected.gain.high)
    ]
    return max(np.floor(min(ends) * 10) / 10, -0.02), min(np.ceil(max(ends) * 10) / 10, 1.02)


def to_svg(figure: "Figure") -> str:
    """Write a figure as SVG; the same figure gives the same bytes, without a date or a version."""
    from matplotlib import rc_context

    stream = io.StringIO()
    with rc_context({"svg.hashsalt": SALT, "svg.fonttype": "path"}):
        figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None})
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines()) + "\n"
