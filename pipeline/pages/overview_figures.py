"""Choose the figures of a run's page, each with what it shows in words, for those who do not see it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipeline.judging import figures
from pipeline.judging.epoch_figure import best_epoch, epoch_curves
from pipeline.judging.metrics import count
from pipeline.judging.records import Judged, Report
from pipeline.judging.share_figure import MACRO, Point, mean_of, share_curve, sizes_of
from pipeline.judging.slice_figure import error_slices

if TYPE_CHECKING:
    from matplotlib.figure import Figure


TITLES = {
    "precision-recall": "Precision against recall",
    "reliability": "Calibration",
    "thresholds": "Threshold against F1",
    "confusion": "Confusion",
    "slices": "Where it errs",
    "shares": "Learning curve",
    "epochs": "Epochs",
}
READS = {
    "precision-recall": "Up and to the right is better. A dot is where the thresholds of the model put it; grey lines"
    " join equal F1.",
    "reliability": "On the dashed line a probability means what it says: of the sentences given 0.7, seven in ten have"
    " the label. Bars are 95 % intervals; below, how many sentences each dot stands for.",
    "thresholds": "The vertical line is the threshold chosen in training; a flat top means that little hangs on it.",
    "confusion": "Rows are what annotators say, columns what the model says; per cent of the row.",
    "slices": "The grey bar is the mean over the labels that occur in the row, a mark the F1 of one label; in brackets"
    " the number of sentences. Rows of few sentences move by chance.",
    "shares": "What the same recipe reached on growing shares of the training documents: a dot is one training, a line"
    " joins the means over seeds. Where it still rises at its right end, more labelled documents would help.",
    "epochs": "A dot marks the best epoch of each curve.",
}
FOLDWISE = "Each fold has thresholds of its own, learned on the others; a flat top means that little hangs on them."
EXCLUSIVE = "The model takes the most probable label; the curves show what a threshold for each would give."


@dataclass(frozen=True, slots=True)
class Drawn:
    """A figure: `says` stands in its place with its main numbers, `reads` tells how to read it."""

    name: str
    title: str
    says: str
    reads: str
    figure: "Figure"


def drawn_figures(
    report: Report, judged: Judged, history: Sequence[Mapping[str, float]], points: Sequence[Point] = ()
) -> list[Drawn]:
    """Draw every figure that the run has something for."""
    precision = _by_label({name: scores.average_precision for name, scores in report.labels.items()})
    error = _by_label({name: scores.ece for name, scores in report.labels.items()})
    found: dict[str, tuple[str, Figure | None]] = {
        "precision-recall": (
            f"Precision-recall curves. Average precision: {precision}",
            figures.precision_recall(judged),
        ),
        "reliability": (f"Reliability diagrams. Expected calibration error: {error}", figures.reliability(judged)),
        "thresholds": (_thresholds(report, judged), figures.threshold_curves(judged)),
        "confusion": (_confusion(judged), figures.confusion(judged)),
        "slices": (_slices(report), error_slices(report.slices, judged.labels)),
        "shares": (_shares(points), share_curve(points)),
        "epochs": (_epochs(history), epoch_curves(history)),
    }
    apart = EXCLUSIVE if judged.exclusive else "" if any(judged.thresholds) else FOLDWISE
    reads = READS | ({"thresholds": apart} if apart else {})
    return [
        Drawn(name, TITLES[name], says, reads[name], figure)
        for name, (says, figure) in found.items()
        if figure is not None
    ]


def _by_label(values: Mapping[str, float | None]) -> str:
    said = [f"{name} {'no gold sentence' if value is None else f'{value:.3f}'}" for name, value in values.items()]
    return ", ".join(said) + "."


def _thresholds(report: Report, judged: Judged) -> str:
    if judged.exclusive:
        return "F1, precision and recall of each label against a threshold on its probability; none decides here."
    chosen = [
        f"{name} {scores.f1.value:.3f} at {scores.threshold:.2f}"
        for name, scores in report.labels.items()
        if scores.threshold is not None
    ]
    if not chosen:
        return "F1, precision and recall of each label against a threshold on its probability; each fold has its own."
    return "F1, precision and recall against the threshold. F1 at the chosen threshold: " + ", ".join(chosen) + "."


def _confusion(judged: Judged) -> str:
    if judged.exclusive:
        right = int((judged.gold & judged.predicted).sum())
        return f"Confusion of the labels: {right:,} of {len(judged.texts):,} sentences are on the diagonal."
    counts = count(judged.gold, judged.predicted)
    said = [
        f"{name} {counts.tp[column]:,} found, {counts.fn[column]:,} missed, {counts.fp[column]:,} false alarms"
        for column, name in enumerate(judged.labels)
    ]
    return "Confusion of each label: " + "; ".join(said) + "."


def _slices(report: Report) -> str:
    said = []
    for kind, values in report.slices.items():
        known = {name: scores.macro_f1 for name, scores in values.items() if scores.macro_f1 is not None}
        if known:
            names = list(known)
            worst, best = names[int(np.argmin(list(known.values())))], names[int(np.argmax(list(known.values())))]
            said.append(f"by {kind} from {known[worst]:.3f} ({worst}) to {known[best]:.3f} ({best})")
    return "Macro-F1 " + "; ".join(said) + "."


def _shares(points: Sequence[Point]) -> str:
    means = [(size, mean_of(group, MACRO)) for size, group in sizes_of(points)]
    said = [f"{mean:.3f} with {size:,}" for size, mean in means if mean is not None]
    own = [f" This run: {one.scores[MACRO]:.3f} with {one.sentences:,}." for one in points if one.here]
    return f"Macro-F1 by training sentences: {', '.join(said)}.{''.join(own)}"


def _epochs(history: Sequence[Mapping[str, float]]) -> str:
    best = best_epoch(history, "val_macro_ap")
    said = f", best macro average precision on validation {best[1]:.3f} in epoch {best[0]}" if best else ""
    return f"Curves over {len(history)} epochs{said}."
