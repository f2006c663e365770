"""An ablation of a tiny recipe, for the tests of ablations of learners that stand alone and of students."""

import yaml
from small import Listener

from pipeline.ground.paths import Project
from pipeline.tracking.store import Tracker
from pipeline.workflows.ablation import Ablated, run_ablation
from pipeline.workflows.bench import open_bench
from pipeline.workflows.spec import load_spec

SPEC = {
    "kind": "ablation",
    "question": "What is each setting worth?",
    "hypothesis": "Little.",
    "recipe": "words.yaml",
    "folds": 2,
    "seeds": [3],
    "metric": "macro-ap",
    "stopping_rule": "once on each fold",
    "variants": {"plain": {"class_weight": "none"}, "stiff": {"c": 0.001, "word_ngrams": [1, 1]}},
}


def prepare(root, listener=None, *, force=False, stem="try", **changes):
    path = root / "experiments" / f"{stem}.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(yaml.safe_dump(SPEC | changes, sort_keys=False))
    spec, recipes = load_spec(path, root / "models")
    bench = open_bench(path, spec.name, Project(root), Tracker(root), listener or Listener(), force=force)
    return spec, recipes, bench


def run(root, **changes) -> tuple[Ablated, list[str], Listener]:
    """Give what was found, the folds that were trained, and all that was said."""
    listener = Listener()
    found = run_ablation(*prepare(root, listener, **changes))
    words = [line.removeprefix("training ").split() for line in listener.said if line.startswith("training ")]
    return found, [f"{w[0].strip(',')} seed {w[2].strip(',')}, fold-{w[5]}-of-{w[7]}" for w in words], listener


def kept(root) -> dict:
    return {path: path.stat().st_mtime_ns for path in (root / "experiments" / "results" / "try").glob("*fold*")}
