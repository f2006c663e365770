"""A learning curve of a tiny recipe, for the tests of curves and of what is shown of them."""

import yaml
from small import Listener

from pipeline.ground.paths import Project
from pipeline.ground.progress import Progress
from pipeline.judging.curve import Curve
from pipeline.tracking.store import Tracker
from pipeline.workflows.bench import open_bench
from pipeline.workflows.curve import run_curve
from pipeline.workflows.spec import load_spec

SPEC = {
    "kind": "learning-curve",
    "name": "grow",
    "question": "Do more documents help?",
    "hypothesis": "They do.",
    "recipes": ["words.yaml"],
    "seeds": [3, 4],
    "metric": "macro_f1",
    "stopping_rule": "once each",
    "shares": [0.4, 0.7, 1.0],
    "without": [],
    "expect": [10, 500],
    "publish": False,
}


def prepare_curve(root, listener=None, *, force=False, **changes):
    path = root / "experiments" / "grow.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(yaml.safe_dump(SPEC | changes))
    spec, recipes = load_spec(path, root / "models")
    return spec, recipes, open_bench(path, spec.name, Project(root), Tracker(root), listener or Progress(), force=force)


def grow(root, *, force=False, **changes) -> tuple[Curve, Listener]:
    listener = Listener()
    return run_curve(*prepare_curve(root, listener, force=force, **changes)), listener
