"""What the tests of experiments share: a store made once, and a project with two sources and a recipe of words."""

import shutil
from pathlib import Path

import pytest
from small import split_source
from tiny import TFIDF, write_labels, write_recipe

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
