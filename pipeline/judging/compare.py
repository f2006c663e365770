"""Tell which differences between models are real, from their decisions on the same sentences.

Every resample draws the same documents for all models (paired cluster bootstrap: Efron & Tibshirani 1993;
for system comparison, Koehn 2004 and Berg-Kirkpatrick et al. 2012), and for each model S - 1 of its S seeds,
with replacement (Rao & Wu 1988, without which few seeds vary too little), so that an interval covers the choice of
documents and the luck of the seed. With three seeds the second is a rough guide.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, pairwise

import numpy as np

from pipeline.ground.records import Estimate
from pipeline.judging.bootstrap import Tallies, counted_labels, draw_weights, tally, with_interval
from pipeline.judging.difference import LEVEL, stand
from pipeline.judging.metrics import count
from pipeline.judging.records import Judged

RESAMPLES = 10_000  # Holm's first step over 36 pairs asks for p below 0.0014


@dataclass(frozen=True, slots=True)
class Difference:
    """Macro-F1 of `a` minus that of `b`, means over seeds; `real` where it stands among all pairs (Holm 1979)."""

    a: str
    b: str
    estimate: Estimate
    p: float
    real: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Resampled:
    """A model's macro-F1, mean over its seeds, and the same in every resample; shape (resamples,).

    `shown` is given where the figure as people know it has a bias that `value` is without.
    """

    value: float
    drawn: np.ndarray
    shown: float | None = None

    @property
    def plain(self) -> float:
        """Give the figure as people know it."""
        return self.value if self.shown is None else self.shown

    @property
    def estimate(self) -> Estimate:
        """Give the value with its 95 % interval."""
        return with_interval(self.value, self.drawn)


def resample_models(
    models: Mapping[str, Sequence[Judged]], resamples: int = RESAMPLES, seed: int = 0
) -> dict[str, Resampled]:
    """Draw documents and seeds for all models together; each model has one `Judged` for each seed.

    Raises:
        ValueError: two models do not hold the same sentences, gold and documents in the same order.
    """
    everything = [judged for runs in models.values() for judged in runs]
    check_same(everything)
    if not everything:
        return {}
    rng = np.random.default_rng(seed)
    weights = draw_weights(len(set(everything[0].groups)), resamples, rng).astype(float)
    return {name: _resample(runs, weights, rng) for name, runs in models.items()}


def _resample(runs: Sequence[Judged], weights: np.ndarray, rng: np.random.Generator) -> Resampled:
    """Average macro-F1 over drawn seeds in each resample of documents."""
    value = float(np.mean([count(run.gold, run.predicted).f1.mean() for run in runs]))
    if weights.shape[1] < 2:
        return Resampled(value, np.full(len(weights), np.nan))
    by_run = []
    for run in runs:
        drawn = Tallies.unpack(weights @ tally(run))
        by_run.append(drawn.macro_f1(counted_labels(run.gold.sum(axis=0), drawn.counts.support)))
    chosen = rng.integers(len(runs), size=(len(weights), max(1, len(runs) - 1)))
    return Resampled(value, np.stack(by_run, axis=1)[np.arange(len(weights))[:, None], chosen].mean(axis=1))


def differences(resampled: Mapping[str, Resampled]) -> list[Difference]:
    """Compare every pair; p is two-sided, and pairs are told real by Holm's step-down at 0.05."""
    found = []
    for a, b in combinations(resampled, 2):
        apart = resampled[a].drawn - resampled[b].drawn
        estimate = with_interval(resampled[a].value - resampled[b].value, apart)
        found.append(Difference(a, b, estimate, two_sided(apart)))
    return holm(found)


def two_sided(apart: np.ndarray) -> float:
    """Give twice the share of resamples on the wrong side of 0, never below one resample's worth."""
    known = apart[np.isfinite(apart)]
    if not len(known):
        return 1.0
    side = min(np.sum(known <= 0), np.sum(known >= 0))
    return float(min(1.0, 2 * (side + 1) / (len(known) + 1)))


def holm(found: Sequence[Difference], level: float = LEVEL) -> list[Difference]:
    """Mark the differences that stand when all pairs are asked at once (Holm 1979); the order is kept."""
    real = stand([difference.p for difference in found], level)
    return [replace(difference, real=stands) for difference, stands in zip(found, real, strict=True)]


def check_same(runs: Sequence[Judged]) -> None:
    """Raise `ValueError` where two do not hold the same sentences, gold and documents in the same order."""
    for a, b in pairwise(runs):
        if (a.labels, a.texts, a.groups) != (b.labels, b.texts, b.groups) or not np.array_equal(a.gold, b.gold):
            raise ValueError("only models judged on the same sentences, gold and documents can be paired")
