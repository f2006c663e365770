"""Shares are drawn from the very posterior that rates and prior give, where the model tells labels poorly, too."""

from math import lgamma

import numpy as np
import pytest

from pipeline.decisions.prevalence import PRIOR, draw_shares

KNOWN = 10**7  # sentences that a rate is from: it is as good as known
WEAK = np.array([[0.86, 0.05, 0.05, 0.04], [0.45, 0.05, 0.2, 0.3]])
VAGUE = np.array([[0.6, 0.1, 0.15, 0.15], [0.4, 0.1, 0.2, 0.3]])
SHARP = np.array([[0.85, 0.1, 0.04, 0.01], [0.1, 0.15, 0.25, 0.5]])


def exact(there, rates, prior) -> np.ndarray:
    """Give the chances of 0, 1, 2 ... sentences with the label, counted out: no draw, no share, no grid."""
    ways = np.ones(1)
    for count, without, having in zip(there, *rates, strict=True):
        for _ in range(count):
            ways = np.convolve(ways, [without, having])
            ways /= ways.max()
    size = len(ways) - 1
    before = [lgamma(prior[1] + k) + lgamma(prior[0] + size - k) for k in range(size + 1)]
    chances = ways * np.exp(np.array(before) - max(before))
    return chances / chances.sum()


def known(rates, share=0.2) -> np.ndarray:
    """Make a table, of one document, from which rates are as good as known."""
    return np.round(KNOWN * np.array([1 - share, share])[:, None] * rates)[:, None, :]


@pytest.mark.parametrize(
    ("there", "rates", "share"),
    [
        ((215, 15, 30, 40), WEAK, 0.2),
        ((60, 10, 60, 70), WEAK, 0.2),
        ((23, 1, 1, 0), WEAK, 0.2),
        ((0, 0, 3, 9), WEAK, 0.2),
        ((150, 30, 53, 67), VAGUE, 0.2),
        ((300, 60, 106, 134), VAGUE, 0.2),
        ((180, 40, 35, 45), SHARP, 0.2),
        ((0, 0, 0, 1), SHARP, 0.2),
        ((300, 30, 9, 2), SHARP, 0.001),
        ((20, 2, 0, 0), WEAK, 0.999),
    ],
)
def test_shares_of_a_label_come_as_often_as_counting_out_has_it(there, rates, share):
    table, there = known(rates, share), np.array(there)
    drawn = draw_shares(table, there, 1.0, np.random.default_rng(2))[:, 1]
    believed = exact(there, rates, PRIOR * np.array([1 - share, share]))
    of_draws = np.bincount(np.rint(drawn * there.sum()).astype(int), minlength=len(believed)) / len(drawn)
    apart = np.abs(of_draws.cumsum() - believed.cumsum()).max()
    assert apart < 0.06, "what a thousand draws leave to chance (Kolmogorov and Smirnov, at 0.001)"


def test_a_million_sentences_are_as_sharp_as_their_rates():
    there = np.rint(10**6 * (0.7 * SHARP[0] + 0.3 * SHARP[1])).astype(int)
    drawn = draw_shares(known(SHARP), there, 1.0, np.random.default_rng(2))[:, 1]
    assert drawn.mean() == pytest.approx(0.3, abs=0.001) and drawn.std() < 0.002


def test_shares_of_labels_that_exclude_each_other_do_not_hang_on_where_a_chain_begins():
    errs = np.array([[0.6, 0.2, 0.2], [0.3, 0.45, 0.25], [0.25, 0.3, 0.45]])
    true = np.array([0.0, 0.15, 0.85])
    table = np.round(KNOWN * errs / 3)[:, None, :]
    drawn = draw_shares(table, np.rint(2000 * true @ errs).astype(int), 1.0, np.random.default_rng(2))
    assert drawn.mean(axis=0) == pytest.approx(true, abs=0.05) and drawn.sum(axis=1) == pytest.approx(1)
