"""Train through the command, on tiny labels, and read back what it left."""

import json

import numpy as np
import pytest
import yaml
from tiny import distilled_learner, finetuned_learner, write_labels, write_recipe

from pipeline.corpus.load import load_corpus
from pipeline.corpus.splits import split_corpus
from pipeline.ground.errors import ConfigError
from pipeline.inference.manifest import read_manifest
from pipeline.learning.distilled import DistilledEstimator
from pipeline.learning.recipes import load_recipe
from pipeline.predict import Predictor


@pytest.mark.parametrize("choice", ["any", "one"])
def test_another_label_scheme_is_data_not_code(project, stance, choice):
    write_labels(project / "labels", choice)
    code, out, err = stance("train", "models/tiny.yaml")
    assert code == 0, err
    predictor = Predictor.load(project / "models" / "trained" / "tiny")
    assert predictor.classes_ == (("hawk", "dove") if choice == "any" else ("hawk", "dove", "other"))
    texts = ["The fleet must strike.", "Talks bring peace.", "The ferry left at nine."]
    probabilities = predictor.predict_proba(texts)
    if choice == "one":
        assert np.allclose(probabilities.sum(axis=1), 1)
        assert all(len(p.labels) == 1 for p in predictor.predict(texts))
        assert predictor.thresholds == (None, None, None)
    code, out, err = stance("score", "--json", write_text(project, "Talks bring peace. The fleet must strike now."))
    rows = [json.loads(line) for line in out.splitlines()]
    assert code == 0 and len(rows) == 2
    assert set(rows[0]["probabilities"]) == set(predictor.classes_)


def write_text(project, text):
    path = project / "note.txt"
    path.write_text(text)
    return path


def test_fine_tuning_trains_exports_and_scores(project, stance, encoder_folder):
    learner = finetuned_learner(encoder_folder, epochs=12, patience=12)
    write_recipe(project / "models" / "small.yaml", learner, learn_from="validation")
    code, _, err = stance("train", "models/small.yaml")
    assert code == 0, err
    folder = project / "models" / "trained" / "small"
    files = sorted(path.name for path in folder.iterdir())
    assert files == ["decisions.json", "manifest.json", "model.onnx", "tokenizer.json"]
    predictor = Predictor.load(folder)
    strike, talks = predictor.predict_proba(["The army should strike.", "Invite the envoys to talks."])
    assert strike[0] > talks[0] and talks[1] > strike[1]


def test_the_same_seed_gives_the_same_model(project, stance, encoder_folder):
    write_recipe(project / "models" / "small.yaml", finetuned_learner(encoder_folder), learn_from="validation")
    for out in ("first", "second"):
        code, _, err = stance("train", "models/small.yaml", "--out", out)
        assert code == 0, err
    code, _, err = stance("train", "models/small.yaml", "--out", "third", "--seed", "99")
    texts = ["Deploy the fleet.", "A treaty holds.", "Rain fell."]
    runs = [Predictor.load(project / name).predict_proba(texts) for name in ("first", "second", "third")]
    first, second, third = runs
    assert np.array_equal(first, second)
    graphs = [(project / name / "model.onnx").read_bytes() for name in ("first", "second")]
    assert graphs[0] == graphs[1]
    assert b"site-packages" not in graphs[0] and b".py" not in graphs[0]
    assert not np.allclose(first, third)


def test_manifest_names_what_made_the_model(project, stance):
    stance("train", "models/tiny.yaml", "--seed", "5")
    manifest = json.loads((project / "models/trained/tiny-seed5/manifest.json").read_text())
    recipe = yaml.safe_load((project / "models/tiny.yaml").read_text())
    assert manifest["seed"] == 5
    assert manifest["recipe"]["learner"] == recipe["learner"]
    assert len(manifest["data_fingerprint"]) == 16
    assert {"macro_f1", "macro_f1_low", "f1_hawk", "ece_dove", "train_seconds"} <= set(manifest["metrics"])


