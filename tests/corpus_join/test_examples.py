"""Examples become a dataset with declared features and a fingerprint that names its rows."""

from dataclasses import replace

import pytest
from datasets import ClassLabel, List, Value

from pipeline.corpus.examples import features_of, texts_and_targets, to_dataset
from pipeline.corpus.load import load_corpus
from pipeline.ground.codebook import load_codebook


@pytest.fixture
def corpus(labels):
    return load_corpus(labels)


def test_the_features_are_declared_and_classes_follow_the_codebook(corpus):
    dataset = to_dataset(corpus.examples, corpus.codebook)
    assert dataset.features == features_of(corpus.codebook)
    assert dataset.features["labels"] == List(ClassLabel(names=["hawk", "dove"]))
    assert dataset.features["start"] == Value("int64") and dataset.features["unsure"] == Value("bool")
    assert dataset.column_names == ["doc", "source", "genre", "start", "end", "text", "labels", "unsure"]


def test_rows_survive_the_way_into_the_dataset_and_back(corpus):
    dataset = to_dataset(corpus.examples, corpus.codebook)
    texts, targets = texts_and_targets(dataset, corpus.codebook)
    assert len(texts) == 48 and {(), ("hawk",), ("dove",), ("hawk", "dove")} == set(targets)
    assert texts == [example.text for example in corpus.examples]
    assert targets == [example.labels for example in corpus.examples]
    for name in ("doc", "source", "genre", "start", "end", "unsure"):
        assert list(dataset[name]) == [getattr(example, name) for example in corpus.examples]


def test_two_builds_have_one_fingerprint(labels, corpus):
    again = load_corpus(labels)
    first, second = to_dataset(corpus.examples, corpus.codebook), to_dataset(again.examples, again.codebook)
    assert first._fingerprint == second._fingerprint and len(first._fingerprint) == 16
    assert corpus.fingerprint == again.fingerprint


@pytest.mark.parametrize("change", [{"labels": ("dove",)}, {"text": "Other."}, {"doc": "other"}, {"unsure": True}])
def test_one_change_in_one_row_changes_the_fingerprint(corpus, change):
    first, *rest = corpus.examples
    assert first.labels == ("hawk",)
    changed = to_dataset([replace(first, **change), *rest], corpus.codebook)
    assert changed._fingerprint != to_dataset(corpus.examples, corpus.codebook)._fingerprint


def test_the_corpus_is_named_by_what_is_learned_from_it_in_any_order(corpus):
    turned = replace(corpus, examples=tuple(reversed(corpus.examples)))
    assert turned.fingerprint == corpus.fingerprint
    first, *rest = corpus.examples
    assert replace(corpus, examples=(replace(first, labels=()), *rest)).fingerprint != corpus.fingerprint
    assert replace(corpus, examples=tuple(rest)).fingerprint != corpus.fingerprint


def test_other_class_names_change_the_fingerprint(corpus):
    book = corpus.codebook
    renamed = book.model_copy(update={"labels": tuple(reversed(book.labels))})
    swapped = [replace(e, labels=tuple(n for n in renamed.names if n in e.labels)) for e in corpus.examples]
    assert to_dataset(swapped, renamed)._fingerprint != to_dataset(corpus.examples, book)._fingerprint


def test_an_empty_dataset_keeps_its_features(labels):
    codebook = load_codebook(labels)
    dataset = to_dataset([], codebook)
    assert len(dataset) == 0 and dataset.features == features_of(codebook)
