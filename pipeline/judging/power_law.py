"""Fit the inverse power law that learning curves follow: 1 - F1 = a + b n^-c over n training sentences.

Cortes et al. 1994; Hestness et al. 2017; survey: Viering & Loog 2023. The law describes sentences of one making,
and promises nothing for others.
"""

from dataclasses import dataclass

import numpy as np

from pipeline.judging.metrics import ratio

# Below 0.05 the law is a logarithm that never levels off; above 1 an error would fall faster than 1/n, which no
# learner with noise left in its labels does. Hestness et al. measured 0.07 to 0.35.
SLOWEST, FASTEST, STEPS = 0.05, 1.0, 951


@dataclass(frozen=True, slots=True)
class Law:
    """1 - F1 = a + b n^-c; `misfit` is the largest distance of a measured mean from it."""

    a: float
    b: float
    c: float
    misfit: float

    def f1(self, sentences: float | np.ndarray) -> np.ndarray:
        """Give the fitted F1 at numbers of sentences; never above 1, since a >= 0 and b >= 0."""
        return np.asarray(1 - self.a - self.b * np.asarray(sentences, dtype=float) ** -self.c)

    def gain(self, present: float, more: int) -> float:
        """Give the fitted gain from `present` to `more` sentences beyond."""
        return float(gain(np.array([self.a, self.b, self.c]), present, more))


def gain(laws: np.ndarray, present: float, more: int) -> np.ndarray:
    """Give the fitted gain of each law (..., 3) from `present` to `more` sentences beyond; shape (...)."""
    b, c = laws[..., 1], laws[..., 2]
    return np.asarray(b * (present**-c - (present + more) ** -c))


def fit_law(sentences: np.ndarray, f1: np.ndarray) -> Law:
    """Fit one curve; both inputs have shape (points,)."""
    a, b, c = fit_laws(sentences, f1).tolist()
    return Law(a, b, c, misfit=float(np.abs(Law(a, b, c, 0.0).f1(sentences) - f1).max()))


def fit_laws(sentences: np.ndarray, f1: np.ndarray) -> np.ndarray:
    """Fit curves `f1` (..., points) over `sentences` (points,); return a, b, c, shape (..., 3).

    Least squares within 0 <= a <= 1, b >= 0 and 0.05 <= c <= 1, by variable projection (Golub & Pereyra 1973):
    for a given c the law is linear in a and b, so a grid over c takes no local best for the best of all, and
    thousands of resamples are fitted at once. A curve that falls gets b = 0; one that holds NaN gives NaN.
    """
    scale, grid = sentences.max(), np.linspace(SLOWEST, FASTEST, STEPS)
    z = (sentences / scale) ** -grid[:, None]  # (grid, points)
    error = 1 - np.asarray(f1, dtype=float)
    y, yy = error.mean(axis=-1, keepdims=True), (error**2).mean(axis=-1, keepdims=True)
    yz = error @ z.T / len(sentences)
    mean, square = z.mean(axis=1), (z**2).mean(axis=1)
    b = np.maximum(ratio(yz - y * mean, square - mean**2), 0)
    a = y - b * mean
    b = np.where(a < 0, np.maximum(yz / square, 0), b)  # where a would fall below 0: the best b for a = 0
    a = np.maximum(a, 0)
    loss = yy - 2 * a * y - 2 * b * yz + a**2 + 2 * a * b * mean + b**2 * square
    best = loss.argmin(axis=-1)[..., None]
    a, b, c = (np.take_along_axis(part, best, axis=-1)[..., 0] for part in (a, b, np.broadcast_to(grid, b.shape)))
    return np.stack([a, b * scale**c, c], axis=-1)
