"""Try each training option on grouped folds of the training documents, and say what it is worth; test is never read."""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from pipeline.corpus.splits import Split, grouped_folds
from pipeline.ground import files
from pipeline.ground.errors import SplitError, StanceError, TrackingError
from pipeline.ground.records import Example
from pipeline.ground.version import code_version
from pipeline.judging.ablation import Trial, Worth, ablation_figures, cross_fit, weigh_up
from pipeline.learning.encoders import check_encoders
from pipeline.learning.estimators import Estimator, Labelled, Setting, build
from pipeline.learning.fit import labelled
from pipeline.learning.learners import DistilledLearner, FinetunedLearner
from pipeline.learning.machines import machine_of
from pipeline.learning.recipes import Recipe
from pipeline.workflows.ablation_checks import check_variants
from pipeline.workflows.bench import Bench, Step
from pipeline.workflows.judged import judged_on
from pipeline.workflows.logbook import columns, run_params, run_tags
from pipeline.workflows.notes import OVERVIEW, run_note
from pipeline.workflows.overview import page_of
from pipeline.workflows.spec import BASE, Ablation

if TYPE_CHECKING:
    from pipeline.learning.finetuned import FinetunedEstimator

DIGITS = 8  # significant ones of the probabilities kept, so that ranks near 1 stay apart
MADE = {"code": "code_version", "machine": "machine"}  # what a page names, and where a result has it
Result = dict[str, Any]


@dataclass(frozen=True, slots=True)
class VariantStep(Step):
    """A step of an ablation: people know it by its variant, its result by the variant's settings alone.

    So a variant that gets another name, or becomes the base, is not trained again.
    """

    variant: str = ""

    @property
    def name(self) -> str:
        """Name the step for people."""
        return f"{self.variant} seed {self.seed}, {self.kind}"


@dataclass(frozen=True, slots=True)
class Row:
    """One variant: what it changes, what made it at each seed, its figures as means over seeds.

    `failed` says why there are none.
    """

    variant: str
    changes: dict[str, Any]
    made_by: dict[int, dict[str, str]]
    figures: dict[str, float]
    worth: Worth | None = None
    failed: str = ""


@dataclass(frozen=True, slots=True)
class Ablated:
    """All rows: the base, then variants from best to worst by the specification's metric, then who dropped out.

    `students` tells whether they learn from a teacher, which they share.
    """

    rows: tuple[Row, ...]
    sentences: int
    documents: int
    students: bool = False


@dataclass(frozen=True, slots=True)
class Stand:
    """What all trainings of an ablation share; `train` in the order of document and span, `held` by fold."""

    bench: Bench
    spec: Ablation
    recipes: Mapping[str, Recipe]
    train: tuple[Example, ...]
    validation: tuple[Example, ...]
    held: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Tried:
    """What came of a variant at one seed."""

    trial: Trial
    figures: dict[str, float]
    made_by: dict[str, str]


def run_ablation(spec: Ablation, recipes: Mapping[str, Recipe], bench: Bench) -> Ablated:
    """Train every variant at every seed on all folds but one, in turn; a training done before is not done again.

    `recipes` has variants as keys, `base` first. A variant that fails drops out with the reason, and the others go
    on. Each variant and seed is an MLflow run.

    Raises:
        SplitError: there are fewer independent training documents than folds; said before anything is trained.
        ConfigError: a variant alters sentences of a label that there is not, a student or its teacher cannot learn
            the codebook, or a student pairs layers that are not there; said then, too.
        StanceError: the base fails, with which all others are compared.
    """
    stand = open_stand(spec, recipes, bench, fetch=True)
    tried: dict[str, list[Tried]] = {}
    failed: dict[str, str] = {}
    for variant in recipes:
        try:
            tried[variant] = [_try(stand, variant, seed) for seed in spec.seeds]
        except TrackingError:
            raise
        except StanceError as error:
            if variant == BASE:
                raise
            failed[variant] = error.message
            bench.progress.say(f"{variant} drops out: {error.message}")
    bench.progress.say("comparing the variants by drawing documents again and again")
    worth = weigh_up({variant: [one.trial for one in runs] for variant, runs in tried.items()})
    rows = [_row(spec, variant, runs, worth[variant]) for variant, runs in tried.items()]
    rows[1:] = sorted(rows[1:], key=lambda row: -row.figures[spec.metric.replace("-", "_")])
    rows += [Row(variant, spec.variants[variant], {}, {}, failed=reason) for variant, reason in failed.items()]
    students = isinstance(recipes[BASE].learner, DistilledLearner)
    return Ablated(tuple(rows), len(stand.train), len({example.doc for example in stand.train}), students)


