"""Judge which blocks of a document are running prose, and say of the others why not."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from pipeline.corpus.furniture import ends_sentence, furniture
from pipeline.corpus.normalise import collapse, normal_words
from pipeline.corpus.sentences import split_sentences
from pipeline.ground.records import Block, BlockKind, Document, Skipped, SkipReason

_BY_KIND = {
    BlockKind.TABLE: SkipReason.TABLE,
    BlockKind.CODE: SkipReason.CODE,
    BlockKind.FRONT_MATTER: SkipReason.FRONT_MATTER,
    BlockKind.CAPTION: SkipReason.CAPTION,
    BlockKind.RUNNING_HEAD: SkipReason.RUNNING_HEAD,
    BlockKind.FOOTNOTE: SkipReason.FOOTNOTE,
}

# Counted in words. A title is rarely longer than 25; a question that heads a section rarely than 12.
_LONGEST_TITLE, _LONGEST_QUESTION, _LONGEST_LABEL, _LONGEST_CAPITALS = 25, 12, 3, 15
_SHORTEST_ITEM, _SHORTEST_REPEAT, _LONGEST_REPEAT = 4, 5, 80

# "QUESTION: …" and "MR PRICE: …" open the turns of a transcript; a turn is no title and no pull quote.
_TURN = re.compile(r"(?:[A-Z][A-Z.'’-]*+\s?){1,4}:\s+\S")
_OPEN_END = re.compile(r"[:;,—–][\"'”’)\]*_\u200e\u200f]*$|[;,]\s(and|or)$")


@dataclass(frozen=True)
class _Candidate:
    """A block with what the rules ask of it."""

    block: Block
    text: str

    @cached_property
    def count(self) -> int:
        return len(self.text.split())

    @cached_property
    def normal(self) -> str:
        """Give the normalised words, each with a space on both sides."""
        return f" {' '.join(normal_words(self.text))} "

    @cached_property
    def closed(self) -> bool:
        return ends_sentence(self.text)

    @property
    def spoken(self) -> bool:
        return bool(_TURN.match(self.text)) and not self.text.isupper()

    @cached_property
    def sentences(self) -> list[str]:
        return [self.text[start:end] for start, end in split_sentences(self.text)]


def judge_blocks(document: Document) -> tuple[list[Block], list[Skipped]]:
    """Divide the blocks into running prose and what is none; both keep the document's order."""
    candidates = [_Candidate(block, collapse(document.text[block.start : block.end])) for block in document.blocks]
    verdicts = [_BY_KIND.get(one.block.kind) or furniture(one.text) for one in candidates]
    repeats = _repeats([one for one, verdict in zip(candidates, verdicts, strict=True) if verdict is None])
    kept, skipped = [], []
    for one, verdict in zip(candidates, verdicts, strict=True):
        reason = verdict or (SkipReason.PULL_QUOTE if id(one) in repeats else _title(one))
        if reason is None:
            kept.append(one.block)
        else:
            start, end = one.block.start, one.block.end
            skipped.append(Skipped(start, end, reason, document.text[start:end]))
    return kept, skipped


def _repeats(candidates: list[_Candidate]) -> set[int]:
    """Find the blocks whose words another, larger block of prose contains in one run; return their ids."""
    # Only blocks of prose can be repeated: a title within a longer title is a title, not a pull quote.
    short = [one for one in candidates if _SHORTEST_REPEAT <= len(one.normal.split()) <= _LONGEST_REPEAT]
    if not short:
        return set()
    repeated = _within_larger({one.normal for one in short}, {one.normal for one in candidates if _title(one) is None})
    return {id(one) for one in short if one.normal in repeated and not one.spoken}


def _within_larger(runs: Iterable[str], blocks: Iterable[str]) -> set[str]:
    """Give the runs of words that stand in a block which holds more than this run; blocks must be distinct."""
    holders: dict[str, list[str]] = defaultdict(list)
    for block in blocks:
        for shingle in set(_shingles(block)):
            holders[shingle].append(block)
    found = set()
    for run in runs:
        # Every block that holds the run holds its rarest shingle, so few blocks need be searched.
        near = min((holders.get(shingle, []) for shingle in _shingles(run)), key=len)
        if any(run in block and run != block for block in near):
            found.add(run)
    return found


def _shingles(normal: str) -> Iterator[str]:
    """Yield each run of as many words as the shortest repeat has."""
    words = normal.split()
    for first in range(len(words) - _SHORTEST_REPEAT + 1):
        yield " ".join(words[first : first + _SHORTEST_REPEAT])


def _title(one: _Candidate) -> SkipReason | None:
    """Tell titles, headings and labels from prose."""
    kind = one.block.kind
    if kind is BlockKind.HEADING:
        return SkipReason.TITLE
    if one.spoken or (kind is BlockKind.QUOTE and one.count >= _SHORTEST_ITEM):
        return None
    titled = _headline(one) if one.closed else _unfinished(one)
    return SkipReason.TITLE if titled else None


def _headline(one: _Candidate) -> bool:
    """Tell whether a block with a final mark is a title: in capitals, or a question that stands alone."""
    if one.text.isupper():
        return one.count <= _LONGEST_CAPITALS
    alone = one.block.kind is BlockKind.PARAGRAPH and len(one.sentences) == 1
    return alone and one.text.endswith("?") and one.count <= _LONGEST_QUESTION


def _unfinished(one: _Candidate) -> bool:
    """Tell whether a block without a final mark is a title; lead-ins, items and long paragraphs are prose."""
    if one.text.isupper() and one.count <= _LONGEST_CAPITALS:
        return True
    if _OPEN_END.search(one.text):
        listed = one.block.kind is BlockKind.ITEM and not one.text.endswith(":")
        return one.count <= _LONGEST_LABEL and not listed
    if one.block.kind is BlockKind.ITEM:
        return one.count < _SHORTEST_ITEM
    if one.count > _LONGEST_TITLE:
        return False
    # "Peace at last? The road to the talks" is a title in two parts; a full stop within makes prose.
    return not any(sentence.endswith((".", ".”", '."')) for sentence in one.sentences[:-1])
