"""Train eight real runs on the real labels, and serve their store as `stance ui` does."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml
from browser.gate import Gate
from tiny import ROOT, apart

DEADLINE = 120
# MLflow's assistant opens over the page on a profile's first visit unless this is kept; frames may keep nothing.
CLOSED = "if (window === top) localStorage.setItem('mlflow.assistant.fab.autoOpenedOnFirstLoad_v1', 'true')"
# Each is a recipe of models/, decided on validation (one fit in place of six), with what differs in its learner.
RECIPES = {
    "prior": ("prior", {}),
    "rules": ("rules", {}),
    "tfidf": ("tfidf", {}),
    "tfidf-c1": ("tfidf", {"c": 1.0}),
    "tfidf-c16": ("tfidf", {"c": 16.0}),
    "tfidf-unweighted": ("tfidf", {"class_weight": "none"}),
    "tfidf-trigrams": ("tfidf", {"char_ngrams": [2, 3]}),
    "tfidf-words": ("tfidf", {"word_ngrams": [1, 1]}),
}


@dataclass(frozen=True, slots=True)
class Lab:
    """A project with eight tracked models."""

    root: Path
    uri: str
    runs: dict[str, str]

    def model(self, name: str) -> Path:
        return self.root / "models" / "trained" / name


def write_quick(folder: Path, name: str) -> Path:
    """Write a recipe that is decided on validation."""
    base, changes = RECIPES[name]
    recipe = yaml.safe_load((ROOT / "models" / f"{base}.yaml").read_text(encoding="utf-8"))
    recipe["name"] = name
    recipe["learner"] |= changes
    recipe["decisions"]["learn_from"] = "validation"
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(recipe, sort_keys=False), encoding="utf-8")
    return path


def train_eight(root: Path) -> Lab:
    """Train all of `RECIPES` on the labels of this checkout, tracked in a store of their own; some 40 seconds."""
    from pipeline.tracking.store import Tracker
    from pipeline.workflows.training import Order, train

    (root / "models").mkdir(parents=True)
    (root / "labels").symlink_to(ROOT / "labels")
    tracker, runs = Tracker(root), {}
    for name in RECIPES:
        order = Order(write_quick(root / "models", name), root / "labels", root / "models" / "trained" / name)
        runs[name] = train(order, tracker).run_id
    return Lab(root, tracker.uri, runs)


@contextmanager
def served(root: Path, gate: Gate) -> Iterator[str]:
    """Run `stance ui` on a free port, its way out ending at the gate; always end it with its workers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address, log = f"http://127.0.0.1:{port}", root / "ui.log"
    command = [sys.executable, "-m", "pipeline", "ui", "--port", str(port)]
    # That telemetry is off must be the command's own doing, and not that of the suite's environment.
    off = ("MLFLOW_DISABLE_TELEMETRY", "DO_NOT_TRACK")
    environment = {key: value for key, value in apart(**gate.environment).items() if key not in off}
    with log.open("w") as out:
        server = subprocess.Popen(command, cwd=root, env=environment, stdout=out, stderr=out, start_new_session=True)
    try:
        _wait_for(f"{address}/health", server, log)
        yield address
    finally:
        os.killpg(server.pid, signal.SIGINT)
        try:
            server.wait(timeout=15)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()


def _wait_for(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end and server.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=5):  # noqa: S310 - our own loopback
                return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.3)
    raise AssertionError(f"no answer from {address}:\n{log.read_text()}")
