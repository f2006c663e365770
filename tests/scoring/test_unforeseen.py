"""What nobody foresaw a parser to raise costs one document, and is said by its kind."""

from pathlib import Path

import pytest
from pyarrow import RecordBatch

from pipeline.cli.score_reading import read_named
from pipeline.corpus import readers, reading
from pipeline.corpus.readers import parse_document
from pipeline.ground.errors import DocumentError, MissingExtra
from pipeline.scoring.items import Item
from pipeline.scoring.reader import FIELDS
from pipeline.scoring.reading_child import answer
from pipeline.scoring.spark_rows import ITEM, Reader, item_row

PROSE = "The envoys met at noon. They agreed on little."
OPTIONS = {f"{role}_column": None for role in ("text", "id", "date", "source", "title")} | {"encoding": None}
SAID = "page.html: its reader met something unforeseen (ZeroDivisionError: in a library)"


def raising(error):
    def parser(*_):
        raise error

    return parser


@pytest.fixture
def here(tmp_path, monkeypatch):
    """Lay out a page whose parser fails, and a text beside it."""
    monkeypatch.chdir(tmp_path)
    Path("page.html").write_text(f"<p>{PROSE}</p>")
    Path("a.txt").write_text(PROSE)
    monkeypatch.setattr(readers, "webpage_facts", raising(ZeroDivisionError("in  a\nlibrary")))


def item(name):
    return Item(name, name, id=name, path=name)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (KeyError("head"), "(KeyError: 'head')"),
        (AssertionError(), "(AssertionError)"),
        (ValueError("x" * 5000), "(ValueError: xxx"),
        (RecursionError("deep"), "nested too deeply"),
        (MemoryError(), "needs more memory"),
    ],
)
def test_a_document_read_here_is_named_with_the_kind(here, monkeypatch, error, said):
    monkeypatch.setattr(readers, "webpage_facts", raising(error))
    with pytest.raises(DocumentError) as caught:
        parse_document(Path("page.html"), b"<p>x</p>")
    assert caught.value.message.startswith("page.html: ") and said in caught.value.message
    assert len(caught.value.message) < 300 and caught.value.hint


def test_an_error_of_ours_passes_as_it_is(here, monkeypatch):
    error = MissingExtra("no Spark here", hint="install it")
    monkeypatch.setattr(readers, "webpage_facts", raising(error))
    with pytest.raises(MissingExtra) as caught:
        parse_document(Path("page.html"), b"<p>x</p>")
    assert caught.value is error


def test_documents_at_hand_are_read_on(here, monkeypatch):
    """A short text is read in this process, and its fault is one error as the reading process would tell it."""
    Path("b.txt").write_text("The talks go on. Peace is near.")
    really = reading.judge_blocks

    def judge(document):
        return raising(KeyError("block"))() if document.path == "a.txt" else really(document)

    monkeypatch.setattr(reading, "judge_blocks", judge)
    found, faults = read_named(["a.txt", "b.txt"], OPTIONS)
    assert [one.document.path for one in found] == ["b.txt"]
    assert [one.message for one in faults] == ["a.txt: its reader met something unforeseen (KeyError: 'block')"]
    assert faults[0].hint


def test_the_reading_process_answers_and_does_not_end(here, monkeypatch):
    asked = {"item": {name: getattr(item("page.html"), name) for name in FIELDS}, "encoding": None}
    assert answer(asked)["reason"] == SAID
    monkeypatch.setattr(reading, "judge_blocks", raising(KeyError("block")))  # behind the parser
    asked["item"] |= {"place": "a.txt", "name": "a.txt", "path": "a.txt"}
    told = answer(asked)
    assert "a.txt: its reader met something unforeseen (KeyError: 'block')" in told["reason"] and told["hint"]


def test_an_executor_goes_on_with_the_next_document(here, monkeypatch):
    asked = [
        dict.fromkeys(ITEM) | item_row(position, item(name)) for position, name in enumerate(("page.html", "a.txt"))
    ]
    (batch,) = Reader()([RecordBatch.from_pylist(asked)])
    first, *others = batch.to_pylist()
    assert first["reason"] == SAID.removeprefix("page.html: ") and first["hint"]
    assert [one["text"] for one in others] == ["The envoys met at noon.", "They agreed on little."]
    monkeypatch.setattr(reading, "judge_blocks", raising(KeyError("block")))
    (batch,) = Reader()([RecordBatch.from_pylist(asked[1:])])
    assert "KeyError" in batch.to_pylist()[0]["reason"]
