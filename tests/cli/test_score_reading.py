"""Documents are read while the model loads; what is said first when both fail, and what waits for the model."""

import threading

import pytest

from pipeline.cli.score_reading import AT_HAND, read_and_load
from pipeline.ground.errors import ModelError, StanceError

OPTIONS = {"encoding": None, "text_column": None, "id_column": None}


def test_documents_are_read_while_the_model_loads(tmp_path, monkeypatch):
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


def test_standard_input_waits_for_the_model(monkeypatch):
    def load():
        raise ModelError("damaged")

    monkeypatch.setattr("pipeline.cli.score_reading.read_named", lambda *_: pytest.fail("asked for a text"))
    with pytest.raises(ModelError, match="damaged"):
        read_and_load(load, ["-"], OPTIONS)


def test_a_model_that_cannot_be_used_is_said_before_too_many_documents(tmp_path):
    for number in range(AT_HAND + 2):
        (tmp_path / f"{number}.txt").write_text("Talks may resume in May.", encoding="utf-8")

    def load():
        raise ModelError("damaged")

    with pytest.raises(ModelError, match="damaged"):
        read_and_load(load, [str(tmp_path)], OPTIONS)
    with pytest.raises(StanceError, match="too many to print"):
        read_and_load(lambda: "model", [str(tmp_path)], OPTIONS)
