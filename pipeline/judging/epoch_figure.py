"""Draw how a training went, epoch by epoch."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from pipeline.judging.figure_style import GRID, PALETTE, SMALL, dress, panels

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NAMES = {
    "train_loss": "training loss",
    "val_macro_ap": "macro average precision on validation",
    "val_loss": "validation loss",
}


def epoch_curves(history: Sequence[Mapping[str, float]]) -> "Figure | None":
    """Draw one panel for each figure an epoch leaves but its seconds; None where nothing trained in epochs.

    A dot marks the best epoch: of a loss the lowest, of anything else the highest.
    """
    names = [name for name in dict.fromkeys(name for row in history for name in row) if not name.endswith("_seconds")]
    if not names:
        return None
    figure, axes = panels(len(names), width=4.6, height=3.6)
    for place, (part, name) in enumerate(zip(axes, names, strict=True)):
        points = [(epoch, row[name]) for epoch, row in enumerate(history, start=1) if name in row]
        epochs, values = [epoch for epoch, _ in points], [value for _, value in points]
        dress(part, NAMES.get(name, name.replace("_", " ")), "epoch", "")
        part.plot(epochs, values, color=PALETTE[place % len(PALETTE)], linewidth=2.2, marker=".", markersize=7)
        best = (min if "loss" in name else max)(points, key=lambda point: point[1])
        part.plot(*best, "o", color=PALETTE[place % len(PALETTE)], markersize=11, markeredgecolor="white", zorder=4)
        part.annotate(f"{best[1]:.3f}", best, xytext=(0, 10), textcoords="offset points", ha="center", fontsize=SMALL)
        part.margins(x=0.08, y=0.18)
        part.locator_params(axis="x", integer=True, nbins=6)
        part.grid(color=GRID, linewidth=0.8)
        part.set_axisbelow(True)
    return figure


def best_epoch(history: Sequence[Mapping[str, float]], name: str) -> tuple[int, float] | None:
    """Give the epoch, counted from 1, whose figure is highest, and that figure; None where no epoch has it."""
    points = [(epoch, row[name]) for epoch, row in enumerate(history, start=1) if name in row]
    return max(points, key=lambda point: point[1]) if points else None
