"""State a sweep: which settings of one recipe are searched, between which values, and how a trial is judged."""

import json
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from pipeline.ground.config import Strict
from pipeline.workflows.inquiry import Inquiry

Number = int | float
Seed = Annotated[int, Field(ge=0, lt=2**31)]  # the number of a trial is added to it


class Space(Strict):
    """What a setting may be: a range from `low` to `high`, both included, or one of `choices`.

    Whole numbers are drawn where both ends are written as whole numbers; `log` draws evenly on a log scale.
    """

    low: Number | None = None
    high: Number | None = None
    log: bool = False
    step: Number | None = None
    choices: tuple[Any, ...] | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> "Space":
        if faults := self._choice_faults() if self.choices is not None else self._range_faults():
            raise ValueError("; ".join(faults))
        return self

    def _choice_faults(self) -> list[str]:
        written = [json.dumps(choice) for choice in self.choices or ()]
        ranged = [name for name in ("low", "high", "log", "step") if name in self.model_fields_set]
        faults = [f"`choices` stand alone, without {', '.join(ranged)}"] if ranged else []
        if len(written) < 2:
            faults.append(f"{len(written)} choice{'s' * (len(written) != 1)}, and there is nothing to choose below 2")
        if twice := sorted({choice for choice in written if written.count(choice) > 1}):
            faults.append(f"choices named twice: {', '.join(twice)}")
        return faults

    def _range_faults(self) -> list[str]:
        if self.low is None or self.high is None:
            return ["a range needs `low` and `high`; `choices` are a list instead"]
        faults = [] if self.low < self.high else [f"low {self.low:g} must lie below high {self.high:g}"]
        if self.log and self.low <= 0:
            faults.append(f"log needs a low above 0, not {self.low:g}")
        if self.log and self.step is not None:
            faults.append("log and step do not go together")
        if self.step is not None and not 0 < self.step <= self.high - self.low:
            faults.append(f"step {self.step:g} must lie above 0 and within the range")
        if self.step is not None and self.whole and not isinstance(self.step, int):
            faults.append(f"step {self.step:g} must be whole, as the ends are")
        return faults

    @property
    def whole(self) -> bool:
        """Tell whether whole numbers are drawn."""
        return isinstance(self.low, int) and isinstance(self.high, int)

    @property
    def probes(self) -> list[Any]:
        """List values that a learner must take if it takes this space: its choices, or its ends and one within."""
        if self.choices is not None:
            return list(self.choices)
        low, high = self.low or 0, self.high or 0
        within = [] if self.whole else [low + (self.step or (high - low) * 0.381)]
        return [low, high, *within]

    def __str__(self) -> str:
        """Write the space as a table shows it."""
        if self.choices is not None:
            return " | ".join(json.dumps(choice, ensure_ascii=False).strip('"') for choice in self.choices)
        how = ", log" if self.log else f", step {self.step:g}" if self.step is not None else ""
        return f"{self.low:g} to {self.high:g}{how}"


class Sweep(Inquiry):
    """Which settings of one recipe are best, by so many trials of a sampler that learns from the earlier ones.

    The sampler is TPE (Bergstra et al. 2011, NeurIPS); its first `random_trials` are drawn at random. A trial is
    judged on `folds` of the training documents in turn, or on the validation split where `folds` is 0; test is read
    for the recipe as it is and the chosen trial alone, when the search has ended. Once `prune_after` trials have been
    judged, one that falls behind the median of the others is stopped; null lets every trial run to its end.
    """

    kind: Literal["sweep"]
    stopping_rule: str
    recipe: str
    metric: Literal["macro_f1", "macro_ap"]
    folds: int = Field(ge=0, le=20)
    trials: int = Field(ge=1, le=10_000)
    random_trials: int = Field(ge=1, le=10_000)
    prune_after: Annotated[int, Field(ge=1, le=10_000)] | None
    seed: Seed
    search: dict[str, Space] = Field(min_length=1)

    @field_validator("folds")
    @classmethod
    def _not_one(cls, folds: int) -> int:
        if folds == 1:
            raise ValueError("one fold leaves nothing to train on: give 2 or more, or 0 for the validation split")
        return folds
