"""Resample how well probabilities are calibrated, so that two models can be held against each other by it.

The plain expected calibration error sums the sizes of gaps, and chance makes gaps in every bin. So it lies above the
true one, the more so the more bins a model's probabilities fill (Bröcker & Smith 2007; Kumar, Liang & Ma 2019): of two
models that are both calibrated, the one that tells sentences apart better has the larger figure. A resample of
documents adds that chance once more, so that percentiles of plain figures do not mend it. Hence what chance is expected
to add is taken off each figure, that of the sentences and that of every resample, before two models are compared
(docs/decisions/0020 has what that is worth). A Brier score is a mean and needs none of this.
"""

import math

import numpy as np

from pipeline.judging.compare import Resampled
from pipeline.judging.metrics import ECE_BINS, bin_places
from pipeline.judging.records import Judged

AT_NO_GAP = math.sqrt(2 / math.pi)  # the mean size of noise around 0, in standard deviations


def calibration(judged: Judged, column: int, weights: np.ndarray) -> tuple[Resampled, Resampled]:
    """Give a label's expected calibration error and Brier score, from sums within documents (and bins).

    `weights` says how often each document comes in each resample, shape (resamples, documents), documents by name. The
    error is without what chance adds; `shown` has it as everyone computes it.
    """
    names, document = np.unique(np.array(judged.groups), return_inverse=True)
    probability, gold = judged.probabilities[:, column], judged.gold[:, column].astype(float)
    gaps = np.zeros((len(names), ECE_BINS))
    np.add.at(gaps, (document, bin_places(probability)), gold - probability)
    sizes = np.bincount(document).astype(float)
    squares = np.bincount(document, weights=(gold - probability) ** 2)
    brier = Resampled(float(squares.sum() / sizes.sum()), weights @ squares / (weights @ sizes))
    noise, whole = noise_of(gaps, sizes), gaps.sum(axis=0)
    corrected = float(beyond_chance(whole, noise) / sizes.sum())
    plain = float(np.abs(whole).sum() / sizes.sum())
    return Resampled(corrected, beyond_chance(weights @ gaps, noise) / (weights @ sizes), plain), brier


def noise_of(gaps: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Estimate the standard deviation of each bin's whole gap over draws of documents, shape (bins,).

    `gaps` holds sums of gold minus probability, shape (documents, bins), `sizes` the documents' sentences. 0 of one
    document, which tells nothing of it.
    """
    apart = gaps - (sizes / sizes.sum())[:, None] * gaps.sum(axis=0)
    return np.asarray(np.sqrt((apart**2).sum(axis=0) * len(sizes) / max(len(sizes) - 1, 1)))


def beyond_chance(whole: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """Sum the sizes of gaps, shape (..., bins), each without what noise is expected to add to it.

    A gap is normal around the true one. Where that is 0, noise adds 0.8 standard deviations, and next to nothing where
    it is large; it is estimated by what the square of the gap has beyond that of its noise.
    """
    from scipy.special import erfc

    noisy = noise > 0
    spread = noise[noisy]
    true = np.sqrt(np.maximum(whole[..., noisy] ** 2 - spread**2, 0)) / spread
    added = AT_NO_GAP * np.exp(-(true**2) / 2) - true * erfc(true / math.sqrt(2))
    return np.asarray(np.abs(whole).sum(axis=-1) - (added * spread).sum(axis=-1))
