"""State what counts as an error in fine-tuning and distillation, and how far targets are softened."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, field_validator

from pipeline.ground.config import Strict


def later(default: Any, **limits: Any) -> Any:
    """Declare a setting that came after the first recipes: at its default a recipe's hash is as before."""
    return Field(default=default, exclude_if=lambda value: value == default, **limits)


def _bounded(gamma: float) -> float:
    if 0 < gamma < 1:
        raise ValueError("0, or at least 1: between them the gradient has no bound")
    return gamma


Gamma = Annotated[float, Field(ge=0, le=10), AfterValidator(_bounded)]


class BceLoss(Strict):
    """Binary cross-entropy, each label by itself."""

    kind: Literal["bce"] = "bce"


class FocalLoss(Strict):
    """Cross-entropy that weighs easy sentences down by (1 - p) ** gamma (Lin et al. 2017, ICCV)."""

    kind: Literal["focal"]
    gamma: float = Field(ge=1, le=10)  # below 1 the gradient has no bound


class AsymmetricLoss(Strict):
    """Focal loss with a gamma of its own for each side, easy negatives left out (Ridnik et al. 2021, ICCV).

    `margin` is taken from the probability of a negative before it is weighed.
    """

    kind: Literal["asymmetric"]
    gamma_positive: Gamma
    gamma_negative: Gamma
    margin: float = Field(ge=0, lt=1)


Loss = Annotated[BceLoss | FocalLoss | AsymmetricLoss, Field(discriminator="kind")]


class Smoothing(Strict):
    """How far targets are moved from 0 and 1: everywhere, and where the annotator was unsure."""

    everywhere: float = Field(default=0.0, ge=0, lt=0.5)
    unsure: float = Field(default=0.0, ge=0, le=0.5)


Layer = Annotated[int, Field(ge=1)]


class LayerLoss(Strict):
    """Cosine distance of a student's layers from the teacher's, after Patient KD (Sun et al. 2019, EMNLP).

    Each pair is a student's layer and the teacher's that it is drawn to, counted from 1, the one above the words.
    Patient KD compares the states at [CLS], by the squared distance of vectors brought to length 1 (twice the cosine
    distance), between networks of equal width, and adds the layers up. Here the means over the tokens are compared, a
    linear map for each pair, learned with the rest, leads from the student's width to the teacher's, and the mean is
    taken over the pairs: `weight` is shared among them, and more pairs do not count for more.
    """

    weight: float = Field(gt=0, le=100)
    pairs: tuple[tuple[Layer, Layer], ...] = Field(min_length=1)

    @field_validator("pairs")
    @classmethod
    def _rising(cls, pairs: tuple[tuple[int, int], ...]) -> tuple[tuple[int, int], ...]:
        for side, layers in zip(("student", "teacher"), zip(*pairs, strict=True), strict=True):
            if list(layers) != sorted(set(layers)):
                raise ValueError(f"the {side}'s layers {list(layers)} must rise, each layer once")
        return pairs

    @property
    def of_student(self) -> tuple[int, ...]:
        """List the student's layers, one for each pair."""
        return tuple(student for student, _ in self.pairs)

    @property
    def of_teacher(self) -> tuple[int, ...]:
        """List the teacher's layers, one for each pair."""
        return tuple(teacher for _, teacher in self.pairs)
