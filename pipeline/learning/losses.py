"""Compute multi-label losses on logits: cross-entropy, focal, asymmetric; targets may lie between 0 and 1."""

import numpy as np
import torch
from torch import Tensor, nn

from pipeline.learning.loss_settings import AsymmetricLoss, BceLoss, FocalLoss, Smoothing


class MultiLabelLoss(nn.Module):
    """Average one loss over sentences and labels; `weights`, shape (labels,), weigh the positive side."""

    def __init__(self, kind: BceLoss | FocalLoss | AsymmetricLoss, weights: Tensor) -> None:
        super().__init__()
        self._weights: Tensor
        self._kind = kind
        self.register_buffer("_weights", weights)

    def forward(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Give the mean loss of logits and targets, both of shape (batch, labels)."""
        if isinstance(self._kind, BceLoss):
            return nn.functional.binary_cross_entropy_with_logits(logits, targets, pos_weight=self._weights)
        p, yes, no = torch.sigmoid(logits), nn.functional.logsigmoid(logits), nn.functional.logsigmoid(-logits)
        if isinstance(self._kind, FocalLoss):
            up, down = (1 - p) ** self._kind.gamma, p**self._kind.gamma
        else:
            q = (p - self._kind.margin).clamp(min=0)
            no = torch.log1p(-q) if self._kind.margin else no
            up, down = (1 - p) ** self._kind.gamma_positive, q**self._kind.gamma_negative
        return -(self._weights * targets * up * yes + (1 - targets) * down * no).mean()


def positive_weights(targets: np.ndarray, class_weight: str) -> Tensor:
    """Weigh rare labels up: by negatives over positives, its square root, or not at all; shape (labels,)."""
    positives = np.maximum(targets.sum(axis=0), 1)
    power = {"none": 0.0, "root": 0.5, "balanced": 1.0}[class_weight]
    return torch.tensor(((len(targets) - positives + 1) / positives) ** power, dtype=torch.float32)


def smoothed(targets: np.ndarray, unsure: np.ndarray | None, smoothing: Smoothing) -> np.ndarray:
    """Move targets towards one half, further where the annotator was unsure (Szegedy et al. 2016); float32."""
    amount = np.full(len(targets), smoothing.everywhere)
    if unsure is not None:
        amount = np.where(unsure, np.maximum(smoothing.unsure, smoothing.everywhere), amount)
    return np.asarray(targets * (1 - 2 * amount[:, None]) + amount[:, None], dtype=np.float32)
