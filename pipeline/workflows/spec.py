"""Read an experiment's specification: the question, and what is run to answer it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator

from pipeline.ground.config import Strict, did_you_mean, parse_config, read_yaml
from pipeline.ground.errors import ConfigError
from pipeline.learning.recipes import Recipe, load_recipe

HINT = "mend the lines named above; the specifications in experiments/ are working examples"
Seed = Annotated[int, Field(ge=0, lt=2**32)]


class Question(Strict):
    """What every specification states before anything is run."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    question: str
    hypothesis: str
    recipes: tuple[str, ...] = Field(min_length=1)
    seeds: tuple[Seed, ...] = Field(min_length=1)
    metric: Literal["macro_f1"]
    stopping_rule: str
    publish: bool

    @field_validator("recipes", "seeds")
    @classmethod
    def _once_each(cls, values: tuple[str | int, ...]) -> tuple[str | int, ...]:
        if twice := sorted({str(value) for value in values if values.count(value) > 1}):
            raise ValueError(f"named twice: {', '.join(twice)}")
        return values


class Comparison(Question):
    """One question, put to several recipes side by side; `publish` makes its table the leaderboard and the README's.

    The first `away_seeds` seeds are also judged away from home, which costs a training for each source and fold.
    """

    kind: Literal["comparison"]
    leave_one_source_out: bool
    cross_validation: int = Field(ge=0, le=20)
    away_seeds: int = Field(ge=1)
    behaviour: bool

    @field_validator("cross_validation")
    @classmethod
    def _enough_folds(cls, folds: int) -> int:
        if folds in (1, 2):
            raise ValueError("one fold trains, one validates, one is judged: give 3 or more, or 0 for none")
        return folds


class LearningCurve(Question):
    """What more labels would bring: each recipe trained on growing shares of the training documents.

    `without` names sources whose training documents are left out, to show what they brought.
    """

    kind: Literal["learning-curve"]
    shares: tuple[Annotated[float, Field(gt=0, le=1)], ...] = Field(min_length=3)
    without: tuple[str, ...]
    expect: tuple[Annotated[int, Field(ge=1)], ...] = Field(min_length=1)

    @field_validator("shares")
    @classmethod
    def _rising(cls, shares: tuple[float, ...]) -> tuple[float, ...]:
        if list(shares) != sorted(set(shares)):
            raise ValueError(f"{list(shares)} must rise, each share once")
        return shares


Spec = Comparison | LearningCurve
COMPARISON, CURVE = "comparison", "learning-curve"
KINDS: dict[str, type[Comparison] | type[LearningCurve]] = {COMPARISON: Comparison, CURVE: LearningCurve}


def load_spec(path: Path, models: Path) -> tuple[Spec, dict[str, Recipe]]:
    """Read a specification and its recipes, which lie in `models`.

    Raises:
        ConfigError: every fault of the specification and of its recipes at once.
    """
    value = read_yaml(path)
    faults: list[ConfigError] = []
    spec: Spec | None = None
    if isinstance(value, dict) and value.get("kind") not in list(KINDS):
        faults.append(_no_kind(value.get("kind"), path))
        value = value | {"kind": _guessed(value)}  # so that what else is wrong is said, too
    try:
        spec = parse_config(value, KINDS[value["kind"] if isinstance(value, dict) else COMPARISON], str(path))
    except ConfigError as error:
        faults.append(error)
    named = value.get("recipes") if isinstance(value, dict) else None
    names = [name for name in named if isinstance(name, str)] if isinstance(named, list) else []
    recipes, more = _load_recipes(names, path, models)
    if spec is None or faults or more:
        raise _all_of([*faults, *more])
    return spec, recipes


def _no_kind(kind: object, path: Path) -> ConfigError:
    said = "missing" if kind is None else f"{kind!r}"
    return ConfigError(f"{path}: 1 fault\n  - kind: {said}; {did_you_mean(str(kind), list(KINDS))}", hint=HINT)


def _guessed(value: dict[str, object]) -> str:
    """Take a specification without a known kind for the one its keys fit."""
    return CURVE if set(value) & (set(LearningCurve.model_fields) - set(Comparison.model_fields)) else COMPARISON


def _load_recipes(names: Sequence[str], path: Path, models: Path) -> tuple[dict[str, Recipe], list[ConfigError]]:
    """Read each recipe by its file's name; collect what is wrong instead of stopping at the first."""
    there = sorted(str(p.relative_to(models)) for p in models.glob("*.yaml"))
    recipes: dict[str, Recipe] = {}
    faults = []
    unknown = [name for name in dict.fromkeys(names) if name not in there]
    if unknown:
        lines = "\n".join(f"  - recipes: {name!r}; {did_you_mean(name, there)}" for name in unknown)
        faults.append(
            ConfigError(f"{path}: {len(unknown)} unknown recipe(s)\n{lines}", hint=f"recipes lie in {models}")
        )
    for name in dict.fromkeys(names):
        try:
            recipes |= {name: load_recipe(models / name)} if name in there else {}
        except ConfigError as error:
            faults.append(error)
    called = [recipe.name for recipe in recipes.values()]
    if twice := sorted({name for name in called if called.count(name) > 1}):
        hint = "give each recipe a name of its own"
        faults.append(ConfigError(f"{path}: two recipes are named {twice[0]!r}", hint=hint))
    return recipes, faults


def _all_of(faults: Sequence[ConfigError]) -> ConfigError:
    """Join faults into one error; the first hint that is there stands for all."""
    return ConfigError("\n".join(fault.message for fault in faults), hint=next((f.hint for f in faults if f.hint), ""))
