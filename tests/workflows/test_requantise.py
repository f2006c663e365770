"""`stance models quantise`: a model's graph made smaller again, its figures measured anew, nothing trained."""

import json
import shutil

import numpy as np
import pytest
import yaml
from requantising import ROWS, STATIC, asked, bytes_of
from tiny import write_recipe

from pipeline.ground.errors import ModelError
from pipeline.ground.files import write_json
from pipeline.ground.machine import describe_machine
from pipeline.inference.manifest import deciding_files, read_manifest
from pipeline.learning.quantise_settings import QuantiseSettings
from pipeline.predict import Predictor
from pipeline.tracking.pyfunc import save_pyfunc
from pipeline.tracking.store import Tracker
from pipeline.workflows.training import Order, train

TEXTS = ["The army should strike.", "Invite the envoys to talks.", "The ferry left."]
NOTHING = QuantiseSettings(matrices="float32", embeddings="float32").model_dump(mode="json")


def test_a_model_by_rows_gets_fixed_steps_and_figures_of_its_own(quantising, stance, quantise):
    code, out, err = quantise()
    assert code == 0 and out == "", err
    trained = quantising / "models" / "trained"
    before, after = (read_manifest(trained / name) for name in ("small", "again"))
    assert after.id != before.id and after.id in err and "wrote models/trained/again" in err
    assert after.recipe["quantise"]["calibration"] == 20 and after.recipe_hash != before.recipe_hash
    assert after.facts["requantised"]["from"] == before.id and after.facts["rates"]["counts"]["hawk"]
    assert after.facts["requantised"]["machine"] == describe_machine()
    assert after.metrics["train_seconds"] == before.metrics["train_seconds"] and after.created == before.created
    report = json.loads((trained / "again" / "parity.json").read_text())
    first = json.loads((trained / "small" / "parity.json").read_text())
    assert report["settings"]["matrices"] == "int8-static" and report["earlier"] == [first]
    assert report["settings"]["calibration"] == 20
    assert report["macro_f1"]["before"] == pytest.approx(before.metrics["macro_f1"])
    assert report["macro_f1"]["after"] == pytest.approx(after.metrics["macro_f1"])
    assert stance("models", "verify", "again")[0] == 0
    assert f"quantised without a training from {before.id}" in stance("models", "show", "again")[1]
    assert "without a training" not in stance("models", "show", "small")[1]
    old, new = (Predictor.load(trained / name).predict_raw(TEXTS) for name in ("small", "again"))
    assert 0 < abs(new - old).max() < 0.1


def test_how_many_neurons_went_is_said(quantising, stance, quantise, monkeypatch):
    """It is in parity.json, and so in the card."""
    monkeypatch.setattr("pipeline.learning.prune.TILE", 8)
    asked(quantising / "models" / "small.yaml", STATIC | {"prune": 0.05})
    code, _, err = quantise()
    assert code == 0, err
    again = quantising / "models" / "trained" / "again"
    said = json.loads((again / "parity.json").read_text())["settings"]
    assert said["prune"] == 0.05 and said["neurons_pruned"] > 0 and said["neurons_pruned"] % 8 == 0
    assert said["neurons_pruned"] + said["neurons_left"] == 128
    assert read_manifest(again).recipe["quantise"]["prune"] == 0.05
    stance("models", "card", "models/trained/again")
    card = (again / "MODEL_CARD.md").read_text()
    assert (
        f"prune 0.05): {said['neurons_pruned']} of the 128 inner neurons of the feed-forward blocks were taken" in card
    )
    assert "neurons_left" not in card


@pytest.mark.parametrize("found", [None, NOTHING], ids=["as trained", "asked for nothing"])
def test_a_float32_model_gets_rows(quantising, stance, workshop, found):
    whole, path = quantising / "models" / "trained" / "whole", quantising / "models" / "whole.yaml"
    shutil.copytree(workshop.small.folder, whole)
    before = read_manifest(whole)
    recipe = before.recipe | ({"quantise": found} if found else {})
    write_json(whole / "manifest.json", before.model_copy(update={"recipe": recipe}).model_dump(mode="json"))
    shutil.copy(workshop.root / "models" / "small.yaml", path)
    asked(path, ROWS)
    code, out, err = stance("models", "quantise", "whole", "--recipe", path, "-o", "models/trained/rows")
    assert code == 0 and out == "", err
    rows = quantising / "models" / "trained" / "rows"
    after, report = read_manifest(rows), json.loads((rows / "parity.json").read_text())
    assert "earlier" not in report and report["settings"]["matrices"] == "int8-rows"
    assert report["macro_f1"]["before"] == pytest.approx(before.metrics["macro_f1"])
    assert after.files["model.onnx"].size < 0.75 * before.files["model.onnx"].size
    assert after.facts["requantised"]["from"] == before.id != after.id
    assert after.facts["requantised"]["data_fingerprint"] == before.data_fingerprint
    assert after.recipe["quantise"]["matrices"] == "int8-rows" and stance("models", "verify", "rows")[0] == 0
    assert f"quantised without a training from {before.id}" in stance("models", "show", "rows")[1]


