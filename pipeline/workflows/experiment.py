"""Run an experiment step by step; a step whose inputs have not changed is not run again."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from pipeline.corpus.load import Corpus, load_corpus
from pipeline.corpus.splits import MANIFEST, PARTS, Split, split_corpus
from pipeline.ground import files
from pipeline.ground.paths import Project
from pipeline.ground.progress import Progress
from pipeline.ground.version import code_version
from pipeline.learning.estimators import Setting
from pipeline.learning.recipes import Recipe
from pipeline.tracking.store import Tracker
from pipeline.workflows.away import cross_validate, leave_one_source_out, mean, spread
from pipeline.workflows.spec import Spec, load_spec
from pipeline.workflows.training import THREADS, Order, say_notices, train_on


@dataclass(frozen=True, slots=True)
class Row:
    """One recipe at one seed: what made it, and every figure of it."""

    recipe: str
    seed: int
    made_by: dict[str, str]
    figures: dict[str, float]
    parts: dict[str, float]


@dataclass(slots=True)
class Bench:
    """What the steps of one experiment share."""

    project: Project
    labels: Path
    results: Path
    experiment: str
    tracker: Tracker
    progress: Progress
    force: bool

    def model_folder(self, recipe: Recipe, seed: int) -> Path:
        """Say where a recipe's model at a seed lies."""
        return self.project.trained / (recipe.name if seed == recipe.seed else f"{recipe.name}-seed{seed}")

    def step(self, kind: str, recipe: Recipe, seed: int, inputs: dict[str, Any], work: Callable[[], Any]) -> Any:
        """Do a step, or give back what it gave when it last ran with the same inputs."""
        inputs = inputs | {"recipe": recipe.hash, "seed": seed, "kind": kind}
        path = self.results / f"{recipe.name}-seed{seed}-{kind}-{files.hash_json(inputs, 12)}.json"
        if path.exists() and not self.force and (kind != "train" or self.model_folder(recipe, seed).exists()):
            self.progress.say(f"skipping {recipe.name}, {kind}: nothing changed")
            return files.read_json(path)
        result = work()
        files.write_json(path, result)
        return result


def run_experiment(
    spec_path: Path, project: Project, tracker: Tracker, progress: Progress, *, force: bool = False
) -> list[Row]:
    """Train every recipe at every seed, then judge each away from home; return the leaderboard's rows.

    Trainings come first, so that the seconds they report are not disturbed by what follows.
    A killed experiment goes on where it stopped.
    """
    spec, recipes = load_spec(spec_path, project.models)
    corpus = load_corpus(project.labels)
    say_notices(corpus, progress)
    split = split_corpus(corpus, project.labels)
    inputs = {"data": corpus.fingerprint, "splits": _split_hash(split, project.labels / MANIFEST)}
    results = spec_path.parent / "results" / spec.name
    bench = Bench(project, project.labels, results, spec.name, tracker, progress, force)
    turns = [(recipes[name], seed, project.models / name) for name in spec.recipes for seed in spec.seeds]
    results_of = {
        (recipe.name, seed): bench.step(
            "train", recipe, seed, inputs, partial(_train, bench, path, recipe, seed, corpus, split)
        )
        for recipe, seed, path in turns
    }
    rows = []
    for recipe, seed, _ in turns:
        setting = Setting(corpus.codebook, seed, project.models, THREADS, progress)
        away = _away(bench, spec, recipe, setting, split, inputs)
        rows.append(_row(recipe, seed, results_of[recipe.name, seed], away, bench))
    return rows


def _split_hash(split: Split, manifest: Path) -> str:
    """Name the split: by its committed manifest, or by its documents where none is committed."""
    if manifest.is_file():
        return files.sha256_of(manifest)
    return files.hash_json({part: sorted({e.doc for e in getattr(split, part)}) for part in PARTS})


def _away(
    bench: Bench, spec: Spec, recipe: Recipe, setting: Setting, split: Split, inputs: dict[str, Any]
) -> dict[str, dict[str, float]]:
    """Judge a recipe away from home as the specification asks; macro-F1 by part."""
    away = {}
    if spec.leave_one_source_out:
        work = partial(leave_one_source_out, recipe, setting, split)
        away["loso"] = bench.step("loso", recipe, setting.seed, inputs, work)
    if spec.cross_validation:
        work = partial(cross_validate, recipe, setting, split, spec.cross_validation)
        away["cv"] = bench.step("cv", recipe, setting.seed, inputs | {"folds": spec.cross_validation}, work)
    return away


def _train(bench: Bench, path: Path, recipe: Recipe, seed: int, corpus: Corpus, split: Split) -> dict[str, Any]:
    """Train one recipe as `stance train` does; keep what the leaderboard needs."""
    order = Order(path, bench.labels, bench.model_folder(recipe, seed), seed, bench.experiment)
    trained = train_on(order, recipe, corpus, split, bench.tracker, bench.progress)
    megabytes = sum(entry.size for entry in trained.manifest.files.values()) / 1e6
    return {
        "figures": trained.manifest.metrics | {"model_megabytes": megabytes},
        "made_by": {
            "recipe_hash": trained.manifest.recipe_hash,
            "data_fingerprint": trained.manifest.data_fingerprint,
            "code_version": code_version(),
            "date": trained.manifest.created[:10],
            "run": trained.run_id,
        },
    }


def _row(recipe: Recipe, seed: int, result: dict[str, Any], away: dict[str, dict[str, float]], bench: Bench) -> Row:
    """Join a recipe's figures, and add those from away to its MLflow run."""
    figures, parts = dict(result["figures"]), dict[str, float]()
    for kind, by_part in away.items():
        figures |= {f"{kind}_macro_f1": mean(by_part), f"{kind}_macro_f1_sd": spread(by_part)}
        parts |= {f"{kind}/{part}": value for part, value in by_part.items()}
    added = {name: value for name, value in figures.items() if name not in result["figures"]}
    bench.tracker.add_metrics(result["made_by"]["run"], added | parts)
    return Row(recipe.name, seed, result["made_by"], figures, parts)
