"""Run a network over token ids in order of length, and judge what comes out."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from pipeline.ground.errors import ModelError, SplitError
from pipeline.learning.batches import sorted_batches
from pipeline.learning.device import autocast, tensors, to_array
from pipeline.learning.network import SentenceNetwork

BATCH = 64


@dataclass(frozen=True, slots=True, eq=False)
class States:
    """What a network makes of n sentences.

    Logits, shape (n, labels), in float64; the sentence vectors they come from, shape (n, hidden), in float16, as are
    the tokens' mean states after the layers asked for, shape (n, layers, hidden).
    """

    logits: np.ndarray
    vectors: np.ndarray
    layers: np.ndarray | None = None


def logits_of(network: SentenceNetwork, ids: list[list[int]], pad_id: int, precision: str) -> np.ndarray:
    """Give logits, shape (n, labels), float64."""
    return states_of(network, ids, pad_id, precision).logits


def states_of(
    network: SentenceNetwork, ids: list[list[int]], pad_id: int, precision: str, layers: Sequence[int] = ()
) -> States:
    """Give logits, sentence vectors and the states after `layers`, counted from 1, all of one pass."""
    network.eval()
    logits = np.zeros((len(ids), network.head.out_features))
    vectors = np.zeros((len(ids), network.head.in_features), dtype=np.float16)
    states = np.zeros((len(ids), len(layers), network.head.in_features), dtype=np.float16)
    with torch.no_grad(), autocast(precision, network.device):
        for batch in sorted_batches([len(row) for row in ids], BATCH):
            pooled, below = network.embed_layers(*tensors([ids[i] for i in batch], pad_id, network.device), layers)
            vectors[batch] = to_array(pooled)
            logits[batch] = to_array(network.head(pooled))
            for place, state in enumerate(below):
                states[batch, place] = to_array(state)
    return States(logits, vectors, states if layers else None)


def macro_average_precision(targets: np.ndarray, scores: np.ndarray) -> float:
    """Give the mean of average precision over labels that stand in `targets`, both of shape (n, labels).

    Raises:
        SplitError: no label stands in `targets`.
        ModelError: a score is not finite.
    """
    from sklearn.metrics import average_precision_score

    present = targets.any(axis=0)
    if not present.any():
        raise SplitError(
            "no validation sentence carries a label, and training must be judged by some",
            hint="label more documents, or divide them anew: stance labels split",
        )
    if not np.isfinite(scores).all():
        raise ModelError(
            "training went astray: the network's logits are no numbers any more",
            hint="lower learning_rate or head_learning_rate in the recipe",
        )
    return float(average_precision_score(targets[:, present], scores[:, present], average="macro"))
