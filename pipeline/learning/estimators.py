"""State what every estimator does, in scikit-learn's words, and build the one a recipe names."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np

from pipeline.ground.codebook import Codebook
from pipeline.ground.progress import Progress
from pipeline.inference.manifest import ScorerSpec
from pipeline.learning.recipes import (
    AverageLearner,
    FinetunedLearner,
    FrozenLearner,
    Learner,
    PeerLearner,
    PriorLearner,
    Recipe,
    RulesLearner,
)


@dataclass(frozen=True, slots=True)
class Labelled:
    """Texts with their targets, a 0/1 matrix of shape (n, labels)."""

    texts: Sequence[str]
    targets: np.ndarray

    def at(self, positions: Sequence[int]) -> "Labelled":
        """Take the rows at `positions`."""
        return Labelled([self.texts[i] for i in positions], self.targets[list(positions)])


@dataclass(slots=True)
class Setting:
    """What an estimator is told beside its recipe; `base` is the folder relative paths start from."""

    codebook: Codebook
    seed: int
    base: Path
    threads: int
    progress: Progress = field(default_factory=Progress)


class Estimator(Protocol):
    """Learn probabilities from labelled texts; nothing here knows of thresholds."""

    history: list[dict[str, float]]

    def fit(self, train: Labelled, validation: Labelled) -> "Estimator":
        """Learn from `train`; `validation` serves early stopping where there is any."""
        ...

    def predict_proba(self, texts: Sequence[str]) -> np.ndarray:
        """Give raw probabilities, shape (n, labels)."""
        ...

    def save(self, folder: Path) -> ScorerSpec:
        """Write what `inference` needs to score without this package's training half."""
        ...


def build(recipe: Recipe, setting: Setting) -> Estimator:
    """Make the unfitted estimator of a recipe."""
    if isinstance(recipe.learner, AverageLearner):
        from pipeline.learning.average import AverageEstimator

        return AverageEstimator({name: build_one(m.learner, setting) for name, m in recipe.members.items()})
    return build_one(recipe.learner, setting)


def build_one(learner: Learner, setting: Setting) -> Estimator:
    """Make the unfitted estimator of a learner that is no average."""
    if isinstance(learner, PriorLearner):
        from pipeline.learning.prior import PriorEstimator

        return PriorEstimator()
    if isinstance(learner, FrozenLearner):
        from pipeline.learning.frozen import FrozenEstimator

        return FrozenEstimator(learner, setting)
    if isinstance(learner, FinetunedLearner):
        from pipeline.learning.finetuned import FinetunedEstimator

        return FinetunedEstimator(learner, setting)
    if isinstance(learner, RulesLearner):
        from pipeline.learning.rules import RulesEstimator

        return RulesEstimator(learner, setting)
    if isinstance(learner, PeerLearner):
        from pipeline.learning.peer import PeerEstimator

        return PeerEstimator(learner, setting)
    if isinstance(learner, AverageLearner):
        raise TypeError("an average is built from a recipe, which knows its members")
    from pipeline.learning.tfidf import TfidfEstimator

    return TfidfEstimator(learner, setting)
