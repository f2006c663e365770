"""Find duplicate and near-duplicate sentences and documents."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.ground.records import Example

SENTENCE_LIKENESS = 0.6  # Jaccard of word trigrams; below it, pairs share a formula, not a sentence
SHORTEST = 6  # words; shorter sentences repeat by chance (*God bless America.*)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two sentences that say the same; `likeness` is 1.0 for equal words."""

    left: int
    right: int
    likeness: float


def near_duplicates(texts: Sequence[str], likeness: float = SENTENCE_LIKENESS) -> list[Pair]:
    """Find pairs of texts whose word-trigram sets have a Jaccard index of at least `likeness`.

    The set overlap is exact (a sparse matrix product), not an estimate by MinHash (Broder 1997):
    at some thousands of sentences that costs less than a second.
    """
    from scipy.sparse import triu
    from sklearn.feature_extraction.text import CountVectorizer

    words = {"token_pattern": r"(?u)\b\w+\b"}  # one-letter words too
    long = [
        number
        for number, text in enumerate(texts)
        if len(text.split()) >= SHORTEST and len(re.findall(words["token_pattern"], text)) >= 3
    ]
    if len(long) < 2:
        return []
    vectorizer = CountVectorizer(ngram_range=(3, 3), binary=True, dtype=np.int32, **words)
    shingles = vectorizer.fit_transform([texts[number] for number in long])
    sizes = np.asarray(shingles.sum(axis=1)).ravel()
    shared = triu(shingles @ shingles.T, k=1).tocoo()
    index = shared.data / (sizes[shared.row] + sizes[shared.col] - shared.data)
    keep = index >= likeness
    return [
        Pair(long[left], long[right], float(value))
        for left, right, value in zip(shared.row[keep], shared.col[keep], index[keep], strict=True)
    ]


def document_groups(examples: Sequence[Example], pairs: Sequence[Pair] | None = None) -> dict[str, str]:
    """Map each document to its group: documents that share a near-duplicate sentence are one group.

    A group is named by its first document in the alphabet.
    """
    pairs = near_duplicates([example.text for example in examples]) if pairs is None else pairs
    groups = {doc: doc for doc in sorted({example.doc for example in examples})}
    for pair in pairs:
        _unite(groups, examples[pair.left].doc, examples[pair.right].doc)
    return {doc: _root(groups, doc) for doc in groups}


def _root(groups: dict[str, str], doc: str) -> str:
    while groups[doc] != doc:
        doc = groups[doc]
    return doc


def _unite(groups: dict[str, str], left: str, right: str) -> None:
    first, second = sorted((_root(groups, left), _root(groups, right)))
    groups[second] = first
