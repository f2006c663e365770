"""State the optional stages before fine-tuning, every choice written down."""

from pydantic import Field

from pipeline.ground.config import Strict


class StageSettings(Strict):
    """What both stages ask for; AdamW with linear warm-up over the share `warmup` of the steps."""

    max_length: int = Field(ge=8, le=512)
    epochs: int = Field(ge=1, le=100)
    learning_rate: float = Field(gt=0, lt=1)
    weight_decay: float = Field(ge=0, lt=1)
    warmup: float = Field(ge=0, lt=1)


class ContrastiveSettings(StageSettings):
    """Pull sentences of like label sets together; `background` is how much two sentences without labels count as alike.

    A pair with equal label sets counts 1, a pair that shares some the Jaccard index of its sets.
    """

    batch_size: int = Field(ge=2, le=1024)  # a sentence alone has no pair
    temperature: float = Field(gt=0, le=10)
    background: float = Field(ge=0, le=1)


class MaskedSettings(StageSettings):
    """Go on with masked-language modelling; `share` of the words is hidden (Devlin et al. 2019: 0.15)."""

    batch_size: int = Field(ge=1, le=1024)
    head_learning_rate: float = Field(gt=0, lt=1)
    share: float = Field(gt=0, lt=1)
