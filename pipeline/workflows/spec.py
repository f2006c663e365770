"""Read an experiment's specification: the question, and what is run to answer it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from pipeline.ground.config import did_you_mean, parse_config, read_yaml
from pipeline.ground.errors import ConfigError
from pipeline.learning.learners import DistilledLearner, PeerLearner
from pipeline.learning.recipes import Recipe, load_recipe, with_members
from pipeline.workflows.benchmark_spec import Benchmark
from pipeline.workflows.borrowed import faults_of
from pipeline.workflows.inquiry import Inquiry
from pipeline.workflows.sweep_settings import search_faults
from pipeline.workflows.sweep_spec import Sweep

HINT = "mend the lines named above; the specifications in experiments/ are working examples"
Seed = Annotated[int, Field(ge=0, lt=2**32)]


class Trial(Inquiry):
    """What is trained anew, and when to stop."""

    seeds: tuple[Seed, ...] = Field(min_length=1)
    stopping_rule: str


class Question(Trial):
    """One question, put to several recipes."""

    recipes: tuple[str, ...] = Field(min_length=1)
    metric: Literal["macro_f1"]
    publish: bool


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


Variant = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]*$", max_length=40)]


class Ablation(Trial):
    """What each training option is worth, on grouped cross-validation over the training documents.

    Each variant overrides settings of the base recipe's learner: a mapping is merged key by key, unless it names
    another `kind`; anything else is replaced. The name is the file's where none is given, so that a copy of a
    specification writes files of its own.
    """

    kind: Literal["ablation"]
    recipe: str
    folds: int = Field(ge=2, le=20)
    metric: Literal["macro-ap", "macro-f1"]
    variants: dict[Variant, dict[str, Any]] = Field(min_length=1)


class Frontier(Inquiry):
    """What accuracy costs in speed and size: trained models, named as `stance models` does, judged and timed together.

    A name with a `/` is a folder, from the project's root. Peers, which leave no folder, come from `leaderboard`, a
    file beside the specification. The name is the file's where none is given.
    """

    kind: Literal["frontier"]
    models: tuple[Annotated[str, Field(min_length=1)], ...] = Field(min_length=1)
    leaderboard: str | None = None
    repeats: int = Field(ge=1, le=100)


Spec = Comparison | LearningCurve | Ablation | Frontier | Benchmark | Sweep
COMPARISON, CURVE, ABLATION, FRONTIER = "comparison", "learning-curve", "ablation", "frontier"
BENCHMARK, SWEEP = "benchmark", "sweep"
KINDS: dict[str, type[Spec]] = {
    COMPARISON: Comparison,
    CURVE: LearningCurve,
    ABLATION: Ablation,
    FRONTIER: Frontier,
    BENCHMARK: Benchmark,
    SWEEP: Sweep,
}
BASE = "base"  # the row of an ablation's or a sweep's recipe as it is


def load_spec(path: Path, models: Path) -> tuple[Spec, dict[str, Recipe]]:
    """Read a specification and its recipes, which lie in `models`.

    Recipes are named by their file; those of an ablation by their variant, the first of them `base`, as
    is a sweep's only one.

    Raises:
        ConfigError: every fault of the specification and of its recipes at once.
    """
    value = read_yaml(path)
    faults: list[ConfigError] = []
    spec: Spec | None = None
    if isinstance(value, dict) and value.get("kind") not in list(KINDS):
        faults.append(_no_kind(value.get("kind"), path))
        value = value | {"kind": _guessed(value)}  # so that what else is wrong is said, too
    kind = value["kind"] if isinstance(value, dict) else COMPARISON
    if kind in (ABLATION, FRONTIER, BENCHMARK, SWEEP):
        value = {"name": path.stem} | value
    try:
        spec = parse_config(value, KINDS[kind], str(path))
    except ConfigError as error:
        faults.append(error)
    recipes, more = _recipes_of(value, path, models) if isinstance(value, dict) else ({}, [])
    if spec is None or faults or more:
        raise _all_of([*faults, *more])
    return spec, recipes


def _recipes_of(value: dict[str, Any], path: Path, models: Path) -> tuple[dict[str, Recipe], list[ConfigError]]:
    """Read the recipes a specification names, and make an ablation's variants; also where the rest has faults.

    A benchmark and a frontier name none; what is wrong with a frontier's leaderboard is found here.
    """
    if value["kind"] == BENCHMARK:
        return {}, []
    if value["kind"] == FRONTIER:
        return {}, faults_of(value, path, models)
    if value["kind"] == ABLATION:
        recipe, variants = value.get("recipe"), value.get("variants")
        variants = variants if isinstance(variants, dict) else {}
        return _load_variants(recipe, variants, path, models) if isinstance(recipe, str) else ({}, [])
    if value["kind"] == SWEEP:
        return _load_searched(value, path, models) if isinstance(value.get("recipe"), str) else ({}, [])
    named = value.get("recipes")
    names = [name for name in named if isinstance(name, str)] if isinstance(named, list) else []
    return _load_recipes(names, path, models)


def _no_kind(kind: object, path: Path) -> ConfigError:
    said = "missing" if kind is None else f"{kind!r}"
    return ConfigError(f"{path}: 1 fault\n  - kind: {said}; {did_you_mean(str(kind), list(KINDS))}", hint=HINT)


def _guessed(value: dict[str, object]) -> str:
    """Take a specification without a known kind for the one its keys fit."""
    of_its_own = {
        kind: set(schema.model_fields)
        - {key for other in KINDS.values() if other != schema for key in other.model_fields}
        for kind, schema in KINDS.items()
    }
    return max(KINDS, key=lambda kind: len(of_its_own[kind] & set(value)))


def _load_variants(
    file: str, variants: Mapping[str, Any], path: Path, models: Path
) -> tuple[dict[str, Recipe], list[ConfigError]]:
    """Read an ablation's base, and make each variant of it; collect what is wrong with any."""
    recipes, faults = _load_base(file, path, models, distilled=True)
    if faults:
        return {}, faults
    base = recipes[BASE]
    for name, changes in variants.items():
        if isinstance(changes, dict):  # where it is not, the specification's own check says so
            where = f"{path}: variants.{name}"
            try:
                recipe = make_variant(base, changes, where, models)
                _check_new(str(name), recipe, recipes, where)
                recipes[str(name)] = recipe
            except ConfigError as error:
                faults.append(error)
    return recipes, faults


