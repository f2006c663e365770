"""Read recipes: what could learn the labels, with every choice written down."""

from pathlib import Path
from typing import Any, Self, get_args

from pydantic import Field, model_validator

from pipeline.decisions.settings import DecisionSettings
from pipeline.ground.config import Strict, load_config
from pipeline.ground.errors import ConfigError
from pipeline.ground.files import hash_json
from pipeline.learning.learners import (
    AverageLearner,
    DistilledLearner,
    FinetunedLearner,
    FrozenLearner,
    Learner,
    PriorLearner,
    RulesLearner,
    SeedsLearner,
    TfidfLearner,
)
from pipeline.learning.loss_settings import later
from pipeline.learning.quantise_settings import QuantiseSettings


class Recipe(Strict):
    """One way to learn the labels."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    learner: Learner
    decisions: DecisionSettings
    seed: int = Field(ge=0, lt=2**32)
    quantise: QuantiseSettings | None = later(None)
    members: dict[str, "Recipe"] = Field(default_factory=dict, exclude=True)

    @model_validator(mode="after")
    def _only_graphs_are_quantised(self) -> Self:
        if self.quantise and not isinstance(self.learner, FrozenLearner | FinetunedLearner | DistilledLearner):
            raise ValueError(f"quantise goes with kinds frozen, finetuned and distilled, not with {self.learner.kind}")
        return self

    @property
    def hash(self) -> str:
        """Name everything in the recipe but its seed, members' learners too; 16 hex digits."""
        return hash_json(self.described | {"seed": None})

    @property
    def described(self) -> dict[str, Any]:
        """Give the recipe as JSON holds it, members' learners spelt out."""
        return self.model_dump(mode="json") | _spelt_out(self.members)

    @property
    def parts(self) -> list["Recipe"]:
        """List the recipe and its members, members' members too."""
        return [self, *(part for member in self.members.values() for part in member.parts)]


def _spelt_out(members: dict[str, "Recipe"]) -> dict[str, Any]:
    if not members:
        return {}
    return {
        "members": {
            name: member.learner.model_dump(mode="json") | _spelt_out(member.members)
            for name, member in members.items()
        }
    }


# What may stand inside what: a learner's members must be of these kinds.
INSIDE: dict[type[Strict], tuple[type[Strict], ...]] = {
    AverageLearner: (PriorLearner, TfidfLearner, FrozenLearner, FinetunedLearner, RulesLearner),
    SeedsLearner: (FinetunedLearner,),
    DistilledLearner: (FinetunedLearner, SeedsLearner),
}
REFUSED = {
    "average": "is an average itself: name its members instead",
    "peer": "is a peer, which has no model of ours; peers are there to be compared with",
}


def load_recipe(path: Path) -> Recipe:
    """Read a recipe, and the recipes it names beside it.

    Raises:
        ConfigError: unknown or missing keys, values out of range (all at once), a member that is not there, is of
            a kind that cannot stand there, or bears another member's name.
    """
    return with_members(load_config(path, Recipe), path.parent, str(path))


def with_members(recipe: Recipe, folder: Path, where: str) -> Recipe:
    """Read the recipes that a recipe names, which lie in `folder`; `where` names it in messages.

    Raises:
        ConfigError: as `load_recipe`.
    """
    allowed = INSIDE.get(type(recipe.learner))
    if allowed is None:
        return recipe
    members: dict[str, Recipe] = {}
    for setting, file in _named(recipe.learner):
        member = _member(folder, where, setting, file, allowed)
        if member.name in members:
            raise ConfigError(
                f"{where}: learner.{setting}: {file!r} is the second named {member.name!r}",
                hint="name each member once, and give each recipe a name of its own",
            )
        members[member.name] = member
    _check_start(where, recipe.learner, members)
    return recipe.model_copy(update={"members": members})


def _check_start(where: str, learner: Learner, members: dict[str, Recipe]) -> None:
    """Refuse a student that would start from a teacher of another encoder."""
    if not isinstance(learner, DistilledLearner) or learner.start == "encoder":
        return
    parts = [part.learner for member in members.values() for part in member.parts]
    encoders = [part.encoder for part in parts if isinstance(part, FinetunedLearner)]
    if learner.encoder not in encoders:
        raise ConfigError(
            f"{where}: learner.start: {learner.start} needs a student with the teacher's encoder, and this one has"
            " another",
            hint=f"copy the encoder from {learner.teacher}'s recipe, or set start: encoder",
        )


def _named(learner: Learner) -> list[tuple[str, str]]:
    """List the recipe files a learner names, each with the setting that names it."""
    if isinstance(learner, AverageLearner):
        return [("members", file) for file in learner.members]
    if isinstance(learner, SeedsLearner):
        return [("member", learner.member)]
    return [("teacher", learner.teacher)] if isinstance(learner, DistilledLearner) else []


def _member(folder: Path, where: str, setting: str, file: str, allowed: tuple[type[Strict], ...]) -> Recipe:
    member_path = folder / file
    if not member_path.is_file():
        raise ConfigError(
            f"{where}: learner.{setting}: no recipe {file!r} beside it",
            hint=f"recipes there: {', '.join(sorted(p.name for p in folder.glob('*.yaml')))}",
        )
    kind = load_config(member_path, Recipe).learner.kind
    kinds = [get_args(one.model_fields["kind"].annotation)[0] for one in allowed]
    if kind not in kinds:
        told = kind in REFUSED and (kind != "average" or setting == "members")  # only an average can take its members
        why = REFUSED[kind] if told else f"is of kind {kind}"
        raise ConfigError(f"{where}: learner.{setting}: {file!r} {why}", hint=f"allowed kinds: {', '.join(kinds)}")
    return load_recipe(member_path)
