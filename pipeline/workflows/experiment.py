"""Run an experiment of either kind: a comparison of recipes, or a learning curve."""

from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.ground.paths import Project
from pipeline.ground.progress import Progress
from pipeline.tracking.store import Tracker
from pipeline.workflows.bench import open_bench
from pipeline.workflows.comparison import Compared, run_comparison
from pipeline.workflows.curve import run_curve
from pipeline.workflows.spec import LearningCurve, load_spec

if TYPE_CHECKING:
    from pipeline.judging.curve import Curve


def run_experiment(
    spec_path: Path, project: Project, tracker: Tracker, progress: Progress, *, force: bool = False
) -> "Compared | Curve":
    """Answer a specification's question; a killed experiment goes on where it stopped.

    Raises:
        StanceError: specification, labels, an encoder or the store are at fault; the message says which and where.
    """
    spec, recipes = load_spec(spec_path, project.models)
    bench = open_bench(spec_path, spec.name, project, tracker, progress, force=force)
    if isinstance(spec, LearningCurve):
        return run_curve(spec, recipes, bench)
    return run_comparison(spec, recipes, bench)
