"""Label errors planted in clean labels are found by a model that has not seen the sentence's document."""

import json

import numpy as np
import pytest
from tiny import TFIDF, write_recipe

from pipeline.corpus.load import load_corpus
from pipeline.learning.estimators import Setting
from pipeline.learning.fit import Classifier, fit
from pipeline.learning.recipes import load_recipe
from pipeline.workflows import audit
from pipeline.workflows.audit import find_suspects, fold_turns, out_of_fold_answers


def test_each_sentence_is_held_out_once_and_never_trained_on_in_its_turn(labels):
    corpus = load_corpus(labels)
    examples, seen = list(corpus.examples), []
    for train, validation, held in fold_turns(examples, corpus.codebook, 3):
        docs = [{examples[i].doc for i in positions} for positions in (train, validation, held)]
        assert not (docs[0] & docs[1] or docs[0] & docs[2] or docs[1] & docs[2])
        seen += held
    assert sorted(seen) == list(range(len(examples)))


def test_out_of_fold_answers_come_from_models_that_did_not_see_the_document(labels, tmp_path, monkeypatch):
    corpus, seen = load_corpus(labels), []

    def fit_and_tell(recipe, setting, train, validation):
        classifier = fit(recipe, setting, train, validation)
        seen.append({example.text for example in (*train, *validation)})
        return classifier

    monkeypatch.setattr(audit, "fit", fit_and_tell)
    monkeypatch.setattr(Classifier, "predict_proba", lambda self, texts: asked(self, texts))

    def asked(classifier, texts):
        assert not seen[-1] & set(texts)
        return classifier.decisions.calibrate(classifier.estimator.predict_proba(texts))

    recipe = load_recipe(write_recipe(tmp_path / "words.yaml", TFIDF, learn_from="validation"))
    setting = Setting(corpus.codebook, 3, tmp_path, 1)
    probabilities, decided = out_of_fold_answers(recipe, setting, list(corpus.examples), 3)
    assert len(seen) == 3 and probabilities.shape == decided.shape == (len(corpus.examples), 2)
    assert ((probabilities > 0) & (probabilities < 1)).all() and set(np.unique(decided)) <= {0, 1}


def test_planted_errors_come_first(labels):
    corpus = load_corpus(labels)
    rng = np.random.default_rng(0)
    examples = [corpus.examples[i % len(corpus.examples)] for i in range(200)]
    gold = corpus.codebook.encode([example.labels for example in examples])
    probabilities = np.clip(np.where(gold > 0, 0.9, 0.08) + rng.normal(0, 0.03, gold.shape), 0.01, 0.99)
    planted = [7, 50, 120]
    for i in planted:
        probabilities[i] = np.where(gold[i] > 0, 0.02, 0.97)  # the model is sure of the contrary
    found = find_suspects(examples, corpus.codebook, probabilities, (probabilities >= 0.5).astype(np.int8))
    assert {s.example for s in found[:3]} == {examples[i] for i in planted}
    assert all(set(s.suggested) != set(s.example.labels) for s in found[:3])
    assert [s.quality for s in found] == sorted(s.quality for s in found)


def test_the_command_writes_standoff_records_and_changes_nothing(project, stance):
    write_recipe(project / "models" / "words.yaml", TFIDF, learn_from="validation")
    path = project / "labels" / "annotations" / "tiny.jsonl"
    path.write_text(path.read_text().replace('"labels": ["hawk"]', '"labels": ["dove"]', 1))
    before = {file: file.read_bytes() for file in (project / "labels").rglob("*") if file.is_file()}
    code, out, err = stance("labels", "audit", "--recipe", "models/words.yaml", "--folds", "3", "-o", "out/a.jsonl")
    assert code == 0, err
    assert {file: file.read_bytes() for file in (project / "labels").rglob("*") if file.is_file()} == before
    records = [json.loads(line) for line in (project / "out" / "a.jsonl").read_text().splitlines()]
    assert f"{len(records)} of 48 sentences carry labels the model doubts." in out and "wrote out/a.jsonl" in err
    spans = {(a.doc, a.start, a.sha256) for a in load_corpus(project / "labels").annotations["tiny"]}
    assert all((r["doc"], r["start"], r["sha256"]) in spans and "text" not in r for r in records)
    assert max(map(len, out.splitlines())) <= 80


def test_an_audit_without_cleanlab_names_the_extra(project, stance, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "cleanlab", None)
    write_recipe(project / "models" / "words.yaml", TFIDF, learn_from="validation")
    code, _, err = stance("labels", "audit", "--recipe", "models/words.yaml")
    assert code == 2 and "cautious-hope[audit]" in err


@pytest.mark.parametrize("folds", ["2", "21"])
def test_too_few_and_too_many_folds_are_refused(project, stance, folds):
    code, _, err = stance("labels", "audit", "--folds", folds)
    assert code == 2 and "--folds" in err


def test_a_file_that_is_not_an_earlier_audit_is_never_replaced(project, stance):
    write_recipe(project / "models" / "words.yaml", TFIDF, learn_from="validation")
    (project / "notes.jsonl").write_text('{"kept": true}\n')
    code, _, err = stance("labels", "audit", "--recipe", "models/words.yaml", "-o", "notes.jsonl")
    assert code == 2 and "holds no suspects" in err and (project / "notes.jsonl").read_text() == '{"kept": true}\n'
    (project / "file").write_text("")
    code, _, err = stance("labels", "audit", "--recipe", "models/words.yaml", "-o", "file/a.jsonl")
    assert code == 2 and "cannot be written" in err
