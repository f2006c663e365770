"""Annotations are proved against their text; every fault names file and line."""

import json
import textwrap
from dataclasses import replace

import pytest

from pipeline.corpus.annotations import join_by_span, join_by_words, read_annotations
from pipeline.corpus.load import load_corpus
from pipeline.corpus.normalise import collapse, normal_hash, normal_words
from pipeline.corpus.sources import written_documents
from pipeline.ground.codebook import load_codebook
from pipeline.ground.errors import ConfigError, LabelError
from pipeline.ground.files import hash_text
from pipeline.ground.records import Annotation, Block, BlockKind, Document

SENTENCES = (
    "The ministers of Orland and Vesk met on Tuesday in the old customs house at Lirra.",
    "“We’ll keep the line open,” said Ms. Arden, the U.N.’s envoy, “whatever the weather.”",
    "That they met at all is a welcome step – the first since March 2011.",
    "Without monitors, however, the truce may not outlive the month.",
    "The neighbours’ fleets should stay in port; the Council ought to say so.",
    "Some 40,000 people crossed the river (most of them on foot) in a single week.",
    "It is far too early to speak of peace.",
    "A well-planned, two-stage withdrawal would calm the border.",
)
ORIGINAL = " ".join(SENTENCES)


def document(text: str) -> Document:
    return Document("talks", text, (Block(BlockKind.PARAGRAPH, 0, len(text)),), source="user", genre="statement")


def annotations() -> list[Annotation]:
    made = []
    for number, sentence in enumerate(SENTENCES):
        start, words = ORIGINAL.index(sentence), normal_words(sentence)
        span = {"start": start, "end": start + len(sentence), "sha256": hash_text(sentence, 16)}
        norm = {"norm_sha256": normal_hash(words), "words": len(words)}
        made.append(
            Annotation("talks", **span, labels=(f"label-{number}",), where=f"a.jsonl, line {number + 1}", **norm)
        )
    return made


def straight(text: str) -> str:
    return text.translate(str.maketrans("‘’“”–", "''\"\"-"))


def menu(text: str) -> str:
    return f"Home | About | News\n\nBy A. Writer, 3 May\n\n{text}\n\nSubscribe to our letter. © 2020 Somebody."


COPIES = {
    "as it is": ORIGINAL,
    "wrapped at 40": textwrap.fill(ORIGINAL, 40),
    "one sentence a paragraph": "\n\n".join(SENTENCES),
    "straight quotes": straight(ORIGINAL),
    "shouted": ORIGINAL.upper(),
    "spaces that do not break": ORIGINAL.replace(" ", "\u00a0"),
    "dashes set close": ORIGINAL.replace(" – ", "—"),
    "soft hyphens": ORIGINAL.replace("withdrawal", "with\u00addrawal"),
    "among boilerplate": menu(ORIGINAL),
    "all of these": menu(textwrap.fill(straight(ORIGINAL), 33)),
}


@pytest.mark.parametrize("copy", COPIES.values(), ids=COPIES)
def test_every_sentence_is_found_in_a_copy_that_only_looks_different(copy):
    examples = join_by_words(annotations(), document(copy))
    assert [example.labels for example in examples] == [(f"label-{number}",) for number in range(len(SENTENCES))]
    for example, sentence in zip(examples, SENTENCES, strict=True):
        assert normal_words(example.text) == normal_words(sentence)
        assert example.text == collapse(copy[example.start : example.end])
        assert (example.doc, example.source, example.genre) == ("talks", "user", "statement")


@pytest.mark.parametrize(
    ("old", "new", "lost"),
    [
        ("Tuesday", "Monday", 0),
        ("may not", "may", 3),
        ("40,000", "4,000", 5),
        ("far too early", "far too\n\nAd\n\nearly", 6),
    ],
)
def test_a_changed_sentence_is_left_out_and_the_others_stay(old, new, lost):
    examples = join_by_words(annotations(), document(ORIGINAL.replace(old, new)))
    kept = [(f"label-{number}",) for number in range(len(SENTENCES)) if number != lost]
    assert [example.labels for example in examples] == kept


def test_another_text_holds_none_of_the_sentences():
    assert join_by_words(annotations(), document("The ferry left at nine. " * 30)) == []
    assert join_by_words(annotations(), document("")) == []


def test_in_the_original_both_ways_of_joining_agree():
    by_span = [join_by_span(annotation, document(ORIGINAL)) for annotation in annotations()]
    by_words = join_by_words(annotations(), document(ORIGINAL))
    assert [(e.labels, normal_words(e.text)) for e in by_span] == [(e.labels, normal_words(e.text)) for e in by_words]
    assert [example.text for example in by_span] == list(SENTENCES)


def test_annotations_without_words_are_never_found_by_words():
    bare = [replace(annotation, norm_sha256="", words=0) for annotation in annotations()]
    assert join_by_words(bare, document(ORIGINAL)) == []


MARKED = {
    "after each sentence": " ".join(f"{sentence}[{number + 1}]" for number, sentence in enumerate(SENTENCES)),
    "several, and set apart": " ".join(f"{sentence}[4][12] [113]" for sentence in SENTENCES),
    "within": ORIGINAL.replace("Vesk met", "Vesk[1] met").replace("U.N.’s envoy,", "U.N.’s envoy,[2]"),
}


