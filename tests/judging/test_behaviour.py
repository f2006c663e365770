"""Judging a suite is arithmetic that can be done by hand."""

import json
import re

import numpy as np
import pytest
from pytest import approx

from pipeline.corpus.claims import Chapter, Directional, Invariant, Minimum, Suite
from pipeline.ground.codebook import Codebook
from pipeline.judging.behaviour import behaviour_metrics, judge_behaviour
from pipeline.judging.verdicts import CapabilityScores, Tally, wilson

BOOK = Codebook(
    name="test",
    version="1.0.0",
    unit="sentence",
    choice="any",
    labels=[{"name": name, "short": name[:4], "definition": "…"} for name in ("hawk", "dove")],
)


def suite_of(*cases, bar=None, capability="mood") -> Suite:
    return Suite(BOOK, (Chapter(capability, "a claim", bar, "mood.yaml", cases),))


def judge(suite, answers, threshold=0.5):
    """Judge with the probabilities (hawk, dove) that `answers` gives for each text."""
    probabilities = np.array([answers[text] for text in suite.texts], dtype=float)
    return judge_behaviour(suite, probabilities, (probabilities >= threshold).astype(np.int8))


STRIKE = Minimum(id="m", text="Strike.", has=("hawk",), lacks=("dove",))


@pytest.mark.parametrize(
    ("answer", "wrong", "miss"),
    [
        ((0.9, 0.1), None, None),
        ((0.2, 0.1), "none (wrong: hawk 0.20)", 0.8),
        ((0.9, 0.7), "hawk, dove (wrong: dove 0.70)", 0.7),
        ((0.4, 0.95), "dove (wrong: hawk 0.40, dove 0.95)", 0.95),
    ],
)
def test_a_minimum_case_fails_by_its_widest_miss(answer, wrong, miss):
    report = judge(suite_of(STRIKE), {"Strike.": answer})
    assert report.total == Tally(1, 0 if wrong else 1)
    assert [failure.got for failure in report.failures] == ([wrong] if wrong else [])
    if wrong:
        [failure] = report.failures
        assert failure.miss == approx(miss)
        assert (failure.case, failure.kind, failure.expected) == ("m", "minimum", "has hawk; lacks dove")


def test_a_label_that_is_not_named_is_left_open():
    case = Minimum(id="m", text="Strike.", has=("hawk",))
    assert judge(suite_of(case), {"Strike.": (0.9, 0.9)}).total.passed == 1


def test_decisions_decide_and_not_one_half():
    probabilities, decided = np.array([[0.3, 0.6]]), np.array([[1, 0]])
    assert judge_behaviour(suite_of(STRIKE), probabilities, decided).total.passed == 1


def test_shifts_are_averaged_over_variants_then_over_cases():
    first = Invariant(id="a", text="A one.", variants=("A two.", "A three."))
    second = Invariant(id="b", text="B one.", variants=("B two.",))
    answers = {"A one.": (0.6, 0.1), "A two.": (0.8, 0.1), "A three.": (0.6, 0.2)}
    answers |= {"B one.": (0.1, 0.4), "B two.": (0.4, 0.4)}
    scores = judge(suite_of(first, second, bar=0.12), answers).capabilities["mood"]
    assert scores.total == Tally(2, 2)
    assert scores.shift.mean_by_label == approx({"hawk": (0.1 + 0.3) / 2, "dove": (0.05 + 0.0) / 2})
    assert scores.shift.largest_by_label == approx({"hawk": 0.3, "dove": 0.1})
    assert scores.shift.mean == approx(0.1125) and scores.shift.largest == approx(0.3)
    assert scores.bar_met is True
    assert judge(suite_of(first, second, bar=0.11), answers).capabilities["mood"].bar_met is False


def test_a_bar_is_met_up_to_its_very_value_and_unknown_without_one():
    shift = judge(
        suite_of(Invariant(id="a", text="A one.", variants=("A two.",))), {"A one.": (0.5, 0.0), "A two.": (0.75, 0.0)}
    )
    found = shift.capabilities["mood"].shift
    assert CapabilityScores(Tally(1, 1), {}, found, found.mean).bar_met is True
    assert CapabilityScores(Tally(1, 1), {}, found, None).bar_met is None
    assert CapabilityScores(Tally(1, 1), {}, None, 0.05).bar_met is None


