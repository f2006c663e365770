"""Ratios are paired by round, growth is a slope, and a sentence costs what its matrices do."""

import math

import pytest

from pipeline.judging.benchmark import (
    Contest,
    EncoderShape,
    Grown,
    Limit,
    Limits,
    Spread,
    Versus,
    compare_speeds,
    growth_exponent,
    is_linear,
    whole_rate,
)


def grown(sentences, cpu) -> Grown:
    return Grown(sentences, sentences, cpu / 2, cpu, 1, 1, "2026-11-25", "0")


def test_a_spread_is_the_median_and_the_range():
    assert Spread.over([3.0, 1.0, 8.0]) == Spread(3.0, 1.0, 8.0)
    assert Spread.over([1, 2]) == Spread(1.5, 1.0, 2.0)
    with pytest.raises(ValueError, match="no value"):
        Spread.over([])


def test_ratios_are_of_the_same_round():
    """A machine that slows down by half in one round changes no ratio."""
    ours, other = Contest("stance", 9, (100.0, 50.0, 100.0)), Contest("other", 9, (10.0, 5.0, 10.0))
    [found] = compare_speeds(ours, [other, Contest("gone", 0, reason="absent")], {"other": 10.5})
    assert found == Versus("other", Spread(10.0, 10.0, 10.0), 10.5) and not found.met
    [found] = compare_speeds(ours, [other], {"other": 10})
    assert found.met and compare_speeds(ours, [other], {})[0].met
    with pytest.raises(ValueError, match="zip"):
        compare_speeds(ours, [Contest("short", 9, (1.0,))], {})


@pytest.mark.parametrize(("power", "linear"), [(1.0, True), (1.04, True), (1.1, False), (0.9, False)])
def test_growth_is_the_slope_between_the_two_largest(power, linear):
    points = [grown(n, 3.0 * n**power) for n in (100_000, 1_000_000)]
    found = growth_exponent([points[1], grown(1_000, 500.0), points[0]])
    assert found == pytest.approx(power) and is_linear(found) is linear


def test_growth_wants_two_sizes():
    with pytest.raises(ValueError, match="no slope"):
        growth_exponent([grown(5, 1.0), grown(5, 2.0)])
    with pytest.raises(ValueError):
        growth_exponent([grown(5, 1.0)])


def test_minilm_has_ten_million_weights_in_its_matrices():
    shape = EncoderShape(6, 384, 1536)
    assert shape.weights == 10_616_832
    products = shape.products(512)
    assert sum(times for times in products.values()) == 36
    assert sum(2 * m * k * n * times for (m, k, n), times in products.items()) == 2 * shape.weights * 512


def test_a_sentence_costs_its_tokens_and_their_square():
    shape = EncoderShape(2, 8, 32)
    assert shape.operations([3]) == 2 * shape.weights * 3 + 4 * 2 * 8 * 9
    assert shape.operations([2, 4]) == 2 * shape.weights * 3 + 4 * 2 * 8 * 10


def test_products_together_are_as_slow_as_their_shares():
    one, other = (1, 1, 1), (2, 1, 1)
    assert whole_rate({one: 5.0, other: 5.0}, {one: 3, other: 1}) == pytest.approx(5.0)
    # 4 operations at 1 a second and 4 at 4 a second: 8 in 5 seconds
    assert whole_rate({one: 1.0, other: 4.0}, {one: 2, other: 1}) == pytest.approx(8 / 5)
    limit = Limit("int8", {}, Spread.over([1e9]))
    assert math.isclose(Limits((limit,), 30.0, 5e8).sentences_per_second(limit), 2.0)