@pytest.mark.parametrize("copy", MARKED.values(), ids=MARKED)
def test_footnote_marks_of_a_copy_hide_no_sentence(copy):
    examples = join_by_words(annotations(), document(copy))
    assert [example.labels for example in examples] == [(f"label-{number}",) for number in range(len(SENTENCES))]
    assert not any(example.text.endswith("]") for example in examples)


def test_a_mark_that_was_labelled_with_its_sentence_is_still_found():
    words = normal_words("The truce holds,[3] it seems.")
    one = replace(annotations()[0], norm_sha256=normal_hash(words), words=len(words))
    [example] = join_by_words([one], document("At last. The truce\nholds,[3] it seems. So they say."))
    assert example.text == "The truce holds,[3] it seems."


def change(folder, number, fields):
    """Change one record of the tiny annotations; a field set to `...` is taken away."""
    path = folder / "annotations" / "tiny.jsonl"
    lines = path.read_text().splitlines()
    record = {key: value for key, value in (json.loads(lines[number - 1]) | fields).items() if value is not ...}
    lines[number - 1] = json.dumps(record)
    path.write_text("\n".join(lines) + "\n")


def test_what_is_written_joins_by_span(labels):
    corpus = load_corpus(labels)
    codebook = load_codebook(labels)
    assert len(corpus.examples) == len(read_annotations(labels / "annotations" / "tiny.jsonl", codebook)) == 48
    assert [example.labels for example in corpus.examples[:2]] == [("hawk",), ("hawk",)]
    assert corpus.notices == ()


FAULTS = {
    "hash mismatch": ({"sha256": "0" * 16}, "has the hash"),
    "span outside its text": ({"end": 99999}, "lies outside document"),
    "span backwards": ({"start": 30, "end": 30}, "empty or runs backwards"),
    "span below zero": ({"start": -1}, "empty or runs backwards"),
    "unknown document": ({"doc": "nowhere"}, "document 'nowhere' is not among"),
    "unknown label": ({"labels": ["hwak"]}, "unknown label 'hwak'; did you mean 'hawk'?"),
    "unknown label of a pass": ({"pass_a": ["hwak"]}, "pass_a: unknown label 'hwak'"),
    "no labels": ({"labels": ...}, "labels must be a list of names, got None"),
    "labels in one string": ({"labels": "hawk"}, "labels must be a list of names"),
    "no document": ({"doc": ...}, "`doc` must be a str, got None"),
    "start in quotes": ({"start": "0"}, "`start` must be a int, got '0'"),
    "start a truth value": ({"start": False}, "`start` must be a int, got False"),
    "end with decimals": ({"end": 42.0}, "`end` must be a int, got 42.0"),
    "hash a number": ({"sha256": 12}, "`sha256` must be a str, got 12"),
    "hash empty": ({"sha256": ""}, "`sha256` must be 16 to 64 hex digits"),
    "hash too short": ({"sha256": "8c"}, "`sha256` must be 16 to 64 hex digits"),
    "words in letters": ({"words": "nine"}, "`words` must be a int, got 'nine'"),
    "unsure in letters": ({"unsure": "no"}, "`unsure` must be a bool, got 'no'"),
    "normal hash a number": ({"norm_sha256": 5}, "`norm_sha256` must be a str, got 5"),
}


@pytest.mark.parametrize(("fields", "said"), FAULTS.values(), ids=FAULTS)
def test_a_fault_names_file_and_line(labels, fields, said):
    change(labels, 7, fields)
    with pytest.raises(LabelError) as caught:
        load_corpus(labels)
    assert f"{labels / 'annotations' / 'tiny.jsonl'}, line 7" in caught.value.message
    assert said in caught.value.message and caught.value.hint


def test_a_repeated_span_names_both_lines(labels):
    path = labels / "annotations" / "tiny.jsonl"
    first = path.read_text().splitlines()[0]
    path.write_text(path.read_text() + first + "\n")
    with pytest.raises(LabelError) as caught:
        load_corpus(labels)
    assert f"{path}, line 49: the same span as {path}, line 1" in caught.value.message


def test_an_empty_file_of_annotations_is_refused(labels):
    (labels / "annotations" / "tiny.jsonl").write_text("\n\n")
    with pytest.raises(LabelError, match=r"tiny\.jsonl: holds no annotation"):
        load_corpus(labels)


@pytest.mark.parametrize(
    ("line", "said"),
    [('{"doc": "x"}', "must be strings"), ('{"doc": 3, "text": "a"}', "must be strings"), ("{", "not JSON")],
)
def test_a_bad_document_names_file_and_line(labels, line, said):
    path = labels / "documents" / "tiny.jsonl"
    path.write_text(path.read_text() + line + "\n")
    with pytest.raises(ConfigError) as caught:
        load_corpus(labels)
    assert f"{path}, line 13: " in caught.value.message and said in caught.value.message


def test_a_document_that_stands_twice_is_refused(labels):
    path = labels / "documents" / "tiny.jsonl"
    path.write_text(path.read_text() + path.read_text().splitlines()[4] + "\n")
    with pytest.raises(ConfigError, match="line 13: document 'tiny-04' stands here twice"):
        load_corpus(labels)


def test_a_written_document_is_one_block_that_spans_its_text(labels):
    from pipeline.corpus.sources import load_sources

    documents = written_documents(load_sources(labels)[0], labels)
    assert len(documents) == 12
    for one in documents.values():
        assert one.blocks == (Block(BlockKind.PARAGRAPH, 0, len(one.text)),)
        assert one.source == "tiny" and one.genre in ("speech", "column")
