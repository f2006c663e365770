"""Test whether the words named as evidence carried the decision: take them away, and keep nothing else.

The deletion test of ERASER (DeYoung et al. 2020, ACL). *Comprehensiveness* is what the label's probability loses when
the evidence words are deleted: much, if they carried it. *Sufficiency* is what it loses when only they are kept:
little, if they did. Both are compared with as many words drawn at random, and with the first words of the sentence.
The areas over the perturbation curve (AOPC) average both over the heaviest 1, 5, 10, 20 and 50 % of the words.

This is about the model, not about the reader: evidence that passes is faithful to what the model did. Whether people
would have named the same words (plausibility) is not tested here (Jacovi and Goldberg 2020, ACL). And a sentence with
words missing is no sentence: part of what a probability loses is surprise at that, which random words lose as well.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.ground.records import Estimate, Evidence
from pipeline.inference.evidence import shown
from pipeline.inference.evidence_words import Words
from pipeline.judging.bootstrap import RESAMPLES, resample, with_interval

SHARES = (0.01, 0.05, 0.1, 0.2, 0.5)  # of a sentence's words, rounded up, as in ERASER
CHOOSERS = ("evidence", "random", "first")
FIGURES = ("comprehensiveness", "sufficiency", "aopc_comprehensiveness", "aopc_sufficiency")

Probabilities = Callable[[Sequence[str]], np.ndarray]  # texts to calibrated probabilities, shape (n, labels)


@dataclass(frozen=True, slots=True)
class Case:
    """A sentence, white space collapsed, and the evidence for a label predicted of it; `group` names its document."""

    text: str
    column: int
    group: str
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Deletion:
    """What probabilities lose without the chosen words, and with only these; differences of it, in a comparison."""

    comprehensiveness: Estimate
    sufficiency: Estimate
    aopc_comprehensiveness: Estimate
    aopc_sufficiency: Estimate

    def as_dict(self) -> dict[str, Any]:
        """Give the figures as JSON holds them."""
        return {name: getattr(self, name).as_dict() for name in FIGURES}


@dataclass(frozen=True, slots=True)
class Faithfulness:
    """The deletion test of one model; `words` and `chosen` are means over pairs of a sentence and a label.

    `deletions` is keyed by who chose the words: evidence, random, first. `ahead` is by how much evidence does better
    than random words on the same pairs: above 0 is better in all four.
    """

    method: str
    pairs: int
    sentences: int
    documents: int
    words: float
    chosen: float
    deletions: dict[str, Deletion]
    ahead: Deletion

    def as_dict(self) -> dict[str, Any]:
        """Give the report as JSON holds it."""
        counts = ("method", "pairs", "sentences", "documents", "words", "chosen")
        by_chooser = {name: deletion.as_dict() for name, deletion in self.deletions.items()}
        return {name: getattr(self, name) for name in counts} | {
            "deletions": by_chooser,
            "ahead_of_random": self.ahead.as_dict(),
        }


def sample_pairs(decided: np.ndarray, most: int, seed: int = 0) -> list[tuple[int, int]]:
    """Draw at most `most` pairs (sentence, column) where the 0/1 matrix `decided`, shape (n, labels), gives a label."""
    pairs = np.argwhere(decided)
    if len(pairs) > most:
        pairs = pairs[np.sort(np.random.default_rng(seed).permutation(len(pairs))[:most])]
    return [(int(row), int(column)) for row, column in pairs]


def judge_faithfulness(
    cases: Sequence[Case], probabilities: Probabilities, *, resamples: int = RESAMPLES, seed: int = 0
) -> Faithfulness:
    """Put each case's evidence to the test; at least one case. Intervals draw documents; the seed fixes all chance."""
    words = [Words.of(case.text) for case in cases]
    chosen = [shown(case.evidence) for case in cases]
    rng = np.random.default_rng(seed)
    orders = {
        "evidence": [np.argsort([-word.weight for word in case.evidence.words], kind="stable") for case in cases],
        "random": [rng.permutation(len(one)) for one in words],
        "first": [np.arange(len(one)) for one in words],
    }
    scored = _Scored(cases, words, probabilities)
    losses = np.stack([scored.losses(orders[name], [len(one) for one in chosen]) for name in CHOOSERS])
    drawn, values = _estimates(losses, [case.group for case in cases], resamples, seed)
    better = np.array([1, -1, 1, -1])  # of a sufficiency, less is better
    return Faithfulness(
        method=cases[0].evidence.method,
        pairs=len(cases),
        sentences=len({(case.group, case.text) for case in cases}),
        documents=len({case.group for case in cases}),
        words=float(np.mean([len(one) for one in words])),
        chosen=float(np.mean([len(one) for one in chosen])),
        deletions={name: _deletion(values[i], drawn[:, i]) for i, name in enumerate(CHOOSERS)},
        ahead=_deletion((values[0] - values[1]) * better, (drawn[:, 0] - drawn[:, 1]) * better),
    )


