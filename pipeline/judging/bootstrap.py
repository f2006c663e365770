"""Give 95 % intervals by drawing whole documents, because sentences of one document are not independent.

The cluster bootstrap with percentile limits: Efron & Tibshirani 1993, ch. 13; Davison & Hinkley 1997, 3.8.
"""

from dataclasses import dataclass

import numpy as np

from pipeline.ground.records import Estimate
from pipeline.judging.metrics import Counts, exact_matches, ratio
from pipeline.judging.records import Judged

RESAMPLES = 2_000
CHUNK_CELLS = 2_000_000  # weights held at once; about 50 MB with the draws behind them


@dataclass(frozen=True, slots=True)
class Intervals:
    """The headline figures and each label's F1, in codebook order, with their intervals."""

    macro_f1: Estimate
    micro_f1: Estimate
    exact_match: Estimate
    f1: tuple[Estimate, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Tallies:
    """Sums over some sentences: `counts` of shape (..., L), `exact` and `sentences` of shape (...)."""

    counts: Counts
    exact: np.ndarray
    sentences: np.ndarray

    @classmethod
    def unpack(cls, columns: np.ndarray) -> "Tallies":
        """Read columns tp, fp, fn (L each), exact, sentences; shape (..., 3 L + 2)."""
        tp, fp, fn = np.split(columns[..., :-2], 3, axis=-1)
        return cls(Counts(tp, fp, fn), exact=columns[..., -2], sentences=columns[..., -1])

    def macro_f1(self, counted: np.ndarray) -> np.ndarray:
        """Average F1 over the labels where `counted` (..., L); NaN where none is."""
        f1 = np.where(counted, self.counts.f1, 0.0).sum(axis=-1)
        return np.where(counted.any(axis=-1), ratio(f1, counted.sum(axis=-1)), np.nan)


def tally(judged: Judged) -> np.ndarray:
    """Sum hits and errors within each document; shape (documents, 3 L + 2), documents by name."""
    names, place = np.unique(np.array(judged.groups), return_inverse=True)
    gold, predicted = judged.gold.astype(bool), judged.predicted.astype(bool)
    columns = np.column_stack(
        [gold & predicted, ~gold & predicted, gold & ~predicted, exact_matches(judged), np.ones(len(gold), dtype=bool)]
    )
    sums = np.zeros((len(names), columns.shape[1]))
    np.add.at(sums, place, columns)
    return sums


def draw_weights(documents: int, resamples: int, rng: np.random.Generator) -> np.ndarray:
    """Draw how often each document comes in each resample; shape (resamples, documents), rows sum to `documents`.

    The weights are multinomial; counting draws is ten times as fast as `Generator.multinomial` here.
    """
    draws = rng.integers(documents, size=(resamples, documents))
    draws += np.arange(resamples)[:, None] * documents
    return np.bincount(draws.ravel(), minlength=resamples * documents).reshape(resamples, documents)


def resample(tallies: np.ndarray, resamples: int = RESAMPLES, seed: int = 0) -> np.ndarray:
    """Sum the tallies (documents, k) of each resample; shape (resamples, k). The seed fixes the draws."""
    rng = np.random.default_rng(seed)
    rows = max(1, CHUNK_CELLS // len(tallies))
    sizes = [min(rows, resamples - start) for start in range(0, resamples, rows)]
    return np.concatenate([draw_weights(len(tallies), size, rng).astype(float) @ tallies for size in sizes])


def counted_labels(gold_support: np.ndarray, resampled_support: np.ndarray) -> np.ndarray:
    """Tell which labels' F1 enters a resample's mean; shape (resamples, L), bool.

    A resample without a gold sentence of a label says nothing about it, and counting 0 would punish rarity:
    it is left out there. A label without gold anywhere stays in, as 0, because the figure itself counts it so.
    """
    return np.asarray((resampled_support > 0) | (gold_support == 0))


def with_interval(value: float, resampled: np.ndarray) -> Estimate:
    """Join a figure with the 2.5 and 97.5 percentiles of its resamples (NaN left out); None where none is left."""
    known = resampled[np.isfinite(resampled)]
    if known.size == 0:
        return Estimate(value)
    low, high = np.quantile(known, (0.025, 0.975))
    return Estimate(value, float(low), float(high))


def intervals(judged: Judged, resamples: int = RESAMPLES, seed: int = 0) -> Intervals:
    """Estimate macro-F1, micro-F1, exact match and each label's F1; no limits with fewer than two documents."""
    documents = tally(judged)
    whole = Tallies.unpack(documents.sum(axis=0))
    macro, micro = float(whole.counts.f1.mean()), float(whole.counts.micro_f1)
    exact = float(whole.exact / whole.sentences)
    if len(documents) < 2:
        f1 = tuple(Estimate(float(value)) for value in whole.counts.f1)
        return Intervals(Estimate(macro), Estimate(micro), Estimate(exact), f1)
    drawn = Tallies.unpack(resample(documents, resamples, seed))
    counted = counted_labels(whole.counts.support, drawn.counts.support)
    label_f1 = np.where(drawn.counts.support > 0, drawn.counts.f1, np.nan)
    any_positive = (drawn.counts.tp + drawn.counts.fp + drawn.counts.fn).any(axis=1)
    return Intervals(
        macro_f1=with_interval(macro, drawn.macro_f1(counted)),
        micro_f1=with_interval(micro, np.where(any_positive, drawn.counts.micro_f1, np.nan)),
        exact_match=with_interval(exact, drawn.exact / drawn.sentences),
        f1=tuple(with_interval(float(f1), row) for f1, row in zip(whole.counts.f1, label_f1.T, strict=True)),
    )
