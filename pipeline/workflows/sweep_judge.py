"""Judge the recipe of a trial on folds of the training documents, or on validation; and the last two on test."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

import numpy as np

from pipeline.corpus.splits import grouped_folds
from pipeline.ground.errors import SplitError
from pipeline.ground.files import hash_json
from pipeline.ground.progress import Hushed
from pipeline.ground.records import Example
from pipeline.ground.version import code_version
from pipeline.judging.ablation import Trial as Answered
from pipeline.judging.ablation import macro_precision
from pipeline.judging.metrics import count
from pipeline.learning.estimators import Setting, build
from pipeline.learning.fit import fit, labelled
from pipeline.learning.fitness import check_recipe
from pipeline.learning.machines import machine_of
from pipeline.learning.recipes import Recipe
from pipeline.workflows.bench import Bench, Step
from pipeline.workflows.entrants import Answers
from pipeline.workflows.judged import decided_at_half, decided_by
from pipeline.workflows.sweep_spec import Sweep

Heard = Callable[[Sequence[float], bool], None]  # all values so far, and whether they are all; may raise `Stopped`


class Stopped(Exception):
    """A trial is not worth finishing."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a recipe is worth: its values by fold or by epoch, the one value of them all, and the seconds it took."""

    values: tuple[float, ...]
    value: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Judge:
    """What judges every trial of a sweep alike; examples in the order of document and span, `held` by fold.

    `sentences` names them all, with `unsure`, which the fingerprint of the labels leaves out.
    """

    spec: Sweep
    bench: Bench
    train: tuple[Example, ...]
    validation: tuple[Example, ...]
    held: tuple[tuple[int, ...], ...]
    sentences: str

    @classmethod
    def of(cls, spec: Sweep, bench: Bench) -> "Judge":
        """Divide the training documents into folds, which hang on the documents and not on the order of files.

        Raises:
            SplitError: there are fewer independent training documents than folds.
        """
        train, validation = (tuple(sorted(part, key=_place)) for part in (bench.split.train, bench.split.validation))
        try:
            held = grouped_folds(train, bench.corpus.codebook, spec.folds) if spec.folds else []
        except SplitError as error:
            raise SplitError(f"{spec.name}: {error.message}", hint="lower `folds` in the specification") from error
        rows = [[[*_place(example), example.unsure] for example in part] for part in (train, validation)]
        return cls(spec, bench, train, validation, tuple(map(tuple, held)), hash_json([rows, held]))

    def ask(self, recipe: Recipe, heard: Heard) -> Verdict:
        """Judge a recipe, and tell `heard` after each fold or epoch how it goes."""
        if not self.held:
            return self._on_validation(recipe, heard)
        values: list[float] = []
        seconds = 0.0
        for number in range(1, len(self.held) + 1):
            result = self.bench.do(self._fold(recipe, number))
            values.append(result["value"])
            seconds += result["seconds"]
            heard(values, number == len(self.held))
        return Verdict(tuple(values), float(np.mean(values)), seconds)

    def _fold(self, recipe: Recipe, number: int) -> Step:
        """Train without one fold and judge on it; kept by settings, so that a killed trial loses one fold at most."""
        inputs = {"sentences": self.sentences}
        kind = f"{self.spec.metric}-fold-{number}-of-{len(self.held)}"
        return Step(kind, recipe, recipe.seed, partial(self._judge_fold, recipe, number), inputs)

    def _judge_fold(self, recipe: Recipe, number: int) -> dict[str, float]:
        held = self.held[number - 1]
        kept = [self.train[place] for place in sorted(set(range(len(self.train))) - set(held))]
        start = time.perf_counter()
        value = self._value(recipe, self._setting(recipe), kept, [self.train[place] for place in held])
        return {"value": value, "seconds": round(time.perf_counter() - start, 2)}

    def _on_validation(self, recipe: Recipe, heard: Heard) -> Verdict:
        """Train on all of train and judge on validation; what trains in epochs is heard after each of them."""
        values: list[float] = []

        def epoch(score: float) -> None:
            values.append(score)
            heard(values, len(values) == getattr(recipe.learner, "epochs", 0))

        start = time.perf_counter()
        setting = replace(self._setting(recipe), heard=epoch if self.spec.metric == "macro_ap" else None)
        value = self._value(recipe, setting, self.train, self.validation)
        if not values:
            heard([value], True)
        return Verdict(tuple(values or [value]), value, time.perf_counter() - start)

    def _setting(self, recipe: Recipe) -> Setting:
        """Tell an estimator what it is told elsewhere; its stages are shown, and its news are not."""
        return replace(self.bench.setting(recipe.seed), progress=Hushed(self.bench.progress))

    def _value(self, recipe: Recipe, setting: Setting, train: Sequence[Example], held: Sequence[Example]) -> float:
        """Fit and judge; average precision hangs on no thresholds, and none are learned for it."""
        check_recipe(recipe, setting.codebook)
        texts = [example.text for example in held]
        if self.spec.metric == "macro_f1":
            classifier = fit(recipe, setting, train, self.validation)
            judged = decided_by(held, setting.codebook, classifier.decisions, classifier.estimator.predict_proba(texts))
            return float(np.mean(count(judged.gold, judged.predicted).f1))
        inside, outside = (labelled(part, setting.codebook) for part in (train, self.validation))
        raw = build(recipe, setting.training_on(train)).fit(inside, outside).predict_proba(texts)
        return macro_precision(Answered(raw, decided_at_half(held, setting.codebook, raw)))

    def on_test(self, recipe: Recipe, name: str) -> dict[str, Any]:
        """Train as `stance train` does, and keep what the model says of test."""
        self.bench.progress.say(f"training on the whole training split, and judging on test: {name}")
        classifier = fit(recipe, self._setting(recipe), self.train, self.validation)
        probabilities = classifier.predict_proba([example.text for example in self.bench.split.test])
        return Answers(probabilities, classifier.decisions.decide(probabilities)).as_dict()


def _place(example: Example) -> tuple[str, int, int]:
    return example.doc, example.start, example.end


def made_now(recipe: Recipe) -> dict[str, str]:
    """Name code, machine and day of a recipe's fits."""
    return {
        "code_version": code_version(),
        "machine": machine_of(recipe),
        "date": datetime.now(UTC).date().isoformat(),
    }
