"""Read annotations and join them to texts: by span and hash, or by the hash of normalised words."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipeline.corpus.normalise import collapse, normal_hash, normal_words
from pipeline.ground.codebook import Codebook
from pipeline.ground.errors import LabelError
from pipeline.ground.files import hash_text, read_jsonl
from pipeline.ground.records import Annotation, Document, Example

SHAPE = '{"doc": "id", "start": 0, "end": 42, "sha256": "16 hex digits", "labels": []}'
FIELDS = {"doc": str, "start": int, "end": int, "sha256": str, "unsure": bool, "norm_sha256": str, "words": int}
OPTIONAL = ("unsure", "norm_sha256", "words")
_FOOTNOTE = re.compile(r"\[\d{1,3}\]")
_FOOTNOTES_AT_END = re.compile(r"(?:\[\d{1,3}\])+$")


def read_annotations(path: Path, codebook: Codebook) -> list[Annotation]:
    """Read a file of annotations; raise `LabelError` naming file and line for a bad record."""
    annotations: list[Annotation] = []
    seen: dict[tuple[str, int, int], str] = {}
    for number, record in read_jsonl(path):
        annotation = _read_one(record, codebook, f"{path}, line {number}")
        span = (annotation.doc, annotation.start, annotation.end)
        if span in seen:
            raise LabelError(f"{annotation.where}: the same span as {seen[span]}", hint="keep one of the two")
        seen[span] = annotation.where
        annotations.append(annotation)
    if not annotations:
        raise LabelError(f"{path}: holds no annotation", hint=f"one JSON object a line: {SHAPE}")
    return annotations


def _read_one(record: dict[str, Any], codebook: Codebook, where: str) -> Annotation:
    """Check one record field by field."""
    for name, kind in FIELDS.items():
        value = record.get(name)
        if name in OPTIONAL and value is None:
            continue
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise LabelError(f"{where}: `{name}` must be a {kind.__name__}, got {value!r}", hint=SHAPE)
    if not re.fullmatch(r"[0-9a-f]{16,64}", record["sha256"]):
        raise LabelError(f"{where}: `sha256` must be 16 to 64 hex digits, got {record['sha256']!r}", hint=SHAPE)
    if not 0 <= record["start"] < record["end"]:
        raise LabelError(
            f"{where}: span {record['start']} to {record['end']} is empty or runs backwards",
            hint="a span is half-open: 0 <= start < end",
        )
    passes = [
        codebook.check(record[p], f"{where}, {p}") if record.get(p) is not None else None for p in ("pass_a", "pass_b")
    ]
    return Annotation(
        doc=record["doc"],
        start=record["start"],
        end=record["end"],
        sha256=record["sha256"],
        labels=codebook.check(record.get("labels"), where),
        pass_a=passes[0],
        pass_b=passes[1],
        unsure=record.get("unsure") or False,
        norm_sha256=record.get("norm_sha256") or "",
        words=record.get("words") or 0,
        where=where,
    )


def join_by_span(annotation: Annotation, document: Document | None) -> Example:
    """Join an annotation to its document; the slice must have the stated hash.

    Raises:
        LabelError: the document is unknown, the span lies outside its text, or the hash differs;
            the message names file and line of the annotation.
    """
    if document is None:
        raise LabelError(
            f"{annotation.where}: document {annotation.doc!r} is not among its source's documents",
            hint="check `doc`, or add the document to the source's file of documents",
        )
    if annotation.end > len(document.text):
        raise LabelError(
            f"{annotation.where}: span {annotation.start} to {annotation.end} lies outside document"
            f" {annotation.doc!r}, which has {len(document.text)} characters",
            hint="the text may have changed since it was labelled",
        )
    text = document.text[annotation.start : annotation.end]
    found = hash_text(text, len(annotation.sha256))
    if found != annotation.sha256:
        raise LabelError(
            f"{annotation.where}: the sentence at {annotation.start} to {annotation.end} of {annotation.doc!r}"
            f" has the hash {found}, and the annotation says {annotation.sha256}",
            hint=f'the text there now begins "{collapse(text)[:40]}"; restore the text or label it again',
        )
    return _example(annotation, document, annotation.start, annotation.end)


def join_by_words(annotations: list[Annotation], document: Document) -> list[Example]:
    """Find annotated sentences in another copy of their text, by the hash of their normalised words.

    A window of as many words as the sentence has is slid over the text, so neither the sentence
    splitter nor boilerplate nor line wrapping matters. Sentences not found as the copy stands are sought
    without its footnote marks, such as `[1]`. Annotations that are not found are left out.
    """
    lengths = {annotation.words for annotation in annotations if annotation.words}
    wanted = {annotation.norm_sha256 for annotation in annotations if annotation.norm_sha256}
    found: dict[str, tuple[int, int]] = {}
    for chunks in _readings(document.text):
        for first in range(len(chunks)):
            for key, last in _windows(chunks, first, lengths):
                if key in wanted:
                    found.setdefault(key, (chunks[first][1], chunks[last][2]))
    return [_example(a, document, *found[a.norm_sha256]) for a in annotations if a.norm_sha256 in found]


def _readings(text: str) -> Iterator[list[tuple[list[str], int, int]]]:
    """Yield the chunks of a text as (words, start, end); then, where it has footnote marks, those without them."""
    found = list(re.finditer(r"\S+", text))
    yield [(words, *chunk.span()) for chunk in found if (words := normal_words(chunk[0]))]
    if _FOOTNOTE.search(text):
        yield [
            (words, chunk.start(), chunk.start() + len(_FOOTNOTES_AT_END.sub("", chunk[0])))
            for chunk in found
            if (words := normal_words(_FOOTNOTE.sub("", chunk[0])))
        ]


def _windows(chunks: list[tuple[list[str], int, int]], first: int, lengths: set[int]) -> Iterator[tuple[str, int]]:
    """Yield (hash, last chunk) for each run of chunks from `first` that has a wanted number of words."""
    words: list[str] = []
    for last in range(first, len(chunks)):
        words += chunks[last][0]
        if len(words) in lengths:
            yield normal_hash(words), last
        if len(words) >= max(lengths, default=0):
            return


def _example(annotation: Annotation, document: Document, start: int, end: int) -> Example:
    return Example(
        doc=annotation.doc,
        source=document.source,
        genre=document.genre,
        start=start,
        end=end,
        text=collapse(document.text[start:end]),
        labels=annotation.labels,
        unsure=annotation.unsure,
    )
