"""Compare two shares: their difference with an interval that holds for few trials, and how surprising it is."""

import math
from collections.abc import Sequence
from statistics import NormalDist

from pipeline.ground.records import Estimate
from pipeline.judging.verdicts import Z, wilson

LEVEL = 0.05
_FARTHEST = 8.0  # standard errors; beyond it p is below 1e-14
_STEPS = 40


def difference(before: tuple[int, int], after: tuple[int, int], z: float = Z) -> Estimate:
    """Estimate the second share less the first, each (hits, trials), with its interval, 95 % by default.

    Newcombe 1998 (Statistics in Medicine 17, 873-890), method 10: both shares' score intervals, squared and added.
    It takes the two for independent; where many trials are the same in both, it is too wide rather than too narrow.
    No limits where one has no trial.
    """
    first, second = wilson(*before, z), wilson(*after, z)
    gap = second.value - first.value
    if first.low is None or first.high is None or second.low is None or second.high is None:
        return Estimate(gap)
    below = math.hypot(second.value - second.low, first.high - first.value)
    above = math.hypot(second.high - second.value, first.value - first.low)
    return Estimate(gap, max(-1.0, gap - below), min(1.0, gap + above))


def p_value(before: tuple[int, int], after: tuple[int, int]) -> float:
    """Give the two-sided p of no difference: the level at which the interval of `difference` just reaches 0.

    1 where one has no trial.
    """
    if not before[1] or not after[1]:
        return 1.0
    low, high = 0.0, _FARTHEST
    for _ in range(_STEPS):
        z = (low + high) / 2
        low, high = (z, high) if _leaves_out_zero(difference(before, after, z)) else (low, z)
    return min(1.0, 2 * NormalDist().cdf(-low))


def stand(p: Sequence[float], level: float = LEVEL) -> list[bool]:
    """Tell which stand when all are asked at once, by Holm's step-down (1979); the order is kept."""
    real = [False] * len(p)
    for rank, place in enumerate(sorted(range(len(p)), key=p.__getitem__)):
        if p[place] > level / (len(p) - rank):
            break
        real[place] = True
    return real


def _leaves_out_zero(found: Estimate) -> bool:
    return found.low is not None and found.high is not None and (found.low > 0 or found.high < 0)
