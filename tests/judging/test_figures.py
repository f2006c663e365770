"""Figures are complete and quiet; warnings are errors here, so a warning fails every test below."""

import io
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from pipeline.judging.figure_style import PALETTE, arrange
from pipeline.judging.figures import all_figures, confusion, precision_recall, reliability, threshold_curves


def render(figure):
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=60)
    assert buffer.getvalue().startswith(b"\x89PNG")
    return len(buffer.getvalue())


def cases(make):
    plain = make(200)
    gold = plain.gold.copy()
    gold[:, 1] = 0
    none = np.zeros_like(plain.gold)
    return {
        "plain": plain,
        "exclusive": make(200, exclusive=True),
        "no support": replace(plain, gold=gold),
        "nothing gold or predicted": replace(plain, gold=none, predicted=none),
        "certain": replace(plain, probabilities=plain.gold.astype(float), predicted=plain.gold),
        "two sentences": make(2, documents=2),
    }


@pytest.mark.parametrize(
    "case", ["plain", "exclusive", "no support", "nothing gold or predicted", "certain", "two sentences"]
)
def test_every_figure_renders_and_labels_its_axes(make, case):
    judged = cases(make)[case]
    figures = all_figures(judged)
    assert set(figures) == {"precision_recall.png", "reliability.png", "threshold_curves.png", "confusion.png"}
    number = {"precision_recall.png": 1, "reliability.png": 6, "threshold_curves.png": 3, "confusion.png": 3}
    if judged.exclusive:
        number["confusion.png"] = 1
    for name, figure in figures.items():
        assert len(figure.axes) == number[name]
        assert render(figure) > 3_000
        left_out = {"reliability.png": "panels share the outer labels"}
        if name not in left_out:
            assert all(axes.get_xlabel() and axes.get_ylabel() and axes.get_title(loc="left") for axes in figure.axes)


def test_reliability_labels_the_outer_axes_and_counts_every_sentence(make):
    figure = reliability(make(200))
    uppers, lowers = figure.axes[::2], figure.axes[1::2]
    assert uppers[0].get_ylabel() == "observed frequency"
    assert all(axes.get_xlabel() == "predicted probability" for axes in lowers)
    assert all("ECE" in axes.get_title(loc="left") for axes in uppers)
    for axes in lowers:
        assert sum(bar.get_height() for bar in axes.patches) == 200


def test_precision_recall_names_each_label_and_marks_the_decisions(make):
    judged = make(200)
    figure = precision_recall(judged)
    names = [text.get_text() for text in figure.legends[0].get_texts()]
    assert [name.split(":")[0] for name in names] == [*judged.labels, "decisions taken"]
    dots = [line for line in figure.axes[0].lines if line.get_marker() == "o" and len(line.get_xdata())]
    assert len(dots) == 3
    hits = (judged.gold & judged.predicted).sum(axis=0) / judged.gold.sum(axis=0)
    assert [dot.get_xdata()[0] for dot in dots] == pytest.approx(hits)


def test_threshold_curves_pass_through_the_figures_at_the_chosen_threshold(make):
    judged = make(300)
    figure = threshold_curves(judged)
    for column, axes in enumerate(figure.axes):
        lines = {line.get_label(): line for line in axes.lines}
        assert lines["chosen threshold"].get_xdata()[0] == judged.thresholds[column]
        at = np.flatnonzero(np.isclose(lines["recall"].get_xdata(), judged.thresholds[column]))
        assert len(at) == 1
        gold, predicted = judged.gold[:, column], judged.predicted[:, column]
        assert lines["recall"].get_ydata()[at[0]] == pytest.approx((gold & predicted).sum() / gold.sum())
        assert lines["precision"].get_ydata()[at[0]] == pytest.approx((gold & predicted).sum() / predicted.sum())


def test_confusion_shows_every_sentence(make):
    for axes in confusion(make(200)).axes:
        shown = [int(text.get_text().split("\n")[0]) for text in axes.texts]
        assert len(shown) == 4
        assert sum(shown) == 200
    judged = make(200, exclusive=True)
    texts = confusion(judged).axes[0].texts
    assert len(texts) == 9
    right = int((judged.gold & judged.predicted).sum())
    assert sum(int(texts[place].get_text().split("\n")[0]) for place in (0, 4, 8)) == right


def test_many_labels_wrap_into_rows(make):
    judged = make(100)
    wide = replace(
        judged,
        **{name: np.hstack([getattr(judged, name)] * 3) for name in ("gold", "probabilities", "predicted")},
        labels=tuple(f"label-{letter}" for letter in "abcdefghi"),
        thresholds=(0.5,) * 9,
    )
    for name, figure in all_figures(wide).items():
        assert render(figure) > 3_000, name
        assert figure.get_size_inches()[0] <= 20
    styles = {(line.get_color(), line.get_linestyle()) for line in precision_recall(wide).axes[0].lines[4:]}
    assert len(styles) >= 9 > len(PALETTE)


def test_panels_leave_few_gaps():
    assert [arrange(number) for number in (1, 3, 4, 5, 6, 8, 9)] == [
        (1, 1), (3, 1), (4, 1), (3, 2), (3, 2), (4, 2), (3, 3),
    ]  # fmt: skip


def test_figures_leave_pyplot_alone():
    code = (
        "import sys, numpy as np\n"
        "from pipeline.judging.records import Judged\n"
        "from pipeline.judging.figures import all_figures\n"
        "assert not {'matplotlib', 'sklearn', 'scipy'} & set(sys.modules), 'heavy imports at the top'\n"
        "one = np.array([[1, 0], [0, 1]])\n"
        "figures = all_figures(Judged(one, one * 0.5, one, ('a', 'b'), ('x', 'y'), ('p', 'q'), (0.5, 0.5)))\n"
        "assert len(figures) == 4\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
