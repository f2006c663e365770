"""Learn the label shares: the floor every model must beat."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from pipeline.inference.manifest import PriorSpec
from pipeline.learning.estimators import Labelled


class PriorEstimator:
    """Predict each label's share of the training sentences."""

    def __init__(self) -> None:
        self.history: list[dict[str, float]] = []

    def fit(self, train: Labelled, validation: Labelled) -> "PriorEstimator":
        """Count."""
        self._shares = train.targets.mean(axis=0)
        return self

    def predict_proba(self, texts: Sequence[str]) -> np.ndarray:
        """Repeat the shares for each text."""
        return np.tile(self._shares, (len(texts), 1))

    def save(self, folder: Path) -> PriorSpec:
        """Keep the shares in the manifest; no file is needed."""
        return PriorSpec(probabilities=tuple(float(share) for share in self._shares))
