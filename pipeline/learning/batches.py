"""Tokenise once, and deal batches of like length so that little time goes to padding."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

POOL = 50  # batches sorted together: long enough to save padding, short enough to stay random


def tokenise(tokenizer: Any, texts: Sequence[str], max_length: int) -> list[list[int]]:
    """Turn texts into token ids with special tokens, cut at `max_length`."""
    ids: list[list[int]] = tokenizer(list(texts), truncation=True, max_length=max_length)["input_ids"]
    return ids


def shuffled_batches(lengths: Sequence[int], size: int, rng: np.random.Generator) -> list[list[int]]:
    """Deal every position once: shuffle, sort within pools by length, cut into batches, shuffle batches."""
    order = rng.permutation(len(lengths)).tolist()
    pools = [order[start : start + size * POOL] for start in range(0, len(order), size * POOL)]
    batches = []
    for pool in pools:
        pool.sort(key=lambda i: lengths[i])
        batches += [pool[start : start + size] for start in range(0, len(pool), size)]
    return [batches[i] for i in rng.permutation(len(batches))]


def sorted_batches(lengths: Sequence[int], size: int) -> Iterator[list[int]]:
    """Yield positions in order of length, for inference."""
    order = sorted(range(len(lengths)), key=lambda i: lengths[i])
    for start in range(0, len(order), size):
        yield order[start : start + size]
