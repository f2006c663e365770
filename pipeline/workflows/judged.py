"""Join labelled sentences with what a model said of them."""

from collections.abc import Sequence

import numpy as np

from pipeline.decisions.decisions import Decisions
from pipeline.ground.codebook import Codebook
from pipeline.ground.records import Example
from pipeline.judging.records import Judged
from pipeline.predict import Predictor


def judged_on(
    examples: Sequence[Example],
    codebook: Codebook,
    probabilities: np.ndarray,
    predicted: np.ndarray,
    thresholds: tuple[float | None, ...],
) -> Judged:
    """Group sentences by document, with slices by source and genre; both matrices have shape (n, labels)."""
    return Judged(
        gold=codebook.encode([example.labels for example in examples]),
        probabilities=probabilities,
        predicted=predicted,
        groups=tuple(example.doc for example in examples),
        texts=tuple(example.text for example in examples),
        labels=codebook.names,
        thresholds=thresholds,
        slices={
            "source": tuple(example.source for example in examples),
            "genre": tuple(example.genre for example in examples),
        },
        exclusive=codebook.exclusive,
    )


def decided_by(examples: Sequence[Example], codebook: Codebook, decisions: Decisions, raw: np.ndarray) -> Judged:
    """Judge as the model decides: calibrated probabilities and learned thresholds."""
    probabilities = decisions.calibrate(raw)
    return judged_on(examples, codebook, probabilities, decisions.decide(probabilities), decisions.cutoffs)


def decided_at_half(examples: Sequence[Example], codebook: Codebook, raw: np.ndarray) -> Judged:
    """Judge as most tools decide by themselves: raw probabilities at 0.5, or the largest where one label is carried."""
    if codebook.exclusive:
        predicted = np.eye(raw.shape[1], dtype=np.int8)[raw.argmax(axis=1)]
        return judged_on(examples, codebook, raw, predicted, (None,) * raw.shape[1])
    return judged_on(examples, codebook, raw, (raw >= 0.5).astype(np.int8), (0.5,) * raw.shape[1])


def judge_examples(predictor: Predictor, examples: Sequence[Example]) -> Judged:
    """Score labelled sentences and join them with their gold."""
    probabilities = predictor.predict_proba([example.text for example in examples])
    return judged_on(examples, predictor.codebook, probabilities, predictor.decide(probabilities), predictor.thresholds)
