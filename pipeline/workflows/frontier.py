"""Judge and time trained models together, and tell which of them no other beats at both accuracy and cost."""

import difflib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.ground.errors import ModelError, StanceError
from pipeline.ground.machine import describe_machine
from pipeline.ground.paths import Project, shown
from pipeline.ground.progress import Progress
from pipeline.ground.records import Estimate
from pipeline.ground.version import code_version
from pipeline.inference.manifest import Manifest, read_manifest
from pipeline.inference.released import released_models
from pipeline.inference.shelf import find_model, label_difference, trained_models
from pipeline.judging.frontier import Fronts, Point, Speed, fronts_of
from pipeline.judging.records import Report
from pipeline.judging.report import judge
from pipeline.predict import Predictor
from pipeline.workflows.bench import Bench, always
from pipeline.workflows.borrowed import Borrowed, peers_of, read_leaderboard
from pipeline.workflows.entrants import Answers
from pipeline.workflows.facts import doubts
from pipeline.workflows.spec import Frontier

REST = 0.1  # seconds before each timing, in which another model's threads stop spinning


@dataclass(frozen=True, slots=True)
class ModelStep:
    """What a model answers on test; kept by the model's id, so that a model of another name is not asked again."""

    model: str
    id: str
    work: Callable[[], Any]
    intact: Callable[[Any], bool] = always

    @property
    def name(self) -> str:
        """Name the step for people."""
        return f"{self.model}, answers on test"

    @property
    def stem(self) -> str:
        """Begin the name of the file that keeps its result."""
        return f"{self.id}-answers"

    @property
    def identity(self) -> dict[str, Any]:
        """Give all that the result hangs on beside labels and splits."""
        return {"model": self.id, "kind": "answers"}


@dataclass(frozen=True, slots=True)
class Row:
    """One model; `reason` says why it has no figures, `notes` what makes them mean less.

    `load_seconds` is None where figures were not measured in this run.
    """

    name: str
    point: Point | None = None
    f1: dict[str, Estimate] = field(default_factory=dict)
    ece: dict[str, float] = field(default_factory=dict)
    load_seconds: float | None = None
    made_by: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    reason: str = ""

    @property
    def macro_f1(self) -> float:
        """Give the figure that rows are ranked by; below all others where there is none."""
        return -1.0 if self.point is None else self.point.macro_f1.value


@dataclass(frozen=True, slots=True)
class Charted:
    """All rows: those with figures from best to worst, then those without; and what no other row beats."""

    rows: tuple[Row, ...]
    fronts: Fronts
    sentences: int
    documents: int
    made_by: dict[str, str]


@dataclass(frozen=True, slots=True, eq=False)
class Entrant:
    """A model loaded, warm and judged."""

    predictor: Predictor
    load_seconds: float
    report: Report


def run_frontier(spec: Frontier, bench: Bench) -> Charted:
    """Judge every model that is here, then time all of them in turn; answers are kept, times are measured anew.

    A model that is absent or damaged drops out with the reason, and the others go on.

    Raises:
        ModelError: not one model is here.
        ConfigError: the leaderboard cannot be used.
    """
    borrowed = _borrowed(spec, bench)
    entrants: dict[str, Entrant] = {}
    absent: dict[str, str] = {}
    for name in spec.models:
        try:
            entrants[name] = _enter(name, bench)
        except StanceError as error:
            absent[name] = error.message.replace(f"{bench.project.root}/", "")
            bench.progress.say(f"{name} drops out: {absent[name]}")
    if not entrants:
        said = "\n".join(f"  - {name}: {reason}" for name, reason in absent.items())
        raise ModelError(f"{spec.name}: none of its models is here\n{said}", hint="see what there is: stance models ls")
    texts = [example.text for example in bench.split.test]
    scoring = {name: partial(entrant.predictor.predict_proba, texts) for name, entrant in entrants.items()}
    seconds = time_rounds(scoring, spec.repeats, bench.progress)
    titles = short_names(spec.models)
    rows = [_row(titles[name], one, Speed.over(seconds[name], len(texts)), bench) for name, one in entrants.items()]
    rows += [_taken(row, bench) for row in borrowed]
    rows += [Row(titles[name], reason=reason) for name, reason in absent.items()]
    rows.sort(key=lambda row: -row.macro_f1)
    fronts = fronts_of([row.point for row in rows if row.point])
    documents = len({example.doc for example in bench.split.test})
    return Charted(tuple(rows), fronts, len(texts), documents, _made(bench))


def frontier_steps(spec: Frontier, bench: Bench) -> list[ModelStep]:
    """List what has to be asked of each model that is here; errors of the leaderboard as those of `run_frontier`."""
    _borrowed(spec, bench)
    texts = [example.text for example in bench.split.test]
    steps = []
    for name, folder in _folders(spec, bench.project).items():
        work = partial(_answer, folder, texts)
        steps.append(ModelStep(name, read_manifest(folder).id, work))
    return steps


def absent_models(spec: Frontier, project: Project) -> dict[str, str]:
    """Say why models are not here; files are not verified, which a run does."""
    found = {}
    for name in spec.models:
        try:
            read_manifest(folder_of(name, project))
        except ModelError as error:
            found[name] = error.message.replace(f"{project.root}/", "")
    return found


def _folders(spec: Frontier, project: Project) -> dict[str, Path]:
    absent = absent_models(spec, project)
    return {name: folder_of(name, project) for name in spec.models if name not in absent}


