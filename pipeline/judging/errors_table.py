"""List the wrong decisions a person should read first."""

from dataclasses import dataclass

import numpy as np

from pipeline.judging.records import Judged


@dataclass(frozen=True, slots=True)
class WorstError:
    """One wrong decision on one label; `distance` says how far the probability lies on the wrong side.

    In an exclusive codebook `label` is the class wrongly chosen, and `distance` its probability.
    """

    document: str
    label: str
    gold: bool
    predicted: bool
    probability: float
    threshold: float | None
    distance: float
    gold_labels: tuple[str, ...]
    predicted_labels: tuple[str, ...]
    text: str
    slices: dict[str, str]


def worst_errors(judged: Judged, most: int = 50) -> list[WorstError]:
    """List at most `most` wrong decisions, the furthest on the wrong side of their threshold first.

    One row per sentence and label; a label without a threshold is measured from 0.5. Exclusive: one row per
    wrong sentence. Ties fall by document, text and label, so that the order of sentences does not matter.
    """
    wrong = judged.gold != judged.predicted
    if judged.exclusive:
        wrong &= judged.predicted == 1
    rows = [_error(judged, row, column) for row, column in np.argwhere(wrong)]
    rows.sort(key=lambda error: (-error.distance, error.document, error.text, judged.labels.index(error.label)))
    return rows[: max(most, 0)]


def _error(judged: Judged, row: int, column: int) -> WorstError:
    probability, threshold = float(judged.probabilities[row, column]), judged.thresholds[column]
    gold = bool(judged.gold[row, column])
    line = 0.5 if threshold is None else threshold
    distance = line - probability if gold else probability - line
    return WorstError(
        document=judged.groups[row],
        label=judged.labels[column],
        gold=gold,
        predicted=not gold,
        probability=probability,
        threshold=threshold,
        distance=probability if judged.exclusive else distance,
        gold_labels=_names(judged.labels, judged.gold[row]),
        predicted_labels=_names(judged.labels, judged.predicted[row]),
        text=judged.texts[row],
        slices={name: values[row] for name, values in judged.slices.items()},
    )


def _names(labels: tuple[str, ...], row: np.ndarray) -> tuple[str, ...]:
    return tuple(name for name, on in zip(labels, row, strict=True) if on)
