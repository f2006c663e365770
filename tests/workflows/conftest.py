"""What the tests of workflows share: a store made once, a project of two sources, one with a model by rows."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from requantising import ROWS, STATIC, asked
from small import split_source
from tiny import TFIDF, finetuned_learner, write_labels, write_recipe

from pipeline.tracking.store import Tracker


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a store once; making its tables takes longer than a tiny experiment."""
    root = tmp_path_factory.mktemp("store")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        Tracker(root).open()
    return root / "mlflow.db"


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, empty_store: Path) -> Path:
    """Stand in a project of one recipe, `models/words.yaml`."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.chdir(tmp_path)
    shutil.copy(empty_store, tmp_path)
    split_source(write_labels(tmp_path / "labels"))
    write_recipe(tmp_path / "models" / "words.yaml", TFIDF, learn_from="validation")
    return tmp_path


@pytest.fixture(scope="session")
def by_rows(encoder_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Train `small`, a model by rows, and hand out its project; read only."""
    from pipeline.workflows.training import Order, train

    root = tmp_path_factory.mktemp("rows")
    labels = write_labels(root / "labels")
    learner = finetuned_learner(encoder_folder, epochs=4, patience=4)
    recipe = asked(write_recipe(root / "models" / "small.yaml", learner, learn_from="validation"), ROWS)
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        train(Order(recipe, labels, root / "models" / "trained" / "small"), Tracker(root))
    return root


@pytest.fixture
def quantising(by_rows: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a copy of that project, whose recipe `models/small.yaml` asks for fixed steps by now."""
    for name in ("labels", "models"):
        shutil.copytree(by_rows / name, tmp_path / name)
    asked(tmp_path / "models" / "small.yaml", STATIC)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def quantise(stance: Callable[..., tuple[int, str, str]]) -> Callable[..., tuple[int, str, str]]:
    """Run `stance models quantise` on `small`; return exit code, stdout and stderr."""

    def run(*more: object) -> tuple[int, str, str]:
        given = ("small", "--recipe", "models/small.yaml", "-o", "models/trained/again")
        return stance("models", "quantise", *given, *more)

    return run
