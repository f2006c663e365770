"""State what counts as an error in fine-tuning, and how far targets are softened."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

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
