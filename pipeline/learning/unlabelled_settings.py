"""State which unlabelled text a recipe learns from, for distillation and masked-language pre-training."""

from typing import Self

from pydantic import Field, model_validator

from pipeline.corpus.unlabelled_sources import UnlabelledSource, twice_named
from pipeline.ground.config import Strict


class UnlabelledSettings(Strict):
    """The sources of unlabelled text, and how many of their sentences to draw; no limit takes all."""

    sources: tuple[UnlabelledSource, ...] = Field(min_length=1)
    limit: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        if twice := twice_named(self.sources):
            raise ValueError(f"sources: more than one is named {', '.join(map(repr, twice))}")
        return self
