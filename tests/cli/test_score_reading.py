"""One document is read while the model loads; what takes longer to read waits for the model."""

import sys
import threading
import time

import pytest
from tiny import ROOT

from pipeline.cli.score_reading import SHORT, read_and_load, read_named
from pipeline.ground.errors import DocumentError, ModelError
from pipeline.predict import read_input
from pipeline.scoring import reader

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


LETTER = """From: Nadia <n@example.org>
Subject: The talks
Date: Tue, 03 Mar 2026 10:00:00 +0000
Content-Type: text/plain; charset=utf-8

The parties may yet agree on the bridge, and observers expect talks in May.
"""
PAGE = """<html><head><title>On the bridge</title></head><body><h1>On the bridge</h1>
<p>The parties may yet agree on the bridge, and observers expect talks in May.</p><h2>What is needed</h2>
<ul><li>Both sides should keep the line open through the winter.</li><li>The mission must stay.</li></ul>
</body></html>"""


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("page.html", PAGE.encode()),
        ("letter-2026-03-04.eml", LETTER.encode()),
        ("book.pdf", (ROOT / "tests/data/readers/book.pdf").read_bytes()),
        ("long é\udcff.txt", b"Talks may resume in May, and both sides should attend.\n\n" * (SHORT // 50)),
    ],
    ids=["page", "letter", "book", "long text of an odd name"],
)
def test_a_document_read_apart_is_what_is_read_here(name, content, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / name
    path.write_bytes(content)
    monkeypatch.setattr("pipeline.predict.read_input", lambda *_, **__: pytest.fail("read in this process"))
    (found,), faults = read_named([name], OPTIONS)
    here = read_input(path)
    assert faults == [] and found.document.blocks == here.document.blocks and len(found.document.blocks) > 0
    assert (found.sentences, found.skipped) == (here.sentences, here.skipped) and found.sentences
    for field in ("id", "text", "title", "date", "source"):
        assert getattr(found.document, field) == getattr(here.document, field)


@pytest.mark.parametrize("name", ["short.txt", "short.md"])
def test_a_short_text_is_read_here_which_is_sooner(name, tmp_path, monkeypatch):
    (tmp_path / name).write_text("Talks may resume in May.", encoding="utf-8")
    monkeypatch.setattr(reader, "COMMAND", ("no-such-program",))
    (found,), faults = read_named([str(tmp_path / name)], OPTIONS)
    assert faults == [] and [one.text for one in found.sentences] == ["Talks may resume in May."]


@pytest.mark.parametrize(
    ("child", "said"),
    [
        ("import os; print('ready', flush=True); input(); os.abort()", r"one\.html: the process that read it ended"),
        ("import time; print('ready', flush=True); time.sleep(60)", r"one\.html: took longer than 2 s to read"),
    ],
    ids=["ends", "stalls"],
)
def test_a_document_that_ends_or_stalls_its_reader_is_an_error(child, said, tmp_path, monkeypatch):
    path = tmp_path / "one.html"
    path.write_text(PAGE, encoding="utf-8")
    monkeypatch.setattr(reader, "COMMAND", (sys.executable, "-c", child))
    began = time.monotonic()
    with pytest.raises(DocumentError, match=said) as caught:
        reader.read_apart(path, seconds=2)
    assert caught.value.hint and time.monotonic() - began < 30


@pytest.mark.parametrize("name", ["gone.pdf", "empty.html", "broken.pdf", "notes.xyz"])
def test_what_cannot_be_read_is_named_with_a_way_out(name, tmp_path):
    path = tmp_path / name
    if name != "gone.pdf":
        path.write_bytes(b"" if name.startswith("empty") else b"no such thing")
    readings, [fault] = read_named([str(path)], OPTIONS)
    assert readings == [] and str(path) in fault.message and fault.hint


def damaged():
    raise ModelError("damaged")
