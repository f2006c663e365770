"""Parity: what quantised arithmetic changes, label by label, with intervals over documents."""

import json
from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import f1_score

from pipeline.judging.bootstrap import draw_weights
from pipeline.judging.parity import parity


def blurred(judged, noise, seed=0):
    """Add noise to the probabilities, and decide again."""
    moved = judged.probabilities + np.random.default_rng(seed).normal(0, noise, judged.gold.shape)
    probabilities = np.clip(moved, 0, 1)
    return replace(judged, probabilities=probabilities, predicted=(probabilities >= judged.thresholds).astype(np.int8))


def test_a_model_has_parity_with_itself(make):
    found = parity(make(), make(), 200)
    assert (found.largest, found.turned, found.sentences) == (0, 0, 400)
    assert (found.cost.value, found.cost.low, found.cost.high) == (0, 0, 0)
    assert {label.cost.high for label in found.labels.values()} == {0}


def test_differences_and_turned_decisions_are_counted_by_label(make):
    before = make(10, documents=2)
    probabilities, predicted = before.probabilities.copy(), before.predicted.copy()
    step = 0.25 if probabilities[3, 1] < 0.5 else -0.25
    probabilities[3, 1] += step
    predicted[4, 2] = 1 - predicted[4, 2]
    found = parity(before, replace(before, probabilities=probabilities, predicted=predicted), 50)
    assert list(found.labels) == list(before.labels)
    optimism, caution, recommendation = found.labels.values()
    assert (optimism.largest, optimism.mean, optimism.turned, optimism.cost.value) == (0, 0, 0, 0)
    assert (caution.largest, caution.mean, caution.turned) == pytest.approx((0.25, 0.025, 0))
    assert (recommendation.largest, recommendation.turned) == (0, pytest.approx(0.1))
    assert found.largest == pytest.approx(0.25) and found.turned == pytest.approx(0.1 / 3)


def test_the_cost_is_f1_lost_in_points_and_negative_for_a_gain(make):
    before = make()
    worse = replace(before, predicted=np.ones_like(before.gold))
    found, back = parity(before, worse, 200), parity(worse, before, 200)
    for i, label in enumerate(found.labels.values()):
        pair = [f1_score(run.gold[:, i], run.predicted[:, i]) for run in (before, worse)]
        assert (label.f1_before, label.f1_after) == pytest.approx(pair)
        assert label.cost.value == pytest.approx(100 * (pair[0] - pair[1]))
    macro = [f1_score(run.gold, run.predicted, average="macro") for run in (before, worse)]
    assert (found.macro_before, found.macro_after) == pytest.approx(macro)
    assert found.cost.value == pytest.approx(100 * (macro[0] - macro[1])) and found.cost.low > 0
    assert back.cost.value == pytest.approx(-found.cost.value) and back.cost.high < 0


def test_intervals_draw_the_same_documents_for_both(make, pick):
    before = make(120, documents=8)
    after = blurred(before, 0.1)
    documents = np.array(before.groups)
    slow = []
    for weights in draw_weights(8, 60, np.random.default_rng(5)):
        rows = np.concatenate(
            [
                np.repeat(np.flatnonzero(documents == name), times)
                for name, times in zip(np.unique(documents), weights, strict=True)
            ]
        )
        pair = [f1_score(run.gold[rows], run.predicted[rows], average=None) for run in (before, after)]
        slow.append(100 * (pair[0] - pair[1]))
    low, high = np.quantile(slow, [0.025, 0.975], axis=0)
    found = parity(before, after, 60, seed=5)
    assert len(slow) == 60 and (high > low).any()
    assert [label.cost.low for label in found.labels.values()] == pytest.approx(list(low))
    assert [label.cost.high for label in found.labels.values()] == pytest.approx(list(high))
    macro = np.quantile(np.mean(slow, axis=1), [0.025, 0.975])
    assert (found.cost.low, found.cost.high) == pytest.approx(tuple(macro))


def test_more_noise_turns_more_decisions(make):
    before = make()
    turned = [parity(before, blurred(before, noise), 20).turned for noise in (0.01, 0.05, 0.2)]
    assert turned == sorted(turned) and turned[0] < turned[-1]


def test_one_document_gives_figures_without_intervals(make):
    before = make(50, documents=1)
    found = parity(before, blurred(before, 0.2), 50)
    assert found.turned > 0 and found.cost.low is None
    assert all(label.cost.high is None for label in found.labels.values())


def test_other_sentences_have_no_parity(make, pick):
    before = make(50)
    for other in (make(50, seed=1), pick(before, np.arange(49))):
        with pytest.raises(ValueError, match="same sentences"):
            parity(before, other)


def test_the_report_is_json(make):
    before = make(60, documents=4)
    found = parity(before, blurred(before, 0.1), 50)
    read = json.loads(json.dumps(found.as_dict()))
    assert read["macro_f1"]["cost"]["value"] == found.cost.value and read["sentences"] == 60
    assert read["labels"]["caution"]["f1"]["after"] == found.labels["caution"].f1_after
