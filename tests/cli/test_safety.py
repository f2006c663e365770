"""Commands never destroy what they were not asked to make, and say what is missing before they start."""

import importlib.util
import shutil
from pathlib import Path

import pytest
from tiny import TFIDF, write_labels, write_recipe

TEXT = "Talks bring peace. The fleet must strike now."


@pytest.fixture
def shop(workshop, tmp_path, monkeypatch):
    """Stand in a project with a trained model that only this test has."""
    shutil.copytree(workshop.root / "models", tmp_path / "models")
    write_labels(tmp_path / "labels")
    (tmp_path / "note.txt").write_text(TEXT)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return tmp_path


def test_scores_never_overwrite_the_document_they_come_from(shop, stance):
    (shop / "link.txt").symlink_to(shop / "note.txt")
    for output in ("note.txt", "link.txt", "models/../note.txt"):
        code, _, err = stance("score", "note.txt", "-o", output)
        assert code == 2 and "one of the documents" in err and "hint:" in err
    assert (shop / "note.txt").read_text() == TEXT


def test_scores_are_written_through_a_link_and_never_over_a_device(shop, stance):
    target = shop / "kept" / "scores.jsonl"
    target.parent.mkdir()
    target.write_text("old\n")
    (shop / "link.jsonl").symlink_to(target)
    code, _, err = stance("score", "note.txt", "-o", "link.jsonl")
    assert code == 0, err
    assert (shop / "link.jsonl").is_symlink() and len(target.read_text().splitlines()) == 2
    code, _, err = stance("score", "note.txt", "-o", "/dev/null")
    assert code == 2 and "no ordinary file" in err
    assert not Path("/dev/null").is_file()


@pytest.mark.parametrize("out", ["/proc/stance/model", "."])
def test_a_model_folder_that_cannot_be_made_is_refused_before_the_training(shop, stance, out):
    code, _, err = stance("train", "models/tiny.yaml", "--out", out)
    assert code == 2 and "hint:" in err
    assert not (shop / "mlflow.db").exists()


def test_another_seed_has_a_folder_of_its_own_and_replacing_is_said(shop, stance):
    before = (shop / "models/trained/tiny/manifest.json").read_bytes()
    code, out, err = stance("train", "models/tiny.yaml", "--seed", "11")
    assert code == 0, err
    assert "models/trained/tiny-seed11" in out and "replaced" not in err
    assert (shop / "models/trained/tiny/manifest.json").read_bytes() == before
    code, _, err = stance("train", "models/tiny.yaml", "--seed", "11")
    assert code == 0 and "models/trained/tiny-seed11 is replaced" in err


def test_a_missing_library_is_named_before_anything_starts(shop, stance, monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name == "onnx" else find(name, *rest))
    code, _, err = stance("train", "models/tiny.yaml")
    assert code == 2 and "stance train needs onnx" in err and "cautious-hope[train]" in err
    assert not (shop / "mlflow.db").exists()


def test_a_labels_folder_serves_outside_a_checkout(tmp_path, stance, monkeypatch):
    monkeypatch.setattr("pipeline.ground.paths.__file__", str(tmp_path / "site" / "pipeline" / "ground" / "paths.py"))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    desk = tmp_path / "desk"
    desk.mkdir()
    monkeypatch.chdir(desk)
    write_labels(tmp_path / "mine")
    write_recipe(tmp_path / "words.yaml", TFIDF)
    code, _, err = stance("train", "../words.yaml", "--labels", "../mine")
    assert code == 0, err
    assert (desk / "mlflow.db").exists() and (desk / "models/trained/words/manifest.json").exists()
    code, _, err = stance("train", "../words.yaml")
    assert code == 2 and "no labels/codebook.yaml" in err


def test_validation_figures_are_marked_where_decisions_were_learned_on_them(shop, stance):
    write_recipe(shop / "models" / "here.yaml", TFIDF, learn_from="validation")
    _, own, _ = stance("train", "models/tiny.yaml")
    _, same, _ = stance("train", "models/here.yaml")
    assert "validation*" not in own
    assert "validation*" in same and "an optimistic figure" in " ".join(same.split())


@pytest.mark.parametrize(
    ("learner", "decisions", "said"),
    [
        (TFIDF | {"min_count": 1000}, {}, "min_count"),
        (TFIDF, {"threshold": 0.3}, "`threshold` goes with objective fixed"),
        ({"knd": "tfidf"}, {}, "did you mean 'kind'?"),
    ],
)
def test_settings_that_cannot_work_are_refused(shop, stance, learner, decisions, said):
    write_recipe(shop / "models" / "odd.yaml", learner, **decisions)
    code, _, err = stance("train", "models/odd.yaml")
    assert (code, said in err) == ((2, True)), err
