"""Find the sentences a benchmark scores: real ones, in an order that hangs on nothing, and as many as are wanted."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.corpus.load import Corpus
from pipeline.corpus.unlabelled import load_unlabelled
from pipeline.corpus.unlabelled_sources import SotuText
from pipeline.ground.files import hash_text


@dataclass(frozen=True, slots=True)
class Texts:
    """Sentences without repetition; `source` says in words whose they are."""

    sentences: tuple[str, ...]
    source: str


def load_texts(from_year: int, corpus: Corpus) -> Texts:
    """Read the annual messages, or take the labelled sentences where they are absent; put them in order of hash.

    So the first n are a fair sample of all, and of the same lengths.
    """
    found = load_unlabelled([SotuText(kind="sotu", from_year=from_year)], Path(), (), None, 0)
    if found.absent:
        labelled = {example.text for example in corpus.examples}
        return Texts(_ordered(tuple(labelled)), f"labelled sentences (the package sotu is absent), {len(labelled):,}")
    source = f"sentences of 4 to 80 words of the US presidents' annual messages since {from_year} (package sotu)"
    return Texts(_ordered(found.texts), f"{source}, {len(found.texts):,}")


def _ordered(texts: Sequence[str]) -> tuple[str, ...]:
    return tuple(sorted(texts, key=hash_text))


def so_many(texts: Sequence[str], count: int) -> Iterator[str]:
    """Yield `count` different sentences: all of them again and again, a number behind the first word from the first on.

    So a sentence has as many tokens in a large table as in a small one.
    """
    for number in range(count):
        repetition, place = divmod(number, len(texts))
        yield numbered(texts[place], repetition)


def numbered(sentence: str, number: int) -> str:
    """Put a number behind the first word of a sentence; from 10 on, so that all are one token long up to 99."""
    first, _, rest = sentence.partition(" ")
    return f"{first} ({number + 10}) {rest}".rstrip()
