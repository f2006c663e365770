"""Draw where a model errs: F1 of each label on each source, genre and length."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pipeline.judging.figure_style import FAINT, GRID, INK, PALETTE, blank, dress, legend_below
from pipeline.judging.lengths import ORDER
from pipeline.judging.records import SliceScores

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MARKS = ("o", "s", "^", "D", "v", "P", "X")  # so that labels differ without colour, too
MOST = 15  # values shown of one kind, those of the most sentences
ROW, AROUND = 0.36, 0.9  # inches: a row, and what a panel needs above and below its rows
COLUMNS = 4  # of the legend
Values = Mapping[str, SliceScores]


def error_slices(slices: Mapping[str, Values], labels: tuple[str, ...]) -> "Figure | None":
    """Draw one panel for each kind of slice, one row for each value; None where there is nothing to draw.

    A mark is the F1 of one label, left out where it is neither gold nor predicted; the bar is their mean.
    """
    kinds = {kind: rows for kind, values in slices.items() if (rows := shown_rows(values))}
    if not kinds:
        return None
    heights = [len(rows) + 0.5 for rows in kinds.values()]
    legend = 0.3 * -(-(len(labels) + 1) // COLUMNS) + 0.5
    figure = blank(8.2, ROW * sum(heights) + AROUND * len(kinds) + legend)
    grid = figure.add_gridspec(len(kinds), 1, height_ratios=heights)
    parts = [figure.add_subplot(grid[place]) for place in range(len(kinds))]
    for part, (kind, rows) in zip(parts, kinds.items(), strict=True):
        dress(part, f"by {kind}", "F1" if part is parts[-1] else "", "")
        _panel(part, rows, labels)
    legend_below(figure, parts, columns=min(len(labels) + 1, COLUMNS))
    return figure


def shown_rows(values: Values) -> list[tuple[str, SliceScores]]:
    """Choose and order the rows of one kind: lengths from short to long, others from best to worst."""
    rows = sorted(values.items(), key=lambda row: (-row[1].n, row[0]))[:MOST]
    if all(name in ORDER for name, _ in rows):
        return sorted(rows, key=lambda row: ORDER.index(row[0]))
    return sorted(rows, key=lambda row: (-(-1 if row[1].macro_f1 is None else row[1].macro_f1), row[0]))


def _panel(axes: "Axes", rows: list[tuple[str, SliceScores]], labels: tuple[str, ...]) -> None:
    places = range(len(rows))
    means = [scores.macro_f1 or 0.0 for _, scores in rows]
    axes.barh(places, means, height=0.55, color=GRID, zorder=1, label="macro-F1")
    for column, name in enumerate(labels):
        f1 = [scores.f1[name] for _, scores in rows]
        points = [(value, place) for place, value in enumerate(f1) if value is not None]
        look: dict[str, Any] = {
            "color": PALETTE[column % len(PALETTE)],
            "markeredgecolor": "white",
            "clip_on": not points,
        }
        mark = MARKS[column % len(MARKS)]
        axes.plot([x for x, _ in points], [y for _, y in points], mark, markersize=9, zorder=3, label=name, **look)
    axes.set_yticks(places, [f"{_short(name)}  ({scores.n:,})" for name, scores in rows], color=INK)
    axes.set(xlim=(0, 1), ylim=(len(rows) - 0.4, -0.6))
    axes.grid(axis="x", color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines["left"].set_color(FAINT)
    axes.tick_params(axis="y", length=0)


def _short(name: str) -> str:
    return name if len(name) <= 30 else f"{name[:29]}…"
