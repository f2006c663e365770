"""Pair the sentences of two texts: the same, nearly the same words, and what stands in one of them only.

Order plays no part: a warning that moved to the end is still the same warning. A sentence has at most one partner,
so that of one cut in two, the nearer half is reworded and the other new.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from pipeline.corpus.normalise import collapse, normal_signs, normal_words

LIKENESS = 0.35  # of words by weight; between unrelated briefings, 5 of 30,331 sentences find a partner at it
CANDIDATES = 3  # sentences of the other text that are compared with each
COMMON = 60  # sentences; a word that more of the other text hold finds no candidates
LONGEST = 300  # words; of longer sentences the beginnings are compared
WORK = 40_000_000  # pairs of words looked at in all, some ten seconds; beyond it, nearness is no longer looked for

Words = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Near:
    """Two sentences that share most of their words, by place.

    `likeness` is below 1 unless they differ in order or in signs (`+3`, `−3`) alone.
    """

    then: int
    now: int
    likeness: float


@dataclass(frozen=True, slots=True)
class Alignment:
    """How two lists of sentences belong together, by place: each sentence is in exactly one of the four.

    `compared` counts pairs whose words were matched; `complete` is False where `WORK` ran out first.
    """

    same: tuple[tuple[int, int], ...]
    near: tuple[Near, ...]
    gone: tuple[int, ...]
    new: tuple[int, ...]
    compared: int
    complete: bool


def align(then: Sequence[str], now: Sequence[str], *, work: int = WORK) -> Alignment:
    """Pair sentences of two texts; of equal ones the first goes with the first."""
    whole = range(len(then)), range(len(now))
    same = _equal([_key(text) for text in then], [_key(text) for text in now], *whole)
    gone, new = _others(same, *whole)
    left, right = [_words(text) for text in then], [_words(text) for text in now]
    worded = _equal(left, right, gone, new)
    weights = _weights([*left, *right])
    candidates = _candidates(left, right, *_others(worded, gone, new), weights)
    found, complete = _compare(left, right, candidates, weights, work)
    likely = [one for one in found if one.likeness >= LIKENESS]
    near = _best([*(Near(*pair, 1.0) for pair in worded), *likely], len(left), len(right))
    taken, given = {one.then for one in near}, {one.now for one in near}
    return Alignment(
        tuple(same),
        near,
        tuple(place for place in gone if place not in taken),
        tuple(place for place in new if place not in given),
        len(found),
        complete,
    )


def _words(text: str) -> Words:
    """List a sentence's words without case and typography, or the sentence itself where it has none."""
    return tuple(normal_words(text)) or (collapse(text),)


def _key(text: str) -> Words:
    """List what two sentences must share to be the same: words, and signs that carry meaning."""
    return tuple(normal_signs(text)) or (collapse(text),)


def _equal(
    left: Sequence[Words], right: Sequence[Words], gone: Sequence[int], new: Sequence[int]
) -> list[tuple[int, int]]:
    """Pair equal ones among the places given, the first with the first."""
    places: dict[Words, list[int]] = defaultdict(list)
    for place in reversed(new):
        places[right[place]].append(place)
    return [(place, places[left[place]].pop()) for place in gone if places.get(left[place])]


def _others(pairs: Sequence[tuple[int, int]], gone: Iterable[int], new: Iterable[int]) -> tuple[list[int], list[int]]:
    """Give the places that no pair holds."""
    then, now = {pair[0] for pair in pairs}, {pair[1] for pair in pairs}
    return [place for place in gone if place not in then], [place for place in new if place not in now]


def _weights(sentences: Sequence[Words]) -> dict[str, float]:
    """Weigh each word by how few of the sentences hold it (Spärck Jones 1972, smoothed)."""
    holding = Counter(word for words in sentences for word in set(words))
    return {word: math.log(1 + len(sentences) / count) for word, count in holding.items()}


def _candidates(
    left: Sequence[Words], right: Sequence[Words], gone: Iterable[int], new: Iterable[int], weights: dict[str, float]
) -> Iterator[tuple[int, int]]:
    """Yield pairs worth comparing, likeliest first: for each sentence the few that share most words by weight."""
    holding: dict[str, list[int]] = defaultdict(list)
    total = [sum(weights[word] for word in set(words)) for words in right]
    for place in new:
        for word in set(right[place]):
            holding[word].append(place)
    pairs = []
    for place in gone:
        shared: Counter[int] = Counter()
        own = sum(weights[word] for word in set(left[place]))
        for word in sorted(set(left[place])):
            if 0 < len(holding.get(word, ())) <= COMMON:
                for other in holding[word]:
                    shared[other] += weights[word]  # type: ignore[assignment]
        rated = [(2 * weight / (own + total[other]), -other) for other, weight in shared.items()]
        pairs += [(likeness, place, -other) for likeness, other in sorted(rated, reverse=True)[:CANDIDATES]]
    return ((place, other) for _, place, other in sorted(pairs, key=lambda pair: (-pair[0], *pair[1:])))


def _compare(
    left: Sequence[Words],
    right: Sequence[Words],
    pairs: Iterable[tuple[int, int]],
    weights: dict[str, float],
    work: int,
) -> tuple[list[Near], bool]:
    """Match the words of each pair until the work is spent; tell whether it sufficed."""
    found: list[Near] = []
    for one, other in pairs:
        first, second = left[one][:LONGEST], right[other][:LONGEST]
        work -= len(first) * len(second)
        if work < 0:
            return found, False
        found.append(Near(one, other, likeness(first, second, weights)))
    return found, True


def likeness(first: Words, second: Words, weights: dict[str, float]) -> float:
    """Give the share of both sentences' words, by weight, that match in order (Ratcliff and Metzener 1988)."""
    blocks = SequenceMatcher(None, first, second, autojunk=False).get_matching_blocks()
    matched = sum(weights[word] for block in blocks for word in first[block.a : block.a + block.size])
    return 2 * matched / (sum(map(weights.__getitem__, first)) + sum(map(weights.__getitem__, second)))


def _best(found: list[Near], before: int, after: int) -> tuple[Near, ...]:
    """Keep for each sentence one partner, the nearest pairs first, then those at like places; in the order of `now`."""

    def order(one: Near) -> tuple[float, float, int, int]:
        return -one.likeness, abs(one.then / before - one.now / after), one.now, one.then

    kept, taken, given = [], set(), set()
    for one in sorted(found, key=order):
        if one.then not in taken and one.now not in given:
            kept.append(one)
            taken.add(one.then)
            given.add(one.now)
    return tuple(sorted(kept, key=lambda one: one.now))
