"""A text that is not ours to give: its labels wait for the user's own copy, and training goes on without it."""

import json
import os

import pytest
import yaml

from pipeline.corpus import usertexts
from pipeline.corpus.load import load_corpus
from pipeline.corpus.normalise import normal_hash, normal_words
from pipeline.corpus.splits import split_corpus
from pipeline.ground.errors import LabelError
from pipeline.ground.files import hash_text

SENTENCES = (
    "The ministers met in the old customs house at Lirra for the second time this spring.",
    "“We’ll keep the line open,” said the envoy, “whatever the weather over the strait.”",
    "A joint patrol along the canal would calm both banks before the harvest begins.",
    "Nobody in either capital expects the ceasefire to outlive the month of August.",
)
TEXT = "Lirra talks\n\n" + "\n\n".join((" ".join(SENTENCES[:2]), " ".join(SENTENCES[2:]))) + "\n"


@pytest.fixture
def with_user_text(labels, monkeypatch):
    """Add a source whose text only the user has, pinned to train; nothing lies on the text path yet."""
    monkeypatch.delenv("STANCE_TEXTS", raising=False)
    records = []
    for sentence in SENTENCES:
        start, words = TEXT.index(sentence), normal_words(sentence)
        span = {"start": start, "end": start + len(sentence), "sha256": hash_text(sentence, 16)}
        norm = {"words": len(words), "norm_sha256": normal_hash(words)}
        records.append({"doc": "lirra", **span, **norm, "labels": ["dove"]})
    (labels / "annotations" / "lirra.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    sources = yaml.safe_load((labels / "sources.yaml").read_text())
    sources["sources"].append(
        {
            "name": "lirra",
            "kind": "user",
            "genre": "statement",
            "annotations": "annotations/lirra.jsonl",
            "document": "lirra",
            "sha256": hash_text(TEXT),
            "pin": "train",
            "licence": "not ours",
            "obtain": "ask the ministry for it",
        }
    )
    (labels / "sources.yaml").write_text(yaml.safe_dump(sources, sort_keys=False))
    return labels


def found(labels):
    corpus = load_corpus(labels)
    return [example for example in corpus.examples if example.source == "lirra"], corpus.notices


def test_without_a_copy_the_rest_goes_on_and_a_notice_counts_what_is_missing(with_user_text):
    corpus = load_corpus(with_user_text)
    assert [(n.message, n.hint) for n in corpus.notices] == [
        ("lirra: no copy of the text found; 4 labelled sentences left out", "ask the ministry for it")
    ]
    split = split_corpus(corpus, with_user_text)
    assert len(corpus.examples) == len(split.train) + len(split.validation) + len(split.test) == 48


def test_the_missing_text_moves_no_other_document(with_user_text, monkeypatch):
    without = split_corpus(load_corpus(with_user_text), with_user_text)
    (with_user_text / "texts" / "copy.txt").write_text(TEXT)
    along = split_corpus(load_corpus(with_user_text), with_user_text)
    assert (along.validation, along.test) == (without.validation, without.test)
    assert len(along.train) == len(without.train) + 4


def test_the_labels_command_says_what_is_missing(with_user_text, stance):
    code, _, err = stance("labels", "check", with_user_text)
    assert code == 0, err
    assert "4 labelled sentences left out" in err and "ask the ministry" in err


def test_an_exact_copy_is_found_by_its_hash_whatever_its_name(with_user_text, tmp_path, monkeypatch):
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "anything at all.txt").write_text(TEXT, encoding="utf-8")
    (mine / "before it.txt").write_text(TEXT + "One line more.\n", encoding="utf-8")
    monkeypatch.setenv("STANCE_TEXTS", os.pathsep.join([str(tmp_path / "nowhere"), str(mine)]))
    examples, notices = found(with_user_text)
    assert [example.text for example in examples] == list(SENTENCES)
    assert {(example.doc, example.source, example.genre) for example in examples} == {("lirra", "lirra", "statement")}
    assert [n.message for n in notices] == [
        f"lirra: {tmp_path / 'nowhere'} is no folder, though STANCE_TEXTS names it",
        f"lirra: all 4 labelled sentences found in {mine / 'anything at all.txt'}",
    ]


def test_a_changed_copy_is_joined_by_words_and_the_notice_counts(with_user_text):
    copy = with_user_text / "texts" / "copy.md"
    copy.write_text("# Another head\n\n" + TEXT.replace("’", "'").replace("month of August", "summer"))
    examples, notices = found(with_user_text)
    assert [normal_words(e.text) for e in examples] == [normal_words(sentence) for sentence in SENTENCES[:3]]
    assert notices[-1].message == f"lirra: 3 of 4 labelled sentences found in {copy}"
    assert notices[-1].detail == {"found": 3, "of": 4} and "training goes on" in notices[-1].hint


def test_of_several_copies_the_fullest_is_taken(with_user_text):
    texts = with_user_text / "texts"
    (texts / "a.txt").write_text(SENTENCES[0])
    (texts / "b.html").write_text(f"<html><body><article><p>{TEXT}</p></article></body></html>")
    (texts / "c.txt").write_text(" ".join(SENTENCES[:2]))
    examples, notices = found(with_user_text)
    assert len(examples) == 4
    assert [n.message for n in notices] == [f"lirra: 4 of 4 labelled sentences found in {texts / 'b.html'}"]
    assert notices[0].hint == ""


@pytest.mark.parametrize("content", [b"", b"\x00\x01\x02\x03", b"caf\xe9 d\xe9tente", b"  \n \n"])
def test_a_file_that_cannot_be_read_is_passed_over_with_a_notice(with_user_text, content):
    texts = with_user_text / "texts"
    (texts / "a-broken.txt").write_bytes(content)
    (texts / "b-good.txt").write_text(TEXT + "One line more.\n")
    examples, notices = found(with_user_text)
    assert len(examples) == 4
    assert notices[0].message.startswith(f"lirra: passed over {texts / 'a-broken.txt'}: ") and notices[0].hint
    assert "4 of 4" in notices[1].message


def test_a_file_whose_bytes_are_out_of_reach_stops_nothing(with_user_text, monkeypatch):
    (with_user_text / "texts" / "a.txt").write_text(TEXT)

    def refuse(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(usertexts, "sha256_of", refuse)
    examples, notices = found(with_user_text)
    assert len(examples) == 4 and "4 of 4" in notices[-1].message


def test_an_annotation_of_another_document_is_refused_by_line(with_user_text):
    path = with_user_text / "annotations" / "lirra.jsonl"
    path.write_text(path.read_text()[::-1].replace("lirra"[::-1], "larri"[::-1], 1)[::-1])
    with pytest.raises(LabelError) as caught:
        load_corpus(with_user_text)
    assert f"{path}, line 4: document 'larri' is not 'lirra'" in caught.value.message and caught.value.hint


def test_files_of_other_kinds_and_the_readme_are_not_looked_at(with_user_text):
    for name in ("README.md", "copy.odt", "copy.txt.bak"):
        (with_user_text / "texts" / name).write_text(TEXT)
    examples, notices = found(with_user_text)
    assert examples == [] and "no copy of the text found" in notices[-1].message