def folder_of(name: str, project: Project) -> Path:
    """Find a model by name, the released before the trained; what has a `/` is a folder, from the project's root.

    Raises:
        ModelError: there is none; the message says what makes it.
    """
    path = Path(name)
    if len(path.parts) != 1:
        if not (project.root / path).is_dir():
            raise ModelError("not here: there is no such folder")
        return project.root / path
    known = sorted({model.name for model in (*released_models(), *trained_models())})
    if name in known:
        return find_model(path)
    recipe = project.models / f"{name}.yaml"
    if recipe.is_file():
        raise ModelError(f"not here; make it: stance train {shown(recipe)}")
    names = sorted({*known, *(found.stem for found in project.models.glob("*.yaml"))})
    near = difflib.get_close_matches(name, names, n=1)
    raise ModelError("not here: no model and no recipe is called so" + (f"; did you mean {near[0]!r}?" if near else ""))


def short_names(named: Sequence[str]) -> dict[str, str]:
    """Call each model by the last part of its path, where no other is called so."""
    last = [Path(name).name for name in named]
    return {name: short if last.count(short) == 1 else name for name, short in zip(named, last, strict=True)}


def _enter(name: str, bench: Bench) -> Entrant:
    """Load a model twice, the second time with a watch, warm it up on the test sentences, and judge its answers."""
    folder = folder_of(name, bench.project)
    bench.progress.say(f"loading {name} and scoring {len(bench.split.test)} test sentences")
    place = shown(bench.project.labels / "codebook.yaml")
    if said := label_difference(read_manifest(folder).codebook, bench.corpus.codebook, place):
        raise ModelError(f"made for another codebook: {said}")
    Predictor.load(folder)  # its files are in memory then, as they mostly are where a model is used
    start = time.perf_counter()
    predictor = Predictor.load(folder)
    load_seconds = time.perf_counter() - start
    probabilities = predictor.predict_proba([example.text for example in bench.split.test])
    if not ((probabilities >= 0) & (probabilities <= 1)).all():
        raise ModelError(f"{shown(folder)} gives what is no probability")
    result = bench.do(ModelStep(name, predictor.manifest.id, partial(_decided, predictor, probabilities)))
    return Entrant(predictor, load_seconds, judge(Answers.read(result).on(bench.split.test, bench)))


def _answer(folder: Path, texts: Sequence[str]) -> dict[str, Any]:
    predictor = Predictor.load(folder)
    return _decided(predictor, predictor.predict_proba(texts))


def _decided(predictor: Predictor, probabilities: np.ndarray) -> dict[str, Any]:
    return Answers(probabilities, predictor.decide(probabilities)).as_dict()


def time_rounds(
    work: Mapping[str, Callable[[], object]],
    repeats: int,
    progress: Progress,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, list[float]]:
    """Time each piece of work once a round; each round begins with another, so that none is always first."""
    names = list(work)
    seconds: dict[str, list[float]] = {name: [] for name in names}
    for number in range(repeats):
        progress.say(f"timing {len(names)} model{'s' * (len(names) > 1)}, round {number + 1} of {repeats}")
        first = number % len(names)
        for name in names[first:] + names[:first]:
            time.sleep(REST)
            start = clock()
            work[name]()
            seconds[name].append(clock() - start)
    return seconds


def _row(title: str, entrant: Entrant, speed: Speed, bench: Bench) -> Row:
    manifest, report = entrant.predictor.manifest, entrant.report
    return Row(
        title,
        Point(title, report.macro_f1, speed, manifest.size / 1e6),
        f1={name: scores.f1 for name, scores in report.labels.items()},
        ece={name: scores.ece for name, scores in report.labels.items()},
        load_seconds=entrant.load_seconds,
        made_by=_origin(manifest),
        notes=tuple(doubts(manifest, bench.corpus, bench.split)),
    )


def _origin(manifest: Manifest) -> dict[str, str]:
    """Name exactly what made a model."""
    return {
        "model": manifest.id,
        "recipe_hash": manifest.recipe_hash,
        "data_fingerprint": manifest.data_fingerprint,
        "seed": str(manifest.seed),
        "code_version": manifest.code_version,
        "date": manifest.created[:10],
    }


def _borrowed(spec: Frontier, bench: Bench) -> list[Borrowed]:
    if spec.leaderboard is None:
        return []
    return read_leaderboard(
        bench.beside / spec.leaderboard, peers_of(bench.project.models), bench.corpus.codebook.names
    )


def _taken(borrowed: Borrowed, bench: Bench) -> Row:
    """Make a row of a peer's figures; note where they were measured on other sentences or another machine."""
    made, notes = borrowed.made_by, []
    if made and (made["data_fingerprint"], made["splits"]) != (bench.corpus.fingerprint, bench.split_hash[:16]):
        notes.append("Measured in the leaderboard on other labels or splits than these.")
    if made and made["machine"] != describe_machine():
        notes.append(f"Timed in the leaderboard on another machine: {made['machine']}.")
    return Row(borrowed.name, borrowed.point, borrowed.f1, borrowed.ece, None, made, tuple(notes), borrowed.reason)


def _made(bench: Bench) -> dict[str, str]:
    """Say where and when this run measured, and on what."""
    return {
        "machine": describe_machine(),
        "date": datetime.now(UTC).date().isoformat(),
        "code_version": code_version(),
        "data_fingerprint": bench.corpus.fingerprint,
        "splits": bench.split_hash[:16],
    }
