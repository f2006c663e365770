"""What the tests of tracked runs share: a project with four runs, trained once, and a copy for each test."""

from pathlib import Path

import pytest
from gallery import build, move


@pytest.fixture(scope="session")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """Train the four runs; read only."""
    root = tmp_path_factory.mktemp("gallery")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        return root, build(root)


@pytest.fixture
def shown(gallery: tuple[Path, dict[str, str]], monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Stand in the project itself, for tests that only read; give the runs' ids."""
    monkeypatch.chdir(gallery[0])
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return gallery[1]


@pytest.fixture
def own(gallery: tuple[Path, dict[str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Stand in a copy of the project, for tests that change it; give the runs' ids."""
    monkeypatch.chdir(move(gallery[0], tmp_path))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return gallery[1]
