"""Lay out experiments: what there are, how far one has come, what it found."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from pipeline.ground.paths import Project, shown
from pipeline.judging.curve import Curve
from pipeline.reports.ablation import publish_ablation
from pipeline.reports.benchmark import publish_benchmark
from pipeline.reports.curve import publish_curve
from pipeline.reports.frontier import publish_frontier
from pipeline.reports.leaderboard import publish
from pipeline.reports.sweep import publish_sweep
from pipeline.workflows.ablation import Ablated, VariantStep
from pipeline.workflows.bench import Step
from pipeline.workflows.benchmark import Measured
from pipeline.workflows.benchmark_growth import GrowthStep
from pipeline.workflows.benchmark_spec import Benchmark
from pipeline.workflows.comparison import Compared
from pipeline.workflows.frontier import Charted, ModelStep
from pipeline.workflows.spec import BASE, Ablation, Comparison, Frontier, LearningCurve, Spec
from pipeline.workflows.survey import EXPERIMENTS
from pipeline.workflows.sweep import CHOSEN, Look, Swept, Turn
from pipeline.workflows.sweep_spec import Sweep

if TYPE_CHECKING:
    from pipeline.workflows.survey import Listed, Named, Progressed

LOOKS = {CHOSEN: "the best trial", BASE: "the recipe as it is"}  # what a sweep judges at its end


def publish_result(
    spec_path: Path, spec: Spec, result: Compared | Curve | Ablated | Charted | Measured | Swept, project: Project
) -> tuple[str, list[Path]]:
    """Write what an experiment found; return the table for the terminal and the files written."""
    if isinstance(result, Compared) and isinstance(spec, Comparison):
        return publish(spec_path, spec, result, project)
    if isinstance(result, Ablated) and isinstance(spec, Ablation):
        return publish_ablation(spec_path, spec, result, project)
    if isinstance(result, Curve) and isinstance(spec, LearningCurve):
        return publish_curve(spec_path, spec, result, project)
    if isinstance(result, Charted) and isinstance(spec, Frontier):
        return publish_frontier(spec_path, spec, result, project)
    if isinstance(result, Measured) and isinstance(spec, Benchmark):
        return publish_benchmark(spec_path, spec, result, project)
    if isinstance(result, Swept) and isinstance(spec, Sweep):
        return publish_sweep(spec_path, spec, result)
    raise TypeError(f"a {spec.kind} has found a {type(result).__name__}")


def listing(listed: "Sequence[Listed]") -> RenderableType:
    """List specifications: file, kind, what is run, and below it the question."""
    parts: list[RenderableType] = []
    for entry in listed:
        spec, name = entry.spec, Text(_file(entry.path), style="bold")
        if spec is None:
            head, said = Text.assemble(name, "  ", Text("faulty", style="red")), entry.fault
        else:
            head, said = Text.assemble(name, f"  {spec.kind}, {_sizes(spec)}"), spec.question
        parts += [head, Padding(Text(said), (0, 0, 1, 2))]
    return Group(*parts)


def _file(path: Path) -> str:
    """Name a specification, with its folder where that is one inside the folder of experiments."""
    return f"{path.parent.name}/{path.name}" if path.parent.parent.name == EXPERIMENTS else path.name


def _sizes(spec: Spec) -> str:
    if isinstance(spec, Benchmark):
        return f"{_count(len(spec.sections), 'section')}, {_count(spec.rounds, 'round')}"
    if isinstance(spec, Sweep):
        judged = _count(spec.folds, "fold") if spec.folds else "on validation"
        return f"{_count(len(spec.search), 'setting')}, {_count(spec.trials, 'trial')}, {judged}"
    if isinstance(spec, Frontier):
        return f"{_count(len(spec.models), 'model')}, {_count(spec.repeats, 'round')}"
    if isinstance(spec, Ablation):
        tried = f"{_count(len(spec.variants), 'variant')}, {_count(spec.folds, 'fold')}"
        return f"{tried}, {_count(len(spec.seeds), 'seed')}"
    return f"{_count(len(spec.recipes), 'recipe')}, {_count(len(spec.seeds), 'seed')}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + "s" * (number != 1)


def overview(path: Path, spec: Spec, progress: "Progressed") -> RenderableType:
    """Show what a specification asks, and which steps are done."""
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="bold")
    facts.add_column(overflow="fold")
    for name in ("question", "hypothesis", "stopping_rule", "metric"):
        if hasattr(spec, name):
            facts.add_row(name.replace("_", " "), Text(str(getattr(spec, name))))
    for name, value in _asked(spec):
        facts.add_row(name, Text(value))
    done, total = len(progress.done), len(progress.done) + len(progress.to_do)
    if isinstance(spec, Sweep):  # what it judges on test beside its trials is listed where it is to do
        done, total = sum(isinstance(one, Turn) for one in progress.done), spec.trials
    what = {"frontier": "models", "benchmark": "model and code", "sweep": "recipe, search"}.get(spec.kind, "recipes")
    steps = "trials" if isinstance(spec, Sweep) else "steps"
    facts.add_row("done", f"{done} of {total} {steps}, with {what}, labels and splits as they are now")
    for name, said in progress.notes.items():
        facts.add_row(name, Text(said))
    for name, kinds in _by_recipe(progress.to_do).items():
        facts.add_row("to do", Text(f"{name}: {'; '.join(kinds)}"))
    for name, reason in progress.absent.items():
        facts.add_row("left out", Text(f"{name}: {reason}"))
    return Group(Text(f"{spec.name} ({spec.kind})", style="bold"), Text(), facts, Text(_next(path, spec, progress)))


def _asked(spec: Spec) -> list[tuple[str, str]]:
    """List what is run, by the keys of the specification."""
    if isinstance(spec, Frontier):
        taken = [("leaderboard", spec.leaderboard)] if spec.leaderboard else []
        return [("models", ", ".join(spec.models)), *taken, ("repeats", str(spec.repeats))]
    if isinstance(spec, Benchmark):
        return [("model", spec.model), ("sections", ", ".join(spec.sections)), ("rounds", str(spec.rounds))]
    if isinstance(spec, Sweep):
        searched = [("search", f"{name}: {space}") for name, space in spec.search.items()]
        judged = (
            "judged on",
            f"{_count(spec.folds, 'fold')} of the training documents" if spec.folds else "validation",
        )
        return [("recipe", spec.recipe), *searched, judged, ("trials", str(spec.trials))]
    seeds = ("seeds", ", ".join(map(str, spec.seeds)))
    if isinstance(spec, Ablation):
        return [("recipe", spec.recipe), ("variants", ", ".join(spec.variants)), ("folds", str(spec.folds)), seeds]
    return [("recipes", ", ".join(spec.recipes)), seeds]


def _by_recipe(steps: "Sequence[Named]") -> dict[str, list[str]]:
    """Put steps of one recipe together, each kind with its seeds; of a variant, its folds."""
    seeds: dict[tuple[str, str], list[str]] = {}
    folds: dict[tuple[str, int], int] = {}
    found: dict[str, list[str]] = {}
    for step in steps:
        if isinstance(step, VariantStep):
            folds[step.variant, step.seed] = folds.get((step.variant, step.seed), 0) + 1
        elif isinstance(step, ModelStep):
            found.setdefault(step.model, []).append("answers on test")
        elif isinstance(step, GrowthStep):
            found.setdefault("growth", []).append(f"{step.size:,} sentences")
        elif isinstance(step, Turn):
            found["trials"] = [f"{sum(isinstance(one, Turn) for one in steps)} more"]
        elif isinstance(step, Look):
            found.setdefault("test", []).append(LOOKS[step.name])
        elif isinstance(step, Step):
            seeds.setdefault((step.recipe.name, step.kind), []).append(str(step.seed))
    for (name, kind), of in seeds.items():
        found.setdefault(name, []).append(f"{kind}, seed{'s' * (len(of) > 1)} {', '.join(of)}")
    for (variant, seed), number in folds.items():
        found.setdefault(variant, []).append(f"{_count(number, 'fold')}, seed {seed}")
    return found


def _next(path: Path, spec: Spec, progress: "Progressed") -> str:
    run = f"stance experiment run {shown(path)}"
    if isinstance(spec, Frontier):
        return f"\nnext: {run}; each run times all models anew"
    if isinstance(spec, Benchmark):
        return f"\nnext: {run}; each run measures all but the sizes of growth anew"
    return f"\nnext: {run}" if progress.to_do else f"\nnothing to do; `{run}` writes the tables again"