def test_an_invariant_case_fails_when_any_variant_changes_labels():
    case = Invariant(id="a", text="A one.", variants=("A two.", "A three.", "A four."))
    answers = {"A one.": (0.55, 0.1), "A two.": (0.95, 0.1), "A three.": (0.45, 0.1), "A four.": (0.2, 0.1)}
    report = judge(suite_of(case), answers)
    [failure] = report.failures
    assert failure.other == "A four." and failure.miss == approx(0.35)
    assert failure.expected == "labels stay: hawk"
    assert failure.got == "none (hawk 0.55 to 0.20); 2 of 3 variants change"


@pytest.mark.parametrize(
    ("moves", "before", "after", "passed"),
    [
        ("up", 0.25, 0.50, True),
        ("up", 0.25, 0.49, False),
        ("up", 0.50, 0.25, False),
        ("down", 0.50, 0.25, True),
        ("down", 0.25, 0.50, False),
        ("down", 0.50, 0.50, False),
    ],
)
def test_a_direction_must_be_kept_by_the_stated_margin(moves, before, after, passed):
    case = Directional(id="d", text="One.", changed="Two.", label="dove", moves=moves, by=0.25)
    report = judge(suite_of(case), {"One.": (0.9, before), "Two.": (0.1, after)})
    assert report.total.passed == passed
    if not passed:
        [failure] = report.failures
        assert failure.got == f"dove {before:.2f} to {after:.2f}" and failure.other == "Two."
        moved = after - before if moves == "up" else before - after
        assert failure.miss == approx(0.25 - moved)


def test_the_widest_miss_comes_first_and_kinds_are_tallied():
    near = Minimum(id="near", text="Near.", has=("hawk",))
    far = Minimum(id="far", text="Far.", has=("hawk",))
    moved = Directional(id="moved", text="Near.", changed="Far.", label="hawk", moves="down", by=0.1)
    report = judge(suite_of(near, far, moved), {"Near.": (0.4, 0), "Far.": (0.1, 0)})
    assert [failure.case for failure in report.failures] == ["far", "near"]
    assert report.kinds == {"minimum": Tally(2, 0), "directional": Tally(1, 1)}
    assert report.capabilities["mood"].shift is None


def test_wilson_agrees_with_a_worked_example():
    estimate = wilson(1, 10)  # Newcombe 1998 gives 0.018 to 0.404
    assert (estimate.value, estimate.low, estimate.high) == approx((0.1, 0.0179, 0.4042), abs=1e-4)
    assert wilson(0, 20).low == 0 and 0 < wilson(0, 20).high < 0.2
    assert wilson(20, 20).high == 1
    assert wilson(0, 0).low is None


def test_failure_rate_is_of_failures():
    assert Tally(8, 6).failure_rate.value == 0.25
    assert Tally(8, 6).pass_rate == 0.75


def test_metrics_have_names_that_mlflow_takes_and_the_report_is_json():
    case = Invariant(id="a", text="A one.", variants=("A two.",))
    report = judge(suite_of(case, capability="country_names", bar=0.05), {"A one.": (0.6, 0.1), "A two.": (0.3, 0.2)})
    flat = behaviour_metrics(report)
    assert flat == approx(
        {
            "behaviour/pass_rate": 0.0,
            "behaviour/cases": 1.0,
            "behaviour/country_names/pass_rate": 0.0,
            "behaviour/country_names/mean_shift": 0.2,
            "behaviour/country_names/largest_shift": 0.3,
            "behaviour/country_names/mean_shift_hawk": 0.3,
            "behaviour/country_names/mean_shift_dove": 0.1,
        }
    )
    assert all(re.fullmatch(r"[\w ./-]+", name) for name in flat)
    value = json.loads(json.dumps(report.as_dict(), allow_nan=False))
    assert value["capabilities"]["country_names"]["bar_met"] is False
    assert value["failures"][0]["case"] == "a" and value["failure_rate"]["value"] == 1.0


@pytest.mark.parametrize(
    ("probabilities", "decided", "said"),
    [
        (np.zeros((2, 2)), np.zeros((1, 2)), "probabilities has shape"),
        (np.zeros((1, 2)), np.zeros((1, 3)), "decided has shape"),
        (np.full((1, 2), 1.5), np.zeros((1, 2)), "outside"),
        (np.full((1, 2), np.nan), np.zeros((1, 2)), "outside"),
        (np.zeros((1, 2)), np.full((1, 2), 0.5), "other than 0 and 1"),
    ],
)
def test_answers_of_the_wrong_shape_or_value_are_refused(probabilities, decided, said):
    with pytest.raises(ValueError, match=said):
        judge_behaviour(suite_of(STRIKE), probabilities, decided)
