"""Set up a tiny sweep of a recipe of words, run it, and read what it left."""

import csv

import yaml
from mlflow import MlflowClient
from small import Listener

from pipeline.ground.paths import Project
from pipeline.tracking.store import Tracker
from pipeline.workflows.experiment import run_experiment
from pipeline.workflows.sweep import Swept

SPEC = {
    "kind": "sweep",
    "question": "Which penalty suits words?",
    "hypothesis": "A weak one.",
    "stopping_rule": "six trials",
    "recipe": "words.yaml",
    "metric": "macro_ap",
    "folds": 3,
    "trials": 6,
    "random_trials": 3,
    "prune_after": None,
    "seed": 5,
    "search": {
        "learner.c": {"low": 0.01, "high": 100.0, "log": True},
        "learner.min_count": {"low": 1, "high": 3},
        "learner.word_ngrams": {"choices": [[1, 1], [1, 2]]},
    },
}
DRAWN = ("trial", "state", "macro_ap", "learner.c", "learner.min_count", "learner.word_ngrams")


def write_sweep(root, **changes):
    path = root / "experiments" / "try.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(yaml.safe_dump(SPEC | changes, sort_keys=False))
    return path


def sweep(root, *, force=False, **changes) -> tuple[Swept, list[str]]:
    """Run a sweep; give what was found, and all that was said."""
    listener = Listener()
    path = write_sweep(root, **changes)
    return run_experiment(path, Project(root), Tracker(root), listener, force=force), listener.said


def drawn(swept: Swept) -> list[tuple]:
    """Give what must not hang on when and how often a sweep was stopped."""
    return [(one.number, one.state, one.settings, one.values, one.value) for one in swept.trials]


def table(root) -> list[dict[str, str]]:
    return list(csv.DictReader((root / "experiments" / "try.csv").read_text().splitlines()))


def runs(root):
    """List the MLflow runs of the sweep, the first begun first."""
    client = MlflowClient(tracking_uri=f"sqlite:///{root / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("try")
    return client.search_runs([experiment.experiment_id], order_by=["attributes.start_time ASC"]), client
