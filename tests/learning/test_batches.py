"""Batches deal every sentence once and waste little on padding."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.learning.batches import POOL, shuffled_batches, sorted_batches, tokenise

LENGTHS = st.lists(st.integers(1, 128), max_size=200)


def waste(batches: list[list[int]], lengths: list[int]) -> float:
    """Give the share of positions that would be padding."""
    padded = sum(max(lengths[i] for i in batch) * len(batch) for batch in batches)
    return 1 - sum(lengths) / padded


@given(LENGTHS, st.integers(1, 40), st.integers(0, 5))
def test_every_sentence_is_dealt_exactly_once(lengths, size, seed):
    for batches in (shuffled_batches(lengths, size, np.random.default_rng(seed)), list(sorted_batches(lengths, size))):
        assert sorted(i for batch in batches for i in batch) == list(range(len(lengths)))
        assert all(0 < len(batch) <= size for batch in batches)


def test_there_is_one_short_batch_at_most_in_a_pool():
    batches = shuffled_batches([5] * 1001, 10, np.random.default_rng(0))
    assert sorted(map(len, batches)) == [1] + [10] * 100


def test_less_is_padded_than_in_random_order():
    rng = np.random.default_rng(2)
    lengths = rng.integers(3, 100, 4000).tolist()
    order = rng.permutation(4000).tolist()
    random = [order[start : start + 32] for start in range(0, 4000, 32)]
    assert waste(random, lengths) > 0.4
    assert waste(shuffled_batches(lengths, 32, rng), lengths) < 0.05
    assert waste(list(sorted_batches(lengths, 32)), lengths) < 0.02


def test_the_seed_decides_the_order_and_epochs_differ():
    lengths = list(range(1, 3 * POOL))
    rng = np.random.default_rng(4)
    first, second = shuffled_batches(lengths, 2, rng), shuffled_batches(lengths, 2, rng)
    assert first == shuffled_batches(lengths, 2, np.random.default_rng(4))
    assert first != second


def test_batches_do_not_come_in_order_of_length():
    lengths = list(range(1, 1001))
    means = [np.mean([lengths[i] for i in batch]) for batch in shuffled_batches(lengths, 10, np.random.default_rng(1))]
    assert abs(np.corrcoef(means, np.arange(len(means)))[0, 1]) < 0.3


@pytest.mark.parametrize("longest", [8, 32])
def test_sentences_are_cut_where_the_recipe_says(encoder_folder, longest):
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(str(encoder_folder))
    short, long = tokenise(tokenizer, ["Peace.", "peace talks " * 40], longest)
    assert len(long) == longest and len(short) == 4
    assert short[0] == long[0] == tokenizer.cls_token_id and short[-1] == long[-1] == tokenizer.sep_token_id
