"""Prepare torch: threads, seeds, determinism, and the precision of training."""

import random
from contextlib import AbstractContextManager, nullcontext

import numpy as np
import torch
from torch import Tensor

from pipeline.inference.graph import pad


def prepare(seed: int, threads: int) -> None:
    """Seed every generator and fix the thread count; on one machine the same seed gives the same weights."""
    random.seed(seed)
    torch.manual_seed(seed)
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(True)
    # Deterministic torch would fill memory that nobody reads, which costs time and changes nothing.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]


def autocast(precision: str) -> AbstractContextManager[object]:
    """Run matrix products in bfloat16 where asked, which CPUs with AMX do much faster than float32."""
    return torch.autocast("cpu", torch.bfloat16) if precision == "bfloat16" else nullcontext()


def tensors(batch: list[list[int]], pad_id: int) -> tuple[Tensor, Tensor]:
    """Pad a batch of token ids; return ids and mask, shape (batch, tokens)."""
    arrays = pad(batch, pad_id)
    return torch.from_numpy(arrays["input_ids"]), torch.from_numpy(arrays["attention_mask"])


def to_array(tensor: Tensor) -> np.ndarray:
    """Copy a tensor to a float64 array."""
    return np.asarray(tensor.detach().float().numpy(), dtype=float)