def ablation_steps(spec: Ablation, recipes: Mapping[str, Recipe], bench: Bench) -> list[Step]:
    """List every training an ablation takes, in its order; errors as `run_ablation`, but no encoder is fetched."""
    stand = open_stand(spec, recipes, bench)
    return [step for variant in recipes for seed in spec.seeds for step in _fold_steps(stand, variant, seed)]


def open_stand(spec: Ablation, recipes: Mapping[str, Recipe], bench: Bench, *, fetch: bool = False) -> Stand:
    """Check the variants, and divide the training documents into folds.

    Folds hang on the documents, not on the order of files.
    """
    check_variants(spec.name, recipes, bench, fetch=fetch)
    train, validation = (tuple(sorted(part, key=_place)) for part in (bench.split.train, bench.split.validation))
    try:
        held = grouped_folds(train, bench.corpus.codebook, spec.folds)
    except SplitError as error:
        raise SplitError(f"{spec.name}: {error.message}", hint="lower `folds` in the specification") from error
    return Stand(bench, spec, recipes, train, validation, tuple(map(tuple, held)))


def _place(example: Example) -> tuple[str, int, int]:
    return example.doc, example.start, example.end


def _key(example: Example) -> str:
    return f"{example.doc}:{example.start}-{example.end}"


def _fold_steps(stand: Stand, variant: str, seed: int) -> list[VariantStep]:
    """Give the trainings of a variant at a seed, one for each fold held out."""
    steps = []
    for number, held in enumerate(stand.held, start=1):
        inputs = {"sentences": _sentences(stand, held), "folds": stand.spec.folds}
        work = partial(_train, stand, variant, seed, number)
        kind = f"fold-{number}-of-{stand.spec.folds}"
        steps.append(VariantStep(kind, stand.recipes[variant], seed, work, inputs, variant=variant))
    return steps


def _sentences(stand: Stand, held: Sequence[int]) -> str:
    """Name the sentences of a fold and those beside it, with `unsure`, which the data's fingerprint leaves out."""
    out = set(held)
    rows = [[_key(example), example.unsure, place in out] for place, example in enumerate(stand.train)]
    return files.hash_json([rows, [[_key(example), example.unsure] for example in stand.validation]])


def _train(stand: Stand, variant: str, seed: int, number: int) -> Result:
    """Fit a variant without one fold, and keep what it says of each sentence of that fold."""
    bench, recipe, held = stand.bench, stand.recipes[variant], stand.held[number - 1]
    kept = sorted(set(range(len(stand.train))) - set(held))
    setting = _setting(stand, seed, kept)
    check_encoders(recipe, setting.base)
    bench.tracker.open()
    inside, outside = (labelled(part, setting.codebook) for part in (stand.train, stand.validation))
    bench.progress.say(f"training {variant}, seed {seed}, without fold {number} of {stand.spec.folds}")
    start = time.perf_counter()
    estimator = build(recipe, setting).fit(inside.at(kept), outside)
    seconds = time.perf_counter() - start
    raw = _ask(estimator, recipe, inside.at(held))
    return {
        "answers": {
            _key(stand.train[place]): " ".join(f"{value:.{DIGITS}g}" for value in row)
            for place, row in zip(held, raw, strict=True)
        },
        "seconds": round(seconds, 2),
        "history": estimator.history,
        "made_by": {
            "code_version": code_version(),
            "machine": machine_of(recipe),
            "date": datetime.now(UTC).date().isoformat(),
        },
    }


def _setting(stand: Stand, seed: int, kept: Sequence[int]) -> Setting:
    """Tell an estimator its seed, and what unlabelled text must not repeat: labelled sentences, documents not kept."""
    examples = stand.bench.corpus.examples
    trained = {stand.train[place].doc for place in kept}
    held_out = frozenset(example.doc for example in examples) - trained
    return replace(stand.bench.setting(seed), known=[example.text for example in examples], held_out=held_out)


def _ask(estimator: Estimator, recipe: Recipe, held: Labelled) -> np.ndarray:
    """Give raw probabilities, shape (n, labels); a learner that reads neighbours is given them."""
    if isinstance(recipe.learner, FinetunedLearner):
        return cast("FinetunedEstimator", estimator).predict_proba(held.texts, held.neighbours)
    return estimator.predict_proba(held.texts)


