"""State what a recipe may ask of decisions."""

from typing import Literal

from pydantic import Field, model_validator

from pipeline.ground.config import Strict


class DecisionSettings(Strict):
    """Where calibration and thresholds are learned, and what thresholds aim at."""

    learn_from: Literal["out-of-fold", "validation"]
    folds: int = Field(default=5, ge=2, le=20)
    calibration: Literal["sigmoid", "none"]
    objective: Literal["macro-f1", "precision-floor", "fixed"]
    floor: float = Field(default=0.0, ge=0, lt=1)
    threshold: float = Field(default=0.5, gt=0, lt=1)

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
        return "macro-F1" if self.objective == "macro-f1" else f"fixed at {self.threshold:g}"
