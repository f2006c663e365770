"""Train a recipe: fit, save the model folder, judge what was saved, and track it all."""

import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from pipeline.corpus.examples import to_dataset
from pipeline.corpus.load import Corpus, load_corpus
from pipeline.corpus.splits import Split, split_corpus
from pipeline.decisions.rates import FACT
from pipeline.ground.errors import ConfigError, ModelError
from pipeline.ground.files import whole_folder, write_json
from pipeline.ground.paths import shown
from pipeline.ground.progress import Progress
from pipeline.ground.records import Notice
from pipeline.ground.version import code_version
from pipeline.inference.manifest import DECISIONS, FORMAT, MANIFEST, Manifest, write_manifest
from pipeline.judging.records import Judged, Report
from pipeline.judging.report import flat_metrics, judge
from pipeline.learning.encoders import check_encoders
from pipeline.learning.estimators import Setting
from pipeline.learning.fit import Classifier, fit
from pipeline.learning.fitness import check_recipe
from pipeline.learning.learners import PeerLearner
from pipeline.learning.recipes import Recipe, load_recipe
from pipeline.predict import Predictor
from pipeline.tracking.store import Tracker
from pipeline.workflows.facts import training_facts
from pipeline.workflows.judged import judge_examples
from pipeline.workflows.logbook import add_figures, log_run, run_params, run_tags
from pipeline.workflows.notes import OVERVIEW, headline, purpose_of, run_note
from pipeline.workflows.overview import overview_of
from pipeline.workflows.prevalence import learn_rates
from pipeline.workflows.runs_kept import answers_of, keep_and_compare
from pipeline.workflows.shares_tracked import points_tracked
from pipeline.workflows.shrink import say_calibration, shrink
from pipeline.workflows.watched import own_peak

THREADS = 2


@dataclass(frozen=True, slots=True)
class Order:
    """What to train: a recipe on a labels folder, into a model folder.

    What was kept of trainings before `since`, in seconds as `time.time` gives them, is not read back.
    """

    recipe: Path
    labels: Path
    out: Path
    seed: int | None = None
    experiment: str = "training"
    threads: int = THREADS
    since: float = 0.0


@dataclass(frozen=True, slots=True)
class Trained:
    """What came of it; every figure belongs to the saved folder, loaded again."""

    folder: Path
    manifest: Manifest
    validation: Report
    test: Report
    judged: Judged
    validated: Judged
    seconds: float
    sentences_per_second: float
    run_id: str
    store: str
    notices: tuple[Notice, ...]


def train(order: Order, tracker: Tracker, progress: Progress | None = None) -> Trained:
    """Train, save, judge and track; nothing half-written stays behind if it is interrupted.

    Raises:
        StanceError: labels, recipe, encoder or store are at fault; the message says which and where.
    """
    progress = progress or Progress()
    recipe = load_recipe(order.recipe)
    if isinstance(recipe.learner, PeerLearner):
        raise ConfigError(
            f"{order.recipe}: {recipe.name} is a peer, which has no model folder; it is there to be compared with",
            hint="name it in a specification, and run that: stance experiment run experiments/peers.yaml",
        )
    corpus = load_corpus(order.labels)
    say_notices(corpus, progress)
    return train_on(order, recipe, corpus, split_corpus(corpus, order.labels), tracker, progress)


def say_notices(corpus: Corpus, progress: Progress) -> None:
    """Say what is absent from the labels, before the work begins."""
    for notice in corpus.notices:
        progress.say(f"{notice.message}\n  hint: {notice.hint}" if notice.hint else notice.message)


