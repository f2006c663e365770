"""One document is read while the model loads; what takes longer to read waits for the model."""

import threading

import pytest

from pipeline.cli.score_reading import read_and_load
from pipeline.ground.errors import ModelError

OPTIONS = {"encoding": None, "text_column": None, "id_column": None}


def test_one_document_is_read_while_the_model_loads(tmp_path, monkeypatch):
    begun, read = threading.Event(), threading.Event()
    path = tmp_path / "one.txt"
    path.write_text("Talks may resume in May.", encoding="utf-8")

    def read_input(given, encoding):
        assert begun.wait(30), "the model is loaded after the documents are read"
        read.set()
        return given

    def load():
        begun.set()
        assert read.wait(30), "the documents are read after the model is loaded"
        return "model"

    monkeypatch.setattr("pipeline.predict.read_input", read_input)
    assert read_and_load(load, [str(path)], OPTIONS) == ("model", [path], [])


@pytest.mark.parametrize("files", [["-"], ["archive"], ["one.txt", "two.txt"], ["*.txt"]])
def test_what_may_take_long_to_read_waits_for_the_model(files, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "archive").mkdir()
    monkeypatch.setattr("pipeline.cli.score_reading.read_named", lambda *_: pytest.fail("read before the model"))
    with pytest.raises(ModelError, match="damaged"):
        read_and_load(damaged, files, OPTIONS)


def test_a_model_that_cannot_be_used_is_said_where_the_document_is_sound(tmp_path):
    path = tmp_path / "one.txt"
    path.write_text("Talks may resume in May.", encoding="utf-8")
    with pytest.raises(ModelError, match="damaged"):
        read_and_load(damaged, [str(path)], OPTIONS)


def damaged():
    raise ModelError("damaged")
