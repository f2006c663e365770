"""Pinned sources stand in the part they name, and move no other document."""

from dataclasses import replace

import pytest
import yaml
from tiny import ROOT

from pipeline.corpus.load import load_corpus
from pipeline.corpus.splits import make_manifest, split_corpus, write_manifest
from pipeline.ground.errors import SplitError
from pipeline.ground.files import hash_text, write_jsonl


def add_pinned(labels, texts):
    """Add a written source pinned to train, one document of one sentence for each text."""
    sources = yaml.safe_load((labels / "sources.yaml").read_text())
    added = {"name": "late", "annotations": "annotations/late.jsonl", "documents": "documents/late.jsonl"}
    sources["sources"].append(sources["sources"][0] | added | {"pin": "train"})
    (labels / "sources.yaml").write_text(yaml.safe_dump(sources))
    documents = [{"doc": f"late-{n}", "genre": "", "text": text} for n, text in enumerate(texts)]
    spans = [
        {"doc": f"late-{n}", "start": 0, "end": len(text), "sha256": hash_text(text, 16), "labels": []}
        for n, text in enumerate(texts)
    ]
    write_jsonl(labels / added["documents"], documents)
    write_jsonl(labels / added["annotations"], spans)
    return load_corpus(labels)


def test_a_pinned_source_goes_where_it_says_and_moves_nobody(labels):
    corpus = load_corpus(labels)
    free = make_manifest(
        replace(corpus, examples=tuple(e for e in corpus.examples if e.doc not in ("tiny-00", "tiny-01")))
    )
    pins = {"tiny-00": "test", "tiny-01": "test"}
    pinned = make_manifest(replace(corpus, pins=pins))
    assert set(pinned.test) == set(free.test) | set(pins)
    assert (pinned.train, pinned.validation) == (free.train, free.validation)


def test_a_written_source_may_be_pinned_beside_kept_documents(labels):
    before = make_manifest(load_corpus(labels))
    texts = [f"The {word} envoy arrived by a road of his own choosing." for word in ("first", "second", "third")]
    after = make_manifest(add_pinned(labels, texts), keep=before)
    assert (after.validation, after.test) == (before.validation, before.test)
    assert set(after.train) - set(before.train) == {"late-0", "late-1", "late-2"}


def test_a_pinned_document_that_repeats_a_test_sentence_is_a_leak(labels):
    corpus = load_corpus(labels)
    before = make_manifest(corpus)
    repeated = next(e.text for e in corpus.examples if e.doc in before.test and len(e.text.split()) >= 6)
    corpus = add_pinned(labels, [repeated])
    write_manifest(make_manifest(corpus, keep=before), labels)
    with pytest.raises(SplitError, match=r"leak: .*near-duplicate.*late-0"):
        split_corpus(corpus, labels)


def test_the_grave_briefings_train_and_judge_nothing():
    corpus = load_corpus(ROOT / "labels")
    split = split_corpus(corpus, ROOT / "labels")
    docs = {annotation.doc for annotation in corpus.annotations["briefings-grave"]}
    assert len(docs) == 28 and docs <= {example.doc for example in split.train}
    assert docs & {example.doc for example in (*split.validation, *split.test)} == set()
