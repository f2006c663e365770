"""One document is read while the model loads; each within limits, and by its name, whatever that is."""

import json
import os
import re
import signal
import sys
import threading
from pathlib import Path

import pytest
from tiny import ROOT

from pipeline.cli.score_reading import SHORT, read_and_load, read_named
from pipeline.ground.errors import ModelError
from pipeline.predict import read_input
from pipeline.scoring import reader
from pipeline.scoring.items import Failure, Item

PROSE = "The parties may yet agree on the bridge, and observers expect talks in May."
OPTIONS = {"encoding": None, "text_column": None, "id_column": None}


def test_one_document_is_read_while_the_model_loads(tmp_path, monkeypatch):
    begun, read = threading.Event(), threading.Event()
    path = tmp_path / "one.txt"
    path.write_text("Talks may resume in May.", encoding="utf-8")
    really = reader.read_here

    def read_here(*given):
        assert begun.wait(30), "the model is loaded after the documents are read"
        read.set()
        return really(*given)

    def load():
        begun.set()
        assert read.wait(30), "the documents are read after the model is loaded"
        return "model"

    monkeypatch.setattr(reader, "read_here", read_here)
    model, (found,), faults = read_and_load(load, [str(path)], OPTIONS)
    assert model == "model" and faults == [] and found.document.path == str(path)


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
        ("long.txt", b"Talks may resume in May, and both sides should attend.\n\n" * (SHORT // 50)),
        ("short.md", b"# Talks\n\nTalks may resume in May.\n\n- Both sides should attend.\n"),
    ],
)
def test_whatever_reads_a_document_it_is_what_its_reader_makes_of_it(name, content, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_bytes(content)
    (found,), faults = read_named([name], OPTIONS)
    here = read_input(Path(name))
    assert faults == [] and found.document == here.document and len(found.document.blocks) > 0
    assert (found.sentences, found.skipped) == (here.sentences, here.skipped) and found.sentences


def test_one_process_reads_all_that_are_named_in_their_order(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = ["b.html", "a.txt", "gone.html", "c.html", "empty.html", "d.md", "e.html"]
    for name in names:
        if not name.startswith("gone"):
            Path(name).write_text("" if name.startswith("empty") else PAGE, encoding="utf-8")
    started, really = [], reader._Child
    monkeypatch.setattr(reader, "_Child", lambda: started.append(1) or really())
    readings, faults = read_named([*names, "a.txt"], OPTIONS)
    assert [one.document.path for one in readings] == ["b.html", "a.txt", "c.html", "d.md", "e.html"]
    assert [fault.message.split(": ")[-1] for fault in faults] == ["gone.html", "the file is empty"]
    assert len(started) == 1


@pytest.mark.parametrize("name", ["short.txt", "short.md", "short.text"])
def test_a_short_text_is_read_here_which_is_sooner(name, tmp_path, monkeypatch):
    (tmp_path / name).write_text("Talks may resume in May.", encoding="utf-8")
    monkeypatch.setattr(reader, "COMMAND", ("no-such-program",))
    (found,), faults = read_named([str(tmp_path / name)], OPTIONS)
    assert faults == [] and [one.text for one in found.sentences] == ["Talks may resume in May."]


def test_a_short_text_has_a_deadline_and_leaves_the_clock_as_it_was(tmp_path, monkeypatch):
    path = tmp_path / "one.txt"
    path.write_text("Talks may resume in May.", encoding="utf-8")
    monkeypatch.setattr("pipeline.corpus.reading.judge_blocks", lambda _: re.match("(a+)+b", "a" * 60))
    before, left = signal.getsignal(signal.SIGALRM), signal.getitimer(signal.ITIMER_REAL)[0]
    item = Item("one.txt", "one.txt", id="one", path=str(path))
    found = reader.read_here(item, seconds=0.5)
    assert isinstance(found, Failure) and found.reason == "one.txt: took longer than 0.5 s to read"
    assert found.hint == "look at it, and split it"
    assert signal.getsignal(signal.SIGALRM) == before
    assert (signal.getitimer(signal.ITIMER_REAL)[0] > 0) == (left > 0)


@pytest.mark.parametrize(
    ("child", "said"),
    [
        ("import os; print('ready', flush=True); input(); os.abort()", "one.html: the process that read it ended"),
        ("import time; print('ready', flush=True); time.sleep(60)", "one.html: took longer than 2 s to read"),
    ],
    ids=["ends", "stalls"],
)
def test_a_document_that_ends_or_stalls_its_reader_is_an_error(child, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("one.html").write_text(PAGE, encoding="utf-8")
    monkeypatch.setattr(reader, "COMMAND", (sys.executable, "-c", child))
    readings, (fault,) = read_named(["one.html"], OPTIONS, seconds=2)
    assert readings == [] and fault.message.startswith(said) and fault.hint


@pytest.mark.parametrize(
    ("name", "way_out"),
    [
        ("gone.pdf", "ls"),
        ("empty.html", "head"),
        ("broken.pdf", ""),
        ("notes.xyz", "cp"),
        ("old.doc", "libreoffice"),
        ("sheet.xlsx", "sheet.csv"),
    ],
)
def test_what_cannot_be_read_is_named_with_a_way_out(name, way_out, tmp_path):
    path = tmp_path / name
    if name != "gone.pdf":
        path.write_bytes(b"" if name.startswith("empty") else b"no such thing")
    readings, [fault] = read_named([str(path)], OPTIONS)
    assert readings == [] and str(path) in fault.message and way_out in fault.hint and fault.hint


@pytest.mark.parametrize("form", ["jsonl", "csv", "parquet"])
@pytest.mark.parametrize("name", [b"caf\xe9.txt", b"caf\xe9.html", b"two\nlines.txt"])
def test_a_name_that_is_no_text_is_spelled(name, form, desk, score):
    path = os.fsdecode(name)
    Path(path).write_text(PAGE if path.endswith("html") else PROSE, encoding="utf-8")
    code, _, err = score(path, "-o", f"out.{form}")
    assert code == 0 and "Traceback" not in err, err
    if form == "jsonl":
        row, *_ = map(json.loads, Path("out.jsonl").read_text().splitlines())
        assert row["doc"].isprintable() and row["path"] == row["doc"] + Path(path).suffix


def damaged():
    raise ModelError("damaged")
