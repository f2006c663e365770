"""Sentences are counted by true label, document and level of confidence, and the counts are read back or refused."""

import numpy as np
import pytest

from pipeline.decisions.rates import ONE, Rates, count_rates, levels, read_rates
from pipeline.ground.errors import ModelError

CUTS = (0.4, 0.6)


def test_levels_begin_at_a_quarter_of_the_cut_at_the_cut_and_halfway_to_one():
    chances = np.array([[0.09, 0.0], [0.1, 0.15], [0.39, 0.59], [0.4, 0.6], [0.7, 0.79], [1.0, 0.8]])
    assert levels(chances, CUTS).T.tolist() == [[0, 1, 1, 2, 3, 3], [0, 1, 1, 2, 2, 3]]
    given = (chances >= np.array(CUTS)).astype(int)
    assert ((levels(chances, CUTS) >= 2) == given).all()


def test_where_one_label_stands_the_level_is_the_label_decided():
    assert levels(np.array([[0.2, 0.5, 0.3], [0.6, 0.3, 0.1]]), (None, None, None)).tolist() == [[1], [0]]


def test_counts_by_document_are_written_and_read_back():
    chances = np.array([[0.05, 0.9], [0.5, 0.1], [0.9, 0.7], [0.3, 0.2]])
    gold = np.array([[0, 1], [0, 0], [1, 1], [1, 0]])
    rates = count_rates(chances, levels(chances, CUTS), gold, ["b", "a", "b", "b"], ("hawk", "dove"))
    assert rates.counts["hawk"] == ("0 0 1 0 | 0 0 0 0", "1 0 0 0 | 0 1 0 1")
    assert rates.of_label(0, "hawk").tolist() == [[1, 1], [1, 1]]
    assert rates.of_label(1, "dove").tolist() == [[2, 0], [0, 2]]
    assert rates.means["hawk"] == pytest.approx((0.275, 0.6))
    assert Rates.model_validate(rates.model_dump(mode="json")) == rates
    assert rates.table("hawk").shape == (2, 2, 4) and rates.table("hawk").sum() == 4


def test_where_one_label_stands_the_whole_table_is_kept():
    chances = np.array([[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.2, 0.7, 0.1]])
    gold = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1]])
    rates = count_rates(chances, levels(chances, (None,) * 3), gold, ["a"] * 3, ("x", "y", "z"))
    assert rates.exclusive and rates.counts == {ONE: ("1 0 0 | 0 1 0 | 0 1 0",)}
    assert rates.of_label(1, "y").tolist() == [[1, 1], [0, 1]]


GOOD = {"counts": {"hawk": ["1 0 0 0 | 0 0 0 1"]}, "means": {"hawk": [0.1, 0.9]}, "folds": 5}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"counts": {"hawk": ["1 0 0 | 0 0 0 1"]}}, "2 groups of 4 numbers"),
        ({"counts": {"hawk": ["1 0 0 0"]}}, "2 groups of 4 numbers"),
        ({"counts": {"hawk": []}}, "2 groups of 4 numbers"),
        ({"counts": {"hawk": ["1 0 0 0 | 0 0 0 -1"]}}, "whole numbers"),
        ({"counts": {"dove": ["1 0 0 0 | 0 0 0 1"]}}, "counts are for dove, means for hawk"),
        ({"counts": {}}, "counts are for , means for hawk"),
        ({"folds": -1}, "greater than or equal to 0"),
    ],
)
def test_malformed_rates_are_refused_with_a_command(change, said):
    with pytest.raises(ModelError, match=said) as caught:
        read_rates({"rates": GOOD | change}, ("hawk",), "tiny-1")
    assert "stance models rates" in caught.value.hint and "tiny-1" in caught.value.message


def test_rates_of_other_labels_are_refused_and_absent_ones_are_none():
    assert read_rates({"rates": GOOD}, ("hawk",), "tiny-1").folds == 5
    with pytest.raises(ModelError, match="for hawk, the model for dove"):
        read_rates({"rates": GOOD}, ("dove",), "tiny-1")
    assert read_rates({"machine": "old"}, ("hawk",), "tiny-1") is None
