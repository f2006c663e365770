"""Train a peer for one judgement: no model folder of it is kept, so it answers as soon as it is trained."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline.corpus.load import load_corpus
from pipeline.corpus.splits import split_corpus
from pipeline.decisions.review import Review
from pipeline.ground.codebook import Codebook
from pipeline.ground.errors import ConfigError
from pipeline.ground.progress import Progress
from pipeline.learning.encoders import check_encoders
from pipeline.learning.fit import Classifier, fit
from pipeline.learning.learners import PeerLearner
from pipeline.learning.recipes import Recipe, load_recipe
from pipeline.workflows.training import THREADS, say_notices, setting_for


@dataclass(frozen=True, slots=True)
class Guest:
    """A trained peer with decisions learned as ours are; answers what `evaluation.Decider` asks."""

    codebook: Codebook
    classifier: Classifier

    @property
    def thresholds(self) -> tuple[float | None, ...]:
        """Give each label's threshold."""
        return self.classifier.decisions.cutoffs

    @property
    def review(self) -> Review | None:
        """Say which decisions deserve a human eye."""
        return self.classifier.decisions.review

    def predict_proba(self, texts: list[str]) -> np.ndarray:
        """Give calibrated probabilities, shape (n, labels)."""
        return self.classifier.predict_proba(texts)

    def decide(self, proba: np.ndarray) -> np.ndarray:
        """Turn probabilities into 0/1 decisions of the same shape."""
        return self.classifier.decisions.decide(proba)


def read_guest(path: Path) -> Recipe:
    """Read the recipe of a peer; raise `ConfigError` for one of ours, whose model folder is judged instead."""
    recipe = load_recipe(path)
    if not isinstance(recipe.learner, PeerLearner):
        raise ConfigError(
            f"{path}: {recipe.name} is a recipe of ours, and its model folder is what is judged",
            hint=f"stance train {path}, then: stance evaluate models/trained/{recipe.name} --data FILE",
        )
    return recipe


def train_guest(path: Path, labels: Path, progress: Progress) -> Guest:
    """Train the peer that the recipe `path` describes on the project's splits, in an environment of its own.

    Raises:
        ConfigError: the recipe is not a peer's.
        PeerError: the environment cannot be installed, or the program fails.
        StanceError: labels or encoder are at fault.
    """
    recipe = read_guest(path)
    corpus = load_corpus(labels)
    say_notices(corpus, progress)
    split = split_corpus(corpus, labels)
    setting = setting_for(corpus, recipe.seed, path.parent, THREADS, progress)
    check_encoders(recipe, setting.base, progress)
    progress.say(f"training {recipe.name} (a peer) on {len(split.train)} sentences, seed {recipe.seed}")
    return Guest(corpus.codebook, fit(recipe, setting, split.train, split.validation))
