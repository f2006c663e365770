"""Hold what turns raw probabilities into calibrated ones, and those into labels."""

from typing import Literal

import numpy as np
from pydantic import Field, model_validator

from pipeline.decisions.review import Review
from pipeline.ground.config import Strict

EDGE = 1e-6  # probabilities are kept this far from 0 and 1 before their logit is taken


def _is_none(value: object) -> bool:
    return value is None


class Decisions(Strict):
    """Per-label calibration and thresholds, stored inside the model folder.

    Calibration is `sigmoid(slope * logit(p) + intercept)` for each label where any subset is allowed
    (Platt 1999, on the logit), and `softmax(slope * log p)` where exactly one is (temperature scaling,
    Guo et al. 2017, slope = 1 / temperature); there intercepts are 0, until the label shares are adapted.
    Thresholds are None where exactly one label is carried. `priors` are the shares of the sentences learned from that
    carry each label; a file written before there were `priors` and `review` is read without them.
    """

    labels: tuple[str, ...]
    choice: Literal["any", "one"]
    calibration: Literal["none", "sigmoid", "temperature"]
    slopes: tuple[float, ...]
    intercepts: tuple[float, ...]
    thresholds: tuple[float, ...] | None
    objective: str
    learned_from: Literal["out-of-fold", "validation", "nothing"]
    sentences: int
    notes: tuple[str, ...] = ()
    priors: tuple[float, ...] | None = Field(default=None, exclude_if=_is_none)
    review: Review | None = Field(default=None, exclude_if=_is_none)

    @model_validator(mode="after")
    def _columns_agree(self) -> "Decisions":
        """Refuse optional fields of another number of labels."""
        of_review = (self.review.lowest, self.review.highest, self.review.error_absent) if self.review else ()
        if any(row is not None and len(row) != len(self.labels) for row in (self.priors, *of_review)):
            raise ValueError(f"priors or review are not for {len(self.labels)} labels")
        if self.review and (self.review.highest is None) != (self.choice == "one"):
            raise ValueError(f"the review is not for choice {self.choice!r}")
        return self

    def calibrate(self, raw: np.ndarray) -> np.ndarray:
        """Map raw probabilities, shape (n, labels), to calibrated ones of the same shape."""
        if self.calibration == "none":
            return raw
        slopes, intercepts = np.asarray(self.slopes), np.asarray(self.intercepts)
        if self.calibration == "temperature":
            return softmax(slopes * np.log(np.clip(raw, EDGE, None)) + intercepts)
        return sigmoid(slopes * logit(raw) + intercepts)

    def decide(self, probabilities: np.ndarray) -> np.ndarray:
        """Turn calibrated probabilities, shape (n, labels), into a 0/1 matrix of dtype int8."""
        if self.thresholds is not None:
            return (probabilities >= np.asarray(self.thresholds)).astype(np.int8)
        chosen = np.zeros(probabilities.shape, dtype=np.int8)
        chosen[np.arange(len(chosen)), probabilities.argmax(axis=1)] = 1
        return chosen

    def unsure(self, probabilities: np.ndarray) -> np.ndarray | None:
        """Tell which labels of calibrated probabilities deserve a look, bool of the same shape; None if not learned."""
        return None if self.review is None else self.review.unsure(probabilities, self.decide(probabilities))

    @property
    def cutoffs(self) -> tuple[float | None, ...]:
        """Give one threshold for each label, None where the largest probability decides."""
        return self.thresholds if self.thresholds is not None else (None,) * len(self.labels)


def logit(probabilities: np.ndarray) -> np.ndarray:
    """Take log-odds, with probabilities kept off 0 and 1."""
    clipped = np.clip(probabilities, EDGE, 1 - EDGE)
    return np.asarray(np.log(clipped) - np.log1p(-clipped))


def sigmoid(scores: np.ndarray) -> np.ndarray:
    """Map log-odds to probabilities without overflow."""
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * scores)))


def softmax(scores: np.ndarray) -> np.ndarray:
    """Map scores, shape (n, labels), to probabilities that sum to one in each row."""
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))
