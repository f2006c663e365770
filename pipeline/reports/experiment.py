"""Lay out experiments: what there are, how far one has come, what it found."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from pipeline.ground.paths import Project, shown
from pipeline.judging.curve import Curve
from pipeline.reports.curve import publish_curve
from pipeline.reports.leaderboard import publish
from pipeline.workflows.comparison import Compared
from pipeline.workflows.spec import LearningCurve, Spec

if TYPE_CHECKING:
    from pipeline.workflows.survey import Listed, Progressed


def publish_result(spec_path: Path, spec: Spec, result: Compared | Curve, project: Project) -> tuple[str, list[Path]]:
    """Write what an experiment found; return the table for the terminal and the files written."""
    if isinstance(result, Compared) and not isinstance(spec, LearningCurve):
        return publish(spec_path, spec, result, project)
    if isinstance(result, Curve) and isinstance(spec, LearningCurve):
        return publish_curve(spec_path, result, project)
    raise TypeError(f"a {spec.kind} has found a {type(result).__name__}")


def listing(listed: "Sequence[Listed]") -> RenderableType:
    """List specifications: file, kind, what is run, and the question."""
    table = Table(box=None, pad_edge=False, header_style="bold", show_lines=False)
    for head in ("file", "kind", "recipes", "seeds", "question"):
        table.add_column(head, overflow="fold", ratio=1 if head == "question" else None)
    for entry in listed:
        if entry.spec is None:
            table.add_row(Text(entry.path.name), Text("faulty", style="red"), "", "", Text(entry.fault))
        else:
            spec = entry.spec
            sizes = (str(len(spec.recipes)), str(len(spec.seeds)))
            table.add_row(Text(entry.path.name), spec.kind, *sizes, Text(spec.question))
    return table


def overview(path: Path, spec: Spec, progress: "Progressed") -> RenderableType:
    """Show what a specification asks, and which steps are done."""
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="bold")
    facts.add_column(overflow="fold")
    for name in ("question", "hypothesis", "stopping_rule", "metric"):
        facts.add_row(name.replace("_", " "), Text(str(getattr(spec, name))))
    facts.add_row("recipes", Text(", ".join(spec.recipes)))
    facts.add_row("seeds", ", ".join(map(str, spec.seeds)))
    total = len(progress.done) + len(progress.to_do)
    facts.add_row("done", f"{len(progress.done)} of {total} steps, with recipes, labels and splits as they are now")
    lines = [Text(f"  to do: {step.name}") for step in progress.to_do]
    return Group(Text(f"{spec.name} ({spec.kind})", style="bold"), Text(), facts, *lines, Text(_next(path, progress)))


def _next(path: Path, progress: "Progressed") -> str:
    run = f"stance experiment run {shown(path)}"
    return f"\nnext: {run}" if progress.to_do else f"\nnothing to do; `{run}` writes the tables again"
