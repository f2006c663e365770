"""Read an experiment's specification: the question, and what is run to answer it."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator

from pipeline.ground.config import Strict, did_you_mean, load_config
from pipeline.ground.errors import ConfigError
from pipeline.learning.recipes import Recipe, load_recipe


class Spec(Strict):
    """One question, put to several recipes; `publish` makes its table the leaderboard and the README's."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    question: str
    hypothesis: str
    recipes: tuple[str, ...] = Field(min_length=1)
    seeds: tuple[Annotated[int, Field(ge=0, lt=2**32)], ...] = Field(min_length=1)
    metric: Literal["macro_f1"]
    stopping_rule: str
    leave_one_source_out: bool
    cross_validation: int = Field(ge=0, le=20)
    publish: bool

    @field_validator("recipes", "seeds")
    @classmethod
    def _once_each(cls, values: tuple[str | int, ...]) -> tuple[str | int, ...]:
        if twice := sorted({str(value) for value in values if values.count(value) > 1}):
            raise ValueError(f"named twice: {', '.join(twice)}")
        return values

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
    recipes = {name: load_recipe(models / name) for name in spec.recipes}
    names = [recipe.name for recipe in recipes.values()]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ConfigError(f"{path}: two recipes are named {twice[0]!r}", hint="give each recipe a name of its own")
    return spec, recipes
