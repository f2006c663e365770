"""Read an experiment's specification: the question, and what is run to answer it."""

from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator

from pipeline.ground.config import Strict, did_you_mean, load_config
from pipeline.ground.errors import ConfigError
from pipeline.learning.recipes import Recipe, load_recipe


class Spec(Strict):
    """One question, put to several recipes."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    question: str
    hypothesis: str
    recipes: tuple[str, ...] = Field(min_length=1)
    seeds: tuple[int, ...] = Field(min_length=1)
    metric: Literal["macro_f1"]
    stopping_rule: str
    leave_one_source_out: bool
    cross_validation: int = Field(ge=0, le=20)

    @field_validator("cross_validation")
    @classmethod
    def _enough_folds(cls, folds: int) -> int:
        if folds in (1, 2):
            raise ValueError("one fold trains, one validates, one is judged: give 3 or more, or 0 for none")
        return folds


def load_spec(path: Path, models: Path) -> tuple[Spec, dict[str, Recipe]]:
    """Read a specification and its recipes, which lie in `models`.

    Raises:
        ConfigError: a fault in the specification or a recipe; unknown recipes all at once.
    """
    spec = load_config(path, Spec)
    there = sorted(p.name for p in models.glob("*.yaml"))
    unknown = [name for name in spec.recipes if name not in there]
    if unknown:
        faults = "\n".join(f"  - recipes: {name!r}; {did_you_mean(name, there)}" for name in unknown)
        raise ConfigError(f"{path}: {len(unknown)} unknown recipe(s)\n{faults}", hint=f"recipes lie in {models}")
    return spec, {name: load_recipe(models / name) for name in spec.recipes}
