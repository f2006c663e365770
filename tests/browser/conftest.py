"""Fixtures: Chromium, and a served store of eight real runs."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from browser.chromium import NAMES, PATIENCE, REQUIRED, Visitor, find_chromium, is_required, started
from browser.gate import Gate
from browser.lab import Lab, served, train_eight
from browser.reports import WRITERS


@pytest.fixture(scope="module")
def visitor() -> Iterator[Visitor]:
    """Start the system's Chromium; skip where there is none, unless the environment demands it."""
    path = find_chromium()
    if path is None:
        reason = f"no browser here: none of {', '.join(NAMES)} is on the path (Debian: apt-get install chromium)"
        if is_required():
            pytest.fail(f"{REQUIRED}=required, but {reason}")
        pytest.skip(reason)
    from playwright.sync_api import expect

    expect.set_options(timeout=PATIENCE)
    with started(path) as visitor:
        yield visitor


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """Train eight real runs on the real labels, once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        patch.delenv("STANCE_TEXTS", raising=False)
        return train_eight(tmp_path_factory.mktemp("lab") / "project")


@pytest.fixture(scope="module")
def gate() -> Iterator[Gate]:
    """Catch what the server of the MLflow UI would ask of other machines."""
    with Gate() as gate:
        yield gate


@pytest.fixture(scope="module")
def ui(visitor: Visitor, lab: Lab, gate: Gate) -> Iterator[str]:
    """Serve the eight runs with `stance ui`; give its address."""
    with served(lab.root, gate) as address:
        yield address


@pytest.fixture(scope="session")
def report(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Give a report by its name, written when it is first asked for."""
    written: dict[str, Path] = {}

    def give(name: str) -> Path:
        if name not in written:
            written[name] = WRITERS[name](tmp_path_factory.mktemp(name))
        return written[name]

    return give
