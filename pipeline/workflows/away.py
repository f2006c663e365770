"""Judge a recipe away from home: on sources it never saw, and by grouped cross-validation."""

from collections.abc import Sequence

import numpy as np

from pipeline.corpus.splits import Split, by_source, grouped_folds
from pipeline.ground.records import Example
from pipeline.judging.records import Judged
from pipeline.judging.report import judge
from pipeline.learning.estimators import Setting
from pipeline.learning.fit import Classifier, fit, labelled
from pipeline.learning.recipes import Recipe


def mean(parts: dict[str, float]) -> float:
    """Give the plain mean over parts (sources, or folds)."""
    return float(np.mean(list(parts.values())))


def spread(parts: dict[str, float]) -> float:
    """Give the standard deviation over parts; 0 for a single one."""
    return float(np.std(list(parts.values()), ddof=1)) if len(parts) > 1 else 0.0


def leave_one_source_out(recipe: Recipe, setting: Setting, split: Split) -> dict[str, float]:
    """Give macro-F1 by source: train without it (neither its train nor its validation documents), judge on all of it.

    A source of a single document is left out: there is nothing to resample, and its figure is an anecdote.
    """
    parts = {}
    for source, held in by_source([*split.train, *split.validation, *split.test]).items():
        if len({example.doc for example in held}) < 2:
            continue
        setting.progress.say(f"{recipe.name}: leaving out {source}")
        train = [example for example in split.train if example.source != source]
        validation = [example for example in split.validation if example.source != source]
        if train and validation:
            parts[source] = macro_f1(fit(recipe, setting, train, validation), held, setting)
    return parts


def cross_validate(recipe: Recipe, setting: Setting, split: Split, folds: int) -> dict[str, float]:
    """Give macro-F1 by fold, in grouped cross-validation over train and validation documents; test stays out.

    In each turn one fold is judged, the next one validates, the others train.
    """
    examples = [*split.train, *split.validation]
    held = grouped_folds(examples, setting.codebook, folds)
    parts = {}
    for turn in range(folds):
        setting.progress.say(f"{recipe.name}: fold {turn + 1} of {folds}")
        after = (turn + 1) % folds
        train = [examples[i] for fold in range(folds) if fold not in (turn, after) for i in held[fold]]
        classifier = fit(recipe, setting, train, [examples[i] for i in held[after]])
        parts[f"fold {turn + 1}"] = macro_f1(classifier, [examples[i] for i in held[turn]], setting)
    return parts


def macro_f1(classifier: Classifier, held: Sequence[Example], setting: Setting) -> float:
    """Give the macro-F1 of a classifier on examples it has not seen."""
    seen = labelled(held, setting.codebook)
    probabilities = classifier.predict_proba(seen.texts)
    judged = Judged(
        gold=seen.targets,
        probabilities=probabilities,
        predicted=classifier.decisions.decide(probabilities),
        groups=tuple(example.doc for example in held),
        texts=tuple(seen.texts),
        labels=setting.codebook.names,
        thresholds=classifier.decisions.cutoffs,
        exclusive=setting.codebook.exclusive,
    )
    return judge(judged, resamples=1).macro_f1.value
