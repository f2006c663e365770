"""Read the codebook: which labels there are, in which order, and how many a unit carries."""

from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import Field, field_validator

from pipeline.ground.config import Strict, did_you_mean, load_config
from pipeline.ground.errors import LabelError

NAME = r"^[a-z][a-z0-9_-]*$"  # of a label


def _is_false(value: object) -> bool:
    return value is False


class Label(Strict):
    """One label: its name, a short form for narrow tables, a colour, and its definition.

    `asks` says that what carries it asks something of somebody; a report gathers these as a list of things to do.
    """

    name: str = Field(pattern=NAME)
    short: str = Field(min_length=1, max_length=5)
    color: str = "cyan"
    definition: str
    asks: bool = Field(default=False, exclude_if=_is_false)


class Codebook(Strict):
    """A closed label set in one order; `choice` is `any` (any subset) or `one` (exactly one)."""

    name: str
    version: str = Field(pattern=r"^\d+\.\d+\.\d+$")
    unit: str
    choice: Literal["any", "one"]
    labels: tuple[Label, ...] = Field(min_length=1)

    @field_validator("labels")
    @classmethod
    def _once_each(cls, labels: tuple[Label, ...]) -> tuple[Label, ...]:
        names = [label.name for label in labels]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"label named twice: {', '.join(twice)}")
        return labels

    @property
    def names(self) -> tuple[str, ...]:
        """Give the label names in the codebook's order, the one order used everywhere."""
        return tuple(label.name for label in self.labels)

    @property
    def exclusive(self) -> bool:
        """Tell whether a unit carries exactly one label."""
        return self.choice == "one"

    def check(self, labels: object, where: str) -> tuple[str, ...]:
        """Return `labels` in codebook order; raise `LabelError` for what the codebook does not allow."""
        if not isinstance(labels, list | tuple) or not all(isinstance(name, str) for name in labels):
            raise LabelError(
                f"{where}: labels must be a list of names, got {labels!r}",
                hint=f'for example "labels": ["{self.names[0]}"]',
            )
        for name in labels:
            if name not in self.names:
                raise LabelError(
                    f"{where}: unknown label {name!r}; {did_you_mean(name, list(self.names))}",
                    hint=f"the codebook {self.name} {self.version} has: {', '.join(self.names)}",
                )
        if self.exclusive and len(labels) != 1:
            raise LabelError(
                f"{where}: {len(labels)} labels, and the codebook {self.name} wants exactly one",
                hint=f"give one of: {', '.join(self.names)}",
            )
        return tuple(name for name in self.names if name in labels)

    def encode(self, labels: list[tuple[str, ...]]) -> np.ndarray:
        """Turn label sets into a 0/1 matrix, shape (n, number of labels), dtype int8."""
        return np.array([[name in row for name in self.names] for row in labels], dtype=np.int8).reshape(
            len(labels), len(self.names)
        )

    def decode(self, matrix: np.ndarray) -> list[tuple[str, ...]]:
        """Turn a 0/1 matrix, shape (n, number of labels), back into label sets."""
        return [tuple(name for name, on in zip(self.names, row, strict=True) if on) for row in matrix]


def load_codebook(labels_dir: Path) -> Codebook:
    """Read `codebook.yaml` of a labels folder."""
    return load_config(labels_dir / "codebook.yaml", Codebook)
