"""Find the learning curve of a recipe: among the trials of a curve, or among the runs of the lab book."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from pipeline.corpus.load import Corpus
from pipeline.corpus.splits import Split
from pipeline.ground.errors import StanceError
from pipeline.ground.progress import Progress
from pipeline.judging.records import Report
from pipeline.judging.share_figure import MACRO, Point
from pipeline.learning.recipes import Recipe
from pipeline.tracking.runs import RunReader, RunRecord
from pipeline.tracking.store import Tracker

if TYPE_CHECKING:
    from pipeline.judging.curve import Study

ALL_SOURCES = "nothing"  # what a share's run says it was trained without, where no source was left out


def points_tracked(
    tracker: Tracker, recipe: Recipe, corpus: Corpus, split: Split, report: Report, progress: Progress
) -> list[Point]:
    """Give the shares that the store has of this recipe on these labels, and with them the run that reached `report`.

    Nothing where the store has no shares of it. A store that cannot be searched costs the figure alone.
    """
    same = {"recipe_hash": recipe.hash, "data_fingerprint": corpus.fingerprint}
    try:
        found = [run for run in RunReader(tracker).tagged(same) if run.finished and _judged_alike(run, split)]
    except StanceError as error:
        progress.say(f"no learning curve is shown: {error.message}")
        return []
    points = [_point(run, corpus.codebook.names) for run in reversed(found)]
    own = own_point(len(split.train), recipe.seed, report)
    latest = {(point.share, point.seed): point for point in [*points, own]}  # a later run of the same takes its place
    return list(latest.values()) if points else []


def _judged_alike(run: RunRecord, split: Split) -> bool:
    """Tell whether a run is a share of a curve over all sources, judged on as many sentences."""
    sizes = {"validation_sentences": str(len(split.validation)), "test_sentences": str(len(split.test))}
    alike = all(run.params.get(name) == size for name, size in sizes.items())
    return "share" in run.params and run.params.get("without") == ALL_SOURCES and alike and "macro_f1" in run.metrics


def _point(run: RunRecord, labels: Sequence[str]) -> Point:
    scores = {MACRO: run.metrics["macro_f1"]}
    scores |= {name: run.metrics[f"f1_{name}"] for name in labels if f"f1_{name}" in run.metrics}
    return Point(float(run.params["share"]), int(run.params["train_sentences"]), int(run.seed), scores)


def own_point(sentences: int, seed: int, report: Report) -> Point:
    """Mark the run that reached a report, trained on all documents."""
    scores = {MACRO: report.macro_f1.value} | {name: one.f1.value for name, one in report.labels.items()}
    return Point(1.0, sentences, seed, {name: value for name, value in scores.items() if value is not None}, here=True)


def points_of(study: "Study", sentences: Mapping[tuple[int, float], int], here: tuple[int, float]) -> list[Point]:
    """Give the trainings of a curve's recipe, marking the one of seed and share `here`."""
    tracks = [*study.of("macro"), *study.of("label")]
    return [
        Point(
            size.share,
            sentences[seed, size.share],
            seed,
            {MACRO if track.kind == "macro" else track.name: track.by_seed[row][column] for track in tracks},
            here=(seed, size.share) == here,
        )
        for row, size in enumerate(study.sizes)
        for column, seed in enumerate(study.seeds)
    ]
