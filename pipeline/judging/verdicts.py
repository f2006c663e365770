"""Hold what comes of a behavioural suite: passes, failure rates, shifts, and every claim that did not hold.

Failure rates of test types as in CheckList (Ribeiro et al. 2020); their intervals by Wilson 1927.
"""

import math
from dataclasses import dataclass
from typing import Any

from pipeline.ground.records import Estimate

Z = 1.959964  # 97.5 % quantile of the normal distribution


@dataclass(frozen=True, slots=True)
class Tally:
    """How many cases there were, and how many passed."""

    cases: int
    passed: int

    @property
    def pass_rate(self) -> float:
        """Give the share that passed; 0.0 without a case."""
        return self.passed / max(self.cases, 1)

    @property
    def failure_rate(self) -> Estimate:
        """Give the share that failed with its 95 % Wilson interval."""
        return wilson(self.cases - self.passed, self.cases)

    def as_dict(self) -> dict[str, Any]:
        """Give the counts and the failure rate as JSON holds them."""
        return {"cases": self.cases, "passed": self.passed, "failure_rate": self.failure_rate.as_dict()}


@dataclass(frozen=True, slots=True)
class Shift:
    """Absolute change of a probability from a text to its variants, by label in codebook order.

    A case counts once for each label, with the mean over its variants; `largest` is of single variants.
    """

    cases: int
    mean_by_label: dict[str, float]
    largest_by_label: dict[str, float]

    @property
    def mean(self) -> float:
        """Average over cases and labels."""
        return sum(self.mean_by_label.values()) / len(self.mean_by_label)

    @property
    def largest(self) -> float:
        """Give the largest change of any label."""
        return max(self.largest_by_label.values())

    def as_dict(self) -> dict[str, Any]:
        """Give the shifts as JSON holds them."""
        by_label = {"mean_by_label": self.mean_by_label, "largest_by_label": self.largest_by_label}
        return {"cases": self.cases, "mean": self.mean, "largest": self.largest} | by_label


@dataclass(frozen=True, slots=True)
class CapabilityScores:
    """What a model can do of one capability; `shift` is None without an invariant case."""

    total: Tally
    kinds: dict[str, Tally]
    shift: Shift | None
    bar: float | None

    @property
    def bar_met(self) -> bool | None:
        """Tell whether the mean shift is at most the bar; None where there is no bar or nothing shifts."""
        return None if self.bar is None or self.shift is None else self.shift.mean <= self.bar

    def as_dict(self) -> dict[str, Any]:
        """Give the figures as JSON holds them."""
        return self.total.as_dict() | {
            "kinds": {kind: tally.as_dict() for kind, tally in self.kinds.items()},
            "shift": self.shift.as_dict() if self.shift else None,
            "bar": self.bar,
            "bar_met": self.bar_met,
        }


@dataclass(frozen=True, slots=True)
class Failure:
    """A claim that did not hold; `other` is the variant or changed text, "" where there is none.

    `miss` in (0, 1] ranks failures: probability missing or in excess, or the shift of an invariant case.
    """

    case: str
    capability: str
    kind: str
    text: str
    other: str
    expected: str
    got: str
    miss: float

    def as_dict(self) -> dict[str, Any]:
        """Give the failure as JSON holds it."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class BehaviourReport:
    """What a model does on a suite: by capability, by kind of test, and every failure, the widest miss first."""

    total: Tally
    kinds: dict[str, Tally]
    capabilities: dict[str, CapabilityScores]
    failures: tuple[Failure, ...]

    def as_dict(self) -> dict[str, Any]:
        """Give the report as JSON holds it."""
        return self.total.as_dict() | {
            "kinds": {kind: tally.as_dict() for kind, tally in self.kinds.items()},
            "capabilities": {name: scores.as_dict() for name, scores in self.capabilities.items()},
            "failures": [failure.as_dict() for failure in self.failures],
        }


def wilson(hits: int, trials: int, z: float = Z) -> Estimate:
    """Estimate a rate with its score interval, 95 % by default (Wilson 1927, JASA 22); no limits without a trial."""
    if trials == 0:
        return Estimate(0.0)
    rate, weight = hits / trials, z**2 / trials
    centre = (rate + weight / 2) / (1 + weight)
    half = z / (1 + weight) * math.sqrt(rate * (1 - rate) / trials + weight / (4 * trials))
    return Estimate(rate, max(0.0, centre - half), min(1.0, centre + half))
