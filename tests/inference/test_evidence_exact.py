"""What linear models and rules decided is shared out over the words to the last bit of it."""

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from linear import fitted
from tiny import tiny_sentences

from pipeline.inference.evidence_exact import char_places, linear_weights, rule_weights, word_places
from pipeline.inference.evidence_words import Words
from pipeline.inference.ngrams import char_ngrams, word_ngrams
from pipeline.inference.rules import LabelPatterns, RulesScorer

SENTENCES = [text for _, text in tiny_sentences()]
ODD = st.text(st.sampled_from("peacwrİΣß é\u0301“”—-.’ \n\x1c👍م")) | st.text()
SIZES = st.tuples(st.integers(1, 3), st.integers(0, 3)).map(lambda pair: (pair[0], sum(pair)))


@pytest.fixture(scope="module", params=["any", "one"])
def linear(request, tmp_path_factory):
    return fitted(tmp_path_factory.mktemp("tfidf"), request.param)[1]


def total(scorer, text):
    return linear_weights(scorer, Words.of(text)).sum(axis=0) + scorer.intercept


def test_the_parts_of_a_linear_model_sum_to_its_logits(linear):
    parts = np.array([total(linear, text) for text in SENTENCES])
    assert np.allclose(parts, linear.logits(SENTENCES), atol=1e-9, rtol=0)
    assert np.ptp(parts, axis=0).min() > 1


@settings(deadline=None, max_examples=60)
@given(text=ODD | st.lists(st.sampled_from(SENTENCES), max_size=2).map("—".join))
def test_they_do_for_odd_text_too(linear, text):
    assert np.allclose(total(linear, text), linear.logits([text])[0], atol=1e-9, rtol=0)


def test_a_word_the_model_does_not_know_weighs_nothing_and_the_known_one_all(linear):
    weights = linear_weights(linear, Words.of("§§ missiles §§"))
    assert np.count_nonzero(weights.any(axis=1)) == 1
    known = linear_weights(linear, Words.of("xqz missiles"))
    assert abs(known[1]).sum() > abs(known[0]).sum()


@given(text=ODD, sizes=SIZES)
def test_ngrams_with_places_are_those_that_are_scored(text, sizes):
    assert Counter(term for term, _ in word_places(text, *sizes)) == word_ngrams(text, *sizes)
    assert Counter(term for term, _ in char_places(text, *sizes)) == char_ngrams(text, *sizes)


@given(text=ODD, sizes=SIZES)
def test_places_are_where_the_ngram_stands(text, sizes):
    for term, places in char_places(text, *sizes):
        assert len(places) == len(term)
        assert all(c == " " or c in text[place].lower() or c == "ς" for c, place in zip(term, places, strict=True))
    for term, places in word_places(text, *sizes):
        assert all(text[at].lower().startswith(w[0]) for w, at in zip(term.split(" "), places, strict=True))


def rules(*labels, exclusive=False):
    return RulesScorer([LabelPatterns.of(match, veto) for match, veto in labels], exclusive)


def test_each_pattern_adds_log_2_to_the_words_its_items_match():
    scorer = rules((["should ... act", "hope*"], []), (["never"], []))
    text = "We “should” both of us ACT; hope is ﬁne, hoping is not."
    weights = rule_weights(scorer, Words.of(text))
    words = [text[start:end] for start, end in Words.of(text).spans]
    assert dict(zip(words, weights[:, 0].round(6), strict=True)) | {"both": 0.0, "hoping": 0.0} == dict.fromkeys(
        words, 0.0
    ) | {"should": round(math.log(2) / 2, 6), "ACT": round(math.log(2) / 2, 6), "hope": round(math.log(2), 6)}
    assert not weights[:, 1].any()


@pytest.mark.parametrize("text", ["Peace talks, peace talks and war.", "Straße war", "War-torn", "ﬁ war", "none", ""])
def test_the_parts_of_rules_sum_to_what_they_decided(text):
    scorer = rules((["peace", "talks", "strasse"], []), (["war"], ["war torn"]))
    parts = rule_weights(scorer, Words.of(text)).sum(axis=0)
    assert np.allclose(parts, -np.log(1 - scorer.score([text])[0]), atol=1e-9, rtol=0)


def test_of_exclusive_rules_they_are_the_scores_before_the_softmax():
    scorer = rules((["peace", "talks"], []), (["war"], []), exclusive=True)
    parts = rule_weights(scorer, Words.of("Peace talks, and war.")).sum(axis=0)
    assert np.allclose(np.exp(parts) / np.exp(parts).sum(), scorer.score(["Peace talks, and war."])[0])


def test_vetoed_words_are_no_evidence():
    scorer = rules(
        (["hope"], ["hope ... not"]),
    )
    assert not rule_weights(scorer, Words.of("I hope they do not.")).any()
