"""Hold patterns written by hand against what a learner makes of the sentences; nothing is learned."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from pipeline.ground.codebook import Codebook
from pipeline.ground.config import did_you_mean
from pipeline.ground.errors import ConfigError
from pipeline.ground.files import write_json
from pipeline.inference.manifest import RulesSpec
from pipeline.inference.rules import LabelPatterns, RulesScorer
from pipeline.learning.estimators import Labelled, Setting
from pipeline.learning.learners import RulesLearner


class RulesEstimator:
    """Score by a recipe's patterns; raise `ConfigError` where its labels are not the codebook's."""

    def __init__(self, learner: RulesLearner, setting: Setting) -> None:
        _check_labels(list(learner.labels), setting.codebook)
        self.history: list[dict[str, float]] = []
        self._rules = {name: learner.labels[name] for name in setting.codebook.names}
        patterns = [LabelPatterns.of(rules.match, rules.veto) for rules in self._rules.values()]
        self._scorer = RulesScorer(patterns, setting.codebook.exclusive)
        self._progress = setting.progress
        self._said = False

    def fit(self, train: Labelled, validation: Labelled) -> "RulesEstimator":
        """Learn nothing, and say so once."""
        if not self._said:
            self._progress.say("rules learn nothing from sentences; only calibration and thresholds do")
        self._said = True
        return self

    def predict_proba(self, texts: Sequence[str]) -> np.ndarray:
        """Give raw probabilities, shape (n, labels): 1 - 2^-k for k matching patterns."""
        return self._scorer.score(texts)

    def save(self, folder: Path) -> RulesSpec:
        """Write the patterns to `rules.json`, labels in codebook order."""
        labels = [{"name": name, **rules.model_dump(mode="json")} for name, rules in self._rules.items()]
        write_json(folder / "rules.json", {"labels": labels})
        return RulesSpec()


def _check_labels(named: list[str], codebook: Codebook) -> None:
    unknown = [name for name in named if name not in codebook.names]
    absent = [name for name in codebook.names if name not in named]
    faults = [f"{name!r} is no label; {did_you_mean(name, list(codebook.names))}" for name in unknown]
    faults += [f"no rules for {name!r}" for name in absent]
    if faults:
        raise ConfigError(
            "learner.labels: " + "; ".join(faults),
            hint=f"the codebook {codebook.name} {codebook.version} has: {', '.join(codebook.names)};"
            " a label without patterns is written `match: []`",
        )
