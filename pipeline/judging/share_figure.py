"""Draw what a recipe reached on growing shares of the training documents, and where one run stands among them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.judging.figure_style import GRID, INK, blank, dress, legend_below, line_style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MACRO = "macro-F1"


@dataclass(frozen=True, slots=True)
class Point:
    """What one training on a share of the documents reached on test; `here` marks the run whose page it is for.

    `scores` are F1 values, `MACRO` first, then labels that have one.
    """

    share: float
    sentences: int
    seed: int
    scores: Mapping[str, float]
    here: bool = False


def sizes_of(points: Sequence[Point]) -> list[tuple[int, list[Point]]]:
    """Put the trainings of a share together, each group by its mean size: whole documents never divide evenly."""
    shares = sorted({point.share for point in points})
    groups = [[point for point in points if point.share == share] for share in shares]
    return [(round(float(np.mean([point.sentences for point in group]))), group) for group in groups]


def share_curve(points: Sequence[Point]) -> "Figure | None":
    """Draw F1 against training sentences: lines through means over seeds, a dot a training, a ring round the run.

    None where there is nothing to join: trainings on fewer than two shares.
    """
    groups = sizes_of(points)
    if len(groups) < 2:
        return None
    figure = blank(8.4, 4.6)
    axes = figure.add_subplot()
    dress(axes, "", "training sentences", "F1 on test")
    for column, name in enumerate(dict.fromkeys(name for point in points for name in point.scores)):
        macro = name == MACRO
        style: dict[str, Any] = {"color": INK, "linewidth": 3.0} if macro else line_style(column - 1)
        means = [(size, mean_of(group, name)) for size, group in groups]
        known = [(size, value) for size, value in means if value is not None]
        axes.plot([size for size, _ in known], [value for _, value in known], label=name, **style)
        dots = [(point.sentences, point.scores[name]) for point in points if name in point.scores]
        axes.plot([x for x, _ in dots], [y for _, y in dots], ".", color=style["color"], markersize=7, alpha=0.7)
        here = [(point.sentences, point.scores[name]) for point in points if point.here and name in point.scores]
        ring: dict[str, Any] = {
            "markersize": 13,
            "markerfacecolor": "none",
            "markeredgecolor": style["color"],
            "markeredgewidth": 1.8,
        }
        axes.plot([x for x, _ in here], [y for _, y in here], "o", label="this run" if macro and here else None, **ring)
    axes.set_xlim(left=0)
    axes.margins(y=0.1)
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.grid(color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    legend_below(figure, [axes], columns=5)
    return figure


def mean_of(points: Sequence[Point], name: str) -> float | None:
    """Give the mean of a figure over the trainings that have it; None where none has."""
    values = [point.scores[name] for point in points if name in point.scores]
    return float(np.mean(values)) if values else None
