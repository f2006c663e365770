"""Judge what is left when the decisions marked for review are set aside: is the promise kept, and at what price."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from pipeline.decisions.decisions import logit
from pipeline.decisions.review import Review
from pipeline.ground.records import Estimate
from pipeline.judging.bootstrap import RESAMPLES, resample, with_interval
from pipeline.judging.metrics import exact_matches, ratio
from pipeline.judging.records import Judged


@dataclass(frozen=True, slots=True)
class SelectiveScores:
    """One label without its marked decisions; an `Estimate` is None where no sentence can tell.

    `carriers` is the share of the sentences that carry the label whose decision is right or marked, `others` the same
    of those that do not; `promised…` is what the model promised of them (None where exactly one label stands: there
    the promise is of all sentences at once). `kept` is the share of decisions without a mark, `f1_kept` their F1.
    `area` is the mean error rate of the k surest decisions over all k, the area under the risk-coverage curve.
    """

    carriers: Estimate | None
    promised_carriers: float | None
    others: Estimate | None
    promised_others: float | None
    kept: float
    f1_kept: Estimate | None
    area: float


@dataclass(frozen=True, slots=True)
class Selective:
    """All labels together: `kept` is the share of sentences without any mark, `exact_kept` their exact match.

    `covered` is the share of sentences that are wholly right or have a mark; `promised` is None where each label has
    a promise of its own.
    """

    kept: float
    exact_kept: Estimate | None
    covered: Estimate
    promised: float | None
    labels: dict[str, SelectiveScores]

    def as_dict(self) -> dict[str, Any]:
        """Give the figures as JSON holds them."""
        return asdict(self)


def selective_scores(judged: Judged, review: Review, *, resamples: int = RESAMPLES, seed: int = 0) -> Selective:
    """Judge a model's marks; intervals are 95 %, by document bootstrap."""
    marked = review.unsure(judged.probabilities, judged.predicted)
    marked_rows = np.asarray(marked.any(axis=1))
    if judged.exclusive:
        marked = np.repeat(marked_rows[:, None], len(judged.labels), axis=1)
    right = exact_matches(judged)
    estimate = _estimator(judged.groups, resamples, seed)
    labels = {
        name: _label(judged, marked[:, column], column, review, estimate) for column, name in enumerate(judged.labels)
    }
    return Selective(
        kept=float(np.mean(~marked_rows)),
        exact_kept=estimate(right & ~marked_rows, ~marked_rows),
        covered=estimate(right | marked_rows, np.ones(len(right))) or Estimate(0.0),
        promised=1 - review.error if judged.exclusive else None,
        labels=labels,
    )


Ratio = Callable[[np.ndarray, np.ndarray], Estimate | None]


def _estimator(groups: tuple[str, ...], resamples: int, seed: int) -> Ratio:
    """Make what estimates a ratio of two sums over sentences; None where the lower sum is 0."""
    names, place = np.unique(np.array(groups), return_inverse=True)

    def estimate(top: np.ndarray, bottom: np.ndarray) -> Estimate | None:
        if not bottom.sum():
            return None
        value = float(top.sum() / bottom.sum())
        if len(names) < 2:
            return Estimate(value)
        sums = np.column_stack([np.bincount(place, weights=part, minlength=len(names)) for part in (top, bottom)])
        drawn = resample(sums, resamples, seed)
        return with_interval(value, np.where(drawn[:, 1] > 0, ratio(drawn[:, 0], drawn[:, 1]), np.nan))

    return estimate


def _label(judged: Judged, marked: np.ndarray, column: int, review: Review, estimate: Ratio) -> SelectiveScores:
    gold, given = judged.gold[:, column] > 0, judged.predicted[:, column] > 0
    fine = (gold == given) | marked
    absent = None if review.error_absent is None else review.error_absent[column]
    probability, threshold = judged.probabilities[:, column], judged.thresholds[column]
    sureness = judged.probabilities.max(axis=1) if threshold is None else distance(probability, threshold)
    return SelectiveScores(
        carriers=estimate(fine & gold, gold),
        promised_carriers=None if absent is None else 1 - review.error,
        others=estimate(fine & ~gold, ~gold),
        promised_others=None if absent is None else 1 - absent,
        kept=float(np.mean(~marked)),
        f1_kept=estimate(2.0 * (gold & given & ~marked), (gold * 1.0 + given) * ~marked),
        area=risk_coverage_area(gold != given, sureness),
    )


def distance(probability: np.ndarray, threshold: float) -> np.ndarray:
    """Give how far probabilities lie from a threshold, in log-odds: how sure a decision is."""
    return np.asarray(np.abs(logit(probability) - logit(np.array(threshold))))


def risk_coverage_area(wrong: np.ndarray, sureness: np.ndarray) -> float:
    """Give the mean, over k = 1 … n, of the error rate among the k surest decisions; both of shape (n,).

    The area under the risk-coverage curve (Geifman and El-Yaniv 2017; Geifman, Uziel and El-Yaniv 2019); decisions
    equally sure count with their mean error, so that the order of sentences does not matter.
    """
    _, place, tied = np.unique(-sureness, return_inverse=True, return_counts=True)
    mean_wrong = np.bincount(place, weights=wrong.astype(float)) / tied
    surest_first = np.repeat(mean_wrong, tied)
    return float(np.mean(np.cumsum(surest_first) / np.arange(1, len(surest_first) + 1)))
