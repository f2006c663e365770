"""Judge the shares a model gives: how far from the true ones, and how often their intervals hold these.

Samples are drawn as they come (documents, groups of documents) and with a share moved at will (the artificial-
prevalence protocol: Forman 2005; González et al. 2017 survey the field). Beside the corrected share stand the methods
that it was chosen from: count, adjusted count (Forman 2008), mean probability and its adjusted form (Bella et al.
2010), and expectation-maximisation (Saerens et al. 2002), plain and held near the training as `--adapt-priors` has it.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from pipeline.decisions.prevalence import FEWEST, correct
from pipeline.decisions.rates import Rates, levels
from pipeline.decisions.shift import estimate_priors
from pipeline.ground.records import Estimate
from pipeline.judging.records import Judged

SAMPLES = 500
GROUP = 5  # documents
MOVED = (25, 100)  # sentences: a briefing, and some
CLOSE = 1e-9


@dataclass(frozen=True, slots=True)
class ShareScores:
    """Mean absolute error and mean error of shares; for intervals, how many hold the true share, and mean width."""

    samples: int
    error: float
    bias: float
    covered: float | None = None
    width: float | None = None


@dataclass(frozen=True, slots=True)
class Protocol:
    """One way to draw samples: each method's scores by label, and over the labels whose rates are known.

    Where the rates of none are known, they are over all labels. `left_out` counts the samples that are too small for
    their share to be corrected, and were not judged.
    """

    name: str
    methods: dict[str, ShareScores]
    labels: dict[str, dict[str, ShareScores]]
    left_out: int = 0

    @property
    def omitted(self) -> str:
        """Say how many samples were left out; empty where none was."""
        return (
            f", {self.left_out:,} sample{'s' * (self.left_out != 1)} of under {FEWEST} sentences left out"
            if self.left_out
            else ""
        )

    @property
    def apart(self) -> list[str]:
        """Name the labels that are not pooled, since their rates are not known."""
        if "corrected" not in self.methods:
            return []
        return [label for label, of in self.labels.items() if "corrected" not in of]


@dataclass(frozen=True, slots=True)
class Quantified:
    """What a model's shares are worth on labelled sentences."""

    sentences: int
    documents: int
    protocols: tuple[Protocol, ...]

    def as_dict(self) -> dict[str, Any]:
        """Give the figures as JSON holds them."""
        return asdict(self)


@dataclass(frozen=True, slots=True, eq=False)
class _Sample:
    """Places of sentences, and the columns of the labels whose shares are asked of them."""

    rows: np.ndarray
    columns: tuple[int, ...]


def quantify(judged: Judged, rates: Rates, *, samples: int = SAMPLES, seed: int = 0) -> Quantified:
    """Judge shares on labelled sentences, `samples` draws for each protocol; the seed fixes them.

    As in what is shown, shares of fewer than `FEWEST` sentences are not corrected; such a sample is left out for every
    method. A protocol is left out where there are too few documents or sentences for it.
    """
    names, place = np.unique(np.array(judged.groups), return_inverse=True)
    documents = [np.flatnonzero(place == number) for number in range(len(names))]
    whole = tuple(range(len(judged.labels)))
    plans: dict[str, Iterator[_Sample]] = {"single documents": (_Sample(rows, whole) for rows in documents)}
    if len(documents) >= 2 * GROUP:
        plans[f"groups of {GROUP} documents"] = _groups(documents, whole, samples, np.random.default_rng(seed))
    for size in MOVED:
        if len(judged.texts) >= 2 * size:
            rng = np.random.default_rng(seed)
            plans[f"{size} sentences, share moved"] = _moved(judged.gold, size, samples, rng)
    protocols = (_protocol(name, plan, judged, place, rates) for name, plan in plans.items())
    return Quantified(len(judged.texts), len(documents), tuple(one for one in protocols if one.methods))


def _groups(
    documents: list[np.ndarray], columns: tuple[int, ...], samples: int, rng: np.random.Generator
) -> Iterator[_Sample]:
    for _ in range(samples):
        chosen = rng.choice(len(documents), GROUP, replace=False)
        yield _Sample(np.concatenate([documents[number] for number in chosen]), columns)


