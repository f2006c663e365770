"""Figures of a benchmark: spreads over rounds, paired ratios, growth, and what matrix products allow."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log

LINEAR = (0.95, 1.05)  # exponents of time against size that count as linear


@dataclass(frozen=True, slots=True)
class Spread:
    """A figure measured several times: median, smallest, largest."""

    value: float
    low: float
    high: float

    @classmethod
    def over(cls, values: Sequence[float]) -> "Spread":
        """Take the median and the range; raise `ValueError` where there is no value."""
        if not values:
            raise ValueError("no value to take a median of")
        return cls(float(statistics.median(values)), float(min(values)), float(max(values)))


@dataclass(frozen=True, slots=True)
class Contest:
    """One contestant: a figure for each round, in their order; `reason` says why there is none.

    `speeds` are sentences a second, `peaks` bytes. `startups` are seconds from the start of the process to its first
    result, empty where the speed includes them.
    """

    name: str
    sentences: int
    speeds: tuple[float, ...] = ()
    startups: tuple[float, ...] = ()
    peaks: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()
    reason: str = ""

    @property
    def speed(self) -> Spread:
        """Give the speed over rounds; raise `ValueError` where there is none."""
        return Spread.over(self.speeds)


@dataclass(frozen=True, slots=True)
class Versus:
    """How many times as quick as another we are; `bar` is the ratio that was asked for, None where none was."""

    name: str
    ratio: Spread
    bar: float | None

    @property
    def met(self) -> bool:
        """Tell whether the median ratio reaches the bar, or none was set."""
        return self.bar is None or self.ratio.value >= self.bar


def compare_speeds(ours: Contest, others: Sequence[Contest], bars: Mapping[str, float]) -> tuple[Versus, ...]:
    """Divide our speed by each other's, round by round; contestants without figures are left out.

    Raises:
        ValueError: a contestant has not as many rounds as we have.
    """
    return tuple(
        Versus(
            other.name,
            Spread.over([mine / theirs for mine, theirs in zip(ours.speeds, other.speeds, strict=True)]),
            bars.get(other.name),
        )
        for other in others
        if other.speeds and ours.speeds
    )


@dataclass(frozen=True, slots=True)
class Grown:
    """What the whole command took on a table: seconds, bytes, and the day it was measured.

    `rows` are those of the table, `sentences` those that were scored.
    """

    rows: int
    sentences: int
    wall: float
    cpu: float
    peak: int
    written: int
    date: str
    code_version: str


def growth_exponent(grown: Sequence[Grown]) -> float:
    """Give the exponent b of cpu ~ sentences^b between the two largest sizes.

    Raises:
        ValueError: there are fewer than two sizes, or two are the same.
    """
    *_, one, other = sorted(grown, key=lambda point: point.sentences)
    if one.sentences == other.sentences:
        raise ValueError(f"two sizes of {one.sentences} sentences have no slope")
    return log(other.cpu / one.cpu) / log(other.sentences / one.sentences)


def is_linear(exponent: float) -> bool:
    """Tell whether time grows as the size does."""
    return LINEAR[0] <= exponent <= LINEAR[1]


@dataclass(frozen=True, slots=True)
class Briefed:
    """Seconds a model takes for one document: by a command of its own, each run, and on average in a folder."""

    model: str
    cold: tuple[float, ...] = ()
    copies: int = 0
    batch: float = 0.0
    sentences: int = 0
    reason: str = ""

    @property
    def each(self) -> float:
        """Give the seconds a document takes in the folder."""
        return self.batch / self.copies


@dataclass(frozen=True, slots=True)
class EncoderShape:
    """The matrices of a BERT encoder; vocabulary and head are left out, for they cost next to nothing."""

    layers: int
    hidden: int
    inner: int

    @property
    def weights(self) -> int:
        """Count the numbers in the matrices of all layers."""
        return self.layers * (4 * self.hidden**2 + 2 * self.hidden * self.inner)

    def products(self, rows: int) -> dict[tuple[int, int, int], int]:
        """Say how often a batch of `rows` tokens multiplies each shape (m, k, n)."""
        return {
            (rows, self.hidden, self.inner): self.layers,
            (rows, self.inner, self.hidden): self.layers,
            (rows, self.hidden, self.hidden): 4 * self.layers,
        }

    def operations(self, tokens: Sequence[int]) -> float:
        """Give the mean operations of a sentence: weights, and attention, whose cost grows with length squared."""
        squares = sum(length**2 for length in tokens)
        return (2 * self.weights * sum(tokens) + 4 * self.layers * self.hidden * squares) / len(tokens)


@dataclass(frozen=True, slots=True)
class Limit:
    """Operations a second of one kind of product: of each shape, and of all as a batch has them; one for each round."""

    kind: str
    shapes: dict[str, Spread]
    whole: Spread


@dataclass(frozen=True, slots=True)
class Limits:
    """What matrix products allow; `tokens` is the mean length of a sentence, `operations` its cost."""

    kinds: tuple[Limit, ...] = ()
    tokens: float = 0.0
    operations: float = 0.0
    reason: str = ""

    def sentences_per_second(self, limit: Limit) -> float:
        """Give the sentences a second if nothing but matrices were multiplied."""
        return limit.whole.value / self.operations


def whole_rate(rates: Mapping[tuple[int, int, int], float], products: Mapping[tuple[int, int, int], int]) -> float:
    """Give the operations a second of all products of a batch together, from the rate of each shape."""
    work = {shape: 2 * shape[0] * shape[1] * shape[2] * times for shape, times in products.items()}
    return sum(work.values()) / sum(done / rates[shape] for shape, done in work.items())
