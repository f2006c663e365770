"""Keep what a model answered sentence by sentence, beside the gold: two runs are paired by it. No text is kept."""

from collections.abc import Sequence
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from pipeline.ground.codebook import NAME, Codebook
from pipeline.ground.config import Strict
from pipeline.ground.files import hash_text
from pipeline.ground.records import Example
from pipeline.judging.records import Judged

DIGITS = 6  # of the probabilities kept
Part = Literal["validation", "test"]
Probability = Annotated[float, Field(ge=0, le=1)]
Name = Annotated[str, Field(pattern=NAME)]


class Answer(Strict):
    """One sentence: where it stands, the hash of its text as models see it, the gold, and what was answered.

    `probabilities` are in codebook order, after calibration.
    """

    doc: str
    source: str
    genre: str
    start: int = Field(ge=0)
    end: int
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    gold: tuple[str, ...]
    predicted: tuple[str, ...]
    probabilities: tuple[Probability, ...]

    @property
    def place(self) -> str:
        """Name the sentence by its document and span, and by its text's hash."""
        return f"{self.doc}:{self.start}-{self.end}:{self.sha256}"


class KeptAnswers(Strict):
    """All answers of a run on one part of the labels, sentences by document and span."""

    format: Literal[1]
    part: Part
    codebook: str
    codebook_version: str
    choice: Literal["any", "one"]
    labels: tuple[Name, ...] = Field(min_length=1)
    data_fingerprint: str
    model_id: str
    thresholds: tuple[float | None, ...]
    sentences: tuple[Answer, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        if len(self.thresholds) != len(self.labels):
            raise ValueError(f"{len(self.thresholds)} thresholds for {len(self.labels)} labels")
        known = set(self.labels)
        for number, answer in enumerate(self.sentences):
            if len(answer.probabilities) != len(self.labels):
                raise ValueError(
                    f"sentence {number}: {len(answer.probabilities)} probabilities for {len(known)} labels"
                )
            if strange := {*answer.gold, *answer.predicted} - known:
                raise ValueError(f"sentence {number}: unknown label {min(strange)!r}")
        places = [answer.place for answer in self.sentences]
        if len(set(places)) < len(places):
            raise ValueError("a sentence stands here twice")
        return self

    def as_judged(self) -> Judged:
        """Give the answers as they are judged; hashes stand in for texts."""
        rows = self.sentences
        return Judged(
            gold=self._matrix([row.gold for row in rows]),
            probabilities=np.array([row.probabilities for row in rows], dtype=float),
            predicted=self._matrix([row.predicted for row in rows]),
            groups=tuple(row.doc for row in rows),
            texts=tuple(row.sha256 for row in rows),
            labels=self.labels,
            thresholds=self.thresholds,
            slices={"source": tuple(row.source for row in rows), "genre": tuple(row.genre for row in rows)},
            exclusive=self.choice == "one",
        )

    def _matrix(self, sets: Sequence[tuple[str, ...]]) -> np.ndarray:
        return np.array([[name in one for name in self.labels] for one in sets], dtype=np.int8)


def keep(
    part: Part, judged: Judged, examples: Sequence[Example], codebook: Codebook, fingerprint: str, model_id: str
) -> KeptAnswers:
    """Join answers with the places of the sentences they were given on; both are in the same order."""
    gold, predicted = codebook.decode(judged.gold), codebook.decode(judged.predicted)
    rows = [
        Answer(
            doc=example.doc,
            source=example.source,
            genre=example.genre,
            start=example.start,
            end=example.end,
            sha256=hash_text(example.text),
            gold=gold[i],
            predicted=predicted[i],
            probabilities=tuple(np.round(judged.probabilities[i], DIGITS).tolist()),
        )
        for i, example in enumerate(examples)
    ]
    return KeptAnswers(
        format=1,
        part=part,
        codebook=codebook.name,
        codebook_version=codebook.version,
        choice=codebook.choice,
        labels=codebook.names,
        data_fingerprint=fingerprint,
        model_id=model_id,
        thresholds=judged.thresholds,
        sentences=tuple(sorted(rows, key=lambda row: (row.doc, row.start, row.end))),
    )


def why_not_paired(one: KeptAnswers, other: KeptAnswers) -> str:
    """Say why two runs' answers cannot be paired: other labels, sentences or gold; empty where they can.

    Runs on other training labels (another fingerprint) are paired where the sentences judged are the same.
    """
    if one.labels != other.labels or one.choice != other.choice:
        return f"other labels: {one.choice} of {', '.join(one.labels)} and {other.choice} of {', '.join(other.labels)}"
    mine = {answer.place: answer for answer in one.sentences}
    theirs = {answer.place: answer for answer in other.sentences}
    if mine.keys() != theirs.keys():
        both = len(mine.keys() & theirs.keys())
        return (
            f"another split or other texts: {both} sentences of {one.part} are the same, {len(mine) - both} only the"
            f" first was judged on, {len(theirs) - both} only the second{_fingerprints(one, other)}"
        )
    changed = sum(set(mine[place].gold) != set(theirs[place].gold) for place in mine)
    if changed:
        return f"other gold labels on {changed} of {len(mine)} sentences of {one.part}{_fingerprints(one, other)}"
    return ""


def _fingerprints(one: KeptAnswers, other: KeptAnswers) -> str:
    if one.data_fingerprint == other.data_fingerprint:
        return ""
    return f" (labels {one.data_fingerprint} and {other.data_fingerprint})"