def _load_base(
    file: str, path: Path, models: Path, *, distilled: bool = False
) -> tuple[dict[str, Recipe], list[ConfigError]]:
    """Read the one recipe whose settings are changed; one that has a teacher only where `distilled` allows it."""
    read, faults = _load_recipes([file], path, models, key="recipe")
    if faults:
        return {}, faults
    base = read[file]
    student = isinstance(base.learner, DistilledLearner)
    if (student and distilled) or not (base.members or isinstance(base.learner, PeerLearner)):
        return {BASE: base}, []
    why = "is built of other recipes" if base.members else "is another tool's"
    why, hint = f"{why}, and has no training options of its own", "name the recipe of a single learner of ours"
    if student:
        why = "learns from a teacher, and a sweep does not search students"
        hint = "ask with `kind: ablation` what settings are worth to it, or name the recipe of a single learner of ours"
    return {}, [ConfigError(f"{path}: recipe: {file!r} (kind {base.learner.kind}) {why}", hint=hint)]


def _load_searched(value: dict[str, Any], path: Path, models: Path) -> tuple[dict[str, Recipe], list[ConfigError]]:
    """Read a sweep's base, and say what it has against what is searched."""
    recipes, faults = _load_base(value["recipe"], path, models)
    if recipes:
        faults += search_faults(recipes[BASE], value, path)
    return recipes, faults


def make_variant(base: Recipe, changes: Mapping[str, Any], where: str, models: Path) -> Recipe:
    """Override settings of a recipe's learner; `where` names the variant in messages.

    The recipes it names are read from `models`, since another teacher may be among the changes.

    Raises:
        ConfigError: what comes of it is no recipe, or no longer one of the same learner; or as `load_recipe`.
    """
    if "kind" in changes and changes["kind"] != base.learner.kind:
        said = f"{where}: 1 fault\n  - kind: {changes['kind']!r}, and the base is {base.learner.kind!r}"
        raise ConfigError(said, hint="a variant changes settings; compare learners with `kind: comparison`")
    plain = base.model_dump(mode="json", exclude_unset=True)
    merged = plain | {"learner": _merged(plain["learner"], changes)}
    return with_members(parse_config(merged, Recipe, where), models, where)


def _merged(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Merge mappings key by key; one that names another `kind` replaces the old one whole."""
    if "kind" in new and new["kind"] != old.get("kind"):
        return dict(new)
    merged = dict(old)
    for key, value in new.items():
        both = isinstance(value, dict) and isinstance(old.get(key), dict)
        merged[key] = _merged(old[key], value) if both else value
    return merged


def _check_new(name: str, recipe: Recipe, others: Mapping[str, Recipe], where: str) -> None:
    """Raise `ConfigError` where a variant is called as the base is, or has the settings of an earlier one."""
    same = [other for other, earlier in others.items() if earlier.hash == recipe.hash]
    if name == BASE or same:
        said = f"the recipe as it is has the name {BASE!r}" if name == BASE else f"the same settings as {same[0]!r}"
        raise ConfigError(f"{where}: {said}", hint="give every variant a name and settings of its own")


def _load_recipes(
    names: Sequence[str], path: Path, models: Path, key: str = "recipes"
) -> tuple[dict[str, Recipe], list[ConfigError]]:
    """Read each recipe by its file's name; collect what is wrong instead of stopping at the first."""
    there = sorted(str(p.relative_to(models)) for p in models.glob("*.yaml"))
    recipes: dict[str, Recipe] = {}
    faults = []
    unknown = [name for name in dict.fromkeys(names) if name not in there]
    if unknown:
        lines = "\n".join(f"  - {key}: {name!r}; {did_you_mean(name, there)}" for name in unknown)
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
