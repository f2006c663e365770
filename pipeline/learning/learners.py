"""State every way of learning, with every choice written down; `kind` tells them apart."""

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator

from pipeline.ground.config import Strict
from pipeline.inference.rules import checked
from pipeline.learning.augment_settings import Augment, DistilledAugment
from pipeline.learning.encoder_settings import Encoder, FolderEncoder, PackageEncoder, PartsEncoder
from pipeline.learning.loss_settings import BceLoss, LayerLoss, Loss, Smoothing, later
from pipeline.learning.peer_settings import faults_of
from pipeline.learning.stage_settings import ContrastiveSettings, MaskedSettings
from pipeline.learning.unlabelled_settings import UnlabelledSettings


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


class MaskedStage(MaskedSettings):
    """Masked-language modelling before fine-tuning, on unlabelled sentences beside the training sentences."""

    unlabelled: UnlabelledSettings


class FinetunedLearner(Strict):
    """An encoder and a head trained together.

    `encoder_dropout` None leaves the encoder's own; `freeze: embeddings` leaves word vectors as they are;
    `layer_decay` multiplies the learning rate once for each layer below the top (Howard and Ruder 2018);
    `dropout_samples` averages the loss over so many dropout masks of one forward pass (Inoue 2019);
    `context: neighbours` reads the sentence between those before and after it, pooling over itself alone;
    `masked` and `contrastive` are stages before fine-tuning, in this order; they see the sentences as they are.
    `augment` adds altered copies of sentences, with the targets of the sentences; class weights are reckoned without
    them.
    """

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
    encoder_dropout: float | None = later(None, ge=0, lt=1)
    freeze: Literal["nothing", "embeddings"] = later("nothing")
    layer_decay: float = later(1.0, gt=0, le=1)
    dropout_samples: int = later(1, ge=1, le=32)
    loss: Loss = later(BceLoss())
    smoothing: Smoothing = later(Smoothing())
    context: Literal["none", "neighbours"] = later("none")
    masked: MaskedStage | None = later(None)
    contrastive: ContrastiveSettings | None = later(None)
    augment: Augment | None = later(None)

    @model_validator(mode="after")
    def _copies_have_no_neighbours(self) -> Self:
        if self.augment and self.context == "neighbours":
            raise ValueError("augment does not go with `context: neighbours`: an altered copy stands in no document")
        return self


class AverageLearner(Strict):
    """The mean of other recipes' probabilities; `members` are recipe files beside this one."""

    kind: Literal["average"]
    members: tuple[str, ...] = Field(min_length=2)


Pattern = Annotated[str, AfterValidator(checked)]


class LabelRules(Strict):
    """One label's patterns: `match` speaks for it, and words that `veto` covers speak for nothing."""

    match: tuple[Pattern, ...]
    veto: tuple[Pattern, ...] = ()


class SeedsLearner(Strict):
    """One recipe fitted at several seeds, their probabilities averaged (Lakshminarayanan et al. 2017).

    The first fit takes the seed of this recipe, each further one a thousand more. Fits that are done are kept in the
    cache, so that a killed run goes on with the next.
    """

    kind: Literal["seeds"]
    member: str
    fits: int = Field(ge=2, le=20)


class DistilledLearner(Strict):
    """An encoder that learns a teacher's probabilities on labelled and unlabelled sentences (Hinton et al. 2015).

    `teacher` is a recipe file beside this one, fitted at its own seed; `start: teacher` begins with the weights of its
    first fit, `start: soup` with the mean of all its fits' weights (model soups: Wortsman et al. 2022, ICML); both want
    the teacher's encoder. A labelled sentence's target is `gold_weight` of its labels and the
    rest of the teacher's probability, and it comes round `labelled_copies` times an epoch. `embedding_weight` adds the
    cosine distance between a projection of the student's sentence vector and the teacher's (Reimers and Gurevych
    2020), `layers` those between layers below, each pair with a projection of its own; vectors and layers are those of
    the teacher's first fit. `augment` adds altered copies of sentences, which the teacher judges; the copy of a
    labelled sentence mixes in its labels and comes round as the sentence does. A checkpoint is written every
    `checkpoint_minutes`.
    """

    kind: Literal["distilled"]
    teacher: str
    encoder: Encoder
    start: Literal["encoder", "teacher", "soup"] = "encoder"
    unlabelled: UnlabelledSettings
    max_length: int = Field(ge=8, le=512)
    epochs: int = Field(ge=1, le=100)
    batch_size: int = Field(ge=1, le=1024)
    learning_rate: float = Field(gt=0, lt=1)
    head_learning_rate: float = Field(gt=0, lt=1)
    layer_decay: float = Field(default=1.0, gt=0, le=1)
    weight_decay: float = Field(ge=0, lt=1)
    warmup: float = Field(ge=0, lt=1)
    dropout: float = Field(ge=0, lt=1)
    encoder_dropout: float | None = Field(default=None, ge=0, lt=1)
    freeze: Literal["nothing", "embeddings"] = "nothing"
    gold_weight: float = Field(ge=0, le=1)
    labelled_copies: int = Field(default=1, ge=1, le=20)
    embedding_weight: float = Field(default=0.0, ge=0, le=100)
    precision: Literal["bfloat16", "float32"]
    checkpoint_minutes: float = Field(default=5.0, gt=0)
    layers: LayerLoss | None = later(None)
    augment: DistilledAugment | None = later(None)


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
    encoder: Annotated[PackageEncoder | FolderEncoder | PartsEncoder, Field(discriminator="kind")] | None = None
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
    PriorLearner
    | TfidfLearner
    | FrozenLearner
    | FinetunedLearner
    | AverageLearner
    | SeedsLearner
    | DistilledLearner
    | RulesLearner
    | PeerLearner,
    Field(discriminator="kind"),
]
