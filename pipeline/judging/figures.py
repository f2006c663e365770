"""Draw what the figures of a report cannot say: trade-offs, calibration, who is taken for whom."""

from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.judging.figure_style import (
    FAINT,
    GRID,
    INK,
    PALETTE,
    SMALL,
    TEXT,
    TITLE,
    arrange,
    blank,
    dress,
    legend_below,
    line_style,
    panels,
    say,
    unit_square,
)
from pipeline.judging.metrics import average_precision, calibration_bins, count, expected_calibration_error, ratio
from pipeline.judging.records import Judged

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def all_figures(judged: Judged) -> "dict[str, Figure]":
    """Draw every figure; the keys are file names."""
    return {
        "precision_recall.png": precision_recall(judged),
        "reliability.png": reliability(judged),
        "threshold_curves.png": threshold_curves(judged),
        "confusion.png": confusion(judged),
    }


def precision_recall(judged: Judged) -> "Figure":
    """Draw one precision-recall curve for each label; a dot marks the decisions taken. One pair of axes.

    Steps without interpolation, as average precision counts them; grey lines join points of equal F1.
    """
    figure = blank(6.6, 6.4 + 0.3 * len(judged.labels))
    axes = figure.add_subplot()
    dress(axes, "Precision against recall", "recall", "precision")
    unit_square(axes, grid=False)
    _equal_f1(axes)
    decided = count(judged.gold, judged.predicted)
    for column, name in enumerate(judged.labels):
        gold, support = judged.gold[:, column], int(decided.support[column])
        area = average_precision(gold, judged.probabilities[:, column])
        if area is None:
            axes.plot([], [], label=f"{name}: no gold sentence", **line_style(column))
            continue
        recall, precision = _precision_recall_steps(gold, judged.probabilities[:, column])
        legend = f"{name}: average precision {area:.2f}, {support} gold"
        axes.step(recall, precision, where="post", label=legend, **line_style(column))
        dot: dict[str, Any] = {
            "color": line_style(column)["color"],
            "markeredgecolor": "white",
            "markersize": 11,
            "zorder": 5,
        }
        axes.plot(decided.recall[column], decided.precision[column], "o", clip_on=False, **dot)
    axes.plot([], [], "o", color=FAINT, markersize=9, label="decisions taken")
    legend_below(figure, [axes], columns=1)
    return figure


def _equal_f1(axes: "Axes") -> None:
    for f1 in (0.2, 0.4, 0.6, 0.8):
        recall = np.linspace(f1 / 2 + 1e-3, 1, 200)
        precision = f1 * recall / (2 * recall - f1)
        axes.plot(recall[precision <= 1], precision[precision <= 1], color=GRID, linewidth=1.2, zorder=0)
        axes.text(1.03, f1 / (2 - f1), f"F1 {f1:.1f}", fontsize=SMALL, color=FAINT, va="center")


