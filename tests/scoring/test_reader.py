"""A document is read in a process that may stall, crash or run out of memory: that costs one document."""

import sys

import pytest

from pipeline.corpus.readers import read_text
from pipeline.corpus.reading import read
from pipeline.ground.errors import StanceError
from pipeline.scoring import reader
from pipeline.scoring.items import Failure, Item
from pipeline.scoring.reader import Read, read_items

TEXT = "The talks go on. Peace is near.\n\nThe fleet must wait."

# A child that answers as the real one does, and stalls, crashes or leaves on a text that says so.
CHILD = """
import json, os, sys, time
sys.path.insert(0, {root!r})
from pipeline.scoring.reading_child import answer
print("ready", flush=True)
for line in sys.stdin:
    question = json.loads(line)
    text = question["item"]["text"]
    if text == "stall": time.sleep(60)
    if text == "crash": os.abort()
    if text == "leave": sys.exit(3)
    print(json.dumps(answer(question)), flush=True)
"""


def item(number: int, text: str = TEXT) -> Item:
    return Item(f"t#{number}", "t.jsonl", id=f"d{number}", text=text, date="2026-11-25", source="S", title="T")


@pytest.fixture
def unsteady(monkeypatch):
    from tiny import ROOT

    monkeypatch.setattr(reader, "COMMAND", (sys.executable, "-c", CHILD.format(root=str(ROOT))))


def test_what_is_read_apart_is_what_is_read_here():
    (found,) = read_items([item(1)])
    assert isinstance(found, Read)
    here = read(read_text(TEXT, "d1"))
    assert [(s.start, s.end, s.text, s.paragraph) for s in found.reading.sentences] == [
        (s.start, s.end, s.text, s.paragraph) for s in here.sentences
    ]
    document = found.reading.document
    assert (document.id, document.path, document.date, document.source, document.title) == (
        *("d1", "t#1", "2026-11-25", "S", "T"),
    )
    assert len(found.digest) == 64 and len(here.sentences) == 3


def test_order_is_kept_and_failures_pass_through():
    asked = [item(0), Failure("gone", "is gone"), *(item(number) for number in range(1, 12)), Failure("last", "too")]
    found = list(read_items(asked))
    places = [one.place if isinstance(one, Failure) else one.item.place for one in found]
    assert places == [one.place for one in asked]


@pytest.mark.parametrize(
    ("word", "said"),
    [("stall", "took longer than 3 s"), ("crash", r"ended \(signal 6\)"), ("leave", r"ended \(exit code 3\)")],
)
def test_one_bad_document_costs_only_itself(unsteady, word, said):
    asked = [item(0), item(1, word), item(2), item(3, word), *(item(number) for number in range(4, 9))]
    found = list(read_items(asked, seconds=3.0))
    bad = [one for one in found if isinstance(one, Failure)]
    assert [one.place for one in bad] == ["t#1", "t#3"] and len(found) == 9
    for one in bad:
        with pytest.raises(AssertionError, match=said):
            raise AssertionError(one.reason)
        assert one.hint


def test_a_child_that_cannot_start_says_why(monkeypatch):
    monkeypatch.setattr(reader, "COMMAND", (sys.executable, "-c", "raise SystemExit('no room')"))
    with pytest.raises(StanceError, match="cannot start: no room"):
        list(read_items([item(1)]))


def test_modules_of_the_folder_one_works_in_are_not_run(tmp_path, monkeypatch):
    for name in ("json.py", "resource.py"):
        (tmp_path / name).write_text("raise SystemExit('run')")
    (tmp_path / "pipeline").mkdir()
    (tmp_path / "pipeline" / "__init__.py").write_text("")
    monkeypatch.chdir(tmp_path)
    assert isinstance(next(read_items([item(1)])), Read)


def test_a_text_that_is_none_is_a_failure():
    found = list(read_items([item(1, "half a pair \ud800 of surrogates."), item(2, "   "), item(3)]))
    assert [isinstance(one, Failure) for one in found] == [True, True, False]
    assert "surrogate" in found[0].reason and "empty" in found[1].reason


def test_a_cell_is_prose_whatever_it_looks_like():
    texts = ["Where are you now?", "PEACE IN OUR TIME", "- An item", "Title\n\nThe talks go on. Peace is near."]
    found = list(read_items(item(number, text) for number, text in enumerate(texts)))
    sentences = [[one.text for one in read.reading.sentences] for read in found]
    assert sentences == [[texts[0]], [texts[1]], [texts[2]], ["The talks go on.", "Peace is near."]]


def test_a_reader_left_early_ends_its_child():
    stream = read_items(item(number) for number in range(100))
    assert isinstance(next(stream), Read)
    stream.close()
