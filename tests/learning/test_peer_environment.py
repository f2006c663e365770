"""A peer's environment is complete or not there, and is made once for each set of requirements."""

import subprocess
import sys

import numpy as np
import pytest
from tiny import write_recipe

from pipeline.ground.errors import PeerError
from pipeline.learning.estimators import build
from pipeline.learning.peer_environment import environment
from pipeline.learning.recipes import load_recipe

PROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
"""
BACKEND = """
import zipfile
def build_wheel(folder, settings=None, metadata=None):
    name = "wisp-1.0-py3-none-any.whl"
    with zipfile.ZipFile(f"{folder}/{name}", "w") as wheel:
        wheel.writestr("wisp.py", "WORD = 'here'")
        wheel.writestr("wisp-1.0.dist-info/METADATA", "Metadata-Version: 2.1\\nName: wisp\\nVersion: 1.0\\n")
        wheel.writestr("wisp-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr("wisp-1.0.dist-info/RECORD", "")
    return name
"""


def peer_of(tmp_path, requirements, **settings):
    settings = {"optimize": "efficiency", "max_steps": 400, "patience": 400, "eval_frequency": 100} | settings
    learner = {"kind": "peer", "program": "spacy", "requirements": requirements, "settings": settings}
    return load_recipe(write_recipe(tmp_path / "models" / "peer.yaml", learner, learn_from="validation")).learner


def write_wisp(folder):
    """Write a package that installs from its folder, without an index."""
    folder.mkdir()
    (folder / "pyproject.toml").write_text(PROJECT)
    (folder / "backend.py").write_text(BACKEND)


def says(python, code):
    return subprocess.run([python, "-I", "-c", code], capture_output=True, text=True, check=False)


def test_without_requirements_it_is_our_own_interpreter(tmp_path):
    assert str(environment(peer_of(tmp_path, []), tmp_path / "models")) == sys.executable
    assert not (tmp_path / ".cache").exists()


def test_it_fails_in_pips_words_is_made_anew_when_that_is_mended_and_only_once(tmp_path):
    learner, home = peer_of(tmp_path, [str(tmp_path / "wisp")]), tmp_path / ".cache" / "peers"
    with pytest.raises(PeerError, match=r"cannot be made: -m pip install ended with 1") as caught:
        environment(learner, tmp_path / "models")
    assert "ERROR" in caught.value.message and str(tmp_path / "wisp") in caught.value.message
    assert str(next(home.glob("*.log"))) in caught.value.hint and "run the same command again" in caught.value.hint
    half = next(path for path in home.iterdir() if path.is_dir())
    assert (half / "bin" / "python").exists() and not (half / ".ready").exists()

    write_wisp(tmp_path / "wisp")
    (half / "rubbish").write_text("left by a kill")
    python = environment(learner, tmp_path / "models")
    assert python == half / "bin" / "python" and not (half / "rubbish").exists()
    assert says(python, "import wisp; print(wisp.WORD)").stdout == "here\n"
    assert "No module named 'pydantic'" in says(python, "import pydantic").stderr

    made = (half / ".ready").stat().st_mtime_ns
    assert environment(learner, tmp_path / "models") == python
    assert (half / ".ready").stat().st_mtime_ns == made


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / ".cache").write_text("a file where a folder should be")
    with pytest.raises(PeerError, match="no environment can be made for the spacy peer") as caught:
        environment(peer_of(tmp_path, ["x"]), tmp_path / "models")
    assert str(tmp_path / ".cache") in caught.value.hint


def test_spacy_trains_in_an_environment_of_its_own(tmp_path, setting, halves):
    learner = peer_of(tmp_path, ["spacy==3.8.18"])
    place = setting()
    place.base = tmp_path / "models"
    try:
        environment(learner, place.base)
    except PeerError as error:
        if "No matching distribution" in error.message or "connection" in error.message.lower():
            pytest.skip(f"no package index in reach: {error.message.splitlines()[-1]}")
        raise
    train, _ = halves()
    fitted = build(load_recipe(tmp_path / "models" / "peer.yaml"), place).fit(train, train)  # spaCy keeps the best
    found = fitted.predict_proba(train.texts)
    assert ((found >= 0.5) == train.targets).mean() > 0.9
    assert fitted.train_seconds > 0 and fitted.predict_seconds > 0 and fitted.model_bytes > 1000
    assert np.array_equal(fitted.predict_proba(train.texts[::-1]), found[::-1])
