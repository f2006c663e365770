"""Average the probabilities of several estimators."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from pipeline.inference.manifest import AverageSpec
from pipeline.learning.estimators import Estimator, Labelled


class AverageEstimator:
    """The plain mean of members' probabilities."""

    def __init__(self, members: dict[str, Estimator]) -> None:
        self.history: list[dict[str, float]] = []
        self._members = members

    def fit(self, train: Labelled, validation: Labelled) -> "AverageEstimator":
        """Fit each member on the same sentences."""
        for member in self._members.values():
            member.fit(train, validation)
        return self

    def predict_proba(self, texts: Sequence[str]) -> np.ndarray:
        """Give raw probabilities, shape (n, labels)."""
        return np.asarray(np.mean([member.predict_proba(texts) for member in self._members.values()], axis=0))

    def save(self, folder: Path) -> AverageSpec:
        """Write each member to `members/<name>/`."""
        specs = {}
        for name, member in self._members.items():
            home = folder / "members" / name
            home.mkdir(parents=True)
            specs[name] = member.save(home)
        return AverageSpec(members=specs)
