"""Correct probabilities for another share of each label, estimated from unlabelled sentences.

Expectation-maximisation (Saerens, Latinne and Decaestecker 2002), each label by itself where any subset is allowed,
all together where exactly one is. It assumes that only the shares differ: that sentences which carry a label look
alike in the new text and the old. On few sentences it runs away, so shares are held near those of the training by a
Beta or Dirichlet prior worth `PSEUDO_COUNT` sentences, and fewer than `MINIMUM` sentences are not used at all.
"""

from dataclasses import dataclass

import numpy as np

from pipeline.decisions.decisions import EDGE, Decisions, logit, sigmoid
from pipeline.decisions.review import Review

MINIMUM = 100  # sentences
PSEUDO_COUNT = 200.0  # chosen on validation, sources as batches: below it F1 falls, above it nothing is corrected
STEPS = 1000
CLOSE = 1e-6


@dataclass(frozen=True, slots=True)
class ShiftEstimate:
    """The share of sentences that carry each label, in codebook order: `trained` before, `priors` estimated."""

    trained: tuple[float, ...]
    priors: tuple[float, ...]
    sentences: int
    iterations: int
    converged: bool


def estimate_priors(
    calibrated: np.ndarray,
    trained: tuple[float, ...],
    *,
    exclusive: bool = False,
    pseudo_count: float = PSEUDO_COUNT,
) -> ShiftEstimate:
    """Estimate the label shares of an unlabelled batch from its calibrated probabilities, shape (n, labels).

    The most probable shares under the prior, to which the steps rise; `pseudo_count` 0 gives the plain method.

    Raises:
        ValueError: no sentence, or another number of labels.
    """
    if calibrated.ndim != 2 or calibrated.shape[1] != len(trained) or not len(calibrated):
        raise ValueError(f"probabilities of shape {calibrated.shape} for {len(trained)} label shares")
    before = np.asarray(trained)
    shares, step, moved = before, 0, np.inf
    while step < STEPS and moved > CLOSE:
        said = adapt(calibrated, before, shares, exclusive=exclusive)
        new = (said.sum(axis=0) + pseudo_count * before) / (len(calibrated) + pseudo_count)
        new = np.where(_known(before), new, before)
        shares, step, moved = new, step + 1, float(np.abs(new - shares).max())
    return ShiftEstimate(trained, tuple(map(float, shares)), len(calibrated), step, moved <= CLOSE)


def adapt(
    calibrated: np.ndarray,
    trained: np.ndarray | tuple[float, ...],
    priors: np.ndarray | tuple[float, ...],
    *,
    exclusive: bool = False,
) -> np.ndarray:
    """Correct probabilities, shape (n, labels), from one share of each label to another, by Bayes' rule.

    A label that every sentence or none carried in training is left as it is.
    """
    before, after = np.asarray(trained, dtype=float), np.asarray(priors, dtype=float)
    if exclusive:
        weighed = calibrated * np.exp(_log_ratio(before, after))
        return np.asarray(weighed / weighed.sum(axis=1, keepdims=True))
    return sigmoid(logit(calibrated) + _steps(before, after))


def adapt_decisions(decisions: Decisions, priors: tuple[float, ...]) -> Decisions:
    """Give decisions whose calibration ends at the new label shares; thresholds stay.

    The quantiles of the review move with the probabilities, so that its promise holds after a pure change of shares
    (within each true value nothing has changed; Podkopaev and Ramdas 2021), except where exactly one label stands.

    Raises:
        ValueError: the decisions do not say the label shares of their training.
    """
    if decisions.priors is None:
        raise ValueError("decisions without the label shares of their training cannot be adapted")
    before, after = np.asarray(decisions.priors), np.asarray(priors)
    exclusive = decisions.choice == "one"
    steps = _log_ratio(before, after) if exclusive else _steps(before, after)
    review = decisions.review
    return decisions.model_copy(
        update={
            "calibration": "temperature" if exclusive else "sigmoid",
            "intercepts": tuple(float(value) for value in np.asarray(decisions.intercepts) + steps),
            "priors": tuple(map(float, priors)),
            "review": review if review is None or exclusive else _moved(review, steps),
        }
    )


def _known(shares: np.ndarray) -> np.ndarray:
    return np.asarray((shares > 0) & (shares < 1))


def _steps(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Give what the change of shares adds to each label's log-odds."""
    return np.where(_known(before), logit(after) - logit(before), 0.0)


def _log_ratio(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    return np.where(before > 0, np.log(np.clip(after, EDGE, None) / np.where(before > 0, before, 1)), 0.0)


def _moved(review: Review, steps: np.ndarray) -> Review:
    """Move quantiles as the probabilities move; 0 and 1, which rule nothing out, stay."""

    def move(quantiles: tuple[float, ...]) -> tuple[float, ...]:
        ends = np.asarray(quantiles)
        return tuple(map(float, np.where(_known(ends), sigmoid(logit(ends) + steps), ends)))

    highest = None if review.highest is None else move(review.highest)
    return review.model_copy(update={"lowest": move(review.lowest), "highest": highest})
