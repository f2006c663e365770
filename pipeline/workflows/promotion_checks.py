"""Look at a candidate by itself: is its model whole, does it give the answers its run kept, do they tell anything."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np

from pipeline.corpus.load import load_corpus
from pipeline.ground.codebook import Codebook, load_codebook
from pipeline.ground.errors import ModelError, TrackingError
from pipeline.ground.files import hash_text
from pipeline.ground.paths import Project, shown
from pipeline.ground.progress import Progress
from pipeline.inference.manifest import Manifest, read_manifest, verify_files
from pipeline.inference.shelf import label_difference
from pipeline.judging.gate import Line, judge_speed
from pipeline.judging.kept import KeptAnswers
from pipeline.judging.metrics import average_precision
from pipeline.predict import Predictor
from pipeline.tracking.runs import RunReader, RunRecord
from pipeline.workflows.frontier import time_rounds
from pipeline.workflows.shelf import Check

Item = TypeVar("Item")
SAMPLE = 128  # sentences that are answered anew and timed
ROUNDS = 5
NEAR = 0.01  # how far a probability may lie from the one kept: int8 kernels differ a little between processors


@dataclass(frozen=True, slots=True)
class Sample:
    """Sentences of the labels here; `kept` holds the candidate's own probabilities, None where it kept none of them."""

    texts: list[str]
    kept: np.ndarray | None


def refuse_without_model(reader: RunReader, run: RunRecord) -> None:
    """Raise `TrackingError` for a run that carries no model folder."""
    if not reader.has_model(run):
        peer = run.tags.get("learner") == "peer"
        raise TrackingError(
            f"run {run.said} carries no model" + (": it is a peer, which leaves none" if peer else ""),
            hint="peers are there to be compared with: stance compare" if peer else f"train it again: {run.again}",
        )


@contextmanager
def of_champion(candidate: RunRecord) -> Iterator[None]:
    """Read within what the champion left; where that is gone or damaged, say how to go on without it.

    To train it again, as is said of any other run, does not help: the alias stays on the run that it is on.
    """
    try:
        yield
    except (ModelError, TrackingError) as error:
        without = f'stance models promote {candidate.short} --force --why "the champion\'s files are gone"'
        other = f"{error.hint}\n      or " if error.hint and "stance train" not in error.hint else ""
        raise type(error)(
            f"the champion cannot be read: {error.message}",
            hint=f"{other}bring its files back, or promote without comparing: {without}",
        ) from error


def read_model(folder: Path, run: RunRecord) -> Manifest:
    """Read and verify the model folder of a run.

    Raises:
        ModelError: a file is missing or changed, or it is not the model that the run says it made.
    """
    try:
        manifest = read_manifest(folder)
        verify_files(folder, manifest)
    except ModelError as error:
        raise ModelError(
            f"the model of run {run.said} is damaged: {error.message}", hint=f"train it again: {run.again}"
        ) from error
    if manifest.id != run.model_id:
        raise ModelError(
            f"run {run.said} says it made {run.model_id or 'no model'}, and carries {manifest.id}",
            hint=f"train it again: {run.again}",
        )
    return manifest


def codebook_difference(own: Codebook, other: Codebook) -> str:
    """Say how the codebooks of two models differ: labels, choice or version; empty where they agree."""
    said = label_difference(own, other, "the champion's")
    if said:
        return said
    return "" if own.version == other.version else f"version {own.version}; the champion's is {other.version}"


def sample_of(project: Project, answers: KeptAnswers) -> Sample:
    """Take sentences that the candidate answered and whose text is here; any labelled ones where none is.

    Raises:
        ConfigError, LabelError: the labels cannot be read.
    """
    examples = load_corpus(project.labels).examples
    texts = {f"{one.doc}:{one.start}-{one.end}:{hash_text(one.text)}": one.text for one in examples}
    found = [answer for answer in answers.sentences if answer.place in texts]
    if not found:
        return Sample(_spread([one.text for one in examples]), None)
    chosen = _spread(found)
    return Sample([texts[one.place] for one in chosen], np.array([one.probabilities for one in chosen]))


def _spread(items: Sequence[Item]) -> list[Item]:
    """Take at most a sample's worth, evenly from the beginning to the end."""
    places = np.unique(np.linspace(0, len(items) - 1, min(SAMPLE, len(items))).astype(int))
    return [items[place] for place in places]


def stands_alone(
    run: RunRecord, predictor: Predictor, answers: KeptAnswers, sample: Sample, project: Project
) -> list[Check]:
    """Check what needs no champion."""
    manifest = predictor.manifest
    size = f"{len(manifest.files)} files, {manifest.size / 1e6:.1f} MB, each as listed"
    return [
        Check("run", "ok", f"{run.said}, finished, of {run.started[:10]}"),
        Check("model", "ok", f"{manifest.id}: {size}"),
        _codebook(manifest.codebook, project),
        _answers(predictor, sample, answers),
        _signal(answers),
    ]


def _codebook(own: Codebook, project: Project) -> Check:
    here, place = load_codebook(project.labels), shown(project.labels / "codebook.yaml")
    if said := label_difference(own, here, place):
        return Check("codebook", "fault", f"made for another codebook: {said}")
    if own.version != here.version:
        return Check("codebook", "note", f"{own.name} {own.version}; {place} is {here.version}, with the same labels")
    return Check("codebook", "ok", f"{own.name} {own.version}, as {place}")


def _answers(predictor: Predictor, sample: Sample, answers: KeptAnswers) -> Check:
    """Let the model answer again what its run kept."""
    if answers.model_id != predictor.manifest.id:
        return Check("answers", "fault", f"the run keeps answers of {answers.model_id}, not of this model")
    if sample.kept is None:
        return Check("answers", "note", "no sentence that the run was judged on has its text here: not asked again")
    apart = float(np.abs(predictor.predict_proba(sample.texts) - sample.kept).max())
    said = f"{len(sample.texts)} asked again; largest difference of a probability {apart:.4f}"
    if not apart <= NEAR:
        return Check("answers", "fault", f"{said}, and {NEAR} is allowed: the model is not what the run was judged by")
    return Check("answers", "ok", said)


def _signal(answers: KeptAnswers) -> Check:
    """Compare mean average precision with the share of sentences, which a model that knows nothing reaches."""
    judged = answers.as_judged()
    reached = [average_precision(judged.gold[:, i], judged.probabilities[:, i]) for i in range(len(judged.labels))]
    known = [value for value in reached if value is not None]
    share = float(judged.gold.mean(axis=0)[judged.gold.any(axis=0)].mean()) if known else 0.0
    mean = float(np.mean(known)) if known else 0.0
    said = f"mean average precision {mean:.3f} on {answers.part}; guessing reaches {share:.3f}"
    return Check("signal", "ok" if mean > share + NEAR else "fault", said)


def time_both(champion: Predictor, candidate: Predictor, sample: Sample, progress: Progress) -> Line:
    """Time both models in alternating rounds on the same sentences, in this process (decision 14)."""
    work: Mapping[str, partial[np.ndarray]] = {
        name: partial(one.predict_proba, sample.texts)
        for name, one in (("champion", champion), ("candidate", candidate))
    }
    for one in work.values():
        one()
    seconds = time_rounds(work, ROUNDS, progress)
    return judge_speed(seconds["champion"], seconds["candidate"], len(sample.texts))
