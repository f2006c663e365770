"""Fine-tuning learns, keeps its best epoch, weighs rare labels, and exports what it learned."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score
from tiny import finetuned_learner

from pipeline.inference.graph import OnnxScorer
from pipeline.learning.estimators import Labelled
from pipeline.learning.finetuned import FinetunedEstimator
from pipeline.learning.learners import FinetunedLearner


@pytest.fixture
def estimator(encoder_folder, setting):
    """Make an unfitted estimator."""
    return lambda choice="any", **changes: FinetunedEstimator(
        FinetunedLearner(**finetuned_learner(encoder_folder, **changes)), setting(choice)
    )


def ap(fitted: FinetunedEstimator, data: Labelled) -> float:
    return float(average_precision_score(data.targets, fitted.predict_proba(data.texts), average="macro"))


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_both_precisions_learn(estimator, halves, precision):
    train, validation = halves()
    fitted = estimator(epochs=10, patience=10, precision=precision).fit(train, validation)
    losses = [epoch["train_loss"] for epoch in fitted.history]
    assert len(losses) == 10 and losses[-1] < losses[0] / 3
    assert ap(fitted, train) > 0.95 and ap(fitted, validation) > 0.75


def test_the_model_returned_is_as_good_as_its_best_epoch(estimator, halves):
    train, validation = halves()
    fitted = estimator(epochs=8, patience=8).fit(train, validation)
    scores = [epoch["val_macro_ap"] for epoch in fitted.history]
    assert len(scores) == 8 and len(set(scores)) > 1
    assert ap(fitted, validation) == pytest.approx(max(scores), abs=1e-9)


@pytest.mark.parametrize(
    ("patience", "epochs", "best"), [(1, 2, 1), (2, 5, 3), (3, 6, 3), (9, 9, 9)], ids=lambda value: str(value)
)
def test_training_stops_when_patience_is_out_and_keeps_the_best_weights(
    estimator, halves, monkeypatch, patience, epochs, best
):
    fitted = estimator(epochs=9, patience=patience)
    scores, heads = iter([0.5, 0.4, 0.6, 0.6, 0.5, 0.1, 0.2, 0.3, 0.9]), []

    def validate(_):
        heads.append(fitted._network.head.weight.detach().numpy().copy())
        return next(scores)

    monkeypatch.setattr(fitted, "_validate", validate)
    fitted.fit(*halves())
    assert len(fitted.history) == len(heads) == epochs
    kept = fitted._network.head.weight.detach().numpy()
    assert [epoch for epoch, head in enumerate(heads, start=1) if np.array_equal(head, kept)] == [best]


def test_class_weights_change_the_loss_and_lift_the_rare(estimator, halves):
    train, validation = halves()
    rare = Labelled(train.texts, train.targets * (np.arange(len(train.texts)) % 4 == 0)[:, None].astype(np.int8))
    assert rare.targets.sum(axis=0).min() > 0 and rare.targets.mean() < 0.2
    fits = {
        weight: estimator(epochs=1, patience=1, class_weight=weight).fit(rare, validation)
        for weight in ("none", "root", "balanced")
    }
    first = [fitted.history[0]["train_loss"] for fitted in fits.values()]
    assert first[0] < first[1] < first[2]
    means = [fitted.predict_proba(train.texts).mean() for fitted in fits.values()]
    assert means[0] < means[1] < means[2]


@pytest.mark.parametrize("choice", ["any", "one"])
def test_the_exported_graph_says_what_torch_says(estimator, halves, tmp_path, choice):
    train, validation = halves(choice)
    fitted = estimator(choice, epochs=2, patience=2).fit(train, validation)
    scorer = OnnxScorer(fitted.save(tmp_path), tmp_path, exclusive=choice == "one")
    texts = [*validation.texts, "", "peace talks " * 40, "zzz 北京", "One."]
    found = scorer.score(texts)
    assert found.shape == (len(texts), len(train.targets[0])) and np.ptp(found, axis=0).min() > 0.01
    assert np.allclose(found, fitted.predict_proba(texts), atol=1e-4)
    assert choice == "any" or np.allclose(found.sum(axis=1), 1)


def test_fitting_again_starts_from_the_encoder_and_gives_the_same(estimator, halves):
    train, validation = halves()
    one = estimator(epochs=1, patience=1)
    first = one.fit(train, validation).predict_proba(validation.texts)
    again = one.fit(train, validation)
    assert np.array_equal(again.predict_proba(validation.texts), first)
    assert len(again.history) == 1
