"""A Predictor agrees with itself: labels follow from probabilities, documents from their sentences."""

import shlex
import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny import tiny_sentences, write_labels, write_recipe

from pipeline.ground.errors import DocumentError
from pipeline.predict import Predictor

SENTENCES = [text for _, text in tiny_sentences()]
TEXT = "Talks remain the better road. The fleet must answer force with force. Rain delayed the ferry by two hours."


@pytest.fixture(scope="module", params=["tiny", "small"])
def predictor(request, workshop) -> Predictor:
    return Predictor.load(getattr(workshop, request.param).folder)


@pytest.fixture(scope="module")
def exclusive(tmp_path_factory) -> Predictor:
    """Train TF-IDF where exactly one label is carried."""
    from pipeline.tracking.store import Tracker
    from pipeline.workflows.training import Order, train

    root = tmp_path_factory.mktemp("exclusive")
    labels, recipe = write_labels(root / "labels", "one"), write_recipe(root / "models" / "tiny.yaml")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        return Predictor.load(train(Order(recipe, labels, root / "model"), Tracker(root)).folder)


def agree(predictor: Predictor, texts: Sequence[str]) -> None:
    """Assert that `predict` says what `predict_proba`, `decide` and the thresholds say."""
    chances = predictor.predict_proba(texts)
    predictions = predictor.predict(texts)
    assert chances.shape == (len(texts), len(predictor.classes_)) and len(predictions) == len(texts)
    assert ((chances >= 0) & (chances <= 1)).all()
    decided = predictor.codebook.decode(predictor.decide(chances))
    for text, row, labels, prediction in zip(texts, chances, decided, predictions, strict=True):
        assert prediction.text == text and prediction.labels == labels
        assert list(prediction.probabilities) == list(predictor.classes_)
        assert list(prediction.probabilities.values()) == row.tolist()
        if None not in predictor.thresholds:
            over = [name for name, p, t in zip(predictor.classes_, row, predictor.thresholds, strict=True) if p >= t]
            assert list(labels) == over


TEXTS = st.lists(st.text(max_size=60) | st.sampled_from(SENTENCES), min_size=1, max_size=4)


@settings(deadline=None, max_examples=40)
@given(texts=TEXTS)
def test_labels_follow_from_probabilities_for_any_text(predictor, texts):
    agree(predictor, texts)


@settings(deadline=None, max_examples=40)
@given(texts=TEXTS)
def test_where_one_label_is_carried_the_most_probable_is_said(exclusive, texts):
    agree(exclusive, texts)
    chances = exclusive.predict_proba(texts)
    assert np.allclose(chances.sum(axis=1), 1) and exclusive.thresholds == (None, None, None)
    for row, prediction in zip(chances, exclusive.predict(texts), strict=True):
        assert prediction.labels == (exclusive.classes_[row.argmax()],)


def test_the_tiny_sentences_are_told_apart(predictor):
    agree(predictor, SENTENCES)
    said = {prediction.labels for prediction in predictor.predict(SENTENCES)}
    assert len(said) >= 2


def test_nothing_in_nothing_out(predictor, exclusive):
    for one in (predictor, exclusive):
        assert one.predict([]) == [] and one.predict_proba([]).shape == (0, len(one.classes_))
        assert one.decide(one.predict_proba([])).shape == (0, len(one.classes_))


def test_white_space_says_nothing(predictor):
    assert np.array_equal(
        predictor.predict_proba(["Talks  bring\n\u00a0peace. "]), predictor.predict_proba(["Talks bring peace."])
    )


