"""Tell which models no other beats: at least as good and at least as cheap, and better at one of the two."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.ground.records import Estimate


@dataclass(frozen=True, slots=True)
class Speed:
    """Sentences a second: the figure to go by, and the slowest and the fastest time it was measured."""

    value: float
    slowest: float
    fastest: float

    @classmethod
    def over(cls, rounds: Sequence[float], sentences: int) -> "Speed":
        """Take the median over rounds, each the seconds that `sentences` took."""
        speeds = sentences / np.asarray(rounds, dtype=float)
        return cls(float(np.median(speeds)), float(speeds.min()), float(speeds.max()))


@dataclass(frozen=True, slots=True)
class Point:
    """What a model is worth and what it costs; `taken` is the date of figures that are not of this run."""

    name: str
    macro_f1: Estimate
    speed: Speed
    megabytes: float
    taken: str = ""


@dataclass(frozen=True, slots=True)
class Fronts:
    """Name the models on each front, the best macro-F1 first.

    `speed` is the front of the models that were timed together; `speed_of_all` believes times taken elsewhere, too.
    """

    speed: tuple[str, ...]
    speed_of_all: tuple[str, ...]
    size: tuple[str, ...]


def fronts_of(points: Sequence[Point]) -> Fronts:
    """Find the fronts of macro-F1 and speed, and that of macro-F1 and size on disk; names must differ.

    A size is the same on every day, and a speed is not: times of different moments make no front of speed.
    """
    together = [point for point in points if not point.taken]
    return Fronts(
        speed=_front(together, lambda point: point.speed.value),
        speed_of_all=_front(points, lambda point: point.speed.value),
        size=_front(points, lambda point: -point.megabytes),
    )


def _front(points: Sequence[Point], merit: Callable[[Point], float]) -> tuple[str, ...]:
    on = pareto_front([point.macro_f1.value for point in points], [merit(point) for point in points])
    kept = [point for point, stands in zip(points, on, strict=True) if stands]
    return tuple(point.name for point in sorted(kept, key=lambda point: -point.macro_f1.value))


def pareto_front(first: Sequence[float], second: Sequence[float]) -> tuple[bool, ...]:
    """Tell for each point whether it is on the front; more is better of both figures.

    A point is beaten by one that is at least as good at both figures and better at one, so equal points stand or
    fall together. One with a figure that is not a number is never on the front, and beats none.

    Raises:
        ValueError: there are not as many of one figure as of the other.
    """
    points = list(zip(first, second, strict=True))
    return tuple(
        not np.isnan(point).any() and not any(_beats(other, point) for other in points if not np.isnan(other).any())
        for point in points
    )


def _beats(one: tuple[float, float], other: tuple[float, float]) -> bool:
    return one != other and one[0] >= other[0] and one[1] >= other[1]
