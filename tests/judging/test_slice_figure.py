"""Slices are drawn in an order that reads, whatever is missing from them; epochs say which was best."""

import io
from dataclasses import replace

import pytest

from pipeline.judging.epoch_figure import best_epoch, epoch_curves
from pipeline.judging.lengths import ORDER, length_of
from pipeline.judging.records import SliceScores
from pipeline.judging.report import judge
from pipeline.judging.slice_figure import MOST, error_slices, shown_rows


def drawn(figure) -> bytes:
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=40)  # warnings are errors: nothing may collapse
    return stream.getvalue()


def scores(macro_f1: float | None, n: int = 5) -> SliceScores:
    return SliceScores(n, 2, macro_f1, {"a": macro_f1})


def test_lengths_go_from_short_to_long_and_others_from_best_to_worst():
    lengths = {name: scores(0.5) for name in sorted(ORDER)}
    assert [name for name, _ in shown_rows(lengths)] == list(ORDER)
    sources = {"none": scores(None), "weak": scores(0.2), "strong": scores(0.9), "nil": scores(0.0)}
    assert [name for name, _ in shown_rows(sources)] == ["strong", "weak", "nil", "none"]


def test_of_many_values_those_of_the_most_sentences_are_shown():
    many = {f"source {number:02}": scores(0.5, n=number) for number in range(1, 40)}
    shown = {name for name, _ in shown_rows(many)}
    assert shown == {f"source {number:02}" for number in range(40 - MOST, 40)}


@pytest.mark.parametrize("exclusive", [False, True])
@pytest.mark.parametrize("lost", [None, 0, 1])
def test_a_mark_stands_for_each_label_that_occurs(make, exclusive, lost):
    judged = make(60, 6, exclusive=exclusive)
    if lost is not None and not exclusive:
        gold = judged.gold.copy()
        gold[:, lost] = 0
        judged = replace(judged, gold=gold, predicted=gold)
    judged = replace(judged, slices=judged.slices | {"length": tuple(map(length_of, judged.texts))})
    report = judge(judged, resamples=10)
    figure = error_slices(report.slices, judged.labels)
    assert drawn(figure).startswith(b"\x89PNG")
    for axes, values in zip(figure.axes, report.slices.values(), strict=True):
        for line, label in zip(axes.lines, judged.labels, strict=True):
            expected = [row.f1[label] for _, row in shown_rows(values) if row.f1[label] is not None]
            assert list(line.get_xdata()) == expected
        assert [tick.get_text() for tick in axes.get_yticklabels()] == [
            f"{name}  ({row.n})" for name, row in shown_rows(values)
        ]


def test_nothing_is_drawn_of_nothing():
    assert error_slices({}, ("a",)) is None and error_slices({"source": {}}, ("a",)) is None
    assert epoch_curves([]) is None and epoch_curves([{"epoch_seconds": 2.0}]) is None
    assert best_epoch([], "val_macro_ap") is None


def test_epochs_mark_the_lowest_loss_and_the_highest_precision():
    history = [
        {"train_loss": 0.9, "val_macro_ap": 0.3, "epoch_seconds": 1.0},
        {"train_loss": 0.2, "val_macro_ap": 0.8, "epoch_seconds": 1.0},
        {"train_loss": 0.4, "val_macro_ap": 0.5, "epoch_seconds": 1.0},
    ]
    figure = epoch_curves(history)
    assert drawn(figure) and [axes.get_title(loc="left") for axes in figure.axes] == [
        "training loss",
        "macro average precision on validation",
    ]
    assert [axes.texts[0].get_text() for axes in figure.axes] == ["0.200", "0.800"]
    assert best_epoch(history, "val_macro_ap") == (2, 0.8)
    assert drawn(epoch_curves(history[:1]))