def test_six_bits_are_a_file_of_the_model_like_any_other(quantising, stance, workshop):
    whole, path = quantising / "models" / "trained" / "whole", quantising / "models" / "whole.yaml"
    shutil.copytree(workshop.small.folder, whole)
    shutil.copy(workshop.root / "models" / "small.yaml", path)
    asked(path, {"matrices": "int6-rows", "embeddings": "int8"})
    code, _, err = stance("models", "quantise", "whole", "--recipe", path, "-o", "models/trained/six")
    assert code == 0, err
    six = quantising / "models" / "trained" / "six"
    manifest = read_manifest(six)
    assert manifest.scorer.packed and "packed.npy" in deciding_files(manifest.scorer) and "packed.npy" in manifest.files
    assert not read_manifest(whole).scorer.packed and "packed" not in (whole / "manifest.json").read_text()
    assert sorted(path.name for path in six.iterdir() if path.is_dir()) == []
    assert stance("models", "verify", "six")[0] == 0 and "packed.npy" in (six / "manifest.json").read_text()
    here = Predictor.load(six).predict_raw(TEXTS)
    assert 0 < abs(here - Predictor.load(whole).predict_raw(TEXTS)).max() < 0.2
    carried = save_pyfunc(six, quantising / "pyfunc") / "artifacts" / "six"
    assert np.array_equal(Predictor.load(carried).predict_raw(TEXTS), here)
    content = bytearray((six / "packed.npy").read_bytes())
    content[-1] ^= 1
    (six / "packed.npy").write_bytes(content)
    with pytest.raises(ModelError, match=r"packed\.npy has changed"):
        Predictor.load(six)


def test_the_same_model_recipe_and_labels_give_the_same_graph_with_the_seed_of_the_model(quantising, quantise):
    path, trained = quantising / "models" / "small.yaml", quantising / "models" / "trained"
    for name, seed in (("first", 3), ("second", 3), ("third", 99)):
        path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text()) | {"seed": seed}))
        code, _, err = quantise("-o", trained / name)
        assert code == 0, err
    graphs = [(trained / name / "model.onnx").read_bytes() for name in ("first", "second", "third")]
    assert graphs[0] == graphs[1] == graphs[2]
    assert read_manifest(trained / "third").seed == read_manifest(trained / "third").recipe["seed"] == 3


def test_decisions_learned_out_of_fold_stay_and_those_from_validation_do_not(
    quantising, stance, encoder_folder, empty_store
):
    shutil.copy(empty_store, quantising)
    encoder = {"kind": "folder", "path": str(encoder_folder)}
    learner = {"kind": "frozen", "encoder": encoder, "max_length": 32, "c": 1.0, "class_weight": "none"}
    path, trained = write_recipe(quantising / "models" / "still.yaml", learner), quantising / "models" / "trained"
    train(Order(path, quantising / "labels", trained / "still"), Tracker(quantising))
    asked(path, ROWS)
    for name in ("still", "small"):
        code, _, err = stance("models", "quantise", name, "--recipe", f"models/{name}.yaml", "-o", f"{name}-again")
        assert code == 0, err
    still, again = (bytes_of(folder) for folder in (trained / "still", quantising / "still-again"))
    assert again["decisions.json"] == still["decisions.json"] and again["model.onnx"] != still["model.onnx"]
    assert Predictor.load(quantising / "still-again").decisions.learned_from == "out-of-fold"
    small, again = (bytes_of(folder) for folder in (trained / "small", quantising / "small-again"))
    assert again["decisions.json"] != small["decisions.json"]


def test_absent_texts_and_too_few_sentences_to_calibrate_on_are_said(quantising, quantise, stance):
    assert stance("labels", "split")[0] == 0
    labels = quantising / "labels"
    sources = yaml.safe_load((labels / "sources.yaml").read_text())["sources"]
    gone = {"name": "gone", "kind": "package", "package": "no-such-package", "version": "1.0"}
    gone |= {"annotations": "annotations/gone.jsonl", "licence": "MIT", "obtain": "write it"}
    (labels / "sources.yaml").write_text(yaml.safe_dump({"sources": [*sources, gone]}))
    span = {"doc": "gone-1", "start": 0, "end": 9, "sha256": "0" * 16, "labels": ["hawk"]}
    (labels / "annotations" / "gone.jsonl").write_text(json.dumps(span) + "\n")
    parts = yaml.safe_load((labels / "splits.yaml").read_text())
    (labels / "splits.yaml").write_text(yaml.safe_dump(parts | {"train": [*parts["train"], "gone-1"]}))
    asked(quantising / "models" / "small.yaml", STATIC | {"calibration": 5000})
    code, out, err = quantise()
    assert code == 0 and out == "", err
    assert "gone: the package no-such-package is not installed; 1 labelled sentences left out" in err
    again = quantising / "models" / "trained" / "again"
    manifest, report = read_manifest(again), json.loads((again / "parity.json").read_text())
    there = manifest.facts["sentences"]["train"]
    assert f"calibrating on all {there} training sentences; small asks for 5,000" in err
    assert report["settings"]["calibration"] == there and manifest.recipe["quantise"]["calibration"] == 5000
