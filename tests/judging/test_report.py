"""A report is complete, valid JSON, and flattens into columns that MLflow takes."""

import json
from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import f1_score

from pipeline.judging.errors_table import worst_errors
from pipeline.judging.report import flat_metrics, judge


def test_json_has_exactly_the_agreed_keys(make):
    value = judge(make(), resamples=50).as_dict()
    assert set(value) == {
        "macro_f1", "micro_f1", "exact_match", "labels", "sentences", "documents", "slices", "notes",
    }  # fmt: skip
    for name in ("macro_f1", "micro_f1", "exact_match"):
        assert set(value[name]) == {"value", "low", "high"}
    assert list(value["labels"]) == ["optimism", "caution", "recommendation"]
    for scores in value["labels"].values():
        assert set(scores) == {
            "precision", "recall", "f1", "f1_low", "f1_high", "average_precision", "brier", "ece", "support",
            "threshold",
        }  # fmt: skip
        assert all(type(number) in (int, float) for number in scores.values())
    assert (value["sentences"], value["documents"]) == (400, 20)


@pytest.mark.parametrize("case", ["plain", "exclusive", "one document", "no support", "nothing at all"])
def test_json_round_trip_without_nan(make, case):
    judged = make(100, documents=1 if case == "one document" else 10, exclusive=case == "exclusive")
    if case in ("no support", "nothing at all"):
        gold = judged.gold.copy()
        gold[:, :] = 0 if case == "nothing at all" else gold * [0, 1, 1]
        judged = replace(judged, gold=gold, predicted=gold)
    value = judge(judged, resamples=50).as_dict()
    assert json.loads(json.dumps(value, allow_nan=False)) == value


def test_a_label_without_support_counts_zero_and_is_named(make):
    judged = make()
    gold = judged.gold.copy()
    gold[:, 1] = 0
    report = judge(replace(judged, gold=gold), resamples=50)
    caution = report.labels["caution"]
    assert (caution.f1.value, caution.recall, caution.support, caution.average_precision) == (0, 0, 0, None)
    assert caution.f1.low is None
    others = [report.labels[name].f1.value for name in ("optimism", "recommendation")]
    assert report.macro_f1.value == pytest.approx(sum(others) / 3)
    assert any("caution: no sentence" in note for note in report.notes)
    assert not any("optimism" in note for note in report.notes)


def test_a_plain_report_has_no_notes(make):
    assert judge(make(), resamples=50).notes == ()


def test_one_document_is_noted(make):
    report = judge(make(50, documents=1))
    assert report.macro_f1.low is None
    assert any("one document: no interval" in note for note in report.notes)


def test_a_label_in_few_documents_is_noted(make):
    judged = make()
    gold = judged.gold.copy()
    gold[:, 0] &= np.isin(judged.groups, ["doc-01", "doc-02"])
    notes = judge(replace(judged, gold=gold), resamples=50).notes
    assert any("optimism" in note and "2 documents" in note for note in notes)


def test_the_order_of_sentences_does_not_matter(make, pick):
    judged = make(200)
    one, other = (
        flat_metrics(judge(each, resamples=100))
        for each in (judged, pick(judged, np.random.default_rng(1).permutation(200)))
    )
    assert list(one) == list(other)
    assert one == pytest.approx(other, abs=1e-12)


def test_slices_score_their_own_sentences(make, pick):
    judged = make()
    slices = judge(judged, resamples=50).slices["source"]
    assert list(slices) == ["crisis-group", "official", "sotu"]
    assert sum(part.n for part in slices.values()) == 400
    for value, part in slices.items():
        inside = pick(judged, np.flatnonzero(np.array(judged.slices["source"]) == value))
        assert part.documents == len(set(inside.groups))
        assert part.macro_f1 == pytest.approx(f1_score(inside.gold, inside.predicted, average="macro"))
        assert list(part.f1.values()) == pytest.approx(f1_score(inside.gold, inside.predicted, average=None))


def test_a_slice_averages_only_labels_that_occur_in_it(make):
    judged = make(4, documents=2)
    gold = np.array([[1, 0, 0], [1, 0, 0], [0, 0, 0], [0, 0, 0]])
    predicted = np.array([[1, 0, 1], [0, 0, 0], [0, 0, 0], [0, 0, 0]])
    judged = replace(judged, gold=gold, predicted=predicted, slices={"genre": ("a", "a", "b", "")})
    slices = judge(judged, resamples=50).slices["genre"]
    # Optimism 2/3; recommendation 0, for it is predicted; caution does not occur.
    assert slices["a"].macro_f1 == pytest.approx((2 / 3 + 0) / 2)
    assert slices["a"].f1["caution"] is None
    assert (slices["b"].n, slices["b"].macro_f1) == (1, None)
    assert list(slices) == ["a", "b"]


