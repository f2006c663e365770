"""State how an exported graph's weights are made smaller."""

from typing import Literal

from pydantic import Field, model_validator

from pipeline.ground.config import Strict
from pipeline.learning.loss_settings import later

STATIC = "int8-static"
BLOCKWISE = ("int8-weights", "int4-weights")
FINER_THAN = {"int6-rows": "int8-rows", "int4-weights": "int8-weights"}


class QuantiseSettings(Strict):
    """What becomes of the matrices and of the embedding tables; `keep` and `finer` name exceptions.

    `matrices`:

    - `int8-rows`, `int6-rows`: weights of 8 or 6 bits, one step for each column; each row (token) of what they multiply
      becomes 8 bits by its own largest value. Integer arithmetic; a sentence's result does not depend on its batch.
    - `int8-static`: like `int8-rows`, with one step for each matrix's input, fixed once by its range on `calibration`
      training sentences. The quickest; outliers, as MPNet's tokens have, make it coarse.
      With `prune`, neurons are taken out of the feed-forward blocks first, as long as no more than this share of the
      variance of their block's output is lost once the others are refitted on the same sentences.
    - `int8-dynamic`: onnxruntime's dynamic quantisation: like `int8-rows`, with one step for the whole batch.
    - `int8-weights`, `int4-weights`: onnxruntime's MatMulNBits: one step for each `block_size` weights of a column.
      `accuracy_level` 0 and 1 multiply in float32, 4 in 8-bit integers.

    Patterns (as of file names) name modules, such as `head` or `*.attention.*`: `keep` what stays at float32,
    `finer` the matrices that take 8 bits where the rest take 6 or 4.
    """

    matrices: Literal[
        "float32", "int8-dynamic", "int8-rows", "int8-static", "int6-rows", "int8-weights", "int4-weights"
    ]
    embeddings: Literal["float32", "int8"]
    reduce_range: bool | None = None  # 7 of the 8 bits: exact on processors without VNNI, which else overflow
    block_size: Literal[16, 32, 64, 128, 256] | None = None
    accuracy_level: Literal[0, 1, 4] | None = None
    finer: tuple[str, ...] = ()
    keep: tuple[str, ...] = Field(default=())
    calibration: int | None = later(None, ge=1)
    prune: float | None = later(None, gt=0, lt=1, allow_inf_nan=False)

    @model_validator(mode="after")
    def _fit_together(self) -> "QuantiseSettings":
        if self.finer and self.matrices not in FINER_THAN:
            raise ValueError(f"`finer` goes with {' and '.join(FINER_THAN)}, not with {self.matrices}")
        integers = "int8-rows" in self.formats or self.matrices in ("int8-dynamic", STATIC)
        self._check("reduce_range", integers, "8-bit rows, int8-static and int8-dynamic")
        self._check("calibration", self.matrices == STATIC, STATIC)
        if self.prune is not None:
            self._check("prune", self.matrices == STATIC, STATIC)
        self._check("block_size", self.matrices in BLOCKWISE, " and ".join(BLOCKWISE))
        self._check("accuracy_level", self.matrices in BLOCKWISE, " and ".join(BLOCKWISE))
        return self

    def _check(self, name: str, wanted: bool, where: str) -> None:
        given = getattr(self, name) is not None
        if given != wanted:
            raise ValueError(f"`{name}` goes with {where}" if given else f"{self.matrices} needs `{name}`")

    @property
    def formats(self) -> tuple[str, ...]:
        """List the formats the matrices take: the usual one, and that of the finer ones."""
        return (self.matrices, FINER_THAN[self.matrices]) if self.finer else (self.matrices,)