class _Scored:
    """The cases' sentences with words missing, each different text scored once for each order."""

    def __init__(self, cases: Sequence[Case], words: Sequence[Words], probabilities: Probabilities) -> None:
        self._words = words
        self._probabilities = probabilities
        self._columns = [case.column for case in cases]
        self._whole = self._chances([case.text for case in cases], 1)

    def losses(self, orders: Sequence[np.ndarray], counts: Sequence[int]) -> np.ndarray:
        """Give the four figures of each case, shape (cases, 4), for the first `counts` words of its order."""
        texts: list[str] = []
        for words, order, count in zip(self._words, orders, counts, strict=True):
            for size in (count, *(math.ceil(share * len(words)) for share in SHARES)):
                top = set(order[:size].tolist())
                texts += [words.without(top), words.without(set(range(len(words))) - top)]
        lost = self._whole[:, None, None] - self._chances(texts, 2 * (1 + len(SHARES))).reshape(len(orders), -1, 2)
        return np.concatenate([lost[:, 0], lost[:, 1:].mean(axis=1)], axis=1)

    def _chances(self, texts: Sequence[str], each: int) -> np.ndarray:
        """Score texts, `each` of them for every case in turn, for the case's label; shape (texts,)."""
        places = {text: place for place, text in enumerate(dict.fromkeys(texts))}
        scores = self._probabilities(list(places))
        return np.asarray(scores[[places[text] for text in texts], np.repeat(self._columns, each)])


def _estimates(losses: np.ndarray, groups: Sequence[str], resamples: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Average (choosers, cases, figures) over cases: resampled, (resamples, choosers, figures), and as they are.

    With fewer than two documents nothing is drawn.
    """
    choosers, cases, figures = losses.shape
    names, place = np.unique(np.array(groups), return_inverse=True)
    sums = np.zeros((len(names), choosers * figures + 1))
    np.add.at(sums, place, np.column_stack([losses.transpose(1, 0, 2).reshape(cases, -1), np.ones(cases)]))
    values = losses.mean(axis=1)
    if len(names) < 2:
        return np.zeros((0, choosers, figures)), values
    drawn = resample(sums, resamples, seed)
    return (drawn[:, :-1] / drawn[:, -1:]).reshape(-1, choosers, figures), values


def _deletion(values: np.ndarray, drawn: np.ndarray) -> Deletion:
    """Join four figures with their resamples, shape (resamples, 4)."""
    return Deletion(*(with_interval(float(value), column) for value, column in zip(values, drawn.T, strict=True)))


def faithfulness_metrics(report: Faithfulness) -> dict[str, float]:
    """Give the figures as name and number, such as `evidence/comprehensiveness`, one name per column."""
    flat = {"evidence/pairs": float(report.pairs), "evidence/words": report.chosen}
    for name in FIGURES:
        for prefix, deletion in (("", report.deletions["evidence"]), ("random_", report.deletions["random"])):
            flat[f"evidence/{prefix}{name}"] = getattr(deletion, name).value
        ahead = getattr(report.ahead, name)
        flat[f"evidence/ahead_{name}"] = ahead.value
        if ahead.low is not None and ahead.high is not None:
            flat |= {f"evidence/ahead_{name}_low": ahead.low, f"evidence/ahead_{name}_high": ahead.high}
    return flat