def test_flat_names_line_up_and_carry_the_figures(make):
    report = judge(make(), resamples=50)
    flat = flat_metrics(report, prefix="test_")
    assert all(name.startswith("test_") for name in flat)
    assert flat["test_macro_f1"] == report.macro_f1.value
    assert flat["test_exact_match_low"] == report.exact_match.low
    assert flat["test_f1_optimism"] == report.labels["optimism"].f1.value
    assert flat["test_ap_caution"] == report.labels["caution"].average_precision
    assert flat["test_source/sotu/macro_f1"] == report.slices["source"]["sotu"].macro_f1
    assert {f"test_{figure}_{label}" for figure in ("f1", "precision", "recall", "ap", "brier", "ece")
            for label in ("optimism", "caution", "recommendation")} <= set(flat)  # fmt: skip
    assert len(flat) == 9 + 18 + 3


def test_flat_metrics_leave_out_what_cannot_be_told(make):
    judged = make(50, documents=1)
    gold = np.zeros_like(judged.gold)
    flat = flat_metrics(judge(replace(judged, gold=gold)))
    assert "ap_optimism" not in flat
    assert "macro_f1_low" not in flat
    assert flat["macro_f1"] == 0


def test_mlflow_takes_every_name(make):
    from mlflow.utils.validation import _validate_metric_name

    awkward = (
        "../..",
        "..",
        ".",
        " . ",
        "",
        "a/b:c",
        "a\\b c",
        "Überblick",
        "100 %",
        "/",
        "x" * 300,
        "a-b-c",
        "a b\nc",
    )
    judged = make(200)
    values = tuple(awkward[number % len(awkward)] for number in range(200))
    flat = flat_metrics(judge(replace(judged, slices={"kind of/text?": values}), resamples=50))
    names = [name for name in flat if name.startswith("kind")]
    assert len(names) == len(set(names)) == len(set(awkward) - {""})
    for name in flat:
        _validate_metric_name(name)
        assert len(name) <= 250


def test_worst_errors_are_wrong_decisions_the_furthest_first(make):
    judged = make()
    rows = worst_errors(judged, most=10_000)
    assert len(rows) == (judged.gold != judged.predicted).sum()
    assert [row.distance for row in rows] == sorted((row.distance for row in rows), reverse=True)
    for row in rows:
        assert row.gold != row.predicted
        assert row.gold == (row.label in row.gold_labels)
        assert row.predicted == (row.label in row.predicted_labels)
        wrong_side = row.probability - row.threshold if row.predicted else row.threshold - row.probability
        assert row.distance == wrong_side >= 0
    assert worst_errors(judged, most=5) == rows[:5]
    assert worst_errors(judged, most=0) == []


def test_worst_error_by_hand(make):
    judged = replace(
        make(2, documents=2),
        gold=np.array([[1, 0, 0], [0, 0, 0]]),
        predicted=np.array([[0, 0, 0], [0, 1, 0]]),
        probabilities=np.array([[0.05, 0, 0], [0, 0.5, 0]]),
        groups=("a", "b"),
        texts=("Hope is near.", "War looms."),
        slices={"source": ("x", "y")},
    )
    first, second = worst_errors(judged)
    assert (first.document, first.label, first.text, first.slices) == (
        "a",
        "optimism",
        "Hope is near.",
        {"source": "x"},
    )
    assert first.distance == pytest.approx(0.30)
    assert (second.label, second.gold, second.predicted_labels) == ("caution", False, ("caution",))


def test_worst_errors_do_not_depend_on_the_order_of_sentences(make, pick):
    judged = replace(make(100), probabilities=np.full((100, 3), 0.5))
    assert worst_errors(judged) == worst_errors(pick(judged, np.arange(100)[::-1]))
    assert worst_errors(judged)


def test_exclusive_errors_name_the_wrong_class_once(make):
    judged = make(exclusive=True)
    rows = worst_errors(judged, most=10_000)
    assert len(rows) == (judged.gold != judged.predicted).any(axis=1).sum() > 0
    assert all(row.predicted and row.distance == row.probability and row.threshold is None for row in rows)
    assert all(row.predicted_labels == (row.label,) and row.gold_labels != (row.label,) for row in rows)
