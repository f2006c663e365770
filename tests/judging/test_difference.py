"""The interval of a difference of two shares is Newcombe's method 10."""

from statistics import NormalDist

import pytest

from pipeline.judging.difference import difference, p_value, stand


@pytest.mark.parametrize(
    ("first", "second", "low", "high"),
    [  # the examples of Newcombe 1998 (Statistics in Medicine 17, 873-890), method 10; noted from memory of the print
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.0582, 0.8062),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775),
        ((10, 10), (0, 20), 0.6791, 1.0),
    ],
)
def test_examples_worked_to_four_places(first, second, low, high):
    found = difference(second, first)
    assert found.value == pytest.approx(first[0] / first[1] - second[0] / second[1])
    assert (found.low, found.high) == (pytest.approx(low, abs=6e-5), pytest.approx(high, abs=6e-5))


def test_turned_round_it_is_mirrored():
    there, back = difference((3, 18), (6, 19)), difference((6, 19), (3, 18))
    assert (there.value, there.low, there.high) == pytest.approx((-back.value, -back.high, -back.low))


def test_without_a_trial_there_are_no_limits():
    assert difference((0, 0), (3, 9)).low is None


@pytest.mark.parametrize(("before", "after"), [((8, 40), (18, 40)), ((18, 40), (8, 40)), ((0, 12), (7, 9))])
def test_p_is_the_level_at_which_the_interval_reaches_zero(before, after):
    z = NormalDist().inv_cdf(1 - p_value(before, after) / 2)
    inner, outer = difference(before, after, z - 0.01), difference(before, after, z + 0.01)
    assert inner.low * inner.high > 0 > outer.low * outer.high


def test_p_without_a_difference_or_a_trial_is_one():
    assert p_value((3, 10), (3, 10)) == pytest.approx(1) and p_value((0, 0), (3, 10)) == 1


def test_as_many_stand_as_holm_allows():
    assert stand([0.04]) == [True] and stand([0.04, 0.04]) == [False, False]
    assert stand([0.03, 0.001, 0.02]) == [True, True, True] and stand([0.2, 0.001, 0.026]) == [False, True, False]
