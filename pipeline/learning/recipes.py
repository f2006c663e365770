"""Read recipes: what could learn the labels, with every choice written down."""

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator

from pipeline.decisions.settings import DecisionSettings
from pipeline.ground.config import Strict, load_config
from pipeline.ground.errors import ConfigError
from pipeline.ground.files import hash_json
from pipeline.inference.rules import checked
from pipeline.learning.peer_settings import faults_of

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class PackageEncoder(Strict):
    """An encoder whose files an installed package carries; `folder` is its place in site-packages."""

    kind: Literal["package"]
    package: str
    folder: str
    sha256: dict[str, Sha256] = Field(default_factory=dict)


class HubEncoder(Strict):
    """An encoder by its Hugging Face Hub id; needs a network, or a filled cache."""

    kind: Literal["hub"]
    id: str
    revision: str | None = None


class FolderEncoder(Strict):
    """An encoder in a local folder, as `save_pretrained` writes it."""

    kind: Literal["folder"]
    path: str
    sha256: dict[str, Sha256] = Field(default_factory=dict)


Encoder = Annotated[PackageEncoder | HubEncoder | FolderEncoder, Field(discriminator="kind")]


class PriorLearner(Strict):
    """Learn the label shares and nothing else."""

    kind: Literal["prior"]


class TfidfLearner(Strict):
    """Logistic regression on TF-IDF of word and character n-grams."""

    kind: Literal["tfidf"]
    word_ngrams: tuple[int, int]
    char_ngrams: tuple[int, int]
    min_count: int = Field(ge=1)
    sublinear: bool
    c: float = Field(gt=0)
    class_weight: Literal["balanced", "none"]

    @model_validator(mode="after")
    def _ranges_rise(self) -> "TfidfLearner":
        for name in ("word_ngrams", "char_ngrams"):
            low, high = getattr(self, name)
            if not 1 <= low <= high <= 8:
                raise ValueError(f"{name}: {[low, high]} must rise within 1 to 8")
        return self


class FrozenLearner(Strict):
    """Logistic regression on the sentence embeddings of an encoder left as it is."""

    kind: Literal["frozen"]
    encoder: Encoder
    max_length: int = Field(ge=8, le=512)
    c: float = Field(gt=0)
    class_weight: Literal["balanced", "none"]


class FinetunedLearner(Strict):
    """An encoder and a head trained together."""

    kind: Literal["finetuned"]
    encoder: Encoder
    max_length: int = Field(ge=8, le=512)
    epochs: int = Field(ge=1, le=100)
    patience: int = Field(ge=1)
    batch_size: int = Field(ge=1, le=1024)
    learning_rate: float = Field(gt=0, lt=1)
    head_learning_rate: float = Field(gt=0, lt=1)
    weight_decay: float = Field(ge=0, lt=1)
    warmup: float = Field(ge=0, lt=1)
    dropout: float = Field(ge=0, lt=1)
    class_weight: Literal["balanced", "root", "none"]
    precision: Literal["bfloat16", "float32"]


class AverageLearner(Strict):
    """The mean of other recipes' probabilities; `members` are recipe files beside this one."""

    kind: Literal["average"]
    members: tuple[str, ...] = Field(min_length=2)


Pattern = Annotated[str, AfterValidator(checked)]


class LabelRules(Strict):
    """One label's patterns: `match` speaks for it, and words that `veto` covers speak for nothing."""

    match: tuple[Pattern, ...]
    veto: tuple[Pattern, ...] = ()


class RulesLearner(Strict):
    """Patterns written by hand; `pipeline.inference.rules` states their language."""

    kind: Literal["rules"]
    labels: dict[str, LabelRules]


class PeerLearner(Strict):
    """Somebody else's learner, run by `pipeline/peers/<program>_peer.py` in an environment of its own.

    `requirements` are pip requirements, pinned; none means the interpreter that runs us. The program
    gets its encoder as a local folder and its settings as they are given here.
    """

    kind: Literal["peer"]
    program: Literal["setfit", "spacy", "transformers"]
    requirements: tuple[str, ...]
    encoder: Annotated[PackageEncoder | FolderEncoder, Field(discriminator="kind")] | None = None
    settings: dict[str, Any]

    @field_validator("settings")
    @classmethod
    def _settings_fit_the_program(cls, settings: dict[str, Any], info: ValidationInfo) -> dict[str, Any]:
        if "program" in info.data and (faults := faults_of(info.data["program"], settings)):
            raise ValueError("; ".join(faults))
        return settings

    @model_validator(mode="after")
    def _encoder_fits_the_program(self) -> Self:
        if (self.encoder is None) != (self.program == "spacy"):
            raise ValueError(f"program {self.program} {'wants an encoder' if self.encoder is None else 'takes none'}")
        return self


Learner = Annotated[
    PriorLearner | TfidfLearner | FrozenLearner | FinetunedLearner | AverageLearner | RulesLearner | PeerLearner,
    Field(discriminator="kind"),
]


class Recipe(Strict):
    """One way to learn the labels."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    learner: Learner
    decisions: DecisionSettings
    seed: int = Field(ge=0, lt=2**32)
    members: dict[str, "Recipe"] = Field(default_factory=dict, exclude=True)

    @property
    def hash(self) -> str:
        """Name everything in the recipe but its seed, members' learners too; 16 hex digits."""
        return hash_json(self.described | {"seed": None})

    @property
    def described(self) -> dict[str, Any]:
        """Give the recipe as JSON holds it, members' learners spelt out."""
        members = {name: member.learner.model_dump(mode="json") for name, member in self.members.items()}
        return self.model_dump(mode="json") | ({"members": members} if members else {})


def load_recipe(path: Path) -> Recipe:
    """Read a recipe, and its members' recipes beside it.

    Raises:
        ConfigError: unknown or missing keys, values out of range (all at once), a member that is not
            there, is an average itself or a peer, or bears another member's name.
    """
    recipe = load_config(path, Recipe)
    if not isinstance(recipe.learner, AverageLearner):
        return recipe
    members: dict[str, Recipe] = {}
    for file in recipe.learner.members:
        member_path = path.parent / file
        if not member_path.is_file():
            raise ConfigError(
                f"{path}: learner.members: no recipe {file!r} beside it",
                hint=f"recipes there: {', '.join(sorted(p.name for p in path.parent.glob('*.yaml')))}",
            )
        member = load_config(member_path, Recipe)
        if isinstance(member.learner, AverageLearner):
            raise ConfigError(
                f"{path}: learner.members: {file!r} is an average itself", hint="name its members instead"
            )
        if isinstance(member.learner, PeerLearner):
            raise ConfigError(
                f"{path}: learner.members: {file!r} is a peer, which has no model to average",
                hint="average recipes of ours; peers are there to be compared with",
            )
        if member.name in members:
            raise ConfigError(
                f"{path}: learner.members: {file!r} is the second named {member.name!r}",
                hint="name each member once, and give each recipe a name of its own",
            )
        members[member.name] = member
    return recipe.model_copy(update={"members": members})
