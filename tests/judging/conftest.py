"""Make judged sentences: documents differ, probabilities are roughly calibrated, optimism is the hardest."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from pipeline.judging.records import Judged

NAMES = ("optimism", "caution", "recommendation")


def simulate(sentences: int = 400, documents: int = 20, seed: int = 0, exclusive: bool = False) -> Judged:
    rng = np.random.default_rng(seed)
    place = rng.integers(documents, size=sentences)
    base, skill = np.array([-2.2, -2.2, -1.7]), np.array([1.4, 2.2, 3.2])
    logits = base + rng.normal(0, 1, (sentences, 3)) * skill + rng.normal(0, 0.6, (documents, 3))[place]
    if exclusive:
        probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        gold = np.eye(3, dtype=np.int8)[[rng.choice(3, p=row) for row in probabilities]]
        predicted = np.eye(3, dtype=np.int8)[probabilities.argmax(axis=1)]
    else:
        probabilities = 1 / (1 + np.exp(-logits))
        gold = (rng.random((sentences, 3)) < probabilities).astype(np.int8)
        predicted = (probabilities >= [0.35, 0.4, 0.5]).astype(np.int8)
    return Judged(
        gold=gold,
        probabilities=probabilities,
        predicted=predicted,
        groups=tuple(f"doc-{number:02}" for number in place),
        texts=tuple(f"Sentence number {number}." for number in range(sentences)),
        labels=NAMES,
        thresholds=(None, None, None) if exclusive else (0.35, 0.4, 0.5),
        slices={"source": tuple(("crisis-group", "official", "sotu")[number % 3] for number in place)},
        exclusive=exclusive,
    )


def take(judged: Judged, rows: np.ndarray) -> Judged:
    """Pick sentences by index, in that order."""
    return replace(
        judged,
        gold=judged.gold[rows],
        probabilities=judged.probabilities[rows],
        predicted=judged.predicted[rows],
        groups=tuple(judged.groups[row] for row in rows),
        texts=tuple(judged.texts[row] for row in rows),
        slices={name: tuple(values[row] for row in rows) for name, values in judged.slices.items()},
    )


@pytest.fixture
def make() -> Callable[..., Judged]:
    return simulate


@pytest.fixture
def pick() -> Callable[[Judged, np.ndarray], Judged]:
    return take
