"""A graph is opened ahead of all else, once, and what is wrong with it is said by whoever needs it."""

import shutil
from pathlib import Path

import pytest

from pipeline.ground.errors import ModelError, StanceError
from pipeline.inference import session
from pipeline.inference.session import begin, open_graph
from pipeline.predict import Predictor

ROOT = Path(__file__).parents[2]
RELEASED = ROOT / "models" / "released"
FAST = RELEASED / "fast"


@pytest.fixture
def opened(monkeypatch):
    """Keep the folders that are really opened, and forget what was begun."""
    folders, really = [], session._open

    def note(folder, packed):
        folders.append(folder)
        return really(folder, packed)

    monkeypatch.setattr(session, "_open", note)
    monkeypatch.setattr(session, "_begun", {})
    return folders


def test_a_graph_that_was_begun_is_taken_once(opened, monkeypatch):
    monkeypatch.chdir(FAST.parent)
    begin(Path("fast"))
    first, second = (open_graph(FAST, packed=False) for _ in range(2))
    assert opened == [Path("fast"), FAST] and first is not second
    assert first.get_inputs()[0].name == second.get_inputs()[0].name == "input_ids"


def test_the_command_opens_the_graph_once(opened, stance):
    for options in (["--fast"], ["--model", FAST], ["--model", "fast"]):
        opened.clear()
        code, out, err = stance("score", ROOT / "docs/examples/harbour-talks.md", *options)
        assert code == 0 and "fast-" in out, err
        assert [folder.resolve() for folder in opened] == [FAST.resolve()]


@pytest.mark.parametrize("name", ["no-such-folder", "x" * 5000, "nul\0"])
def test_a_folder_without_a_graph_is_passed_over(opened, name, tmp_path):
    begin(tmp_path / name)
    assert opened == [] and session._begun == {}


def test_a_graph_that_cannot_be_opened_is_told_of_when_it_is_needed(opened, tmp_path):
    (tmp_path / "model.onnx").write_bytes(b"no graph")
    begin(tmp_path)
    with pytest.raises(ModelError, match="onnxruntime cannot load it") as caught:
        open_graph(tmp_path, packed=False)
    assert caught.value.hint and opened == [tmp_path] * 2


def test_a_model_damaged_while_it_is_begun_is_refused(opened, tmp_path):
    folder = shutil.copytree(FAST, tmp_path / "fast")
    content = bytearray((folder / "model.onnx").read_bytes())
    content[len(content) // 2] ^= 1  # within a table: a graph all the same
    (folder / "model.onnx").write_bytes(content)
    begin(folder)
    with pytest.raises(ModelError, match="has changed: its sha256 is not the manifest's"):
        Predictor.load(folder)


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
