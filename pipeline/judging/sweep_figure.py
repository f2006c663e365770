"""Draw a search: what each trial was worth in turn, and what it was worth by each setting."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.judging.figure_style import FAINT, GRID, INK, PALETTE, SMALL, arrange, blank, dress, legend_below

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WHOLE, BEST = PALETTE[0], PALETTE[1]  # colours of trials, and of the chosen one
MOST = 3  # panels side by side
SPREAD = 0.22  # of the place between two choices, over which their trials lie in turn
LONGEST = 12  # characters of a choice below its axis before all of them are turned


@dataclass(frozen=True, slots=True)
class Mark:
    """One trial: its settings by name; `value` so far where it was `pruned`."""

    number: int
    value: float
    pruned: bool
    settings: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Setting:
    """One searched setting: its name, and its `choices` as they are written, none for a range."""

    name: str
    log: bool = False
    choices: tuple[str, ...] = ()


def draw_sweep(marks: Sequence[Mark], settings: Sequence[Setting], chosen: int, base: float, measure: str) -> "Figure":
    """Draw value against trial with the best so far, then value against each setting, all on one upright axis.

    Filled marks are trials that were finished, open ones what a pruned trial was worth when it was stopped; the
    diamond is the chosen trial, the dashed line the recipe as it is. Of choices, trials lie side by side in turn.
    """
    from matplotlib.ticker import MaxNLocator

    columns, rows = arrange(len(settings), MOST)
    columns = max(columns, 2)
    figure = blank(4.0 * columns, 4.0 + 3.6 * rows)
    grid = figure.add_gridspec(1 + rows, columns, height_ratios=[1.1, *[1.0] * rows])
    top = figure.add_subplot(grid[0, :])
    dress(top, f"{measure} by trial", "trial", measure)
    _prepare(top, marks, base)
    top.set_xlim(0.3, max(mark.number for mark in marks) + 0.7)
    top.xaxis.set_major_locator(MaxNLocator(integer=True))
    steps = [mark for mark in marks if not mark.pruned]
    best = np.maximum.accumulate([mark.value for mark in steps])
    ends = [*(mark.number for mark in steps), max(mark.number for mark in marks)]
    top.step(ends, [*best, best[-1]], where="post", color=INK, linewidth=1.6, label="best so far", zorder=1.5)
    _mark(top, [float(mark.number) for mark in marks], marks, chosen)
    for place, setting in enumerate(settings):
        part = figure.add_subplot(grid[1 + place // columns, place % columns], sharey=top)
        dress(part, setting.name, "log scale" if setting.log else "", "" if place % columns else measure)
        _prepare(part, marks, base)
        _mark(part, _across(part, setting, marks), marks, chosen)
    legend_below(figure, [top], columns=min(5, 2 * columns))
    return figure


def _prepare(axes: "Axes", marks: Sequence[Mark], base: float) -> None:
    """Give axes their range, their grid, and the line of the recipe as it is."""
    values = [base, *(mark.value for mark in marks)]
    room = max(0.06 * (max(values) - min(values)), 0.002)
    axes.set_ylim(min(values) - room, max(values) + room)
    axes.margins(x=0.08)
    axes.grid(color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.axhline(base, color=FAINT, linewidth=1.4, linestyle=(0, (4, 2)), label="the recipe as it is", zorder=1.4)


def _across(axes: "Axes", setting: Setting, marks: Sequence[Mark]) -> list[float]:
    """Scale the level axis of a setting, and give each trial its place on it."""
    from matplotlib.ticker import MaxNLocator

    values = [mark.settings[setting.name] for mark in marks]
    if not setting.choices:
        if setting.log:
            _log_scale(axes, values)
        elif all(isinstance(value, int) for value in values):
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        return [float(value) for value in values]
    turned = max(map(len, setting.choices)) * len(setting.choices) > LONGEST * 3
    axes.set_xticks(range(len(setting.choices)), setting.choices, fontsize=SMALL, rotation=30 if turned else 0)
    axes.set_xlim(-0.5, len(setting.choices) - 0.5)
    last = max(mark.number for mark in marks)
    turns = [2 * SPREAD * (mark.number / last - 0.5) for mark in marks]
    return [setting.choices.index(value) + turn for value, turn in zip(values, turns, strict=True)]


def _log_scale(axes: "Axes", values: Sequence[float]) -> None:
    """Write plain numbers on a log axis; marks at 2 and 5 where it spans little."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axes.set_xscale("log")
    few = math.log10(max(values) / min(values)) < 2
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if few else (1.0,)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())


def _mark(axes: "Axes", places: Sequence[float], marks: Sequence[Mark], chosen: int) -> None:
    """Draw each trial as how it ended has it."""
    looks: list[tuple[str, dict[str, Any], list[bool]]] = [
        ("complete", {"color": WHOLE}, [not m.pruned and m.number != chosen for m in marks]),
        ("pruned, at its worth then", {"color": WHOLE, "markerfacecolor": "white"}, [m.pruned for m in marks]),
        ("chosen", {"color": BEST, "marker": "D", "markersize": 9}, [m.number == chosen for m in marks]),
    ]
    for name, look, which in looks:
        points = [(x, mark.value) for x, mark, taken in zip(places, marks, which, strict=True) if taken]
        if points:
            style: dict[str, Any] = {"marker": "o", "markersize": 7, "markeredgewidth": 1.6, "linestyle": "none"}
            axes.plot(*zip(*points, strict=True), **(style | look), label=name, zorder=3)
