"""Hold what is judged and what comes of it; every matrix has one column per label, in codebook order."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pipeline.ground.records import Estimate


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """Gold labels, probabilities and decisions of the same n sentences.

    `gold` and `predicted` are 0/1 of shape (n, L), `probabilities` lie in [0, 1] with the same shape;
    `groups`, `texts` and each value of `slices` have n entries. `groups` names the document of a sentence,
    the unit of the bootstrap; a slice value of "" means that the sentence has none. `thresholds` holds None
    where no threshold decides, as in an exclusive codebook. Raises `ValueError` where these disagree.
    """

    gold: np.ndarray
    probabilities: np.ndarray
    predicted: np.ndarray
    groups: tuple[str, ...]
    texts: tuple[str, ...]
    labels: tuple[str, ...]
    thresholds: tuple[float | None, ...]
    slices: dict[str, tuple[str, ...]] = field(default_factory=dict)
    exclusive: bool = False

    def __post_init__(self) -> None:
        self._check_matrices((len(self.texts), len(self.labels)))
        for name, row in {"groups": self.groups, **self.slices}.items():
            if len(row) != len(self.texts):
                raise ValueError(f"{name} has {len(row)} entries for {len(self.texts)} sentences")
        if len(self.thresholds) != len(self.labels):
            raise ValueError(f"{len(self.thresholds)} thresholds for {len(self.labels)} labels")

    def _check_matrices(self, shape: tuple[int, int]) -> None:
        if 0 in shape:
            raise ValueError(f"nothing to judge: {shape[0]} sentences, {shape[1]} labels")
        for name in ("gold", "probabilities", "predicted"):
            matrix = getattr(self, name)
            if matrix.shape != shape:
                raise ValueError(f"{name} has shape {matrix.shape}, and {shape} (sentences, labels) is expected")
        for name in ("gold", "predicted"):
            if not np.isin(getattr(self, name), (0, 1)).all():
                raise ValueError(f"{name} holds values other than 0 and 1")
        if not ((self.probabilities >= 0) & (self.probabilities <= 1)).all():
            raise ValueError("probabilities hold values outside [0, 1]")
        if self.exclusive and (self.gold.sum(axis=1) != 1).any():
            raise ValueError("an exclusive codebook wants exactly one gold label for each sentence")


@dataclass(frozen=True, slots=True)
class LabelScores:
    """The figures of one label against the rest; `average_precision` is None without a gold sentence."""

    precision: float
    recall: float
    f1: Estimate
    average_precision: float | None
    brier: float
    ece: float
    support: int
    threshold: float | None

    def as_dict(self) -> dict[str, float | int | None]:
        """Give plain numbers, the interval of F1 as `f1_low` and `f1_high`."""
        return {
            "precision": self.precision,
            "recall": self.recall,
            "f1": self.f1.value,
            "f1_low": self.f1.low,
            "f1_high": self.f1.high,
            "average_precision": self.average_precision,
            "brier": self.brier,
            "ece": self.ece,
            "support": self.support,
            "threshold": self.threshold,
        }


@dataclass(frozen=True, slots=True)
class SliceScores:
    """The figures of one slice of n sentences; None where neither gold nor prediction has the label."""

    n: int
    documents: int
    macro_f1: float | None
    f1: dict[str, float | None]

    def as_dict(self) -> dict[str, Any]:
        """Give the figures as JSON holds them."""
        return {"n": self.n, "documents": self.documents, "macro_f1": self.macro_f1, "f1": dict(self.f1)}


@dataclass(frozen=True, slots=True)
class Report:
    """What a model is worth on labelled sentences; intervals are 95 %, by document bootstrap."""

    macro_f1: Estimate
    micro_f1: Estimate
    exact_match: Estimate
    labels: dict[str, LabelScores]
    slices: dict[str, dict[str, SliceScores]]
    sentences: int
    documents: int
    notes: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Give the report as JSON holds it: None for what cannot be told, never NaN."""
        return {
            "macro_f1": self.macro_f1.as_dict(),
            "micro_f1": self.micro_f1.as_dict(),
            "exact_match": self.exact_match.as_dict(),
            "labels": {name: scores.as_dict() for name, scores in self.labels.items()},
            "sentences": self.sentences,
            "documents": self.documents,
            "slices": {
                name: {value: scores.as_dict() for value, scores in values.items()}
                for name, values in self.slices.items()
            },
            "notes": list(self.notes),
        }
