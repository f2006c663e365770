"""Compute the figures of each label: decisions (precision, recall, F1), ranking, calibration."""

from dataclasses import dataclass

import numpy as np

from pipeline.judging.records import Judged

ECE_BINS = 15  # as Guo et al. 2017


def ratio(top: np.ndarray, bottom: np.ndarray) -> np.ndarray:
    """Divide; 0.0 where the divisor is 0, as scikit-learn's `zero_division=0`."""
    top, bottom = np.asarray(top, dtype=float), np.asarray(bottom, dtype=float)
    quotient = np.zeros(np.broadcast_shapes(top.shape, bottom.shape))
    np.divide(top, bottom, out=quotient, where=bottom > 0)
    return quotient


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    """True positives, false positives and false negatives; shape (..., L), the last axis the labels."""

    tp: np.ndarray
    fp: np.ndarray
    fn: np.ndarray

    @property
    def support(self) -> np.ndarray:
        """Count the gold positives."""
        return np.asarray(self.tp + self.fn)

    @property
    def precision(self) -> np.ndarray:
        """Give tp / (tp + fp); 0.0 where nothing is predicted."""
        return ratio(self.tp, self.tp + self.fp)

    @property
    def recall(self) -> np.ndarray:
        """Give tp / (tp + fn); 0.0 where there is no gold positive."""
        return ratio(self.tp, self.tp + self.fn)

    @property
    def f1(self) -> np.ndarray:
        """Give 2 tp / (2 tp + fp + fn); 0.0 where there is neither gold nor predicted positive."""
        return ratio(2 * self.tp, 2 * self.tp + self.fp + self.fn)

    @property
    def micro_f1(self) -> np.ndarray:
        """Pool the counts over the labels; shape (...). With exactly one label a sentence it is the accuracy."""
        tp, fp, fn = (part.sum(axis=-1) for part in (self.tp, self.fp, self.fn))
        return ratio(2 * tp, 2 * tp + fp + fn)


def count(gold: np.ndarray, predicted: np.ndarray) -> Counts:
    """Count hits and errors of each label over the sentences; both inputs 0/1 of shape (n, L)."""
    gold, predicted = gold.astype(bool), predicted.astype(bool)
    return Counts(
        tp=(gold & predicted).sum(axis=0),
        fp=(~gold & predicted).sum(axis=0),
        fn=(gold & ~predicted).sum(axis=0),
    )


def exact_matches(judged: Judged) -> np.ndarray:
    """Tell for each sentence whether its whole label set is right; shape (n,), bool."""
    return np.asarray((judged.gold == judged.predicted).all(axis=1))


def average_precision(gold: np.ndarray, probability: np.ndarray) -> float | None:
    """Give the area under the precision-recall steps of one label, shape (n,); None without a positive.

    scikit-learn's `average_precision_score`: no interpolation between the steps.
    """
    if not gold.any():
        return None
    from sklearn.metrics import average_precision_score

    return float(average_precision_score(gold, probability))


def brier(gold: np.ndarray, probability: np.ndarray) -> float:
    """Give the mean squared error of one label's probabilities, shape (n,) (Brier 1950, binary form, in [0, 1])."""
    return float(np.mean((np.asarray(probability, dtype=float) - gold) ** 2))


@dataclass(frozen=True, slots=True, eq=False)
class Bins:
    """Equal-width bins of one label's probabilities; each field has shape (bins,), means 0 in an empty bin."""

    count: np.ndarray
    predicted: np.ndarray
    observed: np.ndarray


def bin_places(probability: np.ndarray, bins: int = ECE_BINS) -> np.ndarray:
    """Number each probability's bin among (k/bins, (k+1)/bins], 0 in the first; shape as given."""
    # The inner edges alone: whatever lies beyond the outermost of them belongs to the end bins.
    return np.asarray(np.digitize(probability, np.linspace(0, 1, bins + 1)[1:-1], right=True))


def calibration_bins(gold: np.ndarray, probability: np.ndarray, bins: int = ECE_BINS) -> Bins:
    """Sort one label's probabilities into the bins (k/bins, (k+1)/bins], 0 into the first."""
    probability = np.asarray(probability, dtype=float)
    place = bin_places(probability, bins)
    number = np.bincount(place, minlength=bins)
    return Bins(
        count=number,
        predicted=ratio(np.bincount(place, weights=probability, minlength=bins), number),
        observed=ratio(np.bincount(place, weights=gold.astype(float), minlength=bins), number),
    )


def expected_calibration_error(gold: np.ndarray, probability: np.ndarray) -> float:
    """Give the mean gap between a label's probability and its observed frequency, weighted by bin count.

    Binary, of the label against the rest (class-wise ECE: Kull et al. 2019), so that the confident noes count
    too; 15 equal-width bins (Naeini et al. 2015, Guo et al. 2017). On few sentences it is biased upwards.
    """
    bins = calibration_bins(gold, probability)
    return float((bins.count * np.abs(bins.observed - bins.predicted)).sum() / bins.count.sum())