def _precision_recall_steps(gold: np.ndarray, probability: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give recall and precision at every distinct probability, recall falling from 1 to 0; needs a positive."""
    from sklearn.metrics import precision_recall_curve

    precision, recall, _ = precision_recall_curve(gold, probability)
    return recall, precision


def reliability(judged: Judged) -> "Figure":
    """Draw observed frequency against probability, bin counts underneath; two pairs of axes for each label.

    The 15 bins are those of the calibration error; bars are 95 % Wilson intervals of the frequency.
    """
    columns, rows = arrange(len(judged.labels))
    figure = blank(max(3.9 * columns, 5.0), 5.6 * rows)
    grid = figure.add_gridspec(2 * rows, columns, height_ratios=(3.2, 1) * rows)
    for column, name in enumerate(judged.labels):
        row, place = divmod(column, columns)
        upper, lower = figure.add_subplot(grid[2 * row, place]), figure.add_subplot(grid[2 * row + 1, place])
        error = expected_calibration_error(judged.gold[:, column], judged.probabilities[:, column])
        dress(upper, f"{name}: ECE {error:.3f}", "", "observed frequency" if place == 0 else "")
        dress(lower, "", "predicted probability", "sentences\n(log)" if place == 0 else "")
        _reliability_panel(upper, lower, judged.gold[:, column], judged.probabilities[:, column])
    return figure


def _reliability_panel(upper: "Axes", lower: "Axes", gold: np.ndarray, probability: np.ndarray) -> None:
    bins = calibration_bins(gold, probability)
    full = bins.count > 0
    low, high = _wilson(bins.observed[full], bins.count[full])
    unit_square(upper)
    upper.set_xticklabels([])
    upper.plot([0, 1], [0, 1], color=FAINT, linewidth=1.2, linestyle="--")
    reach = np.clip([bins.observed[full] - low, high - bins.observed[full]], 0, None)
    bars: dict[str, Any] = {"elinewidth": 2.0, "ecolor": PALETTE[4], "color": PALETTE[0], "markersize": 7}
    upper.errorbar(bins.predicted[full], bins.observed[full], yerr=reach, fmt="o", **bars)
    edges = np.linspace(0, 1, len(bins.count) + 1)
    lower.bar(edges[:-1], bins.count, width=np.diff(edges), align="edge", color=PALETTE[0], edgecolor="white")
    lower.set_yscale("symlog", linthresh=1)  # most sentences lie near 0; a linear axis would hide all other bins
    lower.set(xlim=(-0.02, 1.02), ylim=(0, bins.count.max() * 2))
    lower.set_yticks([tick for tick in (1, 10, 100, 1_000, 10_000) if tick <= bins.count.max() * 2])
    lower.yaxis.set_major_formatter("{x:,.0f}")
    lower.minorticks_off()
    lower.set_xticks(np.linspace(0, 1, 6))


def _wilson(share: np.ndarray, number: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give the 95 % score interval of a share (Wilson 1927)."""
    z = 1.96
    centre = (share + z**2 / (2 * number)) / (1 + z**2 / number)
    reach = z / (1 + z**2 / number) * np.sqrt(share * (1 - share) / number + z**2 / (4 * number**2))
    return centre - reach, centre + reach


def threshold_curves(judged: Judged) -> "Figure":
    """Draw precision, recall and F1 of each label against its threshold, the one chosen marked; one pair each."""
    figure, axes = panels(len(judged.labels))
    for column, (part, name) in enumerate(zip(axes, judged.labels, strict=True)):
        dress(part, name, "threshold", "score")
        unit_square(part)
        chosen = judged.thresholds[column]
        if chosen is not None:
            part.axvline(chosen, color=INK, linewidth=1.6, linestyle=(0, (2, 2)), label="chosen threshold")
            part.set_title(f"at {chosen:.2f}", fontsize=SMALL, color=INK, loc="right")
        _threshold_panel(part, judged.gold[:, column], judged.probabilities[:, column])
        if not judged.gold[:, column].any():
            say(part, "no gold sentence")
    if judged.exclusive:
        figure.suptitle("Each class against the rest (the model takes the most probable)", fontsize=TEXT, color=INK)
    legend_below(figure, axes, columns=2 if len(axes) == 1 else 4)
    return figure


def _threshold_panel(axes: "Axes", gold: np.ndarray, probability: np.ndarray) -> None:
    """Draw the three curves, positive where probability >= threshold; precision ends where nothing is predicted.

    Without a gold sentence the curves are empty, and only named for the legend.
    """
    at = np.linspace(0, 1, 501 if gold.any() else 0)
    positives, everything = np.sort(probability[gold == 1]), np.sort(probability)
    hits = len(positives) - np.searchsorted(positives, at)
    taken = len(everything) - np.searchsorted(everything, at)
    precision = np.where(taken > 0, ratio(hits, taken), np.nan)
    recall = ratio(hits, np.full(len(at), len(positives)))
    f1 = ratio(2 * hits, taken + len(positives))
    for values, name, color, dash in (
        (precision, "precision", PALETTE[0], "--"),
        (recall, "recall", PALETTE[1], "-."),
        (f1, "F1", PALETTE[2], "-"),
    ):
        axes.plot(at, values, label=name, color=color, linestyle=dash, linewidth=2.6 if name == "F1" else 1.8)


def confusion(judged: Judged) -> "Figure":
    """Draw gold against predicted with counts and row percentages: 2 x 2 for each label, or one k x k."""
    if judged.exclusive:
        table = judged.gold.astype(int).T @ judged.predicted.astype(int)
        side = 2.6 + 1.15 * len(judged.labels)
        figure = blank(side + 0.8, side)
        _confusion_panel(figure.add_subplot(), table, list(judged.labels), "Sentences, and per cent of the gold row")
        return figure
    figure, axes = panels(len(judged.labels), width=3.7, height=3.6)
    counts = count(judged.gold, judged.predicted)
    for column, (part, name) in enumerate(zip(axes, judged.labels, strict=True)):
        tp, fp, fn = int(counts.tp[column]), int(counts.fp[column]), int(counts.fn[column])
        table = np.array([[tp, fn], [fp, len(judged.texts) - tp - fp - fn]])
        _confusion_panel(part, table, ["yes", "no"], name)
    figure.suptitle("Sentences, and per cent of the gold row", fontsize=TITLE - 1, color=INK)
    return figure


def _confusion_panel(axes: "Axes", table: np.ndarray, names: list[str], title: str) -> None:
    from matplotlib.colors import LinearSegmentedColormap

    share = ratio(table, table.sum(axis=1, keepdims=True))
    shades = LinearSegmentedColormap.from_list("shades", ["white", PALETTE[0]])
    axes.imshow(share, cmap=shades, vmin=0, vmax=1)
    dress(axes, title, "predicted", "gold")
    slant: dict[str, Any] = {"rotation": 30, "ha": "right", "rotation_mode": "anchor"} if len(names) > 2 else {}
    axes.set_xticks(range(len(names)), names, **slant)
    axes.set_yticks(range(len(names)), names)
    axes.tick_params(length=0)
    axes.spines[["left", "bottom"]].set_visible(False)
    for (row, column), number in np.ndenumerate(table):
        axes.text(
            column,
            row,
            f"{number:,}\n{share[row, column]:.0%}" if table[row].any() else "0",
            ha="center",
            va="center",
            fontsize=TEXT,
            color="white" if share[row, column] > 0.7 else INK,
        )
