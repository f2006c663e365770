"""Set up a tiny experiment: two halves of the tiny source, a floor, and words."""

import json

import yaml
from tiny import TFIDF, write_labels, write_recipe

from pipeline.ground.paths import Project
from pipeline.ground.progress import Progress
from pipeline.tracking.store import Tracker
from pipeline.workflows.comparison import Compared
from pipeline.workflows.experiment import run_experiment

SPEC = {
    "kind": "comparison",
    "name": "small",
    "question": "Do words beat the floor?",
    "hypothesis": "They do.",
    "recipes": ["floor.yaml", "words.yaml"],
    "seeds": [3],
    "metric": "macro_f1",
    "stopping_rule": "once each",
    "leave_one_source_out": True,
    "publish": True,
    "cross_validation": 3,
    "away_seeds": 1,
    "behaviour": False,
}


def split_source(labels):
    """Divide the tiny source in two: documents with even numbers, and with odd ones."""
    [source] = yaml.safe_load((labels / "sources.yaml").read_text())["sources"]
    halves = []
    for name, odd in (("even", 0), ("odd", 1)):
        half = {"name": name}
        for part in ("annotations", "documents"):
            lines = (labels / part / "tiny.jsonl").read_text().splitlines()
            kept = [line for line in lines if int(json.loads(line)["doc"].split("-")[1]) % 2 == odd]
            (labels / part / f"{name}.jsonl").write_text("\n".join(kept) + "\n")
            half[part] = f"{part}/{name}.jsonl"
        halves.append(source | half)
    (labels / "sources.yaml").write_text(yaml.safe_dump({"sources": halves}))


def set_up(root):
    split_source(write_labels(root / "labels"))
    write_recipe(root / "models" / "floor.yaml", {"kind": "prior"}, learn_from="validation")
    write_recipe(root / "models" / "words.yaml", TFIDF, learn_from="validation")
    (root / "experiments").mkdir()
    (root / "experiments" / "small.yaml").write_text(yaml.safe_dump(SPEC))
    (root / "README.md").write_text("# Tiny\n<!-- leaderboard:start -->\n<!-- leaderboard:end -->\n")
    return root


class Listener(Progress):
    """Keep what is said."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, message: str) -> None:
        self.said.append(message)

    def count(self, word: str) -> int:
        return sum(line.startswith(word) for line in self.said)

    @property
    def skipped(self) -> list[str]:
        return [line.removeprefix("skipping ").partition(":")[0] for line in self.said if "nothing changed" in line]


def compare(root, *, force: bool = False) -> tuple[Compared, list[str]]:
    listener = Listener()
    spec = root / "experiments" / "small.yaml"
    return run_experiment(spec, Project(root), Tracker(root), listener, force=force), listener.skipped


def run(root, *, force: bool = False):
    compared, skipped = compare(root, force=force)
    return list(compared.rows), skipped


def results(root) -> dict[str, float]:
    return {path.name: path.stat().st_mtime_ns for path in (root / "experiments" / "results" / "small").iterdir()}
