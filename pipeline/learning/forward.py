"""Run a network over token ids in order of length, and judge what comes out."""

import numpy as np
import torch

from pipeline.ground.errors import ModelError, SplitError
from pipeline.learning.batches import sorted_batches
from pipeline.learning.device import autocast, tensors, to_array
from pipeline.learning.network import SentenceNetwork

BATCH = 64


def logits_of(network: SentenceNetwork, ids: list[list[int]], pad_id: int, precision: str) -> np.ndarray:
    """Give logits, shape (n, labels), float64."""
    return logits_and_vectors(network, ids, pad_id, precision)[0]


def logits_and_vectors(
    network: SentenceNetwork, ids: list[list[int]], pad_id: int, precision: str
) -> tuple[np.ndarray, np.ndarray]:
    """Give logits, shape (n, labels), float64, and sentence vectors, shape (n, hidden), float16."""
    network.eval()
    logits = np.zeros((len(ids), network.head.out_features))
    vectors = np.zeros((len(ids), network.head.in_features), dtype=np.float16)
    with torch.no_grad(), autocast(precision, network.device):
        for batch in sorted_batches([len(row) for row in ids], BATCH):
            pooled = network.embed(*tensors([ids[i] for i in batch], pad_id, network.device))
            vectors[batch] = to_array(pooled)
            logits[batch] = to_array(network.head(pooled))
    return logits, vectors


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
