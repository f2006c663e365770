"""A line regresses where it loses more than it may and the evidence says that it loses at all."""

import pytest

from pipeline.ground.records import Estimate
from pipeline.judging.gate import TOLERANCES, judge_paired, judge_size, judge_speed
from pipeline.judging.paired import BRIER, ECE, LABEL, MACRO, SOURCE, Aspect, Paired


def verdict(kind, value, low, high, documents=20, *more):
    paired = [Paired(Aspect(kind, "x"), 0.5 + value, 0.5, Estimate(value, low, high), 0.01, documents), *more]
    return judge_paired(paired, "validation")[0].verdict


@pytest.mark.parametrize(
    ("kind", "value", "low", "high", "said"),
    [
        (MACRO, -0.02, -0.03, -0.001, "regressed"),
        (MACRO, -0.02, -0.05, 0.001, "holds"),  # not told apart
        (MACRO, -0.009, -0.01, -0.001, "holds"),  # real, and within what may be lost
        (MACRO, 0.02, 0.001, 0.03, "better"),
        (LABEL, -0.019, -0.03, -0.001, "holds"),
        (LABEL, -0.021, -0.03, -0.001, "regressed"),
        (SOURCE, -0.031, -0.05, -0.01, "regressed"),
        (ECE, 0.02, 0.001, 0.03, "regressed"),
        (ECE, 0.02, -0.001, 0.03, "holds"),
        (ECE, -0.02, -0.03, -0.001, "better"),
    ],
)
def test_a_verdict_wants_both_a_loss_and_evidence(kind, value, low, high, said):
    assert verdict(kind, value, low, high) == said


def test_too_few_documents_decide_nothing():
    assert verdict(SOURCE, -0.4, -0.5, -0.3, 4) == "too few"
    assert verdict(MACRO, -0.4, None, None) == "too few"


@pytest.mark.parametrize(("low", "high", "said"), [(-0.03, -0.001, "excused"), (-0.03, 0.001, "regressed")])
def test_a_label_whose_brier_score_got_better_is_excused(low, high, said):
    brier = Paired(Aspect(BRIER, "x"), 0.1, 0.12, Estimate(-0.02, low, high), 0.01, 20)
    other = Paired(Aspect(BRIER, "y"), 0.1, 0.12, Estimate(-0.02, -0.03, -0.01), 0.01, 20)
    assert verdict(ECE, 0.02, 0.001, 0.03, 20, brier, other) == said
    assert len(judge_paired([brier, other], "test")) == 0


def test_a_size_regresses_by_ratio_above_what_nobody_notices():
    sizes = {
        (100, 126): "regressed",
        (100, 125): "holds",
        (0.1, 9.9): "holds",
        (0.1, 10.1): "regressed",
        (5, 4): "better",
    }
    assert {pair: judge_size(*pair).verdict for pair in sizes} == sizes


@pytest.mark.parametrize(
    ("champion", "candidate", "said"),
    [
        ([1.0, 1.0, 1.0], [1.3, 1.4, 1.2], "regressed"),
        ([1.0, 1.0, 1.5], [1.3, 1.4, 1.4], "holds"),  # quicker in one round
        ([1.0, 1.0, 1.0], [1.2, 1.2, 1.2], "holds"),
        ([0.01, 0.01, 0.01], [0.09, 0.09, 0.09], "holds"),  # still more than 1,000 sentences a second
        ([1.0, 1.0, 1.0], [0.9, 0.8, 0.9], "better"),
    ],
)
def test_speed_regresses_where_it_was_slower_in_every_round(champion, candidate, said):
    line = judge_speed(champion, candidate, 100)
    assert line.verdict == said and line.candidate == pytest.approx(100 / sorted(candidate)[1])


def test_every_tolerance_says_why():
    assert len(TOLERANCES) == 6 and all(len(one.reason.split()) > 5 for one in TOLERANCES.values())


def test_what_costs_little_is_free():
    assert [judge_size(4.0, size).free for size in (9.9, 10.0, 10.1)] == [True, True, False]
    assert [judge_speed([1.0], [seconds], 100).free for seconds in (0.09, 0.1, 0.11)] == [True, True, False]
    assert not judge_paired([Paired(Aspect(MACRO, ""), 0.5, 0.5, Estimate(0, -0.1, 0.1), 1.0, 20)], "test")[0].free