def test_a_recipe_may_ask_for_a_smaller_graph_and_what_that_costs_is_said(project, stance, encoder_folder):
    learner = finetuned_learner(encoder_folder, epochs=2, patience=2)
    trained = project / "models" / "trained"
    smaller = {"matrices": "int8-rows", "embeddings": "int8", "reduce_range": False}
    for name, quantise in (("whole", None), ("small", smaller)):
        path = write_recipe(project / "models" / f"{name}.yaml", learner, learn_from="validation")
        recipe = yaml.safe_load(path.read_text()) | ({"quantise": quantise} if quantise else {})
        path.write_text(yaml.safe_dump(recipe))
        code, _, err = stance("train", path)
        assert code == 0, err
        assert Predictor.load(trained / name).predict(["The generals threaten war."])
    assert (trained / "small" / "model.onnx").stat().st_size < (trained / "whole" / "model.onnx").stat().st_size
    report = json.loads((trained / "small" / "parity.json").read_text())
    assert report["settings"]["matrices"] == "int8-rows"
    assert 0 < report["labels"]["hawk"]["largest"] < 0.2
    assert "parity.json" in read_manifest(trained / "small").files
    assert not (trained / "whole" / "parity.json").exists()


def test_only_graphs_can_be_quantised(project):
    path = write_recipe(project / "models" / "bad.yaml")
    path.write_text(path.read_text() + "quantise: {matrices: float32, embeddings: int8}\n")
    with pytest.raises(ConfigError, match="quantise goes with kinds frozen, finetuned and distilled, not with tfidf"):
        load_recipe(path)


def test_a_student_is_distilled_quantised_and_told_of_in_its_manifest(project, stance, encoder_folder, monkeypatch):
    models, trained = project / "models", project / "models" / "trained"
    write_recipe(models / "one.yaml", finetuned_learner(encoder_folder, epochs=2, patience=2), learn_from="validation")
    write_recipe(models / "teacher.yaml", {"kind": "seeds", "member": "one.yaml", "fits": 2}, learn_from="validation")
    split = split_corpus(load_corpus(project / "labels"), project / "labels")
    test_doc, train_doc, known = split.test[0].doc, split.train[0].doc, split.test[0].text
    told = {
        test_doc: "A held out harbour town awaits its ferry at noon.",
        train_doc: "A document that trains may lend its other sentences.",
        "elsewhere": f"{known} The lighthouse keeper wrote to the capital about oil.",
    }
    more = project / "more.jsonl"
    learner = distilled_learner(
        encoder_folder, "teacher.yaml", more, told.items(), epochs=2, dropout=0.0, checkpoint_minutes=5.0
    )
    path = write_recipe(models / "student.yaml", learner, learn_from="validation")
    smaller = {"matrices": "int8-static", "embeddings": "int8", "reduce_range": True, "calibration": 800}
    path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text()) | {"quantise": smaller}))
    learned = []
    lessons = DistilledEstimator._lessons
    monkeypatch.setattr(
        DistilledEstimator, "_lessons", lambda self, *a: learned.append(lessons(self, *a)) or learned[-1]
    )
    code, _, err = stance("train", "models/student.yaml")
    assert code == 0, err
    assert f"calibrating on all {len(split.train)} training sentences; student asks for 800" in err
    texts = learned[0].texts[len(split.train) :]
    assert texts == [told[train_doc], "The lighthouse keeper wrote to the capital about oil."]
    facts = read_manifest(trained / "student").facts
    assert facts["unlabelled"] == {"more": 2} and len(facts["teacher"]["fits"]) == 2
    assert facts["teacher"]["recipe"] == "teacher"
    report = json.loads((trained / "student" / "parity.json").read_text())
    assert report["sentences"] == len(split.test) and report["settings"]["calibration"] == len(split.train)
    code, _, err = stance("train", "models/student.yaml")
    assert code == 0 and err.count("weights read from the cache") == 2 and "the student was trained before" in err
