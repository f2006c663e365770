"""Test whether models' evidence is faithful, on validation or on sentences given, and track what came of it."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.corpus.load import load_corpus
from pipeline.corpus.splits import split_corpus
from pipeline.ground.codebook import Codebook
from pipeline.ground.errors import ModelError
from pipeline.ground.files import hash_json
from pipeline.ground.progress import Progress
from pipeline.inference.evidence import NOTHING, OCCLUSION
from pipeline.inference.manifest import Manifest
from pipeline.judging.faithfulness import Case, Faithfulness, faithfulness_metrics, judge_faithfulness, sample_pairs
from pipeline.predict import Predictor
from pipeline.tracking.store import Tracker
from pipeline.workflows.behaviour import add_figures
from pipeline.workflows.evaluation import read_gold
from pipeline.workflows.training import say_notices

EXPERIMENT = "evidence"


@dataclass(frozen=True, slots=True)
class Sample:
    """Sentences, white space collapsed, with their documents; `name` says where they come from."""

    name: str
    texts: tuple[str, ...]
    groups: tuple[str, ...]

    @property
    def fingerprint(self) -> str:
        """Name the sentences and how they are grouped; 16 hex digits."""
        return hash_json([list(self.texts), list(self.groups)])


@dataclass(frozen=True, slots=True)
class Explained:
    """A model folder, the test of its evidence, and the processor time that the evidence itself took."""

    folder: Path
    manifest: Manifest
    report: Faithfulness
    seconds: float

    @property
    def passes(self) -> float:
        """Count how often the model is asked for the evidence of a sentence, on average: never where it is read."""
        return self.report.words + 1 if self.report.method == OCCLUSION else 0.0


def validation_sample(labels_dir: Path, progress: Progress) -> Sample:
    """Take the validation sentences of a labels folder: evidence was chosen on them, and test stays unseen."""
    corpus = load_corpus(labels_dir)
    say_notices(corpus, progress)
    examples = split_corpus(corpus, labels_dir).validation
    return Sample("validation", tuple(e.text for e in examples), tuple(e.doc for e in examples))


def sample_of(path: Path, codebook: Codebook) -> Sample:
    """Take the sentences of a file of labelled ones; one that names no document is a document of its own."""
    records = read_gold(path, codebook)
    groups = tuple(record.doc or f"(no doc) {place}" for place, record in enumerate(records, start=1))
    return Sample(path.name, tuple(record.text for record in records), groups)


def judge_evidence(
    folders: Sequence[Path], predictors: Sequence[Predictor], sample: Sample, most: int, seed: int = 0
) -> list[Explained]:
    """Explain and test at most `most` pairs of a sentence and a label predicted of it, drawn for each model.

    Raises:
        ModelError: a model looks at no words, or predicts no label in these sentences.
    """
    return [_judge(folder, one, sample, most, seed) for folder, one in zip(folders, predictors, strict=True)]


def _judge(folder: Path, predictor: Predictor, sample: Sample, most: int, seed: int) -> Explained:
    decided = predictor.decide(predictor.predict_proba(sample.texts))
    pairs = sample_pairs(decided, most, seed)
    if not pairs:
        raise ModelError(
            f"{folder} predicts no label in the {len(sample.texts)} sentences of {sample.name}: nothing to explain",
            hint="give sentences that carry labels: --data FILE",
        )
    rows = sorted({row for row, _ in pairs})
    wanted = [[predictor.classes_[column] for place, column in pairs if place == row] for row in rows]
    start = time.process_time()
    found = dict(zip(rows, predictor.explain([sample.texts[row] for row in rows], wanted), strict=True))
    seconds = time.process_time() - start
    evidence = [one for row in rows for one in found[row]]
    if evidence[0].method == NOTHING:
        raise ModelError(
            f"{folder} looks at no words (it is of kind {predictor.manifest.scorer.kind}), and has no evidence to test",
            hint="name another model; see what there is: stance models ls",
        )
    cases = [
        Case(sample.texts[row], column, sample.groups[row], one)
        for (row, column), one in zip(pairs, evidence, strict=True)
    ]
    report = judge_faithfulness(cases, predictor.predict_proba, seed=seed)
    return Explained(folder, predictor.manifest, report, seconds)


def track(explained: Explained, sample: Sample, tracker: Tracker) -> str:
    """Add the figures to the run that made the model, or to a new run of the experiment `evidence`; give its id."""
    tags = {"evidence_method": explained.report.method, "evidence_sentences": f"{sample.name} {sample.fingerprint}"}
    metrics = faithfulness_metrics(explained.report)
    return add_figures(tracker, EXPERIMENT, explained.folder, explained.manifest, metrics, tags)
