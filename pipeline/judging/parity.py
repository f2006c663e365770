"""Tell what a change to a model's arithmetic costs: its probabilities, decisions and F1 before and after."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.ground.records import Estimate
from pipeline.judging.bootstrap import Tallies, resample, tally, with_interval
from pipeline.judging.compare import RESAMPLES, differences, resample_models
from pipeline.judging.metrics import count
from pipeline.judging.records import Judged

EARLIER = "earlier"  # in a report as it is kept: those of the quantisations before it, newest first


@dataclass(frozen=True, slots=True)
class LabelParity:
    """One label before and after; F1 in [0, 1], `cost` in points: 100 times the F1 lost, negative for a gain.

    `largest` and `mean` are absolute differences of the label's probability, `turned` the share of sentences where
    the decision differs.
    """

    largest: float
    mean: float
    turned: float
    f1_before: float
    f1_after: float
    cost: Estimate

    def as_dict(self) -> dict[str, Any]:
        """Give the figures as JSON holds them."""
        return {
            "largest": self.largest,
            "mean": self.mean,
            "turned": self.turned,
            "f1": {"before": self.f1_before, "after": self.f1_after, "cost": self.cost.as_dict()},
        }


@dataclass(frozen=True, slots=True)
class Parity:
    """All labels, in codebook order, and the macro-F1; `cost` in points, with its 95 % interval."""

    labels: dict[str, LabelParity]
    macro_before: float
    macro_after: float
    cost: Estimate
    sentences: int

    @property
    def largest(self) -> float:
        """Give the largest absolute difference of any probability."""
        return max(label.largest for label in self.labels.values())

    @property
    def turned(self) -> float:
        """Give the share of all decisions that differ."""
        return float(np.mean([label.turned for label in self.labels.values()]))

    def as_dict(self) -> dict[str, Any]:
        """Give the report as JSON holds it."""
        return {
            "sentences": self.sentences,
            "macro_f1": {"before": self.macro_before, "after": self.macro_after, "cost": self.cost.as_dict()},
            "labels": {name: label.as_dict() for name, label in self.labels.items()},
        }


def parity(before: Judged, after: Judged, resamples: int = RESAMPLES, seed: int = 0) -> Parity:
    """Compare two models on the same sentences; intervals draw the same documents for both.

    Raises:
        ValueError: the two do not hold the same sentences, gold and documents in the same order.
    """
    [macro] = differences(resample_models({"before": [before], "after": [after]}, resamples, seed))
    apart = np.abs(before.probabilities - after.probabilities)
    turned = (before.predicted != after.predicted).mean(axis=0)
    f1_before, f1_after = (count(run.gold, run.predicted).f1 for run in (before, after))
    costs = _costs(before, after, resamples, seed)
    labels = {
        name: LabelParity(
            largest=float(apart[:, i].max()),
            mean=float(apart[:, i].mean()),
            turned=float(turned[i]),
            f1_before=float(f1_before[i]),
            f1_after=float(f1_after[i]),
            cost=with_interval(100 * float(f1_before[i] - f1_after[i]), costs[:, i]),
        )
        for i, name in enumerate(before.labels)
    }
    return Parity(labels, float(f1_before.mean()), float(f1_after.mean()), _points(macro.estimate), len(before.texts))


def _costs(before: Judged, after: Judged, resamples: int, seed: int) -> np.ndarray:
    """Resample each label's F1 lost, in points, shape (resamples, L); NaN in a draw without a gold sentence of it."""
    if len(set(before.groups)) < 2:
        return np.full((1, len(before.labels)), np.nan)
    drawn = [Tallies.unpack(resample(tally(run), resamples, seed)).counts for run in (before, after)]
    lost = 100 * (drawn[0].f1 - drawn[1].f1)
    return np.where(drawn[0].support > 0, lost, np.nan)


def _points(estimate: Estimate) -> Estimate:
    """Turn a difference of F1 into points."""
    if estimate.low is None or estimate.high is None:
        return Estimate(100 * estimate.value)
    return Estimate(100 * estimate.value, 100 * estimate.low, 100 * estimate.high)
