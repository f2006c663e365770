"""Prepare torch: the device, threads, seeds, determinism, and the precision of training.

Training runs on the first CUDA GPU that torch sees; CUDA_VISIBLE_DEVICES hides or picks one, as everywhere.
"""

import os
import random
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import numpy as np
import torch
from torch import Tensor

from pipeline.ground.errors import ModelError, StanceError
from pipeline.inference.graph import pad

CPU = torch.device("cpu")


def training_device() -> torch.device:
    """Give the GPU where torch sees one, and the processor elsewhere."""
    return torch.device("cuda", torch.cuda.current_device()) if torch.cuda.is_available() else CPU


def gpu_facts(device: torch.device) -> dict[str, str]:
    """Name the GPU that `device` is, as its maker does; say nothing of the processor, which the machine names."""
    return {"gpu": torch.cuda.get_device_name(device)} if device.type == "cuda" else {}


@contextmanager
def gpu_errors() -> Iterator[None]:
    """Turn what a GPU refuses into a message; the memory it held is given back.

    Raises:
        ModelError: the memory is too small for the recipe's settings.
        StanceError: the GPU does not work with this torch, or not any more.
    """
    elsewhere = "or train on the processor: CUDA_VISIBLE_DEVICES= stance train RECIPE"
    try:
        yield
    except torch.OutOfMemoryError as error:
        torch.cuda.empty_cache()
        said = str(error).split(". ")[0]
        raise ModelError(
            f"the GPU's memory is too small for this: {said}", hint=f"lower batch_size or max_length, {elsewhere}"
        ) from error
    except torch.AcceleratorError as error:
        said = str(error).split("\n")[0]
        raise StanceError(
            f"the GPU cannot do this: {said}", hint=f"see with nvidia-smi whether it works, {elsewhere}"
        ) from error


def prepare(seed: int, threads: int) -> None:
    """Seed every generator and fix the thread count; on one machine the same seed gives the same weights."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # what deterministic cuBLAS asks for; no GPU, no use
    random.seed(seed)
    torch.manual_seed(seed)
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(True)
    # Deterministic torch would fill memory that nobody reads, which costs time and changes nothing.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]


def autocast(precision: str, device: torch.device = CPU) -> AbstractContextManager[object]:
    """Run matrix products in bfloat16 where asked, which GPUs and CPUs with AMX do much faster than float32."""
    return torch.autocast(device.type, torch.bfloat16) if precision == "bfloat16" else nullcontext()


def tensors(batch: list[list[int]], pad_id: int, device: torch.device = CPU) -> tuple[Tensor, Tensor]:
    """Pad a batch of token ids; return ids and mask, shape (batch, tokens), on `device`."""
    arrays = pad(batch, pad_id)
    return torch.from_numpy(arrays["input_ids"]).to(device), torch.from_numpy(arrays["attention_mask"]).to(device)


def to_array(tensor: Tensor) -> np.ndarray:
    """Copy a tensor to a float64 array."""
    return np.asarray(tensor.detach().float().cpu().numpy(), dtype=float)
