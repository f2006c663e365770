"""What tests share: of tracked runs, a project with four of them, trained once; of scoring, a desk with briefings."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from gallery import build, move

TEXT = "The talks bring peace. The fleet must strike now.\n"


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


@pytest.fixture
def desk(workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a folder with a model and two briefings of one name."""
    shutil.copytree(workshop.tiny.folder, tmp_path / "model")
    for name in ("north/a.md", "south/a.md"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(f"# Harbour {name}\n\n{TEXT}")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def score(stance: Callable[..., tuple[int, str, str]]) -> Callable[..., tuple[int, str, str]]:
    """Run `stance score` with the model of the desk."""
    return lambda *words: stance("score", *words, "--model", "model")
