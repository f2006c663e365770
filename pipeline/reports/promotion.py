"""Lay out a promotion line by line, and the champions in the order of time, for a terminal of 80 columns."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from pipeline.judging.gate import SIZE, SPEED, TOLERANCES, Line
from pipeline.judging.paired import ECE, SOURCE
from pipeline.judging.report import FEW_DOCUMENTS
from pipeline.reports.evaluation import Fitting
from pipeline.reports.models import STYLES
from pipeline.reports.tables import interval
from pipeline.workflows.promotion import title

if TYPE_CHECKING:
    from pipeline.tracking.registry import Version
    from pipeline.workflows.promotion import Trial

VERDICTS = {"better": "green", "holds": "", "regressed": "bold red", "excused": "yellow", "too few": "dim"}


def trial_table(trial: "Trial") -> RenderableType:
    """Show what the candidate was asked: by itself, then against the champion, criterion by criterion."""
    parts: list[RenderableType] = [_checks(trial)]
    if trial.champion is not None and (trial.lines or trial.incomparable):
        said = f"champion: version {trial.champion.number}, run {trial.champion.run_id[:8]}"
        parts += [Text(), Text(said)]
    if trial.lines:
        parts += [Text(), Fitting(_lines(trial.lines)), Text(), Text(_legend(trial), style="dim")]
    if trial.incomparable:
        parts += [Text(), Text(f"not compared: {trial.incomparable}")]
    return Group(*parts)


def _checks(trial: "Trial") -> Table:
    table = Table.grid(padding=(0, 2))
    for _ in range(2):
        table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for check in trial.checks:
        table.add_row(Text(check.state, style=STYLES[check.state]), check.what, Text(check.said))
    return table


def _lines(lines: Sequence[Line]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 1, 0, 0))
    table.add_column("criterion", overflow="fold")
    for head in ("champ.", "cand.", "difference [95 %]", "may lose"):
        table.add_column(head, justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    part = None
    for line in lines:
        if line.on != part:
            part = line.on
            table.add_row(Text(f"on {part}" if part else "cost", style="italic"))
        said = f"of {line.name}" if line.kind == SOURCE else title(line).removesuffix(f" on {line.on}")
        table.add_row(Text(f"  {said}"), *_figures(line), Text(line.verdict, style=VERDICTS[line.verdict]))
    return table


def _figures(line: Line) -> list[str]:
    if line.kind in (SIZE, SPEED):
        digits = 1 if line.kind == SIZE else 0
        ratio = f"× {interval(line.difference, 2)}"
        allowed = "free" if line.free else f"× {line.tolerance:g}"
        return [f"{line.champion:,.{digits}f}", f"{line.candidate:,.{digits}f}", ratio, allowed]
    figures = [f"{line.champion:.3f}", f"{line.candidate:.3f}"]
    return [*figures, interval(line.difference, sign=True), f"{line.tolerance:.3f}"]


def _legend(trial: "Trial") -> str:
    verdicts = {line.verdict for line in trial.lines}
    said = [
        "A line regressed if it loses more than it may and its interval leaves out 0. `of` a source: macro-F1 there."
        " A difference of ECE is without what chance adds to each.",
    ]
    if SIZE in {line.kind for line in trial.lines}:
        said.append(
            f"free: a size up to {TOLERANCES[SIZE].free:,.0f} MB, a speed from {TOLERANCES[SPEED].free:,.0f}"
            " sentences/s. Beyond that a size regressed by its ratio alone; speed, if it was slower in each of the"
            " alternating rounds: × seconds, the median and, in brackets, the quickest and the slowest round."
        )
    if "excused" in verdicts:
        said.append("excused: ECE grew, and the label's Brier score got better beyond doubt.")
    if "too few" in verdicts:
        said.append(f"too few: under {FEW_DOCUMENTS} documents stand behind it, and it is not counted.")
    if trial.looks is not None:
        said.append(f"These test sentences have now decided {trial.looks} time{'s' * (trial.looks != 1)}.")
    elif trial.champion is not None:
        said.append("Test stayed closed.")
    return "\n".join(said)


def verdict_line(line: Line) -> str:
    """Say in one line what regressed, by how much, and how much is allowed."""
    champion, candidate, difference, allowed = _figures(line)
    if line.kind in (SIZE, SPEED):
        limit = f"{TOLERANCES[line.kind].free:,.0f}"
        where = f"above {limit} MB" if line.kind == SIZE else f"under {limit} sentences/s"
        ratio = f"{difference} the size" if line.kind == SIZE else f"{difference} the seconds"
        return f"{title(line)}: {candidate}, the champion {champion}; {ratio}, and at most {allowed} is allowed {where}"
    may = f"at most {allowed} more is allowed" if line.kind == ECE else f"{allowed} may be lost"
    return f"{title(line)}: {candidate}, the champion {champion}; {difference}, and {may}"


def history_table(versions: Sequence["Version"]) -> RenderableType:
    """List promotions in the order of time; a star marks the champion of now."""
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 1, 0, 0))
    table.add_column("", no_wrap=True)
    for head in ("date", "run"):
        table.add_column(head, no_wrap=True)
    table.add_column("model", overflow="fold")
    table.add_column("macro-F1", no_wrap=True, justify="right")
    table.add_column("minus champion", no_wrap=True, justify="right")
    why = Table.grid(padding=(0, 1))
    why.add_column(no_wrap=True, justify="right")
    why.add_column(overflow="fold")
    for version in versions:
        tags, star = version.tags, "*" if version.champion else " "
        macro = tags.get("macro_f1", "–").partition(" ")[0]
        cells: list[Text | str] = [version.created[:10], version.run_id[:8], Text(tags.get("model_id", "–")), macro]
        table.add_row(f"{version.number}{star}", *cells, tags.get("delta_to_champion", "–"))
        why.add_row(f"{version.number}{star}", Text(_why(version)))
    return Group(table, Text(), why)


def _why(version: "Version") -> str:
    why = version.tags.get("why", "unknown")
    if not version.forced:
        return why
    return f"forced: {why} (overruled: {version.tags.get('overruled', 'unknown')})"
