"""Fixtures: a tiny labels folder, a two-layer random BERT, a project of one's own, the command."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tiny import DATA, finetuned_learner, save_encoder, write_labels, write_recipe

if TYPE_CHECKING:
    from pipeline.workflows.training import Trained

if worker := os.environ.get("PYTEST_XDIST_WORKER"):  # two trainings on the same cores would wait for each other
    first, step = int(worker.removeprefix("gw")), int(os.environ["PYTEST_XDIST_WORKER_COUNT"])
    if own := sorted(os.sched_getaffinity(0))[first::step]:
        os.sched_setaffinity(0, own)
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("DO_NOT_TRACK", "true")


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    """Make a labels folder where any subset of hawk and dove is allowed."""
    return write_labels(tmp_path / "labels")


@pytest.fixture(scope="session")
def encoder_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a two-layer random BERT with a word-piece tokenizer of the tiny sentences' words.

    The pieces are kept: tokenizers' trainer breaks ties at random, and no two runs would have the same encoder.
    """
    from transformers import BertTokenizerFast

    folder = tmp_path_factory.mktemp("encoder")
    (folder / "vocab.txt").write_text((DATA / "pieces.txt").read_text(encoding="utf-8"), encoding="utf-8")
    save_encoder(folder, BertTokenizerFast(vocab=str(folder / "vocab.txt")), seed=0, width=32, layers=2)
    return folder


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a project of one's own, with a TF-IDF recipe and no store from elsewhere."""
    write_labels(tmp_path / "labels")
    write_recipe(tmp_path / "models" / "tiny.yaml")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.delenv("STANCE_TEXTS", raising=False)
    return tmp_path


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a project with two sources and the specification of a tiny comparison, `experiments/small.yaml`."""
    from small import set_up

    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.chdir(tmp_path)
    return set_up(tmp_path)


@pytest.fixture
def stance(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Run `stance` in this process; return exit code, stdout and stderr."""
    from pipeline.cli.app import main

    def run(*arguments: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        return int(ended.value.code or 0), out, err

    return run


@dataclass(frozen=True, slots=True)
class Workshop:
    """A project with two models trained once, for tests that only read: words, and a tiny fine-tuned encoder."""

    root: Path
    tiny: "Trained"
    small: "Trained"
    uri: str


@pytest.fixture(scope="session")
def workshop(tmp_path_factory: pytest.TempPathFactory, encoder_folder: Path) -> Workshop:
    """Train `tiny` (TF-IDF) and `small` (fine-tuned) on a real sqlite store; copy what you mean to change."""
    root = tmp_path_factory.mktemp("workshop")
    from pipeline.tracking.store import Tracker
    from pipeline.workflows.training import Order, train

    labels = write_labels(root / "labels")
    learner = finetuned_learner(encoder_folder, epochs=8, patience=8)
    recipes = {
        "tiny": write_recipe(root / "models" / "tiny.yaml"),
        "small": write_recipe(root / "models" / "small.yaml", learner, learn_from="validation"),
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        tracker = Tracker(root)
        models = {
            name: train(Order(path, labels, root / "models" / "trained" / name), tracker)
            for name, path in recipes.items()
        }
    return Workshop(root, models["tiny"], models["small"], tracker.uri)