def test_a_path_its_name_and_its_text_give_the_same_sentences(predictor, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("note.txt").write_text(TEXT, encoding="utf-8")
    documents = [predictor.predict_document(what) for what in (tmp_path / "note.txt", "note.txt", TEXT)]
    assert documents[0].predictions == documents[1].predictions == documents[2].predictions
    assert [d.reading.document.id for d in documents] == ["note", "note", "text"]
    assert list(documents[0].predictions) == predictor.predict([s.text for s in documents[0].reading.sentences])
    assert {document.model for document in documents} == {predictor.manifest.id}


def test_a_profile_counts_what_the_sentences_carry(predictor, exclusive):
    for one in (predictor, exclusive):
        scored = one.predict_document(TEXT)
        profile = scored.profile
        assert profile.sentences == len(scored.predictions) == len(scored.reading.sentences) == 3
        assert profile.counts == {name: sum(name in p.labels for p in scored.predictions) for name in one.classes_}
        assert profile.background == sum(not p.labels for p in scored.predictions)
        assert profile.shares == {name: count / 3 for name, count in profile.counts.items()}
    assert sum(exclusive.predict_document(TEXT).profile.counts.values()) == 3


def test_a_missing_file_is_named_and_not_read_as_a_text(predictor, tmp_path):
    for missing in ("briefing.md", "notes/2024.txt", tmp_path / "absent"):
        with pytest.raises(DocumentError, match="no such file") as caught:
            predictor.predict_document(missing)
        assert str(missing) in caught.value.message and caught.value.hint


def test_a_sentence_about_a_file_is_a_text(predictor):
    text = "The envoys met at nine and quoted from it at length. They had named the file treaty.txt"
    assert " ".join(s.text for s in predictor.predict_document(text).reading.sentences) == text


@pytest.mark.parametrize("nothing", ["", "   ", "\n\n"])
def test_an_empty_text_is_refused(predictor, nothing):
    with pytest.raises(DocumentError, match="the text is empty") as caught:
        predictor.predict_document(nothing)
    assert caught.value.hint


def test_the_encoding_is_passed_on(predictor, tmp_path):
    (tmp_path / "old.txt").write_bytes("The détente holds, and the treaty may hold too.".encode("windows-1252"))
    with pytest.raises(DocumentError, match="not UTF-8"):
        predictor.predict_document(tmp_path / "old.txt")
    scored = predictor.predict_document(tmp_path / "old.txt", encoding="windows-1252")
    assert "détente" in scored.reading.sentences[0].text


@pytest.mark.parametrize(
    "text", ["The two sides met in Geneva and agreed to talk. " * 8, "a" * 300, "Talks\0 go on well."]
)
def test_prose_too_long_for_a_file_name_is_a_text(predictor, text):
    try:
        assert predictor.predict_document(text).predictions
    except DocumentError as error:
        assert "no running prose" in error.message


@pytest.mark.parametrize(
    "name", ["my briefing.txt", "report.pdf", "a very long name of a briefing/x.txt", "./no/such.md"]
)
def test_a_string_that_looks_like_a_file_is_not_prose(predictor, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    name = str(tmp_path / name) if "/x" in name else name
    with pytest.raises(DocumentError, match="no such file") as caught:
        predictor.predict_document(name)
    command = caught.value.hint.partition(": ")[2]
    assert subprocess.run(shlex.split(command), capture_output=True).returncode == 0, command


def test_a_folder_is_refused_by_its_name_in_a_string(predictor, tmp_path):
    folder = tmp_path / "two words"
    folder.mkdir()
    for inside, hint in ((None, f"ls '{folder}'"), ("a b.txt", f"stance score '{folder / 'a b.txt'}'")):
        if inside:
            (folder / inside).write_text(TEXT)
        for given_as in (str(folder), folder):
            with pytest.raises(DocumentError, match="is a folder") as caught:
                predictor.predict_document(given_as)
            assert hint in caught.value.hint


def test_a_path_too_long_is_a_document_error(predictor, tmp_path):
    with pytest.raises(DocumentError, match="cannot be read"):
        predictor.predict_document(tmp_path / ("a" * 300 + ".txt"))


def test_a_bare_string_is_refused_and_a_generator_is_not(predictor):
    for method in (predictor.predict, predictor.predict_proba):
        with pytest.raises(TypeError, match="got one string"):
            method(TEXT)
        with pytest.raises(TypeError, match="item 1 is of type NoneType"):
            method(["Talks go on.", None])
    assert predictor.predict(text for text in SENTENCES) == predictor.predict(SENTENCES)
    assert np.array_equal(predictor.predict_proba(iter(SENTENCES)), predictor.predict_proba(SENTENCES))
