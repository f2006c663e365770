"""Every method is judged on the same samples, and what is corrected beats the count where the share is moved."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from pipeline.decisions.prevalence import FEWEST
from pipeline.decisions.rates import count_rates, levels
from pipeline.judging.quantification import MOVED, quantify

METHODS = ["counted", "adjusted count", "mean probability", "adjusted mean", "EM", "EM held", "corrected"]


def rates_of(judged):
    reached = levels(judged.probabilities, judged.thresholds)
    return count_rates(judged.probabilities, reached, judged.gold, judged.groups, judged.labels)


@pytest.fixture
def found(make):
    return quantify(make(800, 40, seed=1), rates_of(make(800, 40, seed=2)), samples=30)


def test_every_protocol_judges_every_method(found):
    assert (found.sentences, found.documents) == (800, 40)
    names = [protocol.name for protocol in found.protocols]
    assert names == ["single documents", "groups of 5 documents", *(f"{n} sentences, share moved" for n in MOVED)]
    assert [protocol.methods["corrected"].samples for protocol in found.protocols] == [120, 90, 30, 30]
    for protocol in found.protocols:
        assert list(protocol.methods) == METHODS
        assert set(protocol.labels) == {"optimism", "caution", "recommendation"}
        assert protocol.methods["counted"].covered is None
        assert 0.85 <= protocol.methods["corrected"].covered <= 1 and 0 < protocol.methods["corrected"].width < 0.6


def test_where_the_share_is_moved_the_corrected_one_is_nearer_than_the_count(found):
    moved = found.protocols[-1].methods
    assert moved["corrected"].error < 0.8 * moved["counted"].error
    assert abs(moved["corrected"].bias) < abs(moved["counted"].bias)


def test_scores_pool_the_labels_and_the_draws_are_seeded(make, found):
    single = found.protocols[0]
    by_label = [of["counted"].error for of in single.labels.values()]
    assert single.methods["counted"].error == pytest.approx(np.mean(by_label))
    again = quantify(make(800, 40, seed=1), rates_of(make(800, 40, seed=2)), samples=30)
    assert again.as_dict() == found.as_dict()


def test_a_perfect_model_is_counted_without_error(make):

    judged = make(200, 10)
    sure = replace(judged, predicted=judged.gold, probabilities=judged.gold.astype(float))
    methods = quantify(sure, rates_of(sure), samples=6).protocols[0].methods
    assert methods["counted"].error == 0 and methods["corrected"].error < 0.05 and methods["corrected"].covered == 1


def test_too_few_documents_or_sentences_leave_a_protocol_out(make):
    judged = make(45, 6)
    [single] = quantify(judged, rates_of(judged), samples=3).protocols
    assert single.name == "single documents"


def test_documents_too_small_to_be_corrected_are_not_judged_and_are_counted(make):
    judged = make(200, 10)
    small = tuple(f"small-{place // 4}" if place < 24 else group for place, group in enumerate(judged.groups))
    judged = replace(judged, groups=small)
    sizes = Counter(small)
    few = sum(size < FEWEST for size in sizes.values())
    rates = rates_of(judged)
    single = quantify(judged, rates, samples=6).protocols[0]
    assert few == 6 and (single.left_out, single.methods["corrected"].samples) == (6, 3 * (len(sizes) - 6))
    assert {scores.samples for scores in single.methods.values()} == {3 * (len(sizes) - 6)}
    assert single.omitted == ", 6 samples of under 10 sentences left out"
    assert quantify(make(60, 30), rates, samples=6).protocols[0].name != "single documents"


def test_labels_that_exclude_each_other_are_judged_too(make):
    judged = make(300, 20, exclusive=True)
    rates = rates_of(make(300, 20, seed=3, exclusive=True))
    found = quantify(judged, rates, samples=6)
    assert rates.exclusive and len(found.protocols) == 4
    assert all(protocol.methods["corrected"].covered >= 0.5 for protocol in found.protocols)


def test_every_method_is_pooled_over_the_same_labels(make):
    rates = rates_of(make(800, 40, seed=2))
    nothing = tuple(" | ".join([line.split(" | ")[0], "0 0 0 0"]) for line in rates.counts["optimism"])
    unknown = rates.model_copy(update={"counts": rates.counts | {"optimism": nothing}})
    for protocol in quantify(make(800, 40, seed=1), unknown, samples=30).protocols:
        assert protocol.apart == ["optimism"] and "corrected" not in protocol.labels["optimism"]
        assert len({scores.samples for scores in protocol.methods.values()}) == 1
        for method in METHODS:
            parts = [protocol.labels[label][method] for label in ("caution", "recommendation")]
            weighed = sum(part.error * part.samples for part in parts) / sum(part.samples for part in parts)
            assert protocol.methods[method].error == pytest.approx(weighed), method


def test_where_no_rates_are_known_all_labels_are_pooled(make):
    rates = rates_of(make(800, 40, seed=2))
    emptied = {
        name: tuple(f"{line.split(' | ')[0]} | 0 0 0 0" for line in lines) for name, lines in rates.counts.items()
    }
    single = quantify(make(800, 40, seed=1), rates.model_copy(update={"counts": emptied}), samples=6).protocols[0]
    assert "corrected" not in single.methods and single.methods["counted"].samples == 120 and single.apart == []
