"""Figures of an ablation: out-of-fold answers are judged as scikit-learn would, and differences told from chance."""

from dataclasses import replace

import numpy as np
import pytest
from tiny import TFIDF, codebook_of, write_recipe

from pipeline.decisions.learn import learn_decisions
from pipeline.judging.ablation import Trial, ablation_figures, cross_fit, drawn_precision, log_loss, weigh_up
from pipeline.judging.metrics import average_precision
from pipeline.judging.records import Judged
from pipeline.learning.recipes import load_recipe


def judged_of(probabilities, gold, predicted=None, exclusive=False):
    labels = tuple("abc"[: gold.shape[1]])
    groups = tuple(f"doc-{n % 17:02}" for n in range(len(gold)))
    decided = (probabilities >= 0.5).astype(np.int8) if predicted is None else predicted
    texts = tuple(map(str, range(len(gold))))
    return Judged(gold, probabilities, decided, groups, texts, labels, (None,) * len(labels), exclusive=exclusive)


def trial_of(noise, seed=0, digits=8):
    rng = np.random.default_rng(0)
    gold = (rng.random((400, 2)) < 0.3).astype(np.int8)
    scores = gold + noise * np.random.default_rng([seed, 1]).standard_normal(gold.shape)
    raw = np.round(1 / (1 + np.exp(-scores)), digits)
    return Trial(raw, judged_of(raw, gold))


@pytest.mark.parametrize("digits", [8, 1])
def test_average_precision_of_drawn_documents_is_that_of_scikit_learn_with_weights(digits):
    from sklearn.metrics import average_precision_score

    trial = trial_of(1.0, digits=digits)  # one digit: many ties
    names, place = np.unique(np.array(trial.judged.groups), return_inverse=True)
    weights = np.vstack([np.ones(len(names)), np.random.default_rng(2).integers(0, 4, size=(5, len(names)))])
    drawn = drawn_precision(trial, place, weights.astype(float))
    for row, value in zip(weights, drawn, strict=True):
        columns = zip(trial.judged.gold.T, trial.raw.T, strict=True)
        of = [average_precision_score(gold, raw, sample_weight=row[place]) for gold, raw in columns]
        assert value == pytest.approx(np.mean(of))
    plain = [average_precision(trial.judged.gold[:, i], trial.raw[:, i]) for i in range(2)]
    assert drawn[0] == pytest.approx(np.mean(plain)) == pytest.approx(ablation_figures(trial)["macro_ap"])


def test_a_label_that_no_drawn_document_holds_is_left_out_of_the_mean():
    trial = trial_of(1.0)
    gold = trial.judged.gold.copy()
    place = np.unique(np.array(trial.judged.groups), return_inverse=True)[1]
    gold[place != 0, 1] = 0
    trial = Trial(trial.raw, judged_of(trial.raw, gold))
    without = 1.0 * (np.arange(17) > 0)[None]
    alone = average_precision(gold[place != 0, 0], trial.raw[place != 0, 0])
    assert drawn_precision(trial, place, without)[0] == pytest.approx(alone)
    assert np.isnan(drawn_precision(Trial(trial.raw, judged_of(trial.raw, 0 * gold)), place, without)).all()


def test_what_is_better_is_told_from_what_is_the_same():
    base, same, better = ([trial_of(noise, s) for s in (first, 9)] for noise, first in ((1.5, 1), (1.5, 3), (0.5, 1)))
    worth = weigh_up({"base": base, "same": same, "better": better}, resamples=500)
    for gain in (worth["better"].ap_gain, worth["better"].f1_gain):
        assert gain.real and gain.estimate.low > 0 and (gain.a, gain.b) == ("better", "base")
    assert not worth["same"].ap_gain.real and not worth["same"].f1_gain.real
    gap = worth["better"].macro_ap.value - worth["base"].macro_ap.value
    assert worth["better"].ap_gain.estimate.value == pytest.approx(gap)
    twin = weigh_up({"base": base[:1], "twin": base[:1]}, resamples=200)["twin"].ap_gain
    assert (twin.estimate.value, twin.estimate.low, twin.estimate.high) == (0, 0, 0), "the documents drawn are the same"
    with pytest.raises(ValueError, match="same sentences"):
        weigh_up(
            {"base": base, "other": [replace(base[0], judged=judged_of(base[0].raw[:99], base[0].judged.gold[:99]))]}
        )


def test_a_fold_is_decided_by_the_others_alone(tmp_path):
    recipe = load_recipe(write_recipe(tmp_path / "words.yaml", TFIDF, learn_from="validation"))
    trial, settings, codebook = trial_of(1.0), recipe.decisions, codebook_of("any")
    gold, fold = trial.judged.gold, np.arange(400) % 4
    probabilities, predicted = cross_fit(trial.raw, gold, fold, codebook, settings)
    decisions = learn_decisions(trial.raw[fold != 2], gold[fold != 2], codebook, settings, "out-of-fold")
    assert np.array_equal(probabilities[fold == 2], decisions.calibrate(trial.raw[fold == 2]))
    assert np.array_equal(predicted[fold == 2], decisions.decide(probabilities[fold == 2]))
    turned = np.where((fold == 2)[:, None], 1 - gold, gold)
    again = cross_fit(trial.raw, turned, fold, codebook, settings)
    assert np.array_equal(again[0][fold == 2], probabilities[fold == 2]), "its own gold teaches a fold nothing"
    assert not np.array_equal(again[0][fold == 1], probabilities[fold == 1])


def test_log_loss_of_worked_examples():
    gold = np.array([[1, 0], [0, 0]])
    sure = np.array([[0.5, 0.25], [0.5, 0.25]])
    assert log_loss(judged_of(sure, gold)) == pytest.approx(-np.log([0.5, 0.75, 0.5, 0.75]).mean())
    one = np.array([[1, 0], [0, 1]])
    carried = judged_of(np.array([[0.5, 0.5], [0.9, 0.1]]), one, one, exclusive=True)
    assert log_loss(carried) == pytest.approx(-np.log([0.5, 0.1]).mean())
