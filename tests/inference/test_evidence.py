"""Occlusion asks the model again, of what it reads; the words shown follow one rule."""

import shutil

import numpy as np
import pytest
from tiny import tiny_sentences

from pipeline.decisions.decisions import logit
from pipeline.ground.records import Evidence, WordWeight
from pipeline.inference.evidence import OCCLUSION, explain, occlude, phrases
from pipeline.inference.evidence_words import Words
from pipeline.inference.graph import OnnxScorer
from pipeline.inference.manifest import AverageSpec, PriorSpec
from pipeline.inference.scorers import load_scorer

SENTENCES = [text for _, text in tiny_sentences()]
NAMES = ("hawk", "dove")


def asked(scorer, texts, labels=NAMES, names=NAMES):
    """Explain every text for the same labels, with the scorer's own log-odds, and list the texts it was asked about."""
    seen = []

    def log_odds(some):
        seen.extend(some)
        return logit(scorer.score(some))

    return explain(scorer, log_odds, texts, [labels] * len(texts), names), seen


@pytest.fixture(scope="module", params=[False, True], ids=["any", "one"])
def onnx(request, workshop) -> OnnxScorer:
    return OnnxScorer(workshop.small.manifest.scorer, workshop.small.folder, exclusive=request.param)


def weights(evidence):
    return np.array([word.weight for word in evidence.words])


def test_a_word_weighs_what_the_log_odds_lose_without_it(onnx):
    [(hawk, dove)], seen = asked(onnx, ["We “must” strike, now."])
    variants = [
        "We “must” strike, now.",
        "“must” strike, now.",
        "We strike, now.",
        "We “must” now.",
        "We “must” strike, ",
    ]
    assert seen == variants and hawk.method == OCCLUSION
    full, *less = logit(onnx.score(variants))
    assert np.allclose(np.column_stack([weights(hawk), weights(dove)]), full - np.array(less), atol=1e-5)
    assert abs(weights(hawk)).max() > 0.01


def test_it_is_the_same_each_time_and_whatever_it_is_asked_with(onnx):
    together, _ = asked(onnx, SENTENCES[:12])
    again, _ = asked(onnx, SENTENCES[:12])
    alone = [asked(onnx, [text])[0][0] for text in SENTENCES[:12]]
    assert together == again
    pairs = [(a, b) for one, other in zip(together, alone, strict=True) for a, b in zip(one, other, strict=True)]
    assert len(pairs) == 24 and all(np.allclose(weights(a), weights(b), atol=1e-5) for a, b in pairs)


def test_words_beyond_what_the_model_reads_weigh_nothing(onnx):
    long = " ".join(SENTENCES[:12])
    [(hawk, _)], seen = asked(onnx, [long])
    reach = onnx.reach(long)
    assert 0 < reach < len(long) and len(seen) < len(hawk.words)
    beyond = [word.weight for word in hawk.words if word.start >= reach]
    assert len(beyond) > 20 and set(beyond) == {0.0}
    assert any(word.weight for word in hawk.words[:5])
    assert np.array_equal(onnx.score([long[:reach]]), onnx.score([long]))
    assert onnx.reach(SENTENCES[0]) == len(SENTENCES[0])


def test_only_sentences_with_a_label_are_asked_about(onnx):
    asked_of = []
    found = explain(
        onnx, lambda some: asked_of.extend(some) or logit(onnx.score(some)), ["A b.", "C."], [[], ["dove"]], NAMES
    )
    assert asked_of == ["C.", ""] and found[0] == () and [one.label for one in found[1]] == ["dove"]
    assert explain(onnx, lambda some: 1 / 0, ["A."], [[]], NAMES) == [()]


def test_an_average_is_asked_as_one_model_and_the_prior_not_at_all(workshop, tmp_path):
    members = {"words": workshop.tiny, "vectors": workshop.small}
    for name, trained in members.items():
        shutil.copytree(trained.folder, tmp_path / "members" / name)
    specs = {name: trained.manifest.scorer for name, trained in members.items()}
    average = load_scorer(AverageSpec(members=specs), tmp_path, exclusive=False)
    [(hawk, _)], _ = asked(average, [SENTENCES[0]])
    assert hawk.method == OCCLUSION and abs(weights(hawk)).max() > 0
    prior = load_scorer(PriorSpec(probabilities=(0.5, 0.5)), tmp_path, exclusive=False)
    assert asked(prior, [SENTENCES[0]])[0] == [(Evidence("hawk", "no words", ()), Evidence("dove", "no words", ()))]


def test_words_beyond_an_encoder_still_count_for_the_words_of_an_average(workshop, tmp_path):
    for name, trained in (("words", workshop.tiny), ("vectors", workshop.small)):
        shutil.copytree(trained.folder, tmp_path / "members" / name)
    specs = {"words": workshop.tiny.manifest.scorer, "vectors": workshop.small.manifest.scorer}
    average = load_scorer(AverageSpec(members=specs), tmp_path, exclusive=False)
    [(hawk, _)], _ = asked(average, [" ".join(SENTENCES[:12])])
    assert abs(weights(hawk)[-5:]).max() > 0


@pytest.mark.parametrize(
    ("text", "reach", "read"),
    [
        ("_" * 140 + " We must act now", 126, []),
        ("* " * 130 + "We must act", 200, []),
        ("* " * 10 + "We must act", 22, ["We"]),
        ("We must act", 5, ["We", "mu"]),
        ("We must act", 0, []),
        ("We must act", 11, ["We", "must", "act"]),
    ],
)
def test_a_cut_text_keeps_the_words_of_the_whole(text, reach, read):
    words, seen = Words.of(text), []

    def length(texts):
        seen.extend(texts)
        return np.array([[float(len(one.strip()))] for one in texts])

    [weighed] = occlude(length, [words], [reach])
    assert weighed.shape == (len(words), 1) and seen[0] == text[:reach] and len(seen) == len(read) + 1
    cut = words.cut(reach)
    assert [cut.text[start:end] for start, end in cut.spans] == read
    assert (weighed[: len(read)] > 0).all() and not weighed[len(read) :].any()


def evidence(text, *values):
    starts = np.cumsum([0, *(len(word) + 1 for word in text.split())])
    words = zip(text.split(), starts, values, strict=False)
    return Evidence("hawk", OCCLUSION, tuple(WordWeight(int(at), int(at) + len(word), w) for word, at, w in words))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ((4, 1, 0.9, 0, 1), {"a b": 5, "e": 1}),  # a quarter of the largest is enough, less is not
        ((0, 0, 0, 0, 0), {}),
        ((-1, -2, -3, -1, -1), {}),
        ((1, 1, 1, 1, 1, 1, 1, 1), {"a b c d e f": 6}),  # six at most, and the first of equals
        ((1, -5, 1, 0, 0), {"a": 1, "c": 1}),
        ((), {}),
    ],
)
def test_the_heaviest_words_are_shown_and_neighbours_joined(values, expected):
    text = "a b c d e f g h"
    found = phrases(evidence(text, *values))
    assert {text[one.start : one.end]: one.weight for one in found} == expected


def test_words_with_more_than_a_space_between_them_are_not_joined():
    text = "act, now"
    words = (WordWeight(0, 3, 1.0), WordWeight(5, 8, 1.0))
    assert [text[one.start : one.end] for one in phrases(Evidence("hawk", OCCLUSION, words))] == ["act", "now"]
