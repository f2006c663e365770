"""Rules learn nothing, go into a model folder, and are refused where they do not fit the codebook."""

import json

import numpy as np
import pytest
from tiny import tiny_sentences, write_recipe

from pipeline.ground.errors import ConfigError
from pipeline.inference.scorers import load_scorer
from pipeline.learning.estimators import build
from pipeline.learning.recipes import load_recipe
from pipeline.predict import Predictor

RULES = {
    "dove": {"match": ["(peace|talk*)"], "veto": ["no peace"]},
    "hawk": {"match": ["strike", "must ... (strike|act)"]},
}
TEXTS = [text for _, text in tiny_sentences()] + ["The fleet must strike now.", "No peace, but talks.", "§"]


def built(tmp_path, setting, labels=None, choice="any"):
    learner = {"kind": "rules", "labels": RULES if labels is None else labels}
    return build(load_recipe(write_recipe(tmp_path / "rules.yaml", learner)), setting(choice))


def test_columns_come_in_codebook_order_and_one_match_is_a_half(tmp_path, setting):
    found = built(tmp_path, setting).predict_proba(["The fleet must strike now.", "No peace, but talks.", "No peace."])
    assert found.tolist() == [[0.75, 0], [0, 0.5], [0, 0]]


@pytest.mark.parametrize("choice", ["any", "one"])
def test_what_is_saved_scores_as_the_estimator(tmp_path, setting, halves, choice):
    labels = RULES | ({"other": {"match": []}} if choice == "one" else {})
    estimator = built(tmp_path, setting, labels, choice).fit(*halves(choice))
    loaded = load_scorer(estimator.save(tmp_path), tmp_path, exclusive=choice == "one")
    assert np.array_equal(loaded.score(TEXTS), estimator.predict_proba(TEXTS))
    assert [one["name"] for one in json.loads((tmp_path / "rules.json").read_text())["labels"]][:2] == ["hawk", "dove"]


def test_fit_says_once_that_nothing_is_learned(tmp_path, setting, halves, monkeypatch):
    estimator, said = built(tmp_path, setting), []
    monkeypatch.setattr(estimator._progress, "say", said.append, raising=False)
    before = estimator.predict_proba(TEXTS)
    estimator.fit(*halves()).fit(*halves())
    assert np.array_equal(estimator.predict_proba(TEXTS), before)
    assert len(said) == 1 and "learn nothing" in said[0]


def test_labels_the_codebook_lacks_or_the_recipe_lacks_are_named_at_once(tmp_path, setting):
    with pytest.raises(ConfigError) as caught:
        built(tmp_path, setting, {"hwak": {"match": ["strike"]}})
    said = caught.value.message
    assert "'hwak' is no label; did you mean 'hawk'?" in said
    assert "no rules for 'hawk'" in said and "no rules for 'dove'" in said
    assert "hawk, dove" in caught.value.hint


def test_every_faulty_pattern_is_named_with_its_label(tmp_path):
    labels = {"hawk": {"match": ["strike", "(must"], "veto": ["... not"]}, "dove": {"mach": ["a|b"]}}
    path = write_recipe(tmp_path / "rules.yaml", {"kind": "rules", "labels": labels})
    with pytest.raises(ConfigError) as caught:
        load_recipe(path)
    lines = caught.value.message.splitlines()
    assert lines[0] == f"{path}: 4 faults"
    assert "  - learner.labels.hawk.match.1: '(' without its other half (got '(must')" in lines
    assert "  - learner.labels.hawk.veto.0: a pattern begins and ends with a word (got '... not')" in lines
    assert "  - learner.labels.dove.mach: unknown key; did you mean 'match'?" in lines


def test_rules_train_and_score_from_the_command_line(project, stance):
    decisions = {"calibration": "none", "objective": "fixed"}
    write_recipe(project / "models" / "rules.yaml", {"kind": "rules", "labels": RULES}, **decisions)
    code, _, err = stance("train", "models/rules.yaml")
    assert code == 0 and "learn nothing" in err
    (project / "note.txt").write_text("Talks bring peace. The fleet must strike now.")
    code, out, _ = stance("score", "note.txt", "--model", "models/trained/rules", "--json")
    assert code == 0 and [json.loads(line)["labels"] for line in out.splitlines()] == [["dove"], ["hawk"]]
    assert Predictor.load(project / "models" / "trained" / "rules").manifest.scorer.kind == "rules"