def train_on(
    order: Order, recipe: Recipe, corpus: Corpus, split: Split, tracker: Tracker, progress: Progress
) -> Trained:
    """Train as `train` does, on labels and a recipe already read."""
    refuse_to_replace(order.out)
    if (order.out / MANIFEST).exists():
        progress.say(f"{shown(order.out)} is replaced when the new model is complete; --out keeps both")
    if order.seed is not None:
        recipe = recipe.model_copy(update={"seed": order.seed})
    told = setting_for(corpus, recipe.seed, order.recipe.parent, order.threads, progress)
    setting = replace(told, since=order.since)
    check_recipe(recipe, corpus.codebook)
    check_encoders(recipe, setting.base, progress)
    say_calibration(recipe, split, progress)
    tracker.open()
    tracker.present(order.experiment, headline(corpus.codebook))
    name, purpose = f"{recipe.name} seed {recipe.seed}", purpose_of(order.recipe)
    note = run_note(recipe, purpose, corpus, split)
    tags, params = run_tags(recipe, corpus, note), run_params(recipe, split, order.threads)
    with tracker.run(order.experiment, name, tags, params) as run:
        progress.say(f"training {recipe.name} on {len(split.train)} sentences, seed {recipe.seed}")
        for part in ("train", "validation", "test"):
            run.dataset(to_dataset(getattr(split, part), corpus.codebook), f"{corpus.codebook.name}-{part}", part)
        with own_peak() as memory:
            start = time.perf_counter()
            classifier = fit(recipe, setting, split.train, split.validation)
            seconds = time.perf_counter() - start
        trained = _keep(order, recipe, corpus, split, classifier, seconds, run.id, tracker.uri)
        history = classifier.estimator.history
        log_run(run, trained, history)
        keep_and_compare(run, answers_of(trained, split), tracker, progress)
        add_figures(run, trained, note, memory.peak)
        points = points_tracked(tracker, recipe, corpus, split, trained.test, progress)
        run.text(overview_of(trained, recipe, purpose, corpus, split, history, points), OVERVIEW)
    return trained


def setting_for(corpus: Corpus, seed: int, base: Path, threads: int, progress: Progress) -> Setting:
    """Say what an estimator is told beside its recipe; `fit` holds out what it does not train on."""
    known = [example.text for example in corpus.examples]
    documents = frozenset(example.doc for example in corpus.examples)
    return Setting(corpus.codebook, seed, base, threads, progress, known, documents)


def refuse_to_replace(out: Path, option: str = "--out") -> None:
    """Raise `ModelError` where a model folder cannot be made, or would replace what is no model.

    `option` is the one by which the user names another place.
    """
    try:
        with whole_folder(out.parent / f".{out.name}.probe"):
            pass
        (out.parent / f".{out.name}.probe").rmdir()
        empty = not out.exists() or (out.is_dir() and not any(out.iterdir()))
    except OSError as error:
        said = f"no model folder can be made at {out}: {error.strerror}"
        raise ModelError(said, hint=f"name another place with {option}") from error
    if out.resolve() == Path.cwd():
        raise ModelError("the folder you are in cannot become a model folder", hint=f"name another place with {option}")
    if not empty and not (out / MANIFEST).is_file():
        raise ModelError(
            f"{out} is there already and is no model folder; it would be replaced",
            hint=f"name another place with {option}, or move what is there",
        )


def _keep(
    order: Order,
    recipe: Recipe,
    corpus: Corpus,
    split: Split,
    classifier: Classifier,
    seconds: float,
    run_id: str,
    store: str,
) -> Trained:
    """Write the model folder in one piece; judge the folder, not the estimator in memory."""
    with whole_folder(order.out) as staging:
        draft = _write(staging, recipe, corpus, classifier)
        if recipe.quantise:
            draft = shrink(staging, recipe, split)
        predictor = Predictor.load(staging)
        validated = judge_examples(predictor, split.validation)
        validation = judge(validated)
        judged, test, speed = judged_on_test(predictor, split)
        metrics = flat_metrics(test) | {"train_seconds": seconds, "sentences_per_second": speed}
        facts = training_facts(getattr(classifier.estimator, "facts", {}), split)
        facts[FACT] = learn_rates(predictor, split.validation, recipe.decisions).model_dump(mode="json")
        manifest = write_manifest(staging, draft.model_copy(update={"metrics": metrics, "facts": facts}))
    notices = tuple(corpus.notices)
    return Trained(order.out, manifest, validation, test, judged, validated, seconds, speed, run_id, store, notices)


def judged_on_test(predictor: Predictor, split: Split) -> tuple[Judged, Report, float]:
    """Judge a model on the test documents; the last figure is sentences a second."""
    start = time.perf_counter()
    judged = judge_examples(predictor, split.test)
    speed = len(split.test) / (time.perf_counter() - start)
    return judged, judge(judged), speed


def _write(folder: Path, recipe: Recipe, corpus: Corpus, classifier: Classifier) -> Manifest:
    """Write scorer files, decisions and a manifest without metrics."""
    scorer = classifier.estimator.save(folder)
    write_json(folder / DECISIONS, classifier.decisions.model_dump(mode="json"))
    return write_manifest(
        folder,
        Manifest(
            format=FORMAT,
            name=recipe.name,
            codebook=corpus.codebook,
            scorer=scorer,
            recipe=recipe.described,
            recipe_hash=recipe.hash,
            data_fingerprint=corpus.fingerprint,
            code_version=code_version(),
            seed=recipe.seed,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            files={},
        ),
    )
