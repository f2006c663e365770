"""Run an experiment of any kind, or say how far it has come."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.ground.paths import Project
from pipeline.ground.progress import Progress
from pipeline.learning.recipes import Recipe
from pipeline.tracking.store import Tracker
from pipeline.workflows.ablation import Ablated, ablation_steps, run_ablation
from pipeline.workflows.bench import Bench, Piece, open_bench
from pipeline.workflows.benchmark import Measured, benchmark_steps, run_benchmark
from pipeline.workflows.benchmark_spec import Benchmark
from pipeline.workflows.comparison import Compared, comparison_steps, run_comparison
from pipeline.workflows.curve import curve_steps, run_curve
from pipeline.workflows.frontier import Charted, absent_models, frontier_steps, run_frontier
from pipeline.workflows.notes import experiment_note, headline
from pipeline.workflows.spec import Ablation, Comparison, Frontier, LearningCurve, Spec, Trial, load_spec
from pipeline.workflows.survey import Progressed
from pipeline.workflows.sweep import Swept, run_sweep, sweep_progress
from pipeline.workflows.sweep_spec import Sweep

if TYPE_CHECKING:
    from pipeline.judging.curve import Curve


def run_experiment(
    spec_path: Path, project: Project, tracker: Tracker, progress: Progress, *, force: bool = False
) -> "Compared | Curve | Ablated | Charted | Measured | Swept":
    """Answer a specification's question; a killed experiment goes on where it stopped.

    Raises:
        StanceError: specification, labels, an encoder or the store are at fault; the message says which and where.
    """
    spec, recipes = load_spec(spec_path, project.models)
    bench = open_bench(spec_path, spec.name, project, tracker, progress, force=force)
    if isinstance(spec, Trial):
        tracker.present(spec.name, headline(bench.corpus.codebook), experiment_note(spec))
    if isinstance(spec, LearningCurve):
        return run_curve(spec, recipes, bench)
    if isinstance(spec, Ablation):
        return run_ablation(spec, recipes, bench)
    if isinstance(spec, Frontier):
        return run_frontier(spec, bench)
    if isinstance(spec, Benchmark):
        return run_benchmark(spec, bench)
    if isinstance(spec, Sweep):
        return run_sweep(spec, recipes, bench)
    return run_comparison(spec, recipes, bench)


def progress_of(spec: Spec, recipes: dict[str, Recipe], bench: Bench) -> Progressed:
    """Tell which steps of an experiment would be skipped if it ran now."""
    if isinstance(spec, Sweep):
        return sweep_progress(spec, recipes, bench)
    steps = _steps_of(spec, recipes, bench)
    kept = [bench.kept(step) is not None for step in steps]
    done = tuple(step for step, there in zip(steps, kept, strict=True) if there)
    to_do = tuple(step for step, there in zip(steps, kept, strict=True) if not there)
    return Progressed(done, to_do, absent_models(spec, bench.project) if isinstance(spec, Frontier) else {})


def _steps_of(
    spec: Comparison | LearningCurve | Ablation | Frontier | Benchmark, recipes: dict[str, Recipe], bench: Bench
) -> Sequence[Piece]:
    if isinstance(spec, LearningCurve):
        return curve_steps(spec, recipes, bench)
    if isinstance(spec, Ablation):
        return ablation_steps(spec, recipes, bench)
    if isinstance(spec, Frontier):
        return frontier_steps(spec, bench)
    if isinstance(spec, Benchmark):
        return benchmark_steps(spec, bench)
    return comparison_steps(spec, recipes, bench)
