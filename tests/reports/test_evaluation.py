"""The terminal report says everything within 80 columns, without colour."""

import io
from dataclasses import replace

import numpy as np
import pytest
from rich.console import Console

from pipeline.decisions.review import Review
from pipeline.ground.codebook import Codebook
from pipeline.judging.errors_table import worst_errors
from pipeline.judging.records import Judged
from pipeline.judging.report import judge
from pipeline.judging.selective import selective_scores
from pipeline.reports.evaluation import SLICE_LABELS, error_list, report_table, review_table


def shown(what, width=80):
    stream = io.StringIO()
    Console(file=stream, width=width, color_system=None, highlight=False).print(what)
    return stream.getvalue()


def case(labels=("optimism", "caution", "recommendation"), documents=40):
    rng = np.random.default_rng(0)
    shape = (12_000, len(labels))
    probabilities = rng.random(shape)
    gold = (rng.random(shape) < probabilities).astype(np.int8)
    judged = Judged(
        gold=gold,
        probabilities=probabilities,
        predicted=(probabilities > 0.5).astype(np.int8),
        groups=tuple(f"d{n % documents}" for n in range(shape[0])),
        texts=tuple(f"[bold]Sentence[/bold] {n}." for n in range(shape[0])),
        labels=labels,
        thresholds=(0.5,) * len(labels),
        slices={"source": tuple("sotu" if n % 4 else "a-very-long-source-name-indeed" for n in range(shape[0]))},
    )
    book = Codebook(
        name="t",
        version="1.0.0",
        unit="sentence",
        choice="any",
        labels=[{"name": name, "short": name[:5], "definition": "…"} for name in labels],
    )
    return judged, judge(judged, resamples=50), book


def test_the_report_fits_and_says_it_all():
    _, report, book = case()
    text = shown(report_table(report, book))
    lines = text.splitlines()
    assert max(map(len, lines)) <= 80
    assert "12,000 sentences in 40 documents" in lines[0]
    assert "…" not in text  # nothing was cut
    for name in ("macro-F1", "micro-F1", "exact match", "source", "sotu"):
        assert sum(line.startswith(name) for line in lines) == 1, name
    row = next(line for line in lines if line.startswith("recommendation")).split()
    scores = report.labels["recommendation"]
    assert row[1:4] == [f"{scores.precision:.2f}", f"{scores.recall:.2f}", f"{scores.f1.value:.2f}"]
    assert row[4] == f"{scores.f1.low:.2f}–{scores.f1.high:.2f}"
    assert row[5:] == [
        f"{scores.average_precision:.2f}", f"{scores.brier:.3f}", f"{scores.ece:.3f}", str(scores.support), "0.50",
    ]  # fmt: skip
    assert f"{report.macro_f1.value:.3f}" in text


def test_slices_come_largest_first_and_can_be_left_out():
    _, report, book = case()
    text = shown(report_table(report, book))
    assert text.index("sotu") < text.index("a-very-long")
    assert "sotu" not in shown(report_table(report, book, slices=False))


@pytest.mark.parametrize("number", [4, 5, 8])
def test_many_labels_still_fit(number):
    _, report, book = case(tuple(f"a-rather-long-label-{letter}" for letter in "abcdefgh"[:number]))
    text = shown(report_table(report, book))
    assert max(map(len, text.splitlines())) <= 80
    assert "…" not in text
    assert text.count("F1 a-rat") == (number if number <= SLICE_LABELS else 0)  # rich drops what does not fit, silently


@pytest.mark.parametrize("width", [80, 60, 40])
def test_the_review_fits_and_says_promise_and_price(width):
    judged, _, book = case()
    review = Review(error=0.1, error_absent=(0.1,) * 3, lowest=(0.3,) * 3, highest=(0.7,) * 3)
    selective = selective_scores(judged, review, resamples=50)
    text = shown(review_table(selective, book), width)
    assert max(map(len, text.splitlines())) <= width
    words = " ".join(text.split())
    assert f"{1 - selective.kept:.0%} of the sentences are marked for review" in words
    scores = selective.labels["recommendation"]
    for number in (scores.carriers.value, 0.9, scores.others.value, scores.kept, scores.f1_kept.value):
        assert f"{number:.2f}" in text
    assert f"{scores.area:.3f}" in text and "promised" in text and "right or marked" in words


def test_the_review_of_an_exclusive_codebook_promises_once():
    judged, _, book = case()
    chances = judged.probabilities / judged.probabilities.sum(axis=1, keepdims=True)
    best = np.eye(3, dtype=np.int8)[chances.argmax(axis=1)]
    one = replace(judged, gold=best, predicted=best, probabilities=chances, thresholds=(None,) * 3, exclusive=True)
    review = Review(error=0.2, error_absent=None, lowest=(0.4,) * 3, highest=None)
    text = shown(review_table(selective_scores(one, review, resamples=50), book))
    assert text.count("promised") == 1 and "promised 0.80" in text and "carry it" not in text


def test_one_document_shows_a_dash_for_the_interval():
    _, report, book = case(documents=1)
    text = shown(report_table(report, book))
    assert "in 1 document\n" in text
    assert next(line for line in text.splitlines() if line.startswith("macro-F1")).endswith("–")


def test_errors_show_the_sentence_in_full_and_take_no_markup_from_it():
    judged, _, _ = case()
    worst = worst_errors(judged, 3)
    text = shown(error_list(worst))
    assert text.count("[bold]Sentence[/bold]") == 3
    assert f"probability {worst[0].probability:.2f}, cut 0.50" in text
    assert worst[0].document in text
    assert shown(error_list([])).strip() == "no wrong decision"


@pytest.mark.parametrize("width", [60, 40])
def test_a_narrow_terminal_gets_every_figure_stacked(width):
    _, report, book = case()
    text = shown(report_table(report, book), width)
    assert max(map(len, text.splitlines())) <= width
    for head in ("prec.", "recall", "95 % range", "AP", "Brier", "ECE", "gold", "cut"):
        assert text.count(f"{head} ") >= len(book.labels), head
    assert all(f"F1 {label.short} " in text for label in book.labels)
    assert all(str(report.labels[name].support) in text for name in book.names)


def test_square_brackets_in_a_slice_are_shown_as_they_are():
    judged, _, book = case()
    marked = replace(judged, slices={"so[/b]urce": judged.slices["source"]})
    assert "so[/b]urce" in shown(report_table(judge(marked, resamples=50), book))
