"""Figures of a label agree with scikit-learn and with sums done by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn import metrics as sk

from pipeline.judging.metrics import (
    average_precision,
    brier,
    calibration_bins,
    count,
    exact_matches,
    expected_calibration_error,
    ratio,
)
from pipeline.judging.report import judge

shapes = st.tuples(st.integers(1, 30), st.integers(1, 4))
pairs = shapes.flatmap(lambda shape: arrays(np.int8, (2, *shape), elements=st.integers(0, 1)))


@settings(max_examples=150, deadline=None)
@given(pairs)
def test_counts_agree_with_scikit_learn_even_where_undefined(pair):
    gold, predicted = pair
    ours = count(gold, predicted)
    per_label = {"average": None, "zero_division": 0}
    # One column alone would read as a binary problem with classes 0 and 1.
    labels = {"labels": [1], **per_label} if gold.shape[1] == 1 else per_label
    theirs = (gold[:, 0], predicted[:, 0]) if gold.shape[1] == 1 else (gold, predicted)
    np.testing.assert_allclose(ours.precision, sk.precision_score(*theirs, **labels))
    np.testing.assert_allclose(ours.recall, sk.recall_score(*theirs, **labels))
    np.testing.assert_allclose(ours.f1, sk.f1_score(*theirs, **labels))
    if gold.shape[1] > 1:
        assert float(ours.micro_f1) == pytest.approx(sk.f1_score(gold, predicted, average="micro", zero_division=0))
        assert ours.f1.mean() == pytest.approx(sk.f1_score(gold, predicted, average="macro", zero_division=0))


@pytest.mark.parametrize("exclusive", [False, True])
@pytest.mark.parametrize("seed", [1, 2])
def test_report_agrees_with_scikit_learn(make, seed, exclusive):
    judged = make(seed=seed, exclusive=exclusive)
    report = judge(judged, resamples=50)
    assert list(report.labels) == list(judged.labels)
    assert report.macro_f1.value == pytest.approx(sk.f1_score(judged.gold, judged.predicted, average="macro"))
    assert report.micro_f1.value == pytest.approx(sk.f1_score(judged.gold, judged.predicted, average="micro"))
    assert report.exact_match.value == pytest.approx(sk.accuracy_score(judged.gold, judged.predicted))
    for column, scores in enumerate(report.labels.values()):
        gold, probability = judged.gold[:, column], judged.probabilities[:, column]
        assert scores.average_precision == pytest.approx(sk.average_precision_score(gold, probability))
        assert scores.brier == pytest.approx(sk.brier_score_loss(gold, probability))
        assert scores.support == gold.sum()
        assert scores.threshold == judged.thresholds[column]


def test_counts_by_hand():
    gold = np.array([[1, 0], [1, 0], [0, 1], [1, 0]])
    predicted = np.array([[1, 0], [0, 0], [1, 1], [1, 0]])
    ours = count(gold, predicted)
    assert (ours.tp.tolist(), ours.fp.tolist(), ours.fn.tolist()) == ([2, 1], [1, 0], [1, 0])
    assert ours.precision.tolist() == pytest.approx([2 / 3, 1])
    assert ours.recall.tolist() == pytest.approx([2 / 3, 1])
    assert ours.f1.tolist() == pytest.approx([2 / 3, 1])
    assert float(ours.micro_f1) == pytest.approx(6 / 8)


def test_exact_match_wants_every_label(make):
    judged = make(50)
    by_hand = [list(g) == list(p) for g, p in zip(judged.gold, judged.predicted, strict=True)]
    assert exact_matches(judged).tolist() == by_hand
    assert 0 < sum(by_hand) < 50


def test_ratio_is_zero_where_the_divisor_is():
    assert ratio(np.array([1, 0, 3]), np.array([0, 0, 6])).tolist() == [0, 0, 0.5]


def test_average_precision_by_hand_and_without_a_positive():
    # Ranked: hit, miss, hit; precision 1 at the first half of recall, 2/3 at the second.
    assert average_precision(np.array([1, 0, 1]), np.array([0.9, 0.8, 0.1])) == pytest.approx((1 + 2 / 3) / 2)
    assert average_precision(np.array([0, 0]), np.array([0.9, 0.8])) is None


def test_brier_by_hand():
    assert brier(np.array([1, 0]), np.array([0.5, 0.2])) == pytest.approx((0.25 + 0.04) / 2)


def test_bins_hold_every_sentence_once_and_close_on_the_right():
    bins = calibration_bins(np.array([0, 1, 1, 0]), np.array([0.0, 0.5, 0.51, 1.0]), bins=2)
    assert bins.count.tolist() == [2, 2]
    assert bins.observed.tolist() == [0.5, 0.5]
    assert bins.predicted.tolist() == pytest.approx([0.25, 0.755])


def test_ece_by_hand():
    # Bin of 0.1: gap 0.1 for two; bin of 0.9: observed 0.5, gap 0.4 for two.
    gold, probability = np.array([0, 0, 1, 0]), np.array([0.1, 0.1, 0.9, 0.9])
    assert expected_calibration_error(gold, probability) == pytest.approx((2 * 0.1 + 2 * 0.4) / 4)


def test_ece_tells_a_calibrated_model_from_a_shifted_one():
    rng = np.random.default_rng(0)
    truth = rng.uniform(0.05, 0.75, 200_000)
    gold = rng.random(len(truth)) < truth
    assert expected_calibration_error(gold, truth) < 0.005
    assert expected_calibration_error(gold, truth + 0.2) == pytest.approx(0.2, abs=0.005)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"probabilities": np.full((400, 3), np.nan)}, "outside"),
        ({"probabilities": np.full((400, 3), 1.2)}, "outside"),
        ({"predicted": np.zeros((399, 3), dtype=np.int8)}, r"\(399, 3\)"),
        ({"gold": np.full((400, 3), 2)}, "other than 0 and 1"),
        ({"groups": ("a",)}, "groups has 1 entries"),
        ({"slices": {"source": ("a",)}}, "source has 1 entries"),
        ({"thresholds": (0.5,)}, "1 thresholds"),
        ({"exclusive": True}, "exactly one"),
        ({"texts": ()}, "nothing to judge"),
    ],
)
def test_inputs_that_disagree_are_refused(make, change, says):
    from dataclasses import replace

    with pytest.raises(ValueError, match=says):
        replace(make(400), **change)
