"""Judge a recipe away from home: on sources it never saw, and by grouped cross-validation."""

from collections.abc import Sequence

import numpy as np

from pipeline.corpus.splits import Split, by_source
from pipeline.ground.records import Example
from pipeline.judging.report import judge
from pipeline.learning.estimators import Setting
from pipeline.learning.fit import fit
from pipeline.learning.recipes import Recipe
from pipeline.workflows.audit import fold_turns
from pipeline.workflows.judged import decided_by

Part = dict[str, float]  # macro_f1, f1_<label>, ece_<label>, sentences; of a source also test_macro_f1, test_sentences


def mean(parts: dict[str, Part], figure: str = "macro_f1") -> float:
    """Give the plain mean of a figure over parts (sources, or folds)."""
    return float(np.mean([part[figure] for part in parts.values()]))


def spread(parts: dict[str, Part], figure: str = "macro_f1") -> float:
    """Give the standard deviation of a figure over parts; 0 for a single one."""
    values = [part[figure] for part in parts.values()]
    return float(np.std(values, ddof=1)) if len(values) > 1 else 0.0


def leave_one_source_out(recipe: Recipe, setting: Setting, split: Split) -> dict[str, Part]:
    """Give figures by source: train without it (neither its train nor its validation documents), judge on all of it.

    `test_macro_f1` is of its test documents alone, and so stands beside what a model that knew the source reaches
    there. A source of a single document is left out: there is nothing to resample, and its figure is an anecdote.
    """
    parts = {}
    for source, held in by_source([*split.train, *split.validation, *split.test]).items():
        if len({example.doc for example in held}) < 2:
            continue
        setting.progress.say(f"{recipe.name}: leaving out {source}")
        train = [example for example in split.train if example.source != source]
        validation = [example for example in split.validation if example.source != source]
        if train and validation:
            at_home = [example for example in split.test if example.source == source]
            parts[source] = judged_apart(recipe, setting, train, validation, held, at_home)
    return parts


def cross_validate(recipe: Recipe, setting: Setting, split: Split, folds: int) -> dict[str, Part]:
    """Give figures by fold, in grouped cross-validation over train and validation documents; test stays out.

    In each turn one fold is judged, the next one validates, the others train.
    """
    examples = [*split.train, *split.validation]
    parts = {}
    for number, (train, validation, held) in enumerate(fold_turns(examples, setting.codebook, folds), start=1):
        setting.progress.say(f"{recipe.name}: fold {number} of {folds}")
        three = ([examples[i] for i in positions] for positions in (train, validation, held))
        parts[f"fold {number}"] = judged_apart(recipe, setting, *three)
    return parts


def judged_apart(
    recipe: Recipe,
    setting: Setting,
    train: Sequence[Example],
    validation: Sequence[Example],
    held: Sequence[Example],
    some: Sequence[Example] = (),
) -> Part:
    """Fit on some sentences, judge on others it has not seen; `some` of those are judged by themselves, too."""
    classifier = fit(recipe, setting, train, validation)
    raw = classifier.estimator.predict_proba([example.text for example in held])
    report = judge(decided_by(held, setting.codebook, classifier.decisions, raw), resamples=1)
    by_label = {
        f"{figure}_{name}": value
        for name, scores in report.labels.items()
        for figure, value in (("f1", scores.f1.value), ("ece", scores.ece))
    }
    figures = {"macro_f1": report.macro_f1.value, **by_label, "sentences": float(len(held))}
    wanted = set(some)
    rows = [row for row, example in enumerate(held) if example in wanted]
    if rows:
        only = decided_by([held[row] for row in rows], setting.codebook, classifier.decisions, raw[rows])
        figures |= {"test_macro_f1": judge(only, resamples=1).macro_f1.value, "test_sentences": float(len(rows))}
    return figures
