"""Make what the tests of quantisation share: settings with how far they may lead, and a tiny float32 graph."""

from pathlib import Path

from tiny import tiny_sentences

from pipeline.inference.graph import OnnxScorer
from pipeline.inference.manifest import OnnxSpec
from pipeline.inference.session import PACKED
from pipeline.learning.quantise import quantise
from pipeline.learning.quantise_settings import QuantiseSettings

SPEC = OnnxSpec(max_length=32)
BLOCKS = {"block_size": 32}
# Setting, and the largest mean difference of a logit it may make, as a share of the logits' spread: for the seed below,
# with half as much again to spare.
SETTINGS = {
    "nothing": ({"matrices": "float32", "embeddings": "float32"}, 1e-5),
    "tables": ({"matrices": "float32", "embeddings": "int8"}, 0.004),
    "dynamic": ({"matrices": "int8-dynamic", "embeddings": "int8", "reduce_range": False}, 0.012),
    "dynamic reduced": ({"matrices": "int8-dynamic", "embeddings": "int8", "reduce_range": True}, 0.03),
    "rows": ({"matrices": "int8-rows", "embeddings": "int8", "reduce_range": False}, 0.012),
    "rows reduced": ({"matrices": "int8-rows", "embeddings": "int8", "reduce_range": True}, 0.03),
    "static": ({"matrices": "int8-static", "embeddings": "int8", "reduce_range": False, "calibration": 4}, 0.02),
    "static reduced": ({"matrices": "int8-static", "embeddings": "int8", "reduce_range": True, "calibration": 4}, 0.04),
    "six bits": ({"matrices": "int6-rows", "embeddings": "int8"}, 0.045),
    "six and eight": (
        {"matrices": "int6-rows", "embeddings": "int8", "reduce_range": False, "finer": ["*.attention.*"]},
        0.045,
    ),
    "blocks of eight": ({"matrices": "int8-weights", "embeddings": "int8", "accuracy_level": 0, **BLOCKS}, 0.012),
    "blocks in integers": ({"matrices": "int8-weights", "embeddings": "int8", "accuracy_level": 4, **BLOCKS}, 0.013),
    "blocks of four": ({"matrices": "int4-weights", "embeddings": "int8", "accuracy_level": 0, **BLOCKS}, 0.2),
    "four and eight": (
        {
            "matrices": "int4-weights",
            "embeddings": "int8",
            "accuracy_level": 4,
            "block_size": 16,
            "finer": ["*.attention.*"],
        },
        0.13,
    ),
}
ROWS = QuantiseSettings(matrices="int8-rows", embeddings="int8", reduce_range=False)


def spec_of(folder: Path) -> OnnxSpec:
    """Say how to run the graph in a folder."""
    return SPEC.model_copy(update={"packed": (folder / PACKED).exists()})


def settings(name: str, **changes: object) -> QuantiseSettings:
    return QuantiseSettings.model_validate(SETTINGS[name][0] | changes)


def shrink_tiny(floats: Path, target: Path, chosen: QuantiseSettings) -> None:
    """Quantise the graph in `floats`, calibrated on the sentences of the tiny documents."""
    feeds = OnnxScorer(SPEC, floats, exclusive=False).feeds([text for _, text in tiny_sentences()])
    quantise(floats / "model.onnx", target, chosen, feeds)


def export_tiny(encoder: Path, folder: Path, attention: str = "sdpa") -> None:
    """Export the tiny encoder with no two equal weights, since the exporter merges them, and wide logits.

    `attention` is transformers' name of its form: `sdpa` unless it is trained without dropout, then `eager`.
    """
    import torch
    from transformers import AutoModel, AutoTokenizer

    from pipeline.learning.export import export_network
    from pipeline.learning.network import SentenceNetwork

    torch.manual_seed(2)  # the head begins at random, and how far logits spread decides how far apart they may be
    network = SentenceNetwork(AutoModel.from_pretrained(encoder, dtype="float32", attn_implementation=attention), 3)
    with torch.no_grad():
        for name, weight in network.named_parameters():
            weight.add_(torch.randn_like(weight) * (0.2 if weight.dim() > 1 and "embeddings" not in name else 0.02))
    export_network(network, AutoTokenizer.from_pretrained(encoder), folder, SPEC.max_length)