def _moved(gold: np.ndarray, size: int, samples: int, rng: np.random.Generator) -> Iterator[_Sample]:
    """Draw sentences without replacement, labels in turn, the share anywhere that there are sentences for."""
    for number in range(samples):
        column = number % gold.shape[1]
        having, others = np.flatnonzero(gold[:, column] > 0), np.flatnonzero(gold[:, column] == 0)
        most, least = min(size, len(having)), max(0, size - len(others))
        carried = int(rng.integers(least, most + 1))
        rows = [rng.choice(having, carried, replace=False), rng.choice(others, size - carried, replace=False)]
        yield _Sample(np.concatenate(rows), (column,))


def _protocol(name: str, plan: Iterator[_Sample], judged: Judged, place: np.ndarray, rates: Rates) -> Protocol:
    """Let every method answer for every sample."""
    reached = levels(judged.probabilities, judged.thresholds)
    errors: dict[str, dict[str, list[tuple[float, Estimate]]]] = {label: {} for label in judged.labels}
    left_out = 0
    for sample in plan:
        if len(sample.rows) < FEWEST:
            left_out += 1
            continue
        sizes = np.unique(place[sample.rows], return_counts=True)[1]
        corrected = _correct_some(reached[sample.rows], sizes, rates, sample.columns)
        for column in sample.columns:
            label = judged.labels[column]
            true = float(judged.gold[sample.rows, column].mean())
            for method, estimate in _rivals(judged, sample.rows, column, rates).items():
                errors[label].setdefault(method, []).append((true, estimate))
            if (ours := corrected[column]) is not None:
                errors[label].setdefault("corrected", []).append((true, ours))
    by_label = {label: {method: _scores(pairs) for method, pairs in of.items()} for label, of in errors.items() if of}
    # One set of labels for every method, or their errors would not compare.
    alike = [of for of in errors.values() if "corrected" in of] or list(errors.values())
    methods = dict.fromkeys(method for of in alike for method in of)
    pooled = {method: _scores([pair for of in alike for pair in of.get(method, [])]) for method in methods}
    return Protocol(name, pooled, by_label, left_out)


def _correct_some(
    reached: np.ndarray, sizes: np.ndarray, rates: Rates, columns: tuple[int, ...]
) -> dict[int, Estimate | None]:
    """Correct the labels asked for and no others, which saves time where labels are independent."""
    if rates.exclusive or len(columns) == len(rates.means):
        return dict(enumerate(correct(reached, list(sizes), rates)))
    names = list(rates.means)
    kept = [names[column] for column in columns]
    some = Rates(
        counts={name: rates.counts[name] for name in kept},
        means={name: rates.means[name] for name in kept},
        folds=rates.folds,
    )
    return dict(zip(columns, correct(reached[:, list(columns)], list(sizes), some), strict=True))


def _rivals(judged: Judged, rows: np.ndarray, column: int, rates: Rates) -> dict[str, Estimate]:
    """Estimate one label's share by the methods that give no interval."""
    label = judged.labels[column]
    counted, probabilities = float(judged.predicted[rows, column].mean()), judged.probabilities[rows, column]
    table = rates.of_label(column, label)
    seen = table.sum(axis=1)
    share = float(seen[1] / seen.sum())
    false, true = table[:, 1] / np.maximum(seen, 1)
    without, having = rates.means[label]
    mean = float(probabilities.mean())
    column_of = probabilities[:, None]
    return {
        "counted": Estimate(counted),
        "adjusted count": Estimate(_adjusted(counted, false, true)),
        "mean probability": Estimate(mean),
        "adjusted mean": Estimate(_adjusted(mean, without, having)),
        "EM": Estimate(estimate_priors(column_of, (share,), pseudo_count=0).priors[0]),
        "EM held": Estimate(estimate_priors(column_of, (share,)).priors[0]),
    }


def _adjusted(found: float, without: float, having: float) -> float:
    """Solve found = share * having + (1 - share) * without, within [0, 1]; as found where the two hardly differ."""
    return float(np.clip((found - without) / (having - without), 0, 1)) if having - without > 0.01 else found


def _scores(pairs: list[tuple[float, Estimate]]) -> ShareScores:
    """Compare estimates with true shares."""
    gaps = np.array([estimate.value - true for true, estimate in pairs])
    error, bias = float(np.abs(gaps).mean()), float(gaps.mean())
    ranges = [(true, one.low, one.high) for true, one in pairs if one.low is not None and one.high is not None]
    if not ranges:
        return ShareScores(len(pairs), error, bias)
    held = [low - CLOSE <= true <= high + CLOSE for true, low, high in ranges]
    widths = [high - low for _, low, high in ranges]
    return ShareScores(len(pairs), error, bias, float(np.mean(held)), float(np.mean(widths)))
