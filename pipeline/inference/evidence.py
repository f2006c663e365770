"""Say which words of a sentence carried a label.

Linear models and rules are read exactly (`evidence_exact`). Every other model is asked again without each word:
occlusion (Zeiler and Fergus 2014, ECCV; Li, Monroe and Jurafsky 2016, arXiv 1612.08220), where a word weighs what the
label's calibrated log-odds lose when it is deleted. An average of models is asked so too, as one model, because its
members' weights have units of their own.

The weights tell what the model used, which `pipeline.judging.faithfulness` tests. They do not tell whether it used
the right words: being faithful and being plausible are two things (Jacovi and Goldberg 2020, ACL).
"""

from collections.abc import Callable, Sequence

import numpy as np

from pipeline.ground.records import Evidence, WordWeight
from pipeline.inference.evidence_exact import linear_weights, rule_weights
from pipeline.inference.evidence_words import Words
from pipeline.inference.graph import OnnxScorer
from pipeline.inference.rules import RulesScorer
from pipeline.inference.scorers import AverageScorer, PriorScorer, Scorer, TfidfScorer

LINEAR = "linear terms"
RULES = "matched patterns"
OCCLUSION = "occlusion"
NOTHING = "no words"  # of the prior, which looks at none
MOST = 6  # words shown for a label
SHARE = 0.25  # of the largest weight; lighter words are not shown

LogOdds = Callable[[Sequence[str]], np.ndarray]  # texts to calibrated log-odds, shape (n, labels)


def explain(
    scorer: Scorer, log_odds: LogOdds, sentences: Sequence[str], labels: Sequence[Sequence[str]], names: Sequence[str]
) -> list[tuple[Evidence, ...]]:
    """Weigh all words of each sentence for the labels wanted of it; `names` are the scorer's columns.

    The weights of `linear terms` sum to the label's logit without its intercept. Words that the model does not read,
    because the sentence is too long for it, weigh 0. Occlusion asks the model once for each sentence with a label and
    once for each of its words, all in one batch.
    """
    _check(sentences, labels, names)
    places = [place for place, wanted in enumerate(labels) if wanted]
    method, weights = _weigh(scorer, log_odds, [" ".join(sentences[place].split()) for place in places])
    found = dict(zip(places, weights, strict=True))
    return [
        tuple(_evidence(name, method, sentence, found[place][:, names.index(name)]) for name in labels[place])
        for place, sentence in enumerate(sentences)
    ]


def _check(sentences: Sequence[str], labels: Sequence[Sequence[str]], names: Sequence[str]) -> None:
    """Raise `ValueError` unless there is a row of the model's labels for each sentence."""
    if len(labels) != len(sentences):
        raise ValueError(f"{len(labels)} rows of labels for {len(sentences)} sentences")
    for row, wanted in enumerate(labels):
        if isinstance(wanted, str) or any(name not in names for name in wanted):
            raise ValueError(f"labels of sentence {row} are {wanted!r}; a list from {', '.join(names)} is expected")


def phrases(evidence: Evidence, most: int = MOST, share: float = SHARE) -> tuple[WordWeight, ...]:
    """Choose the words to show: those with at least a share of the largest weight, and no more than `most`.

    Chosen neighbours with one character between them make one phrase, whose weight is their sum; phrases are in text
    order. What speaks against the label is not shown, and nothing is where no word speaks for it.
    """
    chosen: list[WordWeight] = []
    for place in shown(evidence, most, share):
        word = evidence.words[place]
        if chosen and word.start == chosen[-1].end + 1:
            chosen[-1] = WordWeight(chosen[-1].start, word.end, chosen[-1].weight + word.weight)
        else:
            chosen.append(word)
    return tuple(chosen)


def shown(evidence: Evidence, most: int = MOST, share: float = SHARE) -> list[int]:
    """Give the places of the words that `phrases` joins, in text order; of equal weights the first comes first."""
    weights = np.array([word.weight for word in evidence.words])
    ranked = np.argsort(-weights, kind="stable")[:most]
    return sorted(int(place) for place in ranked if weights[place] > 0 and weights[place] >= share * weights[ranked[0]])


def _evidence(label: str, method: str, sentence: str, weights: np.ndarray) -> Evidence:
    spans = Words.of(sentence).spans if len(weights) else ()
    pairs = zip(spans, weights, strict=True)
    return Evidence(label, method, tuple(WordWeight(start, end, float(weight)) for (start, end), weight in pairs))


def _weigh(scorer: Scorer, log_odds: LogOdds, texts: Sequence[str]) -> tuple[str, list[np.ndarray]]:
    """Name the method and give each text's weights, shape (words, labels); without a row from what looks at no word."""
    words = [Words.of(text) for text in texts]
    if isinstance(scorer, PriorScorer):
        return NOTHING, [np.zeros((0, len(scorer.score([""])[0]))) for _ in texts]
    if isinstance(scorer, TfidfScorer):
        return LINEAR, [linear_weights(scorer, one) for one in words]
    if isinstance(scorer, RulesScorer):
        return RULES, [rule_weights(scorer, one) for one in words]
    return OCCLUSION, occlude(log_odds, words, [_reach(scorer, text) for text in texts])


def occlude(log_odds: LogOdds, words: Sequence[Words], reaches: Sequence[int]) -> list[np.ndarray]:
    """Give what the log-odds lose when each word is deleted, shape (words, labels), for each text cut to its reach.

    The cut keeps words beyond it from moving into sight when one before them goes.
    """
    read = [one.cut(reach) for one, reach in zip(words, reaches, strict=True)]
    texts = [text for one in read for text in (one.text, *(one.without({place}) for place in range(len(one))))]
    rows = np.split(log_odds(texts), np.cumsum([len(one) + 1 for one in read])[:-1]) if read else []
    unread = [len(one) - len(part) for one, part in zip(words, read, strict=True)]
    return [np.pad(row[0] - row[1:], ((0, more), (0, 0))) for row, more in zip(rows, unread, strict=True)]


def _reach(scorer: Scorer, text: str) -> int:
    """Count the characters of a text that a model reads."""
    if isinstance(scorer, AverageScorer):
        return max(_reach(member, text) for member in scorer.members)
    return scorer.reach(text) if isinstance(scorer, OnnxScorer) else len(text)
