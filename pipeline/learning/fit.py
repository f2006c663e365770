"""Fit a recipe: the estimator on train, its decisions on sentences it had not seen."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.corpus.examples import texts_and_targets, to_dataset
from pipeline.corpus.splits import grouped_folds
from pipeline.decisions.decisions import Decisions
from pipeline.decisions.learn import learn_decisions
from pipeline.ground.codebook import Codebook
from pipeline.ground.records import Example
from pipeline.learning.context import neighbours_of
from pipeline.learning.estimators import Estimator, Labelled, Setting, build
from pipeline.learning.fitness import check_recipe
from pipeline.learning.recipes import Recipe


@dataclass(frozen=True, slots=True)
class Classifier:
    """A fitted estimator with its decisions, in scikit-learn's words."""

    estimator: Estimator
    decisions: Decisions

    @property
    def classes_(self) -> tuple[str, ...]:
        """Name the columns of `predict_proba`, in codebook order."""
        return self.decisions.labels

    def predict_proba(self, texts: Sequence[str]) -> np.ndarray:
        """Give calibrated probabilities, shape (n, labels)."""
        return self.decisions.calibrate(self.estimator.predict_proba(texts))

    def predict(self, texts: Sequence[str]) -> np.ndarray:
        """Give a 0/1 matrix, shape (n, labels), decided from `predict_proba`."""
        return self.decisions.decide(self.predict_proba(texts))


def labelled(examples: Sequence[Example], codebook: Codebook) -> Labelled:
    """Turn examples into texts and targets, by way of their dataset with its declared features."""
    texts, labels = texts_and_targets(to_dataset(examples, codebook), codebook)
    unsure = np.array([example.unsure for example in examples], dtype=bool)
    return Labelled(texts, codebook.encode(labels), unsure, neighbours_of(examples))


def fit(recipe: Recipe, setting: Setting, train: Sequence[Example], validation: Sequence[Example]) -> Classifier:
    """Fit estimator and decisions.

    Decisions come from out-of-fold probabilities on `train` (folds by document group), or from
    `validation`, as the recipe says. The final estimator is fitted on all of `train`. Unlabelled text that a recipe
    reads repeats no labelled sentence, and no labelled document but those of `train`.

    Raises:
        SplitError: `train` has fewer independent documents than the recipe asks folds.
        ConfigError: the recipe cannot learn this codebook, or needs neighbours that scoring does not give it.
    """
    check_recipe(recipe, setting.codebook)
    codebook = setting.codebook
    inside, outside = labelled(train, codebook), labelled(validation, codebook)
    if recipe.decisions.learn_from == "out-of-fold":
        raw = out_of_fold(recipe, setting, train, outside)
        decisions = learn_decisions(raw, inside.targets, codebook, recipe.decisions, "out-of-fold")
        setting.progress.say("fitting on the whole training split")
        return Classifier(build(recipe, setting.training_on(train)).fit(inside, outside), decisions)
    estimator = build(recipe, setting.training_on(train))
    raw = estimator.fit(inside, outside).predict_proba(outside.texts)
    return Classifier(estimator, learn_decisions(raw, outside.targets, codebook, recipe.decisions, "validation"))


def out_of_fold(recipe: Recipe, setting: Setting, train: Sequence[Example], validation: Labelled) -> np.ndarray:
    """Give each training sentence the raw probabilities of a fit that saw nothing of its document group."""
    inside = labelled(train, setting.codebook)
    raw = np.zeros(inside.targets.shape)
    folds = recipe.decisions.folds
    for turn, held in enumerate(grouped_folds(train, setting.codebook, folds), start=1):
        setting.progress.stage(f"out-of-fold probabilities, fold {turn} of {folds}")
        kept = sorted(set(range(len(train))) - set(held))
        estimator = build(recipe, setting.training_on([train[i] for i in kept]))
        estimator.fit(inside.at(kept), validation)
        raw[held] = estimator.predict_proba([inside.texts[i] for i in held])
    return raw
