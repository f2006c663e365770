"""Put the figures of a model together, and flatten them into columns for a tracker."""

import re

import numpy as np

from pipeline.judging.bootstrap import RESAMPLES, intervals
from pipeline.judging.metrics import average_precision, brier, count, expected_calibration_error
from pipeline.judging.records import Judged, LabelScores, Report
from pipeline.judging.slices import slice_scores

FEW_DOCUMENTS = 5  # below it, a bootstrap has too few distinct resamples to trust its limits


def judge(judged: Judged, *, resamples: int = RESAMPLES, seed: int = 0) -> Report:
    """Judge a model's decisions and probabilities; macro-F1 counts a label without gold sentence as 0."""
    estimates = intervals(judged, resamples, seed)
    counts = count(judged.gold, judged.predicted)
    labels = {}
    for column, name in enumerate(judged.labels):
        gold, probability = judged.gold[:, column], judged.probabilities[:, column]
        labels[name] = LabelScores(
            precision=float(counts.precision[column]),
            recall=float(counts.recall[column]),
            f1=estimates.f1[column],
            average_precision=average_precision(gold, probability),
            brier=brier(gold, probability),
            ece=expected_calibration_error(gold, probability),
            support=int(counts.support[column]),
            threshold=judged.thresholds[column],
        )
    return Report(
        macro_f1=estimates.macro_f1,
        micro_f1=estimates.micro_f1,
        exact_match=estimates.exact_match,
        labels=labels,
        slices=slice_scores(judged),
        sentences=len(judged.texts),
        documents=len(set(judged.groups)),
        notes=_notes(judged),
    )


def _notes(judged: Judged) -> tuple[str, ...]:
    """Say what a reader of the figures must know and cannot see in them."""
    groups = np.array(judged.groups)
    documents = len(set(judged.groups))
    notes = []
    if documents < 2:
        notes.append("all sentences are from one document: no interval can be given")
    for column, name in enumerate(judged.labels):
        gold = judged.gold[:, column] == 1
        holding = len(set(groups[gold]))
        if holding == 0:
            notes.append(f"{name}: no sentence has this label; its F1 counts as 0 in macro-F1")
        elif documents >= 2 and holding < FEW_DOCUMENTS:
            where = "one document" if holding == 1 else f"{holding} documents"
            notes.append(f"{name}: its gold sentences ({gold.sum()}) are from {where}; do not trust its interval")
    return tuple(notes)


def flat_metrics(report: Report, prefix: str = "") -> dict[str, float]:
    """Give the figures as name and number, one name per column; what cannot be told is left out.

    Names: `macro_f1`, `macro_f1_low`, `macro_f1_high` (so too `micro_f1`, `exact_match`), `f1_<label>`
    (so too `precision_`, `recall_`, `ap_`, `brier_`, `ece_`), `<slice>/<value>/macro_f1`. Slice names are
    brought to what MLflow allows: letters, digits, `_`, `-`, `.`, space.
    """
    flat: dict[str, float | None] = {}
    for name in ("macro_f1", "micro_f1", "exact_match"):
        estimate = getattr(report, name)
        flat |= {name: estimate.value, f"{name}_low": estimate.low, f"{name}_high": estimate.high}
    for name, scores in report.labels.items():
        flat[f"f1_{name}"] = scores.f1.value
        flat[f"precision_{name}"] = scores.precision
        flat[f"recall_{name}"] = scores.recall
        flat[f"ap_{name}"] = scores.average_precision
        flat[f"brier_{name}"] = scores.brier
        flat[f"ece_{name}"] = scores.ece
    for name, values in report.slices.items():
        for value, part in values.items():
            flat[_vacant(f"{_plain(name)}/{_plain(value)}", flat)] = part.macro_f1
    return {prefix + name: float(number) for name, number in flat.items() if number is not None}


def _plain(word: str) -> str:
    """Keep what a metric name may hold; no leading dot, so that no part reads as a folder step."""
    return re.sub(r"[^\w .-]", "-", word).strip(" .")[:60] or "unnamed"


def _vacant(stem: str, taken: dict[str, float | None]) -> str:
    """Number a slice whose plain name another slice already has."""
    name, number = f"{stem}/macro_f1", 1
    while name in taken:
        number += 1
        name = f"{stem} {number}/macro_f1"
    return name
