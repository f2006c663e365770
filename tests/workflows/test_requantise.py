"""`stance models quantise`: a model's graph made smaller again, its figures measured anew, nothing trained."""

import json
import shutil

import pytest
import yaml
from tiny import finetuned_learner, write_labels, write_recipe

from pipeline.inference.manifest import read_manifest
from pipeline.predict import Predictor

ROWS = {"matrices": "int8-rows", "embeddings": "int8", "reduce_range": True}
STATIC = {"matrices": "int8-static", "embeddings": "int8", "reduce_range": True, "calibration": 20}
TEXTS = ["The army should strike.", "Invite the envoys to talks.", "The ferry left."]


def asked(path, quantise):
    recipe = yaml.safe_load(path.read_text()) | {"quantise": quantise}
    path.write_text(yaml.safe_dump(recipe))
    return path


@pytest.fixture(scope="module")
def trained(encoder_folder, tmp_path_factory):
    """Train a model by rows, and hand out its project; read only."""
    from pipeline.tracking.store import Tracker
    from pipeline.workflows.training import Order, train

    root = tmp_path_factory.mktemp("rows")
    labels = write_labels(root / "labels")
    learner = finetuned_learner(encoder_folder, epochs=4, patience=4)
    recipe = asked(write_recipe(root / "models" / "small.yaml", learner, learn_from="validation"), ROWS)
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        train(Order(recipe, labels, root / "models" / "trained" / "small"), Tracker(root))
    return root


@pytest.fixture
def shop(trained, tmp_path, monkeypatch):
    for name in ("labels", "models"):
        shutil.copytree(trained / name, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def quantise(stance, *more):
    return stance("models", "quantise", "small", "--recipe", "models/small.yaml", "-o", "models/trained/again", *more)


def test_a_model_by_rows_gets_fixed_steps_and_figures_of_its_own(shop, stance):
    asked(shop / "models" / "small.yaml", STATIC)
    code, out, err = quantise(stance)
    assert code == 0 and out == "", err
    before, after = (read_manifest(shop / "models" / "trained" / name) for name in ("small", "again"))
    assert after.id != before.id and after.id in err and "wrote models/trained/again" in err
    assert after.recipe["quantise"]["calibration"] == 20 and after.recipe_hash != before.recipe_hash
    assert after.facts["requantised"]["from"] == before.id and after.facts["rates"]["counts"]["hawk"]
    assert after.metrics["train_seconds"] == before.metrics["train_seconds"] and after.created == before.created
    report = json.loads((shop / "models" / "trained" / "again" / "parity.json").read_text())
    first = json.loads((shop / "models" / "trained" / "small" / "parity.json").read_text())
    assert report["settings"]["matrices"] == "int8-static" and report["earlier"] == [first]
    assert report["macro_f1"]["before"] == pytest.approx(before.metrics["macro_f1"])
    assert report["macro_f1"]["after"] == pytest.approx(after.metrics["macro_f1"])
    assert stance("models", "verify", "again")[0] == 0
    assert f"quantised again from {before.id}" in stance("models", "show", "again")[1]
    assert "quantised again" not in stance("models", "show", "small")[1]
    old, new = (Predictor.load(shop / "models" / "trained" / name).predict_raw(TEXTS) for name in ("small", "again"))
    assert 0 < abs(new - old).max() < 0.1


def test_the_same_model_recipe_and_labels_give_the_same_graph(shop, stance):
    asked(shop / "models" / "small.yaml", STATIC)
    graphs = []
    for _ in range(2):
        assert quantise(stance)[0] == 0
        graphs.append((shop / "models" / "trained" / "again" / "model.onnx").read_bytes())
    assert graphs[0] == graphs[1]


def test_another_recipe_is_refused(shop, stance):
    path = asked(shop / "models" / "small.yaml", STATIC)
    recipe = yaml.safe_load(path.read_text())
    path.write_text(yaml.safe_dump(recipe | {"seed": 99}))
    code, out, err = quantise(stance)
    assert code == 2 and out == "" and "they differ in seed" in err and "Traceback" not in err
    path.write_text(yaml.safe_dump({key: value for key, value in recipe.items() if key != "quantise"}))
    code, _, err = quantise(stance)
    assert code == 2 and "does not say how to quantise" in err
    assert not (shop / "models" / "trained" / "again").exists()


def test_a_graph_that_cannot_be_quantised_so_is_left_as_it_is(shop, stance):
    for settings, said in (
        (ROWS, "quantised already (matrices int8-rows)"),
        (STATIC | {"reduce_range": False}, "wants another reduce_range"),
        (STATIC | {"embeddings": "float32"}, "wants another embeddings"),
    ):
        asked(shop / "models" / "small.yaml", settings)
        code, _, err = quantise(stance)
        assert code == 2 and said in err and "stance train models/small.yaml" in err
    assert [path.name for path in (shop / "models" / "trained").iterdir()] == ["small"]


def test_other_held_out_documents_are_refused(shop, stance):
    asked(shop / "models" / "small.yaml", STATIC)
    assert stance("labels", "split")[0] == 0
    split = shop / "labels" / "splits.yaml"
    parts = yaml.safe_load(split.read_text())
    parts["train"][0], parts["validation"][0] = parts["validation"][0], parts["train"][0]
    split.write_text(yaml.safe_dump(parts))
    code, _, err = quantise(stance)
    assert code == 2 and "not those held out" in err and not (shop / "models" / "trained" / "again").exists()


def test_a_folder_that_is_no_model_is_not_replaced(shop, stance):
    asked(shop / "models" / "small.yaml", STATIC)
    (shop / "models" / "trained" / "again").mkdir()
    (shop / "models" / "trained" / "again" / "diary.txt").write_text("mine")
    code, _, err = quantise(stance)
    assert code == 2 and "no model folder" in err
    assert (shop / "models" / "trained" / "again" / "diary.txt").read_text() == "mine"


def test_a_model_of_words_has_no_graph(shop, stance, workshop):
    shutil.copytree(workshop.tiny.folder, shop / "models" / "trained" / "words")
    asked(shop / "models" / "small.yaml", STATIC)
    code, _, err = stance("models", "quantise", "words", "--recipe", "models/small.yaml", "-o", "again")
    assert code == 2 and "has no graph" in err
