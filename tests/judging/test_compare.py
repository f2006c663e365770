"""Differences between models: paired by document, averaged over seeds, told real among all pairs."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import f1_score

from pipeline.ground.records import Estimate
from pipeline.judging.bootstrap import draw_weights, intervals
from pipeline.judging.compare import Difference, differences, holm, resample_models


def between(a, b, resamples=2_000, seed=0):
    runs = [judged if isinstance(judged, list) else [judged] for judged in (a, b)]
    [found] = differences(resample_models(dict(zip("ab", runs, strict=True)), resamples, seed))
    return found


def worse_than(judged, share, seed):
    """Turn a share of the decisions at random."""
    turned = np.random.default_rng(seed).random(judged.predicted.shape) < share
    return replace(judged, predicted=np.where(turned, 1 - judged.predicted, judged.predicted).astype(np.int8))


def test_a_difference_equals_an_explicit_loop_over_drawn_documents(make, pick):
    ours = make(120, documents=8)
    theirs = replace(ours, predicted=(ours.probabilities > 0.2).astype(np.int8))
    names = np.unique(np.array(ours.groups))
    slow = []
    for weights in draw_weights(len(names), 60, np.random.default_rng(5)):
        rows = np.concatenate(
            [
                np.repeat(np.flatnonzero(np.array(ours.groups) == name), times)
                for name, times in zip(names, weights, strict=True)
            ]
        )
        pair = [f1_score(copy.gold, copy.predicted, average="macro") for copy in (pick(ours, rows), pick(theirs, rows))]
        slow.append(pair[0] - pair[1])
    found = between(ours, theirs, 60, seed=5)
    assert (found.estimate.low, found.estimate.high) == pytest.approx(tuple(np.quantile(slow, [0.025, 0.975])))
    assert found.estimate.value == pytest.approx(
        intervals(ours, 2).macro_f1.value - intervals(theirs, 2).macro_f1.value
    )
    wrong = min(np.sum(np.array(slow) <= 0), np.sum(np.array(slow) >= 0))
    assert found.p == pytest.approx(min(1, 2 * (wrong + 1) / 61))


def test_a_model_does_not_differ_from_itself_and_differs_the_other_way_round(make):
    ours = make()
    worse = replace(ours, predicted=np.ones_like(ours.gold))
    same, gain, loss = between(ours, ours), between(ours, worse), between(worse, ours)
    assert (same.estimate.value, same.estimate.low, same.estimate.high, same.p) == (0, 0, 0, 1)
    assert not same.real and gain.real and gain.estimate.low > 0
    turned = (-gain.estimate.value, -gain.estimate.high, -gain.estimate.low)
    assert (loss.estimate.value, loss.estimate.low, loss.estimate.high) == pytest.approx(turned)


def test_pairing_makes_the_interval_narrower_than_two_separate_ones(make):
    ours = make(400, documents=15)
    close = replace(ours, predicted=(ours.probabilities >= [0.36, 0.41, 0.51]).astype(np.int8))
    paired, alone = between(ours, close).estimate, intervals(ours).macro_f1
    assert 0 < paired.high - paired.low < 0.5 * (alone.high - alone.low)


def test_a_model_is_the_mean_of_its_seeds_and_their_luck_widens_its_interval(make):
    ours = make(400, documents=15)
    seeds = [worse_than(ours, share, seed) for seed, share in enumerate((0.0, 0.15, 0.3))]
    found = resample_models({"lucky": seeds, "steady": [seeds[1]] * 3})
    values = [intervals(run, 2).macro_f1.value for run in seeds]
    assert found["lucky"].value == pytest.approx(np.mean(values))
    width = {name: model.estimate.high - model.estimate.low for name, model in found.items()}
    assert width["lucky"] > 1.3 * width["steady"]


def test_one_document_gives_no_interval_and_nothing_real(make):
    ours = make(50, documents=1)
    found = between(ours, replace(ours, predicted=np.ones_like(ours.gold)))
    assert (found.estimate.low, found.estimate.high, found.p, found.real) == (None, None, 1, False)


def test_other_sentences_cannot_be_paired(make, pick):
    ours = make(50)
    for other in (make(50, seed=1), pick(ours, np.arange(49)), pick(ours, np.arange(50)[::-1])):
        with pytest.raises(ValueError, match="same sentences"):
            between(ours, other)


def test_nothing_to_compare_is_no_fault():
    assert differences(resample_models({})) == []


@pytest.mark.parametrize(
    ("p", "real"),
    [
        ((0.001, 0.02, 0.04), (True, True, True)),
        ((0.04, 0.001, 0.03), (False, True, False)),  # the second step asks 0.025 of 0.03, and stops for both
        ((0.02, 0.02, 0.02), (False, False, False)),
        ((0.01, 0.06, 0.02), (True, False, True)),
    ],
)
def test_holm_steps_down(p, real):
    found = holm([Difference("a", str(i), Estimate(0.1), value) for i, value in enumerate(p)])
    assert tuple(difference.real for difference in found) == real and [d.b for d in found] == ["0", "1", "2"]
