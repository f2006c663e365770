"""Export an encoder with its head as one ONNX graph, and prove that it says what torch says."""

import io
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np
import torch

from pipeline.ground.errors import ModelError
from pipeline.inference.graph import OnnxScorer
from pipeline.inference.manifest import OnnxSpec
from pipeline.learning.device import tensors, to_array
from pipeline.learning.network import SentenceNetwork

OPSET = 20
TOLERANCE = 1e-3  # largest difference of a logit between torch and the exported graph, both float32
PROBES = ("The talks resume.", "Both sides should keep the line open, since a pause alone will not hold for long.")


def export_network(network: SentenceNetwork, tokenizer: Any, folder: Path, max_length: int) -> OnnxSpec:
    """Write `model.onnx` (dynamic batch and length) and `tokenizer.json`; check parity on two sentences.

    Raises:
        ModelError: the graph's logits differ from torch's by more than `TOLERANCE`.
    """
    network = network.float().cpu().eval()
    pad_id = int(tokenizer.pad_token_id or 0)
    ids, mask = tensors(tokenizer(list(PROBES))["input_ids"], pad_id)
    batch, tokens = torch.export.Dim("batch"), torch.export.Dim("tokens")
    shape = {0: batch, 1: tokens}
    with _quiet(), torch.no_grad():
        expected = to_array(network(ids, mask))
        torch.onnx.export(
            network,
            (ids, mask),
            folder / "model.onnx",
            input_names=["input_ids", "attention_mask"],
            output_names=["logits"],
            opset_version=OPSET,
            dynamo=True,
            dynamic_shapes=(shape, shape),
            external_data=False,
        )
    _strip(folder / "model.onnx")
    _save_tokenizer(tokenizer, folder)
    spec = OnnxSpec(max_length=max_length, pad_id=pad_id)
    _check_parity(spec, folder, expected)
    return spec


def _strip(path: Path) -> None:
    """Take out where in whose folders each node came from, so that equal models are equal files."""
    import onnx

    model = onnx.load(path)
    for part in (model, model.graph, *model.graph.node, *model.graph.value_info, *model.graph.initializer):
        part.ClearField("metadata_props")
        part.ClearField("doc_string")
    onnx.save(model, path)


def _save_tokenizer(tokenizer: Any, folder: Path) -> None:
    """Write the fast tokenizer without any padding or truncation of its own."""
    backend = tokenizer.backend_tokenizer
    backend.no_padding()
    backend.no_truncation()
    backend.save(str(folder / "tokenizer.json"))


def _check_parity(spec: OnnxSpec, folder: Path, expected: np.ndarray) -> None:
    found = OnnxScorer(spec, folder, exclusive=False).logits(PROBES)
    worst = float(np.abs(found - expected).max())
    if worst > TOLERANCE:
        raise ModelError(
            f"the exported graph differs from torch by {worst:.2g} in a logit (allowed: {TOLERANCE:g})",
            hint="please report the encoder and the versions of torch and onnxruntime",
        )


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the exporter's advice to library authors out of our output."""
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "onnxscript", "onnx_ir")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(), redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
