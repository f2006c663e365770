"""State what every estimator does, in scikit-learn's words, and build the one a recipe names."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

import numpy as np

from pipeline.ground.codebook import Codebook
from pipeline.ground.progress import Progress
from pipeline.ground.records import Example
from pipeline.inference.manifest import ScorerSpec
from pipeline.learning.learners import (
    AverageLearner,
    DistilledLearner,
    FinetunedLearner,
    FrozenLearner,
    Learner,
    PeerLearner,
    PriorLearner,
    RulesLearner,
    SeedsLearner,
)
from pipeline.learning.recipes import Recipe


@dataclass(frozen=True, slots=True)
class Labelled:
    """Texts with their targets, a 0/1 matrix of shape (n, labels).

    `unsure` marks, shape (n,), where the annotators were; `neighbours` holds the sentences before and after each,
    empty where a document begins or ends or the next sentence is not labelled. Both may be left out.
    """

    texts: Sequence[str]
    targets: np.ndarray
    unsure: np.ndarray | None = None
    neighbours: Sequence[tuple[str, str]] | None = None

    def at(self, positions: Sequence[int]) -> "Labelled":
        """Take the rows at `positions`."""
        return Labelled(
            [self.texts[i] for i in positions],
            self.targets[list(positions)],
            None if self.unsure is None else self.unsure[list(positions)],
            None if self.neighbours is None else [self.neighbours[i] for i in positions],
        )


@dataclass(slots=True)
class Setting:
    """What an estimator is told beside its recipe; `base` is the folder relative paths start from.

    `known` holds every labelled sentence of the corpus, `documents` names every labelled document, and `held_out`
    those that are not trained on: unlabelled text must repeat neither a known sentence nor a document held out.
    `heard` is told the validation score of every epoch of a fine-tuning, and may stop it by raising.
    What was kept of earlier trainings before `since`, in seconds as `time.time` gives them, is not read back but made
    anew.
    """

    codebook: Codebook
    seed: int
    base: Path
    threads: int
    progress: Progress = field(default_factory=Progress)
    known: Sequence[str] = ()
    documents: frozenset[str] = frozenset()
    held_out: frozenset[str] = frozenset()
    heard: Callable[[float], None] | None = None
    since: float = 0.0

    def training_on(self, train: Sequence[Example]) -> "Setting":
        """Hold out every labelled document but those of `train`."""
        return replace(self, held_out=self.documents - {example.doc for example in train})


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
    if isinstance(recipe.learner, SeedsLearner):
        from pipeline.learning.seeds import SeedsEstimator

        (member,) = recipe.members.values()
        if isinstance(member.learner, FinetunedLearner):
            return SeedsEstimator(recipe.learner, member.learner, setting)
        raise TypeError(f"seeds of kind {member.learner.kind}")
    if isinstance(recipe.learner, DistilledLearner):
        from pipeline.learning.distilled import DistilledEstimator

        (teacher,) = recipe.members.values()
        return DistilledEstimator(recipe.learner, teacher, setting)
    return build_one(recipe.learner, setting)


def build_one(learner: Learner, setting: Setting) -> Estimator:
    """Make the unfitted estimator of a learner that stands alone."""
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
    if isinstance(learner, AverageLearner | SeedsLearner | DistilledLearner):
        raise TypeError(f"kind {learner.kind} is built from a recipe, which knows its members")
    from pipeline.learning.tfidf import TfidfEstimator

    return TfidfEstimator(learner, setting)
