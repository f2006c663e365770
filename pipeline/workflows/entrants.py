"""Train one entrant of a comparison: a recipe of ours as `stance train` does, or a peer in its own environment."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

import numpy as np

from pipeline.ground.errors import ModelError
from pipeline.ground.files import sha256_of
from pipeline.ground.records import Example
from pipeline.ground.version import code_version
from pipeline.inference.manifest import read_manifest
from pipeline.judging.kept import keep
from pipeline.judging.records import Judged
from pipeline.judging.report import flat_metrics, judge
from pipeline.learning.fit import fit
from pipeline.learning.learners import PeerLearner
from pipeline.learning.machines import machine_of
from pipeline.learning.peer import PeerEstimator, program_of
from pipeline.learning.recipes import Recipe
from pipeline.predict import Predictor
from pipeline.tracking.store import NOTE
from pipeline.workflows.bench import Bench
from pipeline.workflows.judged import decided_at_half, decided_by, judged_on
from pipeline.workflows.logbook import columns, log_peak, run_params, run_tags
from pipeline.workflows.notes import OVERVIEW, figures_note, purpose_of, run_note
from pipeline.workflows.overview import cost_tiles, page_of
from pipeline.workflows.runs_kept import keep_and_compare
from pipeline.workflows.training import Order, train_on
from pipeline.workflows.watched import own_peak

DIGITS = 6  # of the probabilities kept


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """What an entrant said of some texts: calibrated probabilities and decisions, both of shape (n, labels)."""

    probabilities: np.ndarray
    predicted: np.ndarray

    def as_dict(self) -> dict[str, list[list[float]]]:
        """Give the matrices as JSON holds them."""
        return {
            "probabilities": np.round(self.probabilities, DIGITS).tolist(),
            "predicted": self.predicted.astype(int).tolist(),
        }

    @classmethod
    def read(cls, value: dict[str, Any]) -> "Answers":
        """Read the matrices back."""
        return cls(np.array(value["probabilities"]), np.array(value["predicted"], dtype=np.int8))

    def on(self, examples: Sequence[Example], bench: Bench) -> Judged:
        """Join the answers with the gold of the sentences they were given on."""
        codebook = bench.corpus.codebook
        return judged_on(examples, codebook, self.probabilities, self.predicted, (None,) * len(codebook.names))


def train_ours(bench: Bench, recipe: Recipe, file: str, seed: int) -> dict[str, Any]:
    """Train a recipe into its model folder; keep what the leaderboard needs."""
    out = bench.model_folder(recipe, seed)
    order = Order(bench.project.models / file, bench.project.labels, out, seed, bench.experiment, since=bench.since)
    trained = train_on(order, recipe, bench.corpus, bench.split, bench.tracker, bench.progress)
    raw = Predictor.load(trained.folder).predict_raw([example.text for example in bench.split.test])
    at_half = _at_half(bench, raw)
    bench.tracker.add_metrics(trained.run_id, at_half)
    figures = trained.manifest.metrics | at_half
    figures["model_megabytes"] = trained.manifest.size / 1e6
    answers = Answers(trained.judged.probabilities, trained.judged.predicted)
    return _result(bench, recipe, trained.run_id, figures, answers) | {"model": trained.manifest.id}


def train_peer(bench: Bench, recipe: Recipe, seed: int, more: Sequence[str]) -> dict[str, Any]:
    """Train a peer on the same splits; `more` are texts it answers too, since no model of it is kept.

    Raises:
        PeerError: its environment cannot be installed, or its program fails.
    """
    setting = bench.setting(seed)
    recipe = recipe.model_copy(update={"seed": seed})
    purpose = purpose_of(bench.project.models / f"{recipe.name}.yaml")
    note = run_note(recipe, purpose, bench.corpus, bench.split)
    tags, params = run_tags(recipe, bench.corpus, note), run_params(recipe, bench.split, setting.threads)
    with bench.tracker.run(bench.experiment, f"{recipe.name} seed {seed}", tags, params) as run:
        bench.progress.say(f"training {recipe.name} (a peer) on {len(bench.split.train)} sentences, seed {seed}")
        with own_peak() as memory:
            classifier = fit(recipe, setting, bench.split.train, bench.split.validation)
        estimator, decisions = cast(PeerEstimator, classifier.estimator), classifier.decisions
        raw = estimator.predict_proba([example.text for example in bench.split.test])
        judged = decided_by(bench.split.test, bench.corpus.codebook, decisions, raw)
        report = judge(judged)
        figures = flat_metrics(report) | _at_half(bench, raw)
        figures["train_seconds"] = estimator.train_seconds
        figures["sentences_per_second"] = len(raw) / estimator.predict_seconds
        figures["model_megabytes"] = estimator.model_bytes / 1e6
        run.metrics(columns(figures))
        log_peak(run, memory.peak)
        costs = (figures["train_seconds"], figures["sentences_per_second"], figures["model_megabytes"])
        run.tags({NOTE: f"{note} {figures_note(report, *costs)}"})
        run.text(page_of(recipe, purpose, bench.corpus, bench.split, judged, cost_tiles(*costs), {}), OVERVIEW)
        kept = keep("test", judged, bench.split.test, bench.corpus.codebook, bench.corpus.fingerprint, "")
        keep_and_compare(run, [kept], bench.tracker, bench.progress)
        result = _result(bench, recipe, run.id, figures, Answers(judged.probabilities, judged.predicted))
        if more:
            calibrated = decisions.calibrate(estimator.predict_proba(list(more)))
            result["behaviour"] = Answers(calibrated, decisions.decide(calibrated)).as_dict()
    return result


def answer(bench: Bench, recipe: Recipe, seed: int, texts: Sequence[str]) -> dict[str, Any]:
    """Let a trained recipe of ours answer texts."""
    predictor = Predictor.load(bench.model_folder(recipe, seed))
    probabilities = predictor.predict_proba(list(texts))
    return Answers(probabilities, predictor.decide(probabilities)).as_dict()


def is_trained(bench: Bench, recipe: Recipe, seed: int, result: dict[str, Any]) -> bool:
    """Tell whether the model a kept result speaks of still lies in its folder, and no other."""
    try:
        return read_manifest(bench.model_folder(recipe, seed)).id == result.get("model")
    except ModelError:
        return False


def program_hash(recipe: Recipe) -> str:
    """Name the program a peer runs, which is part of what made its figures."""
    return sha256_of(program_of(cast(PeerLearner, recipe.learner)))[:12]


def is_peer(recipe: Recipe) -> bool:
    """Tell whether a recipe is another tool's, run in its own environment."""
    return isinstance(recipe.learner, PeerLearner)


def _at_half(bench: Bench, raw: np.ndarray) -> dict[str, float]:
    """Give the figures of the convention most tools have: uncalibrated, cut at 0.5."""
    report = judge(decided_at_half(bench.split.test, bench.corpus.codebook, raw), resamples=1)
    by_label = {f"f1_half_{name}": scores.f1.value for name, scores in report.labels.items()}
    raw_ece = {f"ece_raw_{name}": scores.ece for name, scores in report.labels.items()}
    return {"macro_f1_half": report.macro_f1.value, **by_label, **raw_ece}


def _result(bench: Bench, recipe: Recipe, run: str, figures: dict[str, float], answers: Answers) -> dict[str, Any]:
    made_by = {
        "recipe_hash": recipe.hash,
        "data_fingerprint": bench.corpus.fingerprint,
        "code_version": code_version(),
        "date": datetime.now(UTC).date().isoformat(),
        "run": run,
        "splits": bench.split_hash[:16],
        "machine": machine_of(recipe),
    }
    return {"figures": figures, "made_by": made_by, "test": answers.as_dict()}
