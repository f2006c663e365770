"""Read a document through: its sentences of running prose, and what was kept out."""

import shlex
from collections import Counter
from dataclasses import replace
from pathlib import Path

from pipeline.corpus.prose import judge_blocks
from pipeline.corpus.readers import read_document
from pipeline.corpus.sentences import split_sentences
from pipeline.ground.errors import DocumentError
from pipeline.ground.records import Block, BlockKind, Document, Reading, Sentence


def read(document: Document, *, allow_none: bool = False) -> Reading:
    """Judge the blocks of a document and cut its running prose into sentences; refuse one without any."""
    kept, skipped = judge_blocks(document)
    spans = [
        (start, end, block.page_at(start), number)
        for number, block in enumerate(kept, 1)
        for start, end in _spans(document, block)
    ]
    if not spans and not allow_none:
        counts = Counter(str(one.reason) for one in skipped)
        said = ", ".join(f"{number} {reason}" for reason, number in counts.most_common()) or "nothing at all"
        name = document.path or document.id
        raise DocumentError(
            f"{name}: holds no running prose; skipped: {said}",
            hint=f"stance sentences {shlex.quote(name)} --show-skipped" if document.path else "give running prose",
        )
    sentences = (
        Sentence(document.id, index, start, end, document.text[start:end], page, paragraph)
        for index, (start, end, page, paragraph) in enumerate(spans)
    )
    return Reading(document, tuple(sentences), tuple(skipped))


def read_given(document: Document) -> Reading:
    """Read a text somebody gave as prose, such as a table's cell: where none of it looks like prose, all of it is.

    A lone question or a heading's few words are furniture on a page, and a sentence in a column of sentences.

    Raises:
        DocumentError: there is no sentence in it.
    """
    reading = read(document, allow_none=True)
    if reading.sentences:
        return reading
    document = replace(document, blocks=(Block(BlockKind.QUOTE, 0, len(document.text)),))
    spans = split_sentences(document.text)
    if not spans:
        return read(document)
    sentences = (
        Sentence(document.id, index, start, end, document.text[start:end], None, 1)
        for index, (start, end) in enumerate(spans)
    )
    return Reading(document, tuple(sentences), ())


def read_path(path: Path, *, encoding: str | None = None) -> Reading:
    """Read a file through."""
    return read(read_document(path, encoding=encoding))


def _spans(document: Document, block: Block) -> list[tuple[int, int]]:
    text = document.text[block.start : block.end]
    return [(block.start + start, block.start + end) for start, end in split_sentences(text)]
