"""The table of a promotion contradicts neither its legend nor the gate."""

from types import SimpleNamespace

import pytest
from rich.console import Console

from pipeline.ground.records import Estimate
from pipeline.judging.gate import Line, judge_paired, judge_size, judge_speed
from pipeline.judging.paired import ECE, LABEL, Aspect, Paired
from pipeline.reports.promotion import trial_table, verdict_line


def shown(*lines, **changes):
    champion = SimpleNamespace(number=1, run_id="0123456789abcdef")
    trial = SimpleNamespace(checks=[], champion=champion, lines=list(lines), looks=None, incomparable="")
    console = Console(width=80)
    with console.capture() as captured:
        console.print(trial_table(SimpleNamespace(**vars(trial) | changes)))
    return captured.get()


def row(out, name):
    [line] = [line for line in out.splitlines() if line.startswith(f"  {name} ")]
    return line.split()


def test_a_cost_that_nobody_counts_is_free_and_the_legend_says_from_where():
    out = shown(judge_size(4.0, 9.9), judge_speed([0.01], [0.09], 100))
    assert row(out, "size, MB")[2:] == ["4.0", "9.9", "×", "2.48", "free", "holds"]
    assert row(out, "sentences/s")[-2:] == ["free", "holds"]
    legend = " ".join(out.split())
    assert "free: a size up to 10 MB, a speed from 1,000 sentences/s." in legend
    assert "a size regressed by its ratio alone" in legend and "the quickest and the slowest round" in legend


def test_a_cost_that_counts_shows_what_is_allowed():
    out = shown(judge_size(10.0, 20.0), judge_speed([1.0, 1.0], [2.0, 2.2], 100))
    assert row(out, "size, MB")[-3:] == ["×", "1.25", "regressed"]
    assert row(out, "sentences/s")[-3:] == ["×", "1.25", "regressed"]


def test_a_legend_without_costs_does_not_speak_of_them():
    line = Line(LABEL, "hawk", "validation", 0.5, 0.5, Estimate(0.0, -0.1, 0.1), "holds")
    assert "sentences/s" not in shown(line)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            judge_size(100, 126),
            "size, MB: 126.0, the champion 100.0; × 1.26 the size, and at most × 1.25 is allowed above 10 MB",
        ),
        (
            judge_speed([1.0, 1.0], [2.0, 2.0], 100),
            "sentences/s: 50, the champion 100; × 2.00 [2.00, 2.00] the seconds, and at most × 1.25 is allowed under"
            " 1,000 sentences/s",
        ),
        (
            judge_paired([Paired(Aspect(ECE, "hawk"), 0.06, 0.03, Estimate(0.03, 0.01, 0.04), 0.01, 20)], "test")[0],
            "ECE hawk on test: 0.060, the champion 0.030; +0.030 [+0.010, +0.040], and at most 0.010 more is allowed",
        ),
        (
            judge_paired([Paired(Aspect(LABEL, "hawk"), 0.4, 0.5, Estimate(-0.1, -0.2, -0.05), 0.01, 20)], "test")[0],
            "F1 hawk on test: 0.400, the champion 0.500; -0.100 [-0.200, -0.050], and 0.020 may be lost",
        ),
    ],
)
def test_a_reason_says_what_is_allowed_of_its_kind(line, said):
    assert line.verdict == "regressed" and verdict_line(line) == said


def test_a_comparison_that_could_not_be_made_is_shown():
    out = shown(incomparable="run x has another codebook than the champion")
    assert "champion: version 1, run 01234567" in out
    assert "not compared: run x has another codebook than the champion" in out and "criterion" not in out
    assert "not compared" not in shown(judge_size(4.0, 9.9))
