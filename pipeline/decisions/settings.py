"""State what a recipe may ask of decisions."""

from typing import Literal

from pydantic import Field, model_validator

from pipeline.ground.config import Strict

REVIEW_ERROR = 0.1


class DecisionSettings(Strict):
    """Where calibration and thresholds are learned, what thresholds aim at, and what is marked for review.

    `expected-f1` takes each threshold from the calibrated probabilities alone, `macro-f1` from gold as well: its
    maximum on few sentences hangs on single ones. A `review_error` of 0.1: see `pipeline.decisions.review.Review`.
    """

    learn_from: Literal["out-of-fold", "validation"]
    folds: int = Field(default=5, ge=2, le=20)
    calibration: Literal["sigmoid", "none"]
    objective: Literal["expected-f1", "macro-f1", "precision-floor", "fixed"]
    floor: float = Field(default=0.0, ge=0, lt=1)
    threshold: float = Field(default=0.5, gt=0, lt=1)
    # Left out at its default, so that recipes keep the hashes their results are filed under.
    review_error: float = Field(default=REVIEW_ERROR, gt=0, lt=0.5, exclude_if=lambda value: value == REVIEW_ERROR)

    @model_validator(mode="after")
    def _floor_is_given(self) -> "DecisionSettings":
        if self.objective == "precision-floor" and self.floor == 0:
            raise ValueError("objective precision-floor needs `floor`, such as 0.8")
        if self.objective != "precision-floor" and self.floor:
            raise ValueError("`floor` goes with objective precision-floor")
        if self.objective != "fixed" and "threshold" in self.model_fields_set:
            raise ValueError("`threshold` goes with objective fixed")
        return self

    @property
    def stated(self) -> str:
        """Say the objective in words, for the model card."""
        if self.objective == "precision-floor":
            return f"precision of at least {self.floor:g}, then recall"
        said = {"macro-f1": "macro-F1", "expected-f1": "expected F1", "fixed": f"fixed at {self.threshold:g}"}
        return said[self.objective]
