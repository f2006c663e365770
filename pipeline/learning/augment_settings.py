"""State which sentences get altered copies for training, and how far these are altered."""

from typing import Self

from pydantic import Field, field_validator, model_validator

from pipeline.ground.config import Strict


class Augment(Strict):
    """Altered copies of the training sentences that carry one of `labels`, `copies` of each.

    In every copy `swap`, a share of the words and at least one where it is above 0, is how often two words change
    places, and `delete` is the chance of each word to be left out; one word stays at least. `pipeline.learning.augment`
    makes them.
    """

    labels: tuple[str, ...] = Field(min_length=1)
    copies: int = Field(ge=1, le=20)
    delete: float = Field(ge=0, le=0.5)
    swap: float = Field(ge=0, le=0.5)

    @field_validator("labels")
    @classmethod
    def _once_each(cls, labels: tuple[str, ...]) -> tuple[str, ...]:
        if twice := sorted({name for name in labels if labels.count(name) > 1}):
            raise ValueError(f"label named twice: {', '.join(twice)}")
        return labels

    @model_validator(mode="after")
    def _something_is_altered(self) -> Self:
        if self.delete == self.swap == 0:
            raise ValueError("delete and swap are both 0, and a copy would be the sentence itself: set one above 0")
        return self


class DistilledAugment(Augment):
    """Altered copies for a student, which the teacher judges as it judges any other text.

    Unlabelled sentences to which the teacher gives one of `labels` with the probability `unlabelled` at least get
    copies, too; without it labelled ones alone do.
    """

    unlabelled: float | None = Field(default=None, gt=0, lt=1)
