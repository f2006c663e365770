"""Tell which trials of a search are worth finishing."""

from collections.abc import Sequence

import numpy as np


def means_so_far(values: Sequence[float]) -> list[float]:
    """Give the mean of the first value, of the first two, and so on: what a trial is worth after each fold."""
    return [float(np.mean(values[: place + 1])) for place in range(len(values))]


def best_so_far(values: Sequence[float]) -> list[float]:
    """Give the best of the first value, of the first two, and so on: what a training is worth after each epoch."""
    return [float(value) for value in np.maximum.accumulate(values)] if len(values) else []


def falls_behind(worth: Sequence[float], others: Sequence[Sequence[float]], needed: int) -> bool:
    """Tell whether a trial's worth so far lies below the median of other trials' worth after as many steps.

    The median stopping rule (Golovin et al. 2017, KDD), applied once `needed` others came as far. All of them count,
    also those that were stopped there, so that the bar does not rise with every trial that is stopped. The same step
    is compared with the same step, since some folds are easier than others.
    """
    reached = [other[len(worth) - 1] for other in others if len(other) >= len(worth)]
    return len(reached) >= needed and bool(worth[-1] < np.median(reached))
