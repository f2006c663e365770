"""State what each peer's program may be told; every key must be given."""

from typing import Any, Literal

from pydantic import Field

from pipeline.ground.config import Strict, parse_config
from pipeline.ground.errors import ConfigError


class SetfitSettings(Strict):
    """SetFit's `TrainingArguments`; each step is one batch of sentence pairs."""

    max_steps: int = Field(ge=1)
    batch_size: int = Field(ge=1, le=1024)
    body_learning_rate: float = Field(gt=0, lt=1)
    max_length: int = Field(ge=8, le=512)
    precision: Literal["bfloat16", "float32"]


class SpacySettings(Strict):
    """What `spacy init config` is asked for, and when its training stops."""

    optimize: Literal["efficiency", "accuracy"]
    max_steps: int = Field(ge=1)
    patience: int = Field(ge=1)
    eval_frequency: int = Field(ge=1)


class TransformersSettings(Strict):
    """The arguments of the text-classification example that decide the outcome."""

    learning_rate: float = Field(gt=0, lt=1)
    batch_size: int = Field(ge=1, le=1024)
    epochs: int = Field(ge=1, le=100)
    max_length: int = Field(ge=8, le=512)
    precision: Literal["bfloat16", "float32"]


SETTINGS: dict[str, type[Strict]] = {
    "setfit": SetfitSettings,
    "spacy": SpacySettings,
    "transformers": TransformersSettings,
}


def faults_of(program: str, settings: dict[str, Any]) -> list[str]:
    """List every fault of a program's settings, each with its key and a *did you mean*; none is an empty list."""
    try:
        parse_config(settings, SETTINGS[program], program)
    except ConfigError as error:
        return [line.removeprefix("  - ") for line in error.message.splitlines()[1:]]
    return []
