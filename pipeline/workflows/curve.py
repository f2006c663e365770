"""Train recipes on growing shares of the training documents, and judge each on the whole test split."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

import numpy as np

from pipeline.corpus.duplicates import document_groups
from pipeline.corpus.shares import growing_shares
from pipeline.corpus.splits import Split
from pipeline.ground import files
from pipeline.ground.config import did_you_mean
from pipeline.ground.errors import ConfigError, SplitError
from pipeline.ground.records import Example
from pipeline.ground.version import code_version
from pipeline.judging.curve import Curve, Line, Study, Trial, study
from pipeline.judging.records import Judged
from pipeline.judging.report import flat_metrics, judge
from pipeline.judging.share_figure import Point
from pipeline.learning.encoders import check_encoders
from pipeline.learning.fit import fit, labelled
from pipeline.learning.learners import PeerLearner
from pipeline.learning.machines import machine_of
from pipeline.learning.recipes import Recipe
from pipeline.workflows.bench import Bench, Step
from pipeline.workflows.judged import judged_on
from pipeline.workflows.logbook import columns, run_params, run_tags
from pipeline.workflows.notes import OVERVIEW, run_note
from pipeline.workflows.overview import page_of
from pipeline.workflows.shares_tracked import ALL_SOURCES, points_of
from pipeline.workflows.spec import LearningCurve

DIGITS = 4  # significant ones of the probabilities kept
Result = dict[str, Any]
Made = dict[str, Any]  # of a training: code_version, machine, date, run, seconds
Key = tuple[int, float]  # seed, share
Parts = dict[int, dict[float, tuple[Example, ...]]]


@dataclass(frozen=True, slots=True)
class Course:
    """What all trainings of a curve share: the drawn `parts` by seed and share, and what they are judged on.

    `test` is in the order of document and span, however the files list it.
    """

    bench: Bench
    spec: LearningCurve
    recipes: tuple[Recipe, ...]
    parts: Parts
    validation: tuple[Example, ...]
    test: tuple[Example, ...]


def run_curve(spec: LearningCurve, recipes: dict[str, Recipe], bench: Bench) -> Curve:
    """Train every recipe at every seed on every share; a share done before is not done again.

    `recipes` has file names as keys. Each training is an MLflow run of the experiment.

    Raises:
        ConfigError: the specification names an unknown source, or a peer, which is trained whole or not at all.
        SplitError: a share, or what `without` leaves, is too small to train on; said before anything is trained.
    """
    course = open_course(spec, recipes, bench)
    lines = tuple(_line(course, recipe) for recipe in course.recipes)
    documents = len({example.doc for example in course.test})
    return Curve(lines, bench.corpus.codebook.names, len(course.test), documents)


def curve_steps(spec: LearningCurve, recipes: dict[str, Recipe], bench: Bench) -> list[Step]:
    """List every training a curve takes, in the order it takes them; errors as those of `run_curve`."""
    course = open_course(spec, recipes, bench)
    return [step for recipe in course.recipes for step in _steps(course, recipe).values()]


def open_course(spec: LearningCurve, recipes: dict[str, Recipe], bench: Bench) -> Course:
    """Draw the shares of every seed, and refuse what cannot be trained."""
    chosen = tuple(recipes[name] for name in spec.recipes)
    _check_named(spec, chosen, bench)
    train, validation = (
        tuple(example for example in part if example.source not in spec.without)
        for part in (bench.split.train, bench.split.validation)
    )
    if not train or not validation:
        gone = "train on" if not train else "validate on"
        raise SplitError(f"without {', '.join(spec.without)} nothing is left to {gone}", hint="leave out fewer sources")
    codebook, pins = bench.corpus.codebook, bench.corpus.pins
    parts = {seed: growing_shares(train, codebook, spec.shares, seed, pins) for seed in spec.seeds}
    _check_folds(chosen, spec, parts)
    test = tuple(sorted(bench.split.test, key=lambda example: (example.doc, example.start, example.end)))
    return Course(bench, spec, chosen, parts, validation, test)


def _check_named(spec: LearningCurve, recipes: Sequence[Recipe], bench: Bench) -> None:
    """Raise `ConfigError` for sources that are not there and for recipes that cannot be trained on a share."""
    known = list(bench.corpus.annotations)
    faults = [f"  - without: {n!r}; {did_you_mean(n, known)}" for n in spec.without if n not in known]
    faults += [
        f"  - recipes: {recipe.name!r} is a peer, and peers are only compared whole"
        for recipe in recipes
        if isinstance(recipe.learner, PeerLearner)
    ]
    if faults:
        noun = "fault" if len(faults) == 1 else "faults"
        hint = "the sources stand in labels/sources.yaml, our recipes in models/"
        raise ConfigError(f"{spec.name}: {len(faults)} {noun}\n" + "\n".join(faults), hint=hint)


def _check_folds(recipes: Sequence[Recipe], spec: LearningCurve, parts: Parts) -> None:
    """Raise `SplitError` where the smallest share has fewer independent documents than a recipe asks folds."""
    folds = {r.name: r.decisions.folds for r in recipes if r.decisions.learn_from == "out-of-fold"}
    if not folds:
        return
    name = max(folds, key=lambda recipe: folds[recipe])
    for seed, drawn in parts.items():
        number = len(set(document_groups(drawn[spec.shares[0]]).values()))
        if number < folds[name]:
            raise SplitError(
                f"share {spec.shares[0]:g} (seed {seed}) holds {number} independent documents, and {name} learns"
                f" its decisions in {folds[name]} folds",
                hint="raise the smallest share, or learn decisions from validation",
            )


def _steps(course: Course, recipe: Recipe) -> dict[tuple[int, float], Step]:
    """Give the trainings of one recipe by seed and share; another draw of documents is another step."""
    steps = {}
    for seed, drawn in course.parts.items():
        for share, train in drawn.items():
            documents = {"documents": _documents(train, course.validation)}
            inputs = {"share": share, "without": sorted(course.spec.without)} | documents
            work = partial(_train, course, recipe, seed, share)
            steps[seed, share] = Step(f"curve-{share:g}", recipe, seed, work, inputs)
    return steps


def _line(course: Course, recipe: Recipe) -> Line:
    """Do all trainings of one recipe, and say what they show."""
    results = {key: course.bench.do(step) for key, step in _steps(course, recipe).items()}
    trials = [
        Trial(seed, share, result["sentences"], result["documents"], _judged(course, result))
        for (seed, share), result in results.items()
    ]
    found = study(trials, course.spec.expect)
    _write_pages(course, recipe, trials, {key: result["made_by"] for key, result in results.items()}, found)
    made = [result["made_by"] for result in results.values()]
    made_by = {key: _joined([entry[key] for entry in made]) for key in ("code_version", "machine", "date")}
    hashes = {"recipe_hash": recipe.hash, "data_fingerprint": course.bench.corpus.fingerprint}
    seconds = {"seconds": f"{sum(entry['seconds'] for entry in made):.0f}"}
    return Line(recipe.name, found, hashes | made_by | seconds)


def _write_pages(
    course: Course, recipe: Recipe, trials: Sequence[Trial], made: Mapping[Key, Made], found: Study
) -> None:
    """Give each training of a recipe its page, with the whole curve; once for the same runs and figures."""
    bench, sentences = course.bench, {(trial.seed, trial.share): trial.sentences for trial in trials}
    seen = [[one.seed, one.share, one.sentences, made[one.seed, one.share]["run"]] for one in trials]
    curve = [[track.name, track.by_seed] for track in found.tracks]

    def write() -> list[str]:
        bench.progress.say(f"writing the pages of {len(trials)} trainings of {recipe.name}")
        for trial in trials:
            key = (trial.seed, trial.share)
            page = _page(course, recipe, trial, made[key], points_of(found, sentences, key))
            bench.tracker.add_text(made[key]["run"], page, OVERVIEW)
        return [one["run"] for one in made.values()]

    step = Step("curve-pages", recipe, recipe.seed, write, {"trainings": seen, "curve": files.hash_json(curve)})
    if bench.force or bench.kept(step) is None:
        files.write_json(bench.path(step), step.work())


def _page(course: Course, recipe: Recipe, trial: Trial, made: Made, points: Sequence[Point]) -> str:
    """Write the page of one training; its run has ended, so what made it is told, not found."""
    split = Split(course.parts[trial.seed][trial.share], course.validation, course.test)
    purpose = f"Share {trial.share:g} of the training documents, for the learning curve {course.spec.name}."
    tiles = {"Trained in": f"{made['seconds']:,.0f} s", "Share of training": f"{trial.share:g}"}
    facts = {"run": made["run"], "code": made["code_version"], "machine": made["machine"]}
    recipe = recipe.model_copy(update={"seed": trial.seed})
    return page_of(recipe, purpose, course.bench.corpus, split, trial.judged, tiles, facts, points=points)


def _documents(*parts: Sequence[Example]) -> str:
    """Name the documents of some parts; 16 hex digits."""
    return files.hash_json([sorted({example.doc for example in part}) for part in parts])


def _joined(values: Sequence[str]) -> str:
    """Name each value once, in the order of first sight."""
    return ", ".join(dict.fromkeys(values))


def _train(course: Course, recipe: Recipe, seed: int, share: float) -> Result:
    """Train on one share, track it, and keep every answer on test."""
    bench, train = course.bench, course.parts[seed][share]
    documents = len({example.doc for example in train})
    setting, recipe = bench.setting(seed), recipe.model_copy(update={"seed": seed})
    check_encoders(recipe, setting.base, setting.progress)
    bench.tracker.open()
    split = Split(train, course.validation, course.test)
    params = run_params(recipe, split, setting.threads) | {
        "share": share,
        "train_documents": documents,
        "without": ", ".join(course.spec.without) or ALL_SOURCES,
    }
    name = f"{recipe.name} {share:g} seed {seed}"
    note = run_note(recipe, f"share {share:g} of the training documents.", bench.corpus, split)
    with bench.tracker.run(bench.experiment, name, run_tags(recipe, bench.corpus, note), params) as run:
        bench.progress.say(f"training {recipe.name} on {len(train)} sentences (share {share:g}), seed {seed}")
        start = time.perf_counter()
        classifier = fit(recipe, setting, train, course.validation)
        seconds = time.perf_counter() - start
        probabilities = classifier.predict_proba(labelled(course.test, setting.codebook).texts)
        predicted, cutoffs = classifier.decisions.decide(probabilities), classifier.decisions.cutoffs
        judged = judged_on(course.test, setting.codebook, probabilities, predicted, cutoffs)
        sizes = {"share": share, "sentences": len(train), "documents": documents, "train_seconds": seconds}
        run.metrics(
            columns(flat_metrics(judge(judged))) | sizes, step=len(train)
        )  # so that a chart over steps is the curve
    return {
        "sentences": len(train),
        "documents": documents,
        "answers": _answers(judged),
        "thresholds": list(cutoffs),
        "made_by": {
            "code_version": code_version(),
            "machine": machine_of(recipe),
            "date": datetime.now(UTC).date().isoformat(),
            "run": run.id,
            "seconds": round(seconds, 1),
        },
    }


def _answers(judged: Judged) -> dict[str, dict[str, str]]:
    """Write decisions and probabilities as one line for each label, in the order of the test sentences."""
    return {
        name: {
            "predicted": "".join(str(int(value)) for value in judged.predicted[:, column]),
            "probabilities": " ".join(f"{value:.{DIGITS}g}" for value in judged.probabilities[:, column]),
        }
        for column, name in enumerate(judged.labels)
    }


def _judged(course: Course, result: Result) -> Judged:
    """Join the answers of a step with the gold they were given on."""
    codebook = course.bench.corpus.codebook
    answers = [result["answers"][name] for name in codebook.names]
    predicted = np.array([[int(value) for value in answer["predicted"]] for answer in answers], dtype=np.int8).T
    probabilities = np.array([[float(value) for value in answer["probabilities"].split()] for answer in answers]).T
    return judged_on(course.test, codebook, probabilities, predicted, tuple(result["thresholds"]))
