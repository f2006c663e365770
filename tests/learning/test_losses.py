"""Losses agree with their definitions; smoothing and class weights do what they say."""

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from pipeline.learning.loss_settings import AsymmetricLoss, BceLoss, FocalLoss, Smoothing
from pipeline.learning.losses import MultiLabelLoss, positive_weights, smoothed

LOGITS = torch.tensor([[2.0, -1.0], [-0.5, 0.3], [4.0, -4.0]], dtype=torch.float64)
TARGETS = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]], dtype=torch.float64)
EVEN = torch.ones(2, dtype=torch.float64)


def by_hand(positive, negative):
    p = 1 / (1 + np.exp(-LOGITS.numpy()))
    y = TARGETS.numpy()
    return float(-(y * positive(p) + (1 - y) * negative(p)).mean())


def test_cross_entropy_weighs_positives():
    weights = torch.tensor([3.0, 1.0], dtype=torch.float64)
    expected = by_hand(lambda p: np.array([3.0, 1.0]) * np.log(p), lambda p: np.log(1 - p))
    assert float(MultiLabelLoss(BceLoss(), weights)(LOGITS, TARGETS)) == pytest.approx(expected)


def test_focal_loss_weighs_easy_sentences_down():
    expected = by_hand(lambda p: (1 - p) ** 2 * np.log(p), lambda p: p**2 * np.log(1 - p))
    assert float(MultiLabelLoss(FocalLoss(kind="focal", gamma=2.0), EVEN)(LOGITS, TARGETS)) == pytest.approx(expected)


def test_asymmetric_loss_shifts_negatives_and_leaves_out_the_easiest():
    loss = MultiLabelLoss(AsymmetricLoss(kind="asymmetric", gamma_positive=0, gamma_negative=4, margin=0.1), EVEN)

    def negative(p):
        q = np.maximum(p - 0.1, 0)
        return q**4 * np.log(1 - q)

    assert float(loss(LOGITS, TARGETS)) == pytest.approx(by_hand(np.log, negative))
    easy = torch.full((1, 2), -5.0, dtype=torch.float64)
    assert float(loss(easy, torch.zeros_like(easy))) == 0


KINDS = [
    BceLoss(),
    FocalLoss(kind="focal", gamma=1),
    FocalLoss(kind="focal", gamma=2),
    AsymmetricLoss(kind="asymmetric", gamma_positive=0, gamma_negative=4, margin=0.05),
    AsymmetricLoss(kind="asymmetric", gamma_positive=1, gamma_negative=1, margin=0.0),
]


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_a_sentence_that_is_wrong_with_certainty_still_teaches(kind):
    logits = torch.tensor([[-120.0, 30.0], [120.0, -30.0]], dtype=torch.float64, requires_grad=True)
    targets = torch.tensor([[1.0, 0.0], [1.0, 0.0]], dtype=torch.float64)
    MultiLabelLoss(kind, EVEN)(logits, targets).backward()
    assert torch.isfinite(logits.grad).all()
    assert float(logits.grad[0, 0]) < -0.1  # up, towards the label it misses
    assert (kind.kind == "asymmetric" and kind.margin) or float(logits.grad[0, 1]) > 0.1
    assert float(logits.grad[1].abs().max()) < 1e-6  # nothing more to learn from what is right


@pytest.mark.parametrize(
    ("loss", "values"),
    [
        (FocalLoss, {"kind": "focal", "gamma": 0.5}),
        (AsymmetricLoss, {"kind": "asymmetric", "gamma_positive": 0.5, "gamma_negative": 4, "margin": 0}),
    ],
)
def test_a_gamma_without_a_bounded_gradient_is_refused(loss, values):
    with pytest.raises(ValidationError, match="gamma"):
        loss(**values)


def test_positive_weights_are_negatives_over_positives_or_their_root():
    targets = np.array([[1, 0]] * 2 + [[0, 0]] * 8)
    assert positive_weights(targets, "balanced").tolist() == pytest.approx([9 / 2, 10 / 1])
    assert positive_weights(targets, "root").tolist() == pytest.approx([4.5**0.5, 10**0.5])
    assert positive_weights(targets, "none").tolist() == [1, 1]


def test_smoothing_moves_targets_further_where_the_annotator_was_unsure():
    targets, unsure = np.array([[1, 0], [1, 0]]), np.array([False, True])
    found = smoothed(targets, unsure, Smoothing(everywhere=0.05, unsure=0.2))
    assert found.tolist() == [pytest.approx([0.95, 0.05]), pytest.approx([0.8, 0.2])]
    assert found.dtype == np.float32
    assert smoothed(targets, None, Smoothing()).tolist() == targets.tolist()
