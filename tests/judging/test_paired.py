"""Every aspect of two models is compared on the same drawn documents, as an explicit loop would."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.judging.bootstrap import draw_weights
from pipeline.judging.compare import differences, resample_models
from pipeline.judging.metrics import brier
from pipeline.judging.paired import BRIER, ECE, LABEL, MACRO, SOURCE, Aspect, compare_figures, resample_figures
from pipeline.judging.report import judge

DRAWS = 80


def compared(a, b, resamples=DRAWS, seed=5):
    figures = resample_figures({"a": [a], "b": [b]}, resamples, seed)
    return {one.aspect: one for one in compare_figures(figures["a"], figures["b"], a)}


def test_macro_f1_is_that_of_the_leaderboard_to_the_last_digit(make):
    ours = make(300, documents=12)
    seeds = [ours, replace(ours, predicted=(ours.probabilities > 0.3).astype(np.int8)), make(300, documents=12)]
    models = {"several": seeds, "one": [replace(ours, predicted=(ours.probabilities > 0.6).astype(np.int8))]}
    plain, full = resample_models(models, 500, 3), resample_figures(models, 500, 3)
    for name in models:
        assert np.array_equal(plain[name].drawn, full[name][Aspect(MACRO)].drawn)
        assert plain[name].value == full[name][Aspect(MACRO)].value
    [difference] = differences(plain)
    [found] = [one for one in compare_figures(full["several"], full["one"], ours) if one.aspect == Aspect(MACRO)]
    assert (found.difference, found.p) == (difference.estimate, difference.p)


def test_brier_scores_are_resampled_as_a_loop_over_drawn_documents_would(make, pick):
    ours = make(120, documents=8)
    theirs = replace(ours, probabilities=np.clip(ours.probabilities * 0.7 + 0.1, 0, 1))
    names = np.unique(np.array(ours.groups))
    slow = []
    for weights in draw_weights(len(names), DRAWS, np.random.default_rng(5)):
        rows = np.concatenate(
            [
                np.repeat(np.flatnonzero(np.array(ours.groups) == name), n)
                for name, n in zip(names, weights, strict=True)
            ]
        )
        one, other = pick(ours, rows), pick(theirs, rows)
        gold = one.gold[:, 1]
        slow.append(brier(gold, one.probabilities[:, 1]) - brier(gold, other.probabilities[:, 1]))
    difference = compared(ours, theirs)[Aspect(BRIER, "caution")].difference
    assert (difference.low, difference.high) == pytest.approx(tuple(np.quantile(slow, [0.025, 0.975])))


def test_values_are_those_of_the_report(make):
    ours, report = make(), judge(make(), resamples=1)
    found = compared(ours, replace(ours, predicted=1 - ours.predicted))
    for name, scores in report.labels.items():
        assert found[Aspect(LABEL, name)].a == pytest.approx(scores.f1.value)
        assert found[Aspect(ECE, name)].a == pytest.approx(scores.ece)
        assert found[Aspect(BRIER, name)].a == pytest.approx(scores.brier)
    for source, scores in report.slices["source"].items():
        assert found[Aspect(SOURCE, source)].a == pytest.approx(scores.macro_f1)


def test_a_source_counts_its_own_documents_and_no_others(make):
    ours = make(400, documents=20)
    source = np.array(ours.slices["source"])
    worse = ours.predicted.copy()
    worse[source == "sotu"] = 1 - worse[source == "sotu"]
    found = compared(replace(ours, predicted=worse), ours, 400)
    inside, outside = found[Aspect(SOURCE, "sotu")], found[Aspect(SOURCE, "official")]
    assert inside.difference.high < 0 and inside.documents == len(
        {g for g, s in zip(ours.groups, source, strict=True) if s == "sotu"}
    )
    assert (outside.difference.value, outside.difference.low, outside.difference.high) == (0, 0, 0)


def test_a_label_without_gold_in_a_source_does_not_enter_its_mean(make):
    ours = make(400, documents=20)
    gold = ours.gold.copy()
    gold[np.array(ours.slices["source"]) == "sotu", 0] = 0
    ours = replace(ours, gold=gold)
    loud = ours.predicted.copy()
    loud[:, 0] = 1
    assert compared(ours, replace(ours, predicted=loud))[Aspect(SOURCE, "sotu")].difference.value == 0


def test_one_document_gives_figures_and_no_intervals(make):
    ours = make(50, documents=1)
    for one in compared(ours, replace(ours, predicted=1 - ours.predicted)).values():
        assert (one.difference.low, one.difference.high, one.p) == (None, None, 1)
