"""Do the steps of an experiment; a step whose inputs have not changed is not done again."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from pipeline.corpus.load import Corpus, load_corpus
from pipeline.corpus.splits import MANIFEST, PARTS, Split, split_corpus
from pipeline.ground import files
from pipeline.ground.paths import Project
from pipeline.ground.progress import Progress
from pipeline.learning.estimators import Setting
from pipeline.learning.learners import DistilledLearner
from pipeline.learning.recipes import Recipe
from pipeline.learning.unlabelled_reading import absent_sources
from pipeline.tracking.store import Tracker
from pipeline.workflows.training import THREADS, say_notices, setting_for

RESULTS = "results"  # beside the specifications; git ignores it


def always(_result: Any) -> bool:
    """Take every kept result for intact."""
    return True


class Piece(Protocol):
    """What a bench can do once and keep: work whose result is JSON."""

    @property
    def name(self) -> str:
        """Name the piece for people."""

    @property
    def stem(self) -> str:
        """Begin the name of the file that keeps its result."""

    @property
    def identity(self) -> dict[str, Any]:
        """Give all that the result hangs on beside labels and splits."""

    @property
    def work(self) -> Callable[[], Any]:
        """Give what does it."""

    @property
    def intact(self) -> Callable[[Any], bool]:
        """Give what tells whether that which a kept result speaks of is still there."""


@dataclass(frozen=True, slots=True)
class Step:
    """One piece of work on a recipe at a seed; `inputs` are those beside recipe, seed, labels and splits.

    A recipe's hash leaves seeds out, and a student's teacher is fitted at one of its own, which is an input as well.
    `intact` tells whether what a kept result speaks of (a model folder) is still there.
    """

    kind: str
    recipe: Recipe
    seed: int
    work: Callable[[], Any]
    inputs: dict[str, Any] = field(default_factory=dict)
    intact: Callable[[Any], bool] = always

    @property
    def name(self) -> str:
        """Name the step for people."""
        return f"{self.recipe.name} seed {self.seed}, {self.kind}"

    @property
    def stem(self) -> str:
        """Begin the name of the file that keeps its result."""
        return f"{self.recipe.name}-seed{self.seed}-{self.kind}"

    @property
    def identity(self) -> dict[str, Any]:
        """Give all that the result hangs on beside labels and splits."""
        taught = isinstance(self.recipe.learner, DistilledLearner)
        teacher = {"teacher_seeds": [member.seed for member in self.recipe.members.values()]} if taught else {}
        return self.inputs | {"recipe": self.recipe.hash, "seed": self.seed, "kind": self.kind} | teacher


@dataclass(slots=True)
class Bench:
    """What the steps of one experiment share: labels and splits read once, and where results are kept.

    What was kept of trainings before `since`, in seconds as `time.time` gives them, is not read back.
    """

    project: Project
    experiment: str
    results: Path
    corpus: Corpus
    split: Split
    split_hash: str
    tracker: Tracker
    progress: Progress
    force: bool
    since: float = 0.0

    @property
    def beside(self) -> Path:
        """Say where the specification lies."""
        return self.results.parents[1]

    def setting(self, seed: int) -> Setting:
        """Say what an estimator is told beside its recipe."""
        setting = setting_for(self.corpus, seed, self.project.models, THREADS, self.progress)
        return replace(setting, since=self.since)

    def model_folder(self, recipe: Recipe, seed: int) -> Path:
        """Say where a recipe's model at a seed lies."""
        return self.project.trained / (recipe.name if seed == recipe.seed else f"{recipe.name}-seed{seed}")

    def path(self, step: Piece) -> Path:
        """Say where a step's result lies: its name holds the hash of all its inputs.

        Among them are the sources of unlabelled text that are absent: what is learned without them is another thing.
        """
        everything = step.identity | {"data": self.corpus.fingerprint, "splits": self.split_hash}
        absent = absent_sources(step.recipe, self.project.models) if isinstance(step, Step) else []
        if absent:
            everything["absent"] = absent
        return self.results / f"{step.stem}-{files.hash_json(everything, 12)}.json"

    def kept(self, step: Piece) -> Any:
        """Give what a step gave when it last ran with the same inputs; None where it has to run."""
        path = self.path(step)
        if not path.exists():
            return None
        result = files.read_json(path)
        return result if step.intact(result) else None

    def do(self, step: Piece) -> Any:
        """Do a step, or give back its kept result; a killed step leaves none, since it appears by one rename."""
        result = None if self.force else self.kept(step)
        if result is not None:
            self.progress.say(f"skipping {step.name}: nothing changed")
            return result
        result = step.work()
        files.write_json(self.path(step), result)
        return result


def open_bench(
    spec_path: Path, name: str, project: Project, tracker: Tracker, progress: Progress, *, force: bool
) -> Bench:
    """Read labels and splits; say what is absent.

    With `force`, nothing that was kept before now is read back: no step's result, no fit, judgement or checkpoint.
    """
    since = time.time() if force else 0.0
    corpus = load_corpus(project.labels)
    say_notices(corpus, progress)
    split = split_corpus(corpus, project.labels)
    results = spec_path.parent / RESULTS / name
    # Answers are kept by position, so their order must not hang on the order of files.
    test = tuple(sorted(split.test, key=lambda example: (example.doc, example.start, example.end)))
    split = Split(split.train, split.validation, test)
    split_hash = _split_hash(split, project.labels / MANIFEST)
    return Bench(project, name, results, corpus, split, split_hash, tracker, progress, force, since)


def _split_hash(split: Split, manifest: Path) -> str:
    """Name the split: its committed manifest, or its documents where none is committed; and each document's source."""
    parts = {part: sorted({e.doc for e in getattr(split, part)}) for part in PARTS}
    sources = {e.doc: e.source for part in PARTS for e in getattr(split, part)}
    return files.hash_json([files.sha256_of(manifest) if manifest.is_file() else parts, sources])
