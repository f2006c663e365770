"""Judge a model on labelled sentences: read the gold, let the model decide, compare."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from pipeline.ground.codebook import Codebook
from pipeline.ground.errors import ConfigError, LabelError, ModelError
from pipeline.ground.files import read_jsonl

if TYPE_CHECKING:
    import numpy as np

    from pipeline.decisions.review import Review
    from pipeline.judging.records import Judged, Report
    from pipeline.judging.selective import Selective

FAULTS_SHOWN = 20
SLICE_VALUES = 50  # more distinct values than this, and a key names the sentence rather than its kind
NOT_SLICES = ("text", "labels", "doc")


@dataclass(frozen=True, slots=True)
class GoldRecord:
    """A sentence with its true labels in codebook order; `doc` is None where the file names no document.

    `slices` has the same keys for every record of a file; "" where a record has no value.
    """

    text: str
    labels: tuple[str, ...]
    doc: str | None = None
    slices: dict[str, str] = field(default_factory=dict)


class Decider(Protocol):
    """What a model must answer to be judged; `pipeline.predict.Predictor` does."""

    @property
    def codebook(self) -> Codebook:
        """Give the labels it was trained for."""

    @property
    def thresholds(self) -> tuple[float | None, ...]:
        """Give one threshold for each label, None where none decides."""

    @property
    def review(self) -> "Review | None":
        """Say which decisions are marked for review, None where it has not learned to."""

    def predict_proba(self, texts: list[str]) -> "np.ndarray":
        """Give calibrated probabilities of shape (n, L)."""

    def decide(self, proba: "np.ndarray") -> "np.ndarray":
        """Turn probabilities into 0/1 decisions of the same shape."""


def read_gold(path: Path, codebook: Codebook) -> list[GoldRecord]:
    """Read labelled sentences, one JSON object `{"text": …, "labels": […]}` a line; other keys are kept as slices.

    A key is a slice where all its values are strings, at most 50 differ, and some value comes twice.
    `doc` names the document. White space of the text is collapsed, as in training. Raises one `LabelError`
    that lists every fault of the file by line.
    """
    rows: list[dict[str, Any]] = []
    labels: list[tuple[str, ...]] = []
    faults: list[LabelError] = []
    try:
        for number, record in read_jsonl(path):
            try:
                labels.append(_check(record, codebook, f"line {number}"))
                rows.append(record)
            except LabelError as fault:
                faults.append(fault)
    except ConfigError as error:
        if not faults:
            raise
        faults.append(LabelError(error.message.removeprefix(f"{path}, "), hint=error.hint))
    if faults:
        raise _all_of(path, faults)
    if not rows:
        raise LabelError(f"{path}: holds no sentence", hint='each line: {"text": "…", "labels": ["…"]}')
    keys = _slice_keys(rows)
    return [
        GoldRecord(" ".join(row["text"].split()), names, row.get("doc"), {key: row.get(key) or "" for key in keys})
        for row, names in zip(rows, labels, strict=True)
    ]


def _check(record: dict[str, Any], codebook: Codebook, where: str) -> tuple[str, ...]:
    """Return the record's labels; raise `LabelError` for the first fault in it."""
    has = f"the record has: {', '.join(record) or 'nothing'}"
    if "text" not in record:
        raise LabelError(f'{where}: no "text"; {has}', hint='add the sentence: "text": "…"')
    text = record["text"]
    if not isinstance(text, str) or not text.strip():
        raise LabelError(
            f'{where}: "text" is {_short(text)}, and a sentence is expected', hint="give a string that is not blank"
        )
    if "labels" not in record:
        example = codebook.names[0] if codebook.exclusive else ""
        raise LabelError(
            f'{where}: no "labels"; {has}',
            hint=f'add them: "labels": ["{example or codebook.names[0]}"]' + ("" if example else ", or [] for none"),
        )
    doc = record.get("doc")
    if doc is not None and not isinstance(doc, str):
        raise LabelError(
            f'{where}: "doc" is {_short(doc)}, and a string is expected', hint='name the document: "doc": "…"'
        )
    return codebook.check(record["labels"], where)


def _short(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= 40 else shown[:39] + "…"


def _all_of(path: Path, faults: list[LabelError]) -> LabelError:
    """Put every fault of a file into one error, with the hints that differ."""
    if len(faults) == 1:
        return LabelError(f"{path}, {faults[0].message}", hint=faults[0].hint)
    lines = [f"  - {fault.message}" for fault in faults[:FAULTS_SHOWN]]
    if len(faults) > FAULTS_SHOWN:
        lines.append(f"  … and {len(faults) - FAULTS_SHOWN} more")
    hints = list(dict.fromkeys(fault.hint for fault in faults if fault.hint))
    return LabelError(f"{path}: {len(faults)} faults\n" + "\n".join(lines), hint="\n      ".join(hints))


def _slice_keys(rows: Sequence[dict[str, Any]]) -> list[str]:
    """Find the keys that sort the sentences into kinds, in order of appearance."""
    keys = [key for key in dict.fromkeys(key for row in rows for key in row) if key not in NOT_SLICES]
    return [key for key in keys if _is_slice([row[key] for row in rows if row.get(key) is not None])]


def _is_slice(values: list[Any]) -> bool:
    if not values or not all(isinstance(value, str) for value in values):
        return False
    distinct = len(set(values) - {""})
    return 0 < distinct <= SLICE_VALUES and distinct < len(values)


def evaluate(
    predictor: Decider, records: Sequence[GoldRecord], codebook: Codebook, *, resamples: int = 2000, seed: int = 0
) -> "tuple[Report, Judged]":
    """Judge a model on gold records; raise `ModelError` where it was trained for other labels.

    Intervals draw whole documents; a record without `doc` counts as a document of its own.
    """
    from pipeline.judging.records import Judged
    from pipeline.judging.report import judge

    own = predictor.codebook
    if (own.names, own.exclusive) != (codebook.names, codebook.exclusive):
        raise ModelError(
            f"the model was trained for {_describe(own)}, and the sentences are labelled with {_describe(codebook)}",
            hint="judge it on sentences labelled with its own codebook",
        )
    texts = [record.text for record in records]
    probabilities = predictor.predict_proba(texts)
    judged = Judged(
        gold=codebook.encode([record.labels for record in records]),
        probabilities=probabilities,
        predicted=predictor.decide(probabilities),
        groups=tuple(record.doc or f"(no doc) {place}" for place, record in enumerate(records, start=1)),
        texts=tuple(texts),
        labels=codebook.names,
        thresholds=tuple(predictor.thresholds),
        slices={
            key: tuple(record.slices.get(key, "") for record in records)
            for key in dict.fromkeys(key for record in records for key in record.slices)
        },
        exclusive=codebook.exclusive,
    )
    report = judge(judged, resamples=resamples, seed=seed)
    alone = sum(not record.doc for record in records)
    if alone:
        note = f'{alone} of {len(records)} sentences name no "doc": each counts as a document, intervals are too narrow'
        report = replace(report, notes=(*report.notes, note))
    return report, judged


def judge_review(predictor: Decider, judged: "Judged", *, resamples: int = 2000, seed: int = 0) -> "Selective | None":
    """Judge what a model marks for review; None where it has not learned to."""
    from pipeline.judging.selective import selective_scores

    review = predictor.review
    return None if review is None else selective_scores(judged, review, resamples=resamples, seed=seed)


def _describe(codebook: Codebook) -> str:
    return f"{'one' if codebook.exclusive else 'any'} of {', '.join(codebook.names)}"
