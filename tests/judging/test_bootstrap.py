"""Intervals come from whole documents, and equal what an explicit loop gives."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import f1_score

from pipeline.judging import bootstrap
from pipeline.judging.bootstrap import draw_weights, intervals, resample, tally


def slow_resamples(judged, pick, resamples, seed):
    """Draw the same documents, copy out their sentences and score each copy with scikit-learn."""
    names = sorted(set(judged.groups))
    weights = draw_weights(len(names), resamples, np.random.default_rng(seed))
    rows_of = [np.flatnonzero(np.array(judged.groups) == name) for name in names]
    for row in weights:
        yield pick(judged, np.concatenate([np.tile(rows, times) for rows, times in zip(rows_of, row, strict=True)]))


def test_equals_an_explicit_loop(make, pick):
    judged = make(120, documents=8)
    macro, micro, exact, first = [], [], [], []
    for copy in slow_resamples(judged, pick, 60, seed=3):
        assert copy.gold.any(axis=0).all()
        macro.append(f1_score(copy.gold, copy.predicted, average="macro", zero_division=0))
        micro.append(f1_score(copy.gold, copy.predicted, average="micro", zero_division=0))
        exact.append((copy.gold == copy.predicted).all(axis=1).mean())
        first.append(f1_score(copy.gold[:, 0], copy.predicted[:, 0], zero_division=0))
    ours = intervals(judged, 60, seed=3)
    for estimate, slow in ((ours.macro_f1, macro), (ours.micro_f1, micro), (ours.exact_match, exact)):
        assert (estimate.low, estimate.high) == pytest.approx(tuple(np.quantile(slow, [0.025, 0.975])))
    assert (ours.f1[0].low, ours.f1[0].high) == pytest.approx(tuple(np.quantile(first, [0.025, 0.975])))


def test_a_resample_without_a_label_says_nothing_about_it(make, pick):
    judged = make(60, documents=6)
    gold = judged.gold.copy()
    gold[:, 0] = 0
    gold[np.flatnonzero(np.array(judged.groups) == judged.groups[0])[0], 0] = 1  # one document alone hopes
    judged = replace(judged, gold=gold, predicted=gold)
    ours = intervals(judged, 300)
    assert any(not copy.gold[:, 0].any() for copy in slow_resamples(judged, pick, 300, 0))
    assert (ours.f1[0].low, ours.f1[0].high) == (1, 1)
    assert (ours.macro_f1.low, ours.macro_f1.high) == (1, 1)


def test_intervals_hold_the_value_and_have_a_width(make):
    ours = intervals(make(400, documents=30))
    for estimate in (ours.macro_f1, ours.micro_f1, ours.exact_match, *ours.f1):
        assert 0 < estimate.low < estimate.value < estimate.high < 1
        assert 0.01 < estimate.high - estimate.low < 0.4


def test_copies_within_a_document_add_no_certainty_and_copies_counted_as_documents_do(make, pick):
    judged = make(300, documents=30)
    twice = pick(judged, np.tile(np.arange(300), 4))
    alone = replace(twice, groups=tuple(f"{number}" for number in range(1200)))
    plain, copied, fooled = (intervals(one).macro_f1 for one in (judged, twice, alone))
    assert (copied.low, copied.high) == pytest.approx((plain.low, plain.high))
    assert copied.high - copied.low > 1.5 * (fooled.high - fooled.low)


def test_the_interval_widens_when_documents_agree_with_themselves(make):
    judged = make(600, documents=600)
    right = (judged.gold == judged.predicted).all(axis=1)
    order = np.empty(600, dtype=int)
    order[np.argsort(right, kind="stable")] = np.arange(600)
    mixed = replace(judged, groups=tuple(str(number % 30) for number in range(600)))
    clustered = replace(judged, groups=tuple(str(place // 20) for place in order))
    loose, tight = intervals(clustered).exact_match, intervals(mixed).exact_match
    assert loose.value == tight.value
    assert loose.high - loose.low > 2 * (tight.high - tight.low)


def test_the_seed_fixes_the_interval(make):
    judged = make(200)
    assert intervals(judged, 300, seed=1) == intervals(judged, 300, seed=1)
    assert intervals(judged, 300, seed=1) != intervals(judged, 300, seed=2)


def test_the_order_of_sentences_does_not_matter(make, pick):
    judged = make(200)
    assert intervals(pick(judged, np.random.default_rng(0).permutation(200)), 300) == intervals(judged, 300)


def test_chunks_do_not_change_the_draws(make, monkeypatch):
    documents = tally(make(200))
    whole = resample(documents, 100, seed=4)
    monkeypatch.setattr(bootstrap, "CHUNK_CELLS", 7 * len(documents))
    np.testing.assert_array_equal(resample(documents, 100, seed=4), whole)


def test_memory_stays_bounded_with_many_documents():
    import tracemalloc

    documents = np.ones((5_000, 11))
    tracemalloc.start()
    sums = resample(documents, 2_000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (sums == 5_000).all()
    assert peak < 100e6  # bytes; all weights at once would be 80 MB as int64, as much again for the draws and floats


def test_weights_are_draws_with_replacement():
    weights = draw_weights(10, 20_000, np.random.default_rng(0))
    assert (weights.sum(axis=1) == 10).all()
    assert weights.mean(axis=0) == pytest.approx(np.ones(10), abs=0.03)
    assert weights.var(axis=0) == pytest.approx(np.full(10, 0.9), abs=0.05)  # 10 * 0.1 * 0.9


def test_perfect_predictions_leave_no_doubt(make):
    judged = make()
    ours = intervals(replace(judged, predicted=judged.gold), 200)
    for estimate in (ours.macro_f1, ours.micro_f1, ours.exact_match, *ours.f1):
        assert (estimate.value, estimate.low, estimate.high) == (1, 1, 1)


def test_one_document_gives_no_interval(make):
    judged = make(50, documents=1)
    ours = intervals(judged)
    for estimate in (ours.macro_f1, ours.micro_f1, ours.exact_match, *ours.f1):
        assert (estimate.low, estimate.high) == (None, None)


def test_no_positive_at_all_gives_zero_and_no_interval_of_f1(make):
    judged = make()
    none = np.zeros_like(judged.gold)
    ours = intervals(replace(judged, gold=none, predicted=none), 100)
    assert (ours.micro_f1.value, ours.micro_f1.low) == (0, None)
    assert ours.f1[0].low is None
    assert (ours.macro_f1.value, ours.macro_f1.low, ours.macro_f1.high) == (0, 0, 0)
    assert (ours.exact_match.value, ours.exact_match.low) == (1, 1)


def test_exclusive_micro_f1_is_accuracy(make):
    judged = make(exclusive=True)
    ours = intervals(judged, 200)
    accuracy = (judged.gold.argmax(axis=1) == judged.predicted.argmax(axis=1)).mean()
    assert 0.5 < accuracy < 1
    assert ours.micro_f1.value == pytest.approx(accuracy)
    assert ours.micro_f1.low == pytest.approx(ours.exact_match.low)
    assert ours.micro_f1.high == pytest.approx(ours.exact_match.high)
