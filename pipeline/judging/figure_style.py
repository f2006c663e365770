"""Give every figure one look: sizes that survive halving, colours that colour-blind readers can tell apart.

Figures are made through matplotlib's objects, never pyplot: nothing global is set, no window can open.
"""

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe & Ito 2008, without its yellow, which fades on white.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
DASHES = ("-", "--", ":", "-.")
INK, FAINT, GRID = "#222222", "#666666", "#DDDDDD"
TITLE, TEXT, SMALL = 15, 13, 11.5  # points


def line_style(column: int) -> dict[str, Any]:
    """Give a label its colour, and another dash where the colours run out."""
    return {
        "color": PALETTE[column % len(PALETTE)],
        "linestyle": DASHES[column // len(PALETTE) % len(DASHES)],
        "linewidth": 2.2,
    }


def blank(width: float, height: float) -> "Figure":
    """Make an empty figure, size in inches, that fits its parts by itself."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    layout = ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.12)
    figure = Figure(figsize=(width, height), dpi=150, layout=layout, facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def arrange(number: int, most: int = 4) -> tuple[int, int]:
    """Give columns and rows for `number` panels: at most `most` side by side, with as few gaps as may be."""
    columns = number
    if number > most:
        columns = min(range(2, most + 1), key=lambda candidate: (-number % candidate, -candidate))
    return columns, -(-number // columns)


def panels(number: int, width: float = 4.0, height: float = 4.0, most: int = 4) -> "tuple[Figure, list[Axes]]":
    """Make a figure of small multiples, at most `most` side by side; sizes in inches for each."""
    columns, rows = arrange(number, most)
    figure = blank(max(width * columns, 5.0), height * rows + 0.6)
    axes = [figure.add_subplot(rows, columns, place + 1) for place in range(number)]
    return figure, axes


def dress(axes: "Axes", title: str, x: str, y: str) -> None:
    """Give axes their title and labels, and take away what carries nothing."""
    axes.set_title(title, fontsize=TEXT, color=INK, fontweight="bold", loc="left")
    axes.set_xlabel(x, fontsize=TEXT, color=INK)
    axes.set_ylabel(y, fontsize=TEXT, color=INK)
    axes.tick_params(labelsize=SMALL, colors=INK)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(FAINT)


def unit_square(axes: "Axes", grid: bool = True) -> None:
    """Let both axes run from 0 to 1, with a little room so that lines on the rim stay visible."""
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
    axes.set_xticks(np.linspace(0, 1, 6))
    axes.set_yticks(np.linspace(0, 1, 6))
    if grid:
        axes.grid(color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)


def legend_below(figure: "Figure", axes: "list[Axes]", columns: int) -> None:
    """Put one legend for all panels under them, where it covers no line."""
    entries = {name: handle for part in axes for handle, name in zip(*part.get_legend_handles_labels(), strict=True)}
    figure.legend(
        list(entries.values()),
        list(entries),
        loc="outside lower center",
        ncols=columns,
        fontsize=SMALL,
        frameon=False,
        handlelength=2.5,
    )


def say(axes: "Axes", message: str) -> None:
    """Write a remark in the middle of axes that have nothing to draw."""
    axes.text(
        0.5,
        0.5,
        message,
        transform=axes.transAxes,
        ha="center",
        va="center",
        fontsize=SMALL,
        color=FAINT,
        bbox={"facecolor": "white", "edgecolor": "none"},
    )
