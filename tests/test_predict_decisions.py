"""A Predictor marks what deserves a look, and adapts to other label shares only when asked and able."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from tiny import tiny_sentences

from pipeline.decisions.shift import MINIMUM
from pipeline.ground.errors import ModelError
from pipeline.ground.files import read_json, write_json
from pipeline.inference.manifest import read_manifest, write_manifest
from pipeline.predict import Predictor, read_input

KINDS = {"hawk": ("hawk",), "dove": ("dove",), "both": ("hawk", "dove"), "none": ()}
SENTENCES = [text for _, text in tiny_sentences()]
HAWKS = [text for kind, text in tiny_sentences() if "hawk" in KINDS[kind]]
MANY = (HAWKS * MINIMUM)[:MINIMUM]


@pytest.fixture(scope="module")
def predictor(workshop) -> Predictor:
    return Predictor.load(workshop.tiny.folder)


@pytest.fixture
def old(workshop, tmp_path) -> Path:
    """Give a model folder as it was before there were priors and reviews."""
    folder = tmp_path / "old"
    shutil.copytree(workshop.tiny.folder, folder)
    kept = {k: v for k, v in read_json(folder / "decisions.json").items() if k not in ("priors", "review")}
    write_json(folder / "decisions.json", kept)
    write_manifest(folder, read_manifest(folder))
    return folder


def test_a_trained_model_knows_its_shares_and_what_to_mark(predictor):
    assert predictor.decisions.priors == pytest.approx((0.5, 0.5), abs=0.2)
    assert predictor.review.error == 0.1
    predictions = predictor.predict(SENTENCES)
    marks = predictor.decisions.unsure(predictor.predict_proba(SENTENCES))
    assert [p.unsure for p in predictions] == predictor.codebook.decode(marks)
    assert {p.review for p in predictions} == {bool(row.any()) for row in marks}
    scored = predictor.predict_document(" ".join(SENTENCES))
    assert scored.profile.review == sum(p.review for p in scored.predictions) and scored.priors is None


def test_an_old_model_scores_and_cannot_tell(old):
    predictor = Predictor.load(old)
    assert predictor.review is None
    assert {p.unsure for p in predictor.predict(SENTENCES)} == {None}
    assert predictor.predict_document(SENTENCES[0]).profile.review is None


def test_an_old_model_cannot_adapt_and_says_what_to_do(old):
    predictor = Predictor.load(old)
    readings = [read_input(SENTENCES[0])]
    for attempt in (
        lambda: predictor.predict(MANY, adapt_priors=True),
        lambda: predictor.adapt(MANY),
        lambda: predictor.judge_together(readings),
    ):
        with pytest.raises(ModelError, match="does not know the label shares") as caught:
            attempt()
        assert "train it again" in caught.value.hint


def test_adapting_moves_probabilities_towards_the_batch_and_leaves_the_model_alone(predictor):
    before = predictor.predict_proba(MANY)
    adapted, notice = predictor.adapt(MANY)
    after = adapted.predict_proba(MANY)
    hawk, dove = (predictor.classes_.index(name) for name in ("hawk", "dove"))
    assert (after[:, hawk] > before[:, hawk]).all() and (after[:, dove] < before[:, dove]).all()
    assert adapted.adapted and not predictor.adapted and adapted.thresholds == predictor.thresholds
    assert notice.message.startswith(f"adapted to the label shares of {MINIMUM} sentences: hawk ")
    assert np.array_equal(predictor.predict_proba(MANY), before)
    asked = predictor.predict(MANY, adapt_priors=True)
    assert np.allclose([list(p.probabilities.values()) for p in asked], after)
    assert asked == adapted.predict(MANY) and predictor.predict(MANY) != asked


def test_too_few_sentences_change_nothing_and_say_so(predictor):
    few = MANY[: MINIMUM - 1]
    same, notice = predictor.adapt(few)
    assert same is predictor and f"{MINIMUM - 1} sentences are too few" in notice.message and notice.hint
    with pytest.warns(UserWarning, match="too few"):
        assert predictor.predict(few, adapt_priors=True) == predictor.predict(few)
    with pytest.warns(UserWarning, match="0 sentences are too few"):
        assert predictor.predict([], adapt_priors=True) == []


def test_documents_are_adapted_together(predictor):
    readings = [read_input(" ".join(MANY[:60])), read_input(" ".join(MANY[60:]))]
    documents, notice = predictor.judge_together(readings)
    count = sum(len(reading.sentences) for reading in readings)
    assert count >= MINIMUM and f"{count} sentences" in notice.message
    adapted, _ = predictor.adapt([s.text for reading in readings for s in reading.sentences])
    assert [list(d.predictions) for d in documents] == [
        adapted.predict([s.text for s in reading.sentences]) for reading in readings
    ]
    assert documents[0].priors == dict(zip(predictor.classes_, adapted.decisions.priors, strict=True))
    alone, notice = predictor.judge_together(readings[:1])
    assert "too few" in notice.message and alone[0].priors is None
    assert alone[0] == predictor.judge(readings[0])


def test_the_command_adapts_over_all_files(workshop, tmp_path, stance, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for number in range(3):
        (tmp_path / f"{number}.txt").write_text(" ".join(MANY[:40]))
    model = ("--model", workshop.tiny.folder, "--json")
    code, plain, err = stance("score", "0.txt", *model)
    assert code == 0 and "adapted" not in err
    code, few, err = stance("score", "0.txt", *model, "--adapt-priors")
    assert code == 0 and "too few to adapt to" in err and few == plain
    code, many, err = stance("score", "0.txt", "1.txt", "2.txt", *model, "--adapt-priors")
    assert code == 0 and "adapted to the label shares of 120 sentences" in err
    rows, before = ([json.loads(line) for line in out.splitlines()] for out in (many, plain))
    assert rows[0]["probabilities"]["hawk"] > before[0]["probabilities"]["hawk"]
    assert set(rows[0]["priors"]) == {"hawk", "dove"} and "priors" not in before[0]
    assert before[0]["review"] == bool(before[0]["unsure"]) and len(rows) == 120


def test_the_command_refuses_to_adapt_a_model_without_shares(old, tmp_path, stance, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "note.txt").write_text(SENTENCES[0])
    code, out, err = stance("score", "note.txt", "--model", old, "--adapt-priors")
    assert code == 2 and out == "" and "does not know the label shares" in err and "hint:" in err


def test_fast_and_a_model_exclude_each_other(workshop, tmp_path, stance, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "note.txt").write_text(SENTENCES[0])
    code, _, err = stance("score", "note.txt", "--model", workshop.tiny.folder, "--fast")
    assert code == 2 and "--fast and --model name two models" in err


def test_the_choice_of_a_model_is_asked_for_and_said(workshop, tmp_path, stance, monkeypatch):
    asked = []

    def choose(named, fast):
        asked.append((named, fast))
        return workshop.tiny.folder, [], "model tiny (chosen by the test)"

    monkeypatch.setattr("pipeline.inference.shelf.choose_model", choose)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "note.txt").write_text(SENTENCES[0])
    code, _, err = stance("score", "note.txt", "--fast")
    assert (code, asked) == (0, [(None, True)]) and "model tiny (chosen by the test)" in err
    assert stance("score", "note.txt")[0] == 0 and asked[1] == (None, False)


def test_the_table_shows_marks(workshop, tmp_path, stance, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "note.txt").write_text(" ".join(SENTENCES[:12]))
    code, out, err = stance("score", "note.txt", "--model", workshop.tiny.folder)
    marked = Predictor.load(workshop.tiny.folder).predict_document(Path("note.txt")).profile.review
    assert code == 0, err
    assert f"to review  {marked} of 12" in " ".join(out.split()).replace("to review ", "to review  ")
    assert ("? one that deserves a look" in out) == (marked > 0)
