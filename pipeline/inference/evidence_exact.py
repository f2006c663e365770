"""Share out over words what a linear model or hand-written rules decided, with nothing left over."""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator

import numpy as np

from pipeline.inference.evidence_words import Words
from pipeline.inference.ngrams import WORD
from pipeline.inference.rules import RulesScorer, plain
from pipeline.inference.scorers import TfidfScorer

Places = tuple[str, list[int]]  # an n-gram, and a character of the text for each of its equal parts


def linear_weights(scorer: TfidfScorer, words: Words) -> np.ndarray:
    """Give each word's part of the logits, shape (words, labels); with the intercept they sum to the logits.

    An n-gram adds its weight times its normalised TF-IDF, in equal parts at each of its places: a word n-gram to each
    of its words, a character n-gram to the word of each of its characters.
    """
    totals = np.zeros((len(words), len(scorer.intercept)))
    spec = scorer.spec
    blocks = {
        "word": word_places(words.text, *spec.word_ngrams),
        "char": char_places(words.text, *spec.char_ngrams),
    }
    for block, found in blocks.items():
        places: dict[str, list[list[int]]] = defaultdict(list)
        for term, parts in found:
            places[term].append(parts)
        for term, logits in scorer.terms(
            block, Counter({term: len(all_of) for term, all_of in places.items()})
        ).items():
            for parts in places[term]:
                for part in parts:
                    totals[words.owner(part)] += logits / (len(places[term]) * len(parts))
    return totals


def rule_weights(scorer: RulesScorer, words: Words) -> np.ndarray:
    """Give each word's part of the patterns that match, shape (words, labels); words in a gap have none.

    A pattern adds log 2, since each one halves what is missing to 1, in equal parts to the words that its items match
    anywhere. The parts of a label sum to -log(1 - p), or to its score before the softmax where exactly one is carried.
    """
    totals = np.zeros((len(words), len(scorer.patterns)))
    origins = _origins(words.text, plain)
    for label, patterns in enumerate(scorer.patterns):
        for spans in patterns.places(words.text):
            touched = {words.owner(origins[place]) for start, end in spans for place in range(start, end)}
            totals[sorted(touched), label] += math.log(2) / len(touched)
    return totals


def word_places(text: str, low: int, high: int) -> Iterator[Places]:
    """Yield the n-grams that `word_ngrams` counts, each with the first characters of its words."""
    origins = _origins(text, str.lower)
    found = [(match.group(), origins[match.start()]) for match in WORD.finditer(text.lower())]
    for size in range(low, high + 1):
        for start in range(len(found) - size + 1):
            run = found[start : start + size]
            yield " ".join(word for word, _ in run), [place for _, place in run]


def char_places(text: str, low: int, high: int) -> Iterator[Places]:
    """Yield the n-grams that `char_ngrams` counts, each with its characters; a pad stands for the one beside it."""
    lowered, origins = text.lower(), _origins(text, str.lower)
    position = 0
    for word in lowered.split():
        first = lowered.index(word, position)
        position = first + len(word)
        padded = f" {word} "
        places = [origins[first], *origins[first:position], origins[position - 1]]
        for size in range(low, high + 1):
            for start in range(max(len(padded) - size, 0) + 1):
                yield padded[start : start + size], places[start : start + size]
            if size >= len(padded):
                break


def _origins(text: str, change: Callable[[str], str]) -> list[int]:
    """Give for each character of the changed text the one it comes from; a change may lengthen what it changes."""
    return [place for place, character in enumerate(text) for _ in change(character)]
