"""Marks are judged as a reader would count them."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.decisions.review import Review
from pipeline.judging.records import Judged
from pipeline.judging.selective import distance, risk_coverage_area, selective_scores


def judged(gold, chances, **changes) -> Judged:
    gold, chances = np.array(gold, dtype=np.int8), np.array(chances)
    width = gold.shape[1]
    plain = {
        "gold": gold, "probabilities": chances, "predicted": (chances >= 0.5).astype(np.int8),
        "groups": tuple(f"d{n % 2}" for n in range(len(gold))), "texts": tuple(map(str, range(len(gold)))),
        "labels": tuple("abc"[:width]), "thresholds": (0.5,) * width,
    }  # fmt: skip
    return Judged(**plain | changes)


REVIEW = Review(error=0.1, error_absent=(0.2,), lowest=(0.3,), highest=(0.7,))
GOLD = [[1], [1], [1], [1], [0], [0], [0], [0]]
CHANCES = [[0.9], [0.6], [0.4], [0.1], [0.8], [0.65], [0.2], [0.1]]  # marked: 0.6, 0.4, 0.65


def test_every_figure_by_hand():
    scores = selective_scores(judged(GOLD, CHANCES), REVIEW, resamples=50)
    label = scores.labels["a"]
    assert label.carriers.value == pytest.approx(3 / 4) and label.promised_carriers == pytest.approx(0.9)
    assert label.others.value == pytest.approx(3 / 4) and label.promised_others == pytest.approx(0.8)
    assert label.kept == pytest.approx(5 / 8)
    assert label.f1_kept.value == pytest.approx(2 / 4)  # one found, one missed, one false
    assert label.f1_kept.low is not None and label.f1_kept.low <= 0.5 <= label.f1_kept.high
    assert scores.kept == pytest.approx(5 / 8) and scores.exact_kept.value == pytest.approx(3 / 5)
    assert scores.covered.value == pytest.approx(6 / 8) and scores.promised is None
    json.dumps(scores.as_dict(), allow_nan=False)


def test_what_no_sentence_can_tell_is_none():
    all_marked = Review(error=0.1, error_absent=(0.0,), lowest=(0.0,), highest=(1.0,))
    scores = selective_scores(judged([[0], [0]], [[0.1], [0.9]]), all_marked, resamples=10)
    assert scores.labels["a"].carriers is None and scores.labels["a"].f1_kept is None
    assert scores.exact_kept is None and scores.kept == 0 and scores.covered.value == 1


def test_one_document_gives_no_interval():
    scores = selective_scores(judged(GOLD, CHANCES, groups=("d",) * 8), REVIEW)
    assert scores.covered.low is None and scores.labels["a"].carriers.low is None


def test_where_one_label_stands_the_promise_is_of_all_sentences():
    gold = np.eye(3)[[0, 0, 1, 2]]
    chances = [[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.45, 0.4, 0.15], [0.1, 0.1, 0.8]]
    predicted = np.eye(3)[[0, 1, 0, 2]].astype(np.int8)
    review = Review(error=0.1, error_absent=None, lowest=(0.35,) * 3, highest=None)
    case = judged(gold, chances, predicted=predicted, thresholds=(None,) * 3, exclusive=True)
    scores = selective_scores(case, review, resamples=10)
    assert scores.promised == pytest.approx(0.9) and scores.covered.value == pytest.approx(3 / 4)
    assert scores.kept == pytest.approx(3 / 4) and scores.labels["c"].kept == pytest.approx(3 / 4)
    assert scores.labels["a"].promised_carriers is None and scores.labels["c"].f1_kept.value == 1


def test_the_area_by_hand():
    # Surest first: right, wrong, right, wrong; risks 0, 1/2, 1/3, 1/2.
    wrong, sure = np.array([1, 0, 1, 0]), np.array([1.0, 4.0, 3.0, 2.0])
    assert risk_coverage_area(wrong, sure) == pytest.approx((0 + 1 / 2 + 1 / 3 + 1 / 2) / 4)
    assert risk_coverage_area(wrong, np.ones(4)) == pytest.approx(0.5)  # no order: the error rate
    assert risk_coverage_area(np.zeros(3), np.arange(3)) == 0


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 3)), min_size=1, max_size=30), st.randoms())
def test_the_area_does_not_know_the_order_of_sentences(rows, random):
    shuffled = rows.copy()
    random.shuffle(shuffled)
    areas = [risk_coverage_area(*map(np.array, zip(*some, strict=True))) for some in (rows, shuffled)]
    assert areas[0] == pytest.approx(areas[1]) and 0 <= areas[0] <= 1


def test_sureness_is_the_distance_from_the_threshold():
    far = distance(np.array([0.2, 0.1, 0.5]), 0.2)
    assert far[0] == pytest.approx(0) and far[2] > far[1] > 0
