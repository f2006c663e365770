"""Compare two shares: their difference with an interval that holds for few trials."""

import math

from pipeline.ground.records import Estimate
from pipeline.judging.verdicts import wilson


def difference(before: tuple[int, int], after: tuple[int, int]) -> Estimate:
    """Estimate the second share less the first, each (hits, trials), with its 95 % interval.

    Newcombe 1998 (Statistics in Medicine 17, 873-890), method 10: both shares' score intervals, squared and added.
    It takes the two for independent; where many trials are the same in both, it is too wide rather than too narrow.
    No limits where one has no trial.
    """
    first, second = wilson(*before), wilson(*after)
    gap = second.value - first.value
    if first.low is None or first.high is None or second.low is None or second.high is None:
        return Estimate(gap)
    below = math.hypot(second.value - second.low, first.high - first.value)
    above = math.hypot(second.high - second.value, first.value - first.low)
    return Estimate(gap, max(-1.0, gap - below), min(1.0, gap + above))
