"""A graph is opened ahead of all else, once, and what is wrong with it is said by whoever needs it."""

import gc
import os
import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from pipeline.ground.errors import ModelError, StanceError
from pipeline.inference import session
from pipeline.inference.session import begin, open_graph
from pipeline.predict import Predictor

ROOT = Path(__file__).parents[2]
RELEASED = ROOT / "models" / "released"
FAST = RELEASED / "fast"
DOCUMENT = ROOT / "docs/examples/harbour-talks.md"
# Tell, when the command begins, what has been imported by then of what takes long.
WATCH = """
import sys
from pipeline.inference import session
really = session.begin
def begin(folder):
    large = [name for name in ("numpy", "pydantic", "onnxruntime", "yaml", "rich") if name in sys.modules]
    print(f"begun: {folder.name}, after {large}", file=sys.stderr)
    really(folder)
session.begin = begin
from pipeline.cli.app import main
main(["score", sys.argv[1], "--fast"])
"""


@pytest.fixture
def opened(monkeypatch):
    """Keep the folders that are really opened, each with its thread, and forget what was begun."""
    folders, really = [], session._open

    def note(folder, packed):
        folders.append((folder.resolve(), threading.current_thread().name.split("_")[0]))
        return really(folder, packed)

    monkeypatch.setattr(session, "_open", note)
    monkeypatch.setattr(session, "_begun", {})
    return folders


def test_a_graph_that_was_begun_is_taken_once(opened, monkeypatch):
    monkeypatch.chdir(FAST.parent)
    begin(Path("fast"))
    first, second = (open_graph(FAST, packed=False) for _ in range(2))
    assert opened == [(FAST, "begun"), (FAST, "MainThread")] and first is not second
    assert first.session.get_inputs()[0].name == second.session.get_inputs()[0].name == "input_ids"


@pytest.mark.parametrize("options", [["--fast"], ["--model", FAST], ["--model", "fast"]])
def test_the_command_opens_the_graph_once_and_ahead(opened, stance, options):
    code, out, err = stance("score", DOCUMENT, *options)
    assert code == 0 and "fast-" in out, err
    assert opened == [(FAST, "begun")]


def test_the_graph_is_begun_before_anything_large_is_imported():
    result = subprocess.run(
        [sys.executable, "-c", WATCH, str(DOCUMENT)], capture_output=True, text=True, cwd=ROOT, timeout=120
    )
    assert result.returncode == 0 and "fast-" in result.stdout, result.stderr
    assert result.stderr.splitlines()[0] == "begun: fast, after []"


def test_a_session_needs_nothing_that_python_may_free(opened, monkeypatch):
    """Without packed kernels of its own, onnxruntime reads the weights themselves, again and again."""
    really = onnxruntime.SessionOptions

    def options():
        made = really()
        made.add_session_config_entry("session.disable_prepacking", "1")
        return made

    feed = {name: np.ones((2, 9), dtype=np.int64) for name in ("input_ids", "attention_mask")}
    expected = open_graph(RELEASED / "accurate", packed=True).run(feed)
    monkeypatch.setattr(onnxruntime, "SessionOptions", options)
    found = open_graph(RELEASED / "accurate", packed=True)
    gc.collect()
    junk = [np.full(2**20, 77, dtype=np.int8) for _ in range(100)]
    assert found.run(feed) == pytest.approx(expected, abs=1e-4) and len(junk) == 100


@pytest.mark.parametrize("name", ["no-such-folder", "x" * 5000, "nul\0"])
def test_a_folder_without_a_graph_is_passed_over(opened, name, tmp_path):
    begin(tmp_path / name)
    assert opened == [] and session._begun == {}


def test_a_graph_that_cannot_be_opened_is_told_of_when_it_is_needed(opened, tmp_path):
    (tmp_path / "model.onnx").write_bytes(b"no graph")
    begin(tmp_path)
    with pytest.raises(ModelError, match="onnxruntime cannot load it") as caught:
        open_graph(tmp_path, packed=False)
    assert caught.value.hint and opened == [(tmp_path, "begun")]


@pytest.fixture
def damaged(tmp_path):
    """Copy a model whose graph has one bit wrong, within a table: a graph all the same."""
    folder = shutil.copytree(FAST, tmp_path / "fast")
    content = bytearray((folder / "model.onnx").read_bytes())
    content[len(content) // 2] ^= 1
    (folder / "model.onnx").write_bytes(content)
    return folder


def test_a_file_that_changed_after_it_was_begun_is_opened_anew(opened, damaged):
    begin(damaged)
    os.replace(shutil.copy(FAST / "model.onnx", damaged / "new"), damaged / "model.onnx")
    assert np.array_equal(Predictor.load(damaged).predict_raw(["A."]), Predictor.load(FAST).predict_raw(["A."]))
    assert [thread for _, thread in opened] == ["begun", "MainThread", "MainThread"]


def test_a_damaged_graph_is_opened_and_never_handed_out(opened, damaged):
    begin(damaged)
    with pytest.raises(ModelError, match="has changed: its sha256 is not the manifest's"):
        Predictor.load(damaged)
    assert opened == [(damaged, "begun")]


@pytest.mark.timeout(60)
@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json"])
def test_a_pipe_in_a_files_place_is_refused_and_not_waited_for(damaged, name):
    (damaged / name).unlink()
    os.mkfifo(damaged / name)
    begin(damaged)
    with pytest.raises(ModelError, match=f"{re.escape(name)} is missing from the model folder"):
        Predictor.load(damaged)


def test_an_interruption_is_not_mistaken_for_damage(damaged, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("pipeline.predict.load_scorer", interrupted)
    with pytest.raises(KeyboardInterrupt):
        Predictor.load(damaged)


def test_threads_that_are_no_number_are_told_of(opened, monkeypatch):
    accurate = RELEASED / "accurate"
    monkeypatch.setenv("STANCE_THREADS", "many")
    begin(accurate)
    with pytest.raises(StanceError, match="STANCE_THREADS is 'many'"):
        open_graph(accurate, packed=True)


def test_without_its_packed_weights_a_graph_is_refused_not_run_on_others(opened, tmp_path):
    folder = shutil.copytree(RELEASED / "accurate", tmp_path / "accurate")
    with pytest.raises(ModelError, match="onnxruntime cannot load it"):
        open_graph(folder, packed=False)
    (folder / "packed.npy").unlink()
    begin(folder)
    with pytest.raises(ModelError, match=r"packed\.npy is missing from the model folder"):
        Predictor.load(folder)
