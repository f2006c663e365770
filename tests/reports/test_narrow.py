"""On a narrow terminal no name and no figure of a comparison is lost."""

import io

import pytest
from rich.console import Console
from rich.text import Text
from side_by_side import book, compared, record

from pipeline.ground.records import Estimate
from pipeline.judging.gate import judge_paired, judge_size, judge_speed
from pipeline.judging.paired import LABEL, MACRO, SOURCE, Aspect, Paired
from pipeline.reports.comparison_of_runs import runs_table
from pipeline.reports.evaluation import Fitting
from pipeline.reports.promotion import trial_table
from pipeline.tracking.registry import Version
from pipeline.workflows.promotion import Trial


def shown(what, width) -> str:
    stream = io.StringIO()
    Console(file=stream, width=width, color_system=None, highlight=False).print(what)
    text = stream.getvalue()
    assert max(map(len, text.splitlines())) <= width and "…" not in text
    return text


@pytest.mark.parametrize("width", [80, 60, 40])
def test_runs_keep_their_names_and_figures(width):
    text = shown(runs_table(compared(), book()), width)
    for name in ("words", "other"):
        assert len([line for line in text.splitlines() if name in line]) >= 3, text  # worth, costs and ids
    words = " ".join(text.split())
    for figure in ("0.756 [0.730, 0.784]", "+0.051 [+0.020, +0.080]", "better", "0.061", "12,345", "97.5", "1234"):
        assert figure in words, figure


def lines():
    aspects = [(MACRO, ""), (LABEL, "recommendation"), (SOURCE, "crisis-group")]
    paired = [Paired(Aspect(*one), 0.4, 0.6, Estimate(-0.2, -0.3, -0.1), 0.001, 20) for one in aspects]
    return [*judge_paired(paired, "validation"), judge_size(4.0, 9.9), judge_speed([1.0, 1.1], [1.2, 1.3], 100)]


@pytest.mark.parametrize("width", [80, 60, 40])
def test_a_promotion_keeps_its_criteria_and_figures(width):
    champion = Version("camps", 1, "a" * 32, "2026-01-01", {}, True)
    text = shown(trial_table(Trial("camps", record("words"), champion, lines=lines())), width)
    words = " ".join(text.split())
    for said in ("on validation", "macro-F1", "F1 recommendation", "of crisis-group", "cost"):
        assert said in words, said
    assert words.count("-0.200 [-0.300, -0.100]") == 3 and words.count("regressed") >= 3


def test_stacked_cells_keep_their_style_and_empty_ones_are_left_out():
    from rich.table import Table

    table = Table("run", "verdict", "x" * 30)
    table.add_row("a", Text("worse", style="bold red"), "")
    stream = io.StringIO()
    Console(file=stream, width=30, force_terminal=True, color_system="standard", highlight=False).print(Fitting(table))
    assert "\x1b[1;31mworse" in stream.getvalue() and "x" * 9 not in stream.getvalue()