def _try(stand: Stand, variant: str, seed: int) -> Tried:
    """Do all folds of a variant at a seed, judge their answers together, and track that."""
    bench = stand.bench
    results = [bench.do(step) for step in _fold_steps(stand, variant, seed)]
    trial = _pooled(stand, stand.recipes[variant], results)
    figures = ablation_figures(trial)
    figures["train_seconds"] = float(np.mean([result["seconds"] for result in results]))
    answers = files.hash_json([result["answers"] for result in results])
    inputs = {"variant": variant, "folds": stand.spec.folds, "answers": answers}
    work = partial(_track, stand, variant, seed, figures, results, trial)
    tracked = bench.do(VariantStep("tracking", stand.recipes[variant], seed, work, inputs, variant=variant))
    made = {
        key: ", ".join(dict.fromkeys(result["made_by"][key] for result in results))
        for key in ("code_version", "machine", "date")
    }
    hashes = {
        "recipe_hash": stand.recipes[variant].hash,
        "data_fingerprint": bench.corpus.fingerprint,
        "splits": bench.split_hash[:16],
    }
    return Tried(trial, figures, hashes | made | {"run": tracked["run"]})


def _pooled(stand: Stand, recipe: Recipe, results: Sequence[Result]) -> Trial:
    """Put the answers of all folds together, each fold decided as the others teach."""
    codebook = stand.bench.corpus.codebook
    answers = {key: row for result in results for key, row in result["answers"].items()}
    raw = np.array([[float(value) for value in answers[_key(example)].split()] for example in stand.train])
    fold = np.zeros(len(stand.train), dtype=int)
    for number, held in enumerate(stand.held):
        fold[list(held)] = number
    gold = codebook.encode([example.labels for example in stand.train])
    probabilities, predicted = cross_fit(raw, gold, fold, codebook, recipe.decisions)
    return Trial(raw, judged_on(stand.train, codebook, probabilities, predicted, (None,) * len(codebook.names)))


def _track(
    stand: Stand, variant: str, seed: int, figures: dict[str, float], results: Sequence[Result], trial: Trial
) -> dict[str, str]:
    """Write a variant's run: settings, figures, its page, and how its epochs went, mean over folds that came so far."""
    bench, spec = stand.bench, stand.spec
    recipe = stand.recipes[variant].model_copy(update={"seed": seed})
    split = Split(stand.train, stand.validation, ())
    changes = json.dumps(spec.variants.get(variant, {}), ensure_ascii=False)
    purpose = f"variant {variant} of the ablation, which changes `{changes}`."
    note = run_note(recipe, purpose, bench.corpus, split)
    tiles = {"Trained in": f"{figures['train_seconds']:,.0f} s a fold"}
    facts = {key: ", ".join(dict.fromkeys(one["made_by"][source] for one in results)) for key, source in MADE.items()}
    tags = run_tags(recipe, bench.corpus, note) | {"variant": variant}
    params = run_params(recipe, split, bench.setting(seed).threads)
    params |= {"variant": variant, "changes": changes, "folds": spec.folds}
    with bench.tracker.run(bench.experiment, f"{variant} seed {seed}", tags, params) as run:
        histories = [result["history"] for result in results]
        epochs = []
        for epoch in range(max(map(len, histories))):
            rows = [history[epoch] for history in histories if epoch < len(history)]
            epochs.append({name: float(np.mean([row[name] for row in rows])) for name in rows[0]})
            run.metrics(epochs[-1], step=epoch + 1)
        run.metrics(columns(figures))
        facts["run"], judged = run.id, trial.judged
        page = page_of(recipe, purpose, bench.corpus, split, judged, tiles, facts, epochs, folds=spec.folds)
        run.text(page, OVERVIEW)
        return {"run": run.id}


def _row(spec: Ablation, variant: str, runs: Sequence[Tried], worth: Worth) -> Row:
    """Average figures over the seeds that have them."""
    names = dict.fromkeys(name for one in runs for name in one.figures)
    figures = {name: float(np.mean([one.figures[name] for one in runs if name in one.figures])) for name in names}
    made_by = {seed: one.made_by for seed, one in zip(spec.seeds, runs, strict=True)}
    return Row(variant, spec.variants.get(variant, {}), made_by, figures, worth)
