"""Columns of integers: steps that cost least."""

import numpy as np

from pipeline.learning.quantise_rows import quantise_columns


def test_columns_have_steps_of_their_own_and_empty_ones_stay_empty():
    rng = np.random.default_rng(0)
    matrix = (rng.normal(size=(64, 4)) * [1, 100, 0, 1e-3]).astype(np.float32)
    for largest in (127, 63, 31):
        integers, step = quantise_columns(matrix, largest)
        assert integers.dtype == np.int8 and np.abs(integers).max() <= largest and not integers[:, 2].any()
        error = np.abs(integers * step - matrix).mean(axis=0)
        spread = matrix.std(axis=0)
        assert (error <= 1.1 * spread / largest).all()


def test_a_single_large_weight_does_not_coarsen_its_column():
    matrix = np.random.default_rng(0).normal(size=(4096, 1)).astype(np.float32)
    matrix[0] = 6
    _, step = quantise_columns(matrix, 31)
    plain = np.abs(matrix).max() / 31
    error = [((matrix - np.clip(np.rint(matrix / s), -31, 31) * s) ** 2).sum() for s in (float(step[0]), plain)]
    assert step[0] < plain and error[0] < 0.9 * error[1]
