"""The right model is taken, and said; a damaged one is never passed over for another."""

import json
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from tiny import ROOT, apart, write_labels

from pipeline.ground.errors import ModelError
from pipeline.ground.paths import packaged_models
from pipeline.inference.released import released_models
from pipeline.inference.shelf import choose_model, find_model, latest_model, trained_models
from pipeline.predict import Predictor

ACCURATE, FAST = Path("models/released/accurate"), Path("models/released/fast")
TAKEN = """
import json
from pipeline.inference.released import released_models
from pipeline.inference.shelf import choose_model
folder, notices, said = choose_model(None, fast=False)
print(json.dumps([str(folder), len(notices), said, [model.where for model in released_models()]]))
"""


def edit(path, **changes):
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


@pytest.fixture
def place(workshop, tmp_path, monkeypatch):
    """Stand in a project with `accurate` and `fast` released and `tiny` trained."""
    write_labels(tmp_path / "labels")
    for name in ("released/accurate", "released/fast", "trained/tiny"):
        shutil.copytree(workshop.tiny.folder, tmp_path / "models" / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def refusal(named=None, fast=False) -> ModelError:
    with pytest.raises(ModelError) as caught:
        choose_model(named, fast)
    assert caught.value.hint
    return caught.value


def test_accurate_is_the_default_and_fast_is_asked_for(place):
    folder, notices, said = choose_model(None, fast=False)
    assert (folder, notices) == (place / ACCURATE, [])
    assert said == "model models/released/accurate (the default; --fast or --model chooses another)"
    folder, notices, said = choose_model(None, fast=True)
    assert (folder, notices, said) == (place / FAST, [], "model models/released/fast (--fast)")


def test_without_accurate_fast_serves_and_without_both_what_was_trained_last(place):
    shutil.rmtree(ACCURATE)
    folder, _, said = choose_model(None, fast=False)
    assert folder == place / FAST and "no 'accurate' is released here" in said
    shutil.rmtree(FAST)
    folder, notices, said = choose_model(None, fast=False)
    assert (folder, notices) == (place / "models/trained/tiny", [])
    assert said == "model models/trained/tiny (the one trained last; --model chooses another)"
    assert "no model 'fast' is released here" in refusal(fast=True).message
    shutil.rmtree("models/trained")
    assert "no model in" in refusal().message and "stance train" in refusal().hint


def test_what_has_only_a_readme_is_an_empty_shelf(place):
    shutil.rmtree("models/released")
    Path("models/released/.accurate.x1").mkdir(parents=True)
    Path("models/released/README.md").write_text("nothing yet")
    assert released_models() == [] and choose_model(None, fast=False)[0].name == "tiny"


@pytest.mark.parametrize("damage", ["no manifest", "cut manifest", "newer"])
def test_a_default_that_cannot_be_read_is_an_error_and_not_passed_over(place, damage):
    path = ACCURATE / "manifest.json"
    if damage == "no manifest":
        path.unlink()
    elif damage == "cut manifest":
        path.write_bytes(path.read_bytes()[:100])
    else:
        edit(path, format=2)
    fault = refusal()
    assert str(place / ACCURATE) in fault.message
    wanted = "upgrade" if damage == "newer" else "git checkout -- models/released/accurate"
    assert wanted in fault.hint
    assert choose_model(None, fast=True)[0] == place / FAST
    assert choose_model(Path("tiny"), fast=False)[0] == place / "models/trained/tiny"


@pytest.mark.parametrize("damage", ["gone", "cut", "changed"])
def test_a_default_with_a_damaged_file_is_refused_with_ways_on(place, damage):
    path = ACCURATE / "weights.npz"
    whole = path.read_bytes()
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(whole[:-1] if damage == "cut" else whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(ModelError) as caught:
        Predictor.load(choose_model(None, fast=False)[0])
    said = {"gone": "is missing", "cut": "it is cut short", "changed": "has changed"}[damage]
    assert f"{place / path} " in caught.value.message and said in caught.value.message
    assert "git checkout -- models/released/accurate" in caught.value.hint and "--fast or --model" in caught.value.hint


def test_other_labels_than_the_projects_are_noted(place):
    write_labels(place / "labels", "one")
    for fast in (False, True):
        _, notices, _ = choose_model(None, fast)
        assert len(notices) == 1 and "--model DIR" in notices[0].hint
        assert "its labels are hawk, dove; labels/codebook.yaml has hawk, dove, other" in notices[0].message
    folder, [notice], _ = choose_model(Path("accurate"), fast=False)
    assert folder == place / ACCURATE and "hawk, dove, other" in notice.message
    Path("labels/codebook.yaml").write_text("not: a codebook")
    assert choose_model(None, fast=False)[:2] == (place / ACCURATE, [])


def test_a_name_is_looked_up_among_released_then_trained_models(place):
    for name in ("fast", "tiny"):
        shutil.copytree(ACCURATE, Path("models/trained") / name, dirs_exist_ok=True)
    assert choose_model(Path("accurate"), fast=False) == (place / ACCURATE, [], "")
    assert find_model(Path("fast")) == place / FAST
    assert find_model(Path("tiny")) == place / "models/trained/tiny"


def test_a_folder_that_is_there_goes_before_a_name_and_a_path_is_no_name(place):
    Path("fast").mkdir()
    for path in (Path("fast"), Path("models/nothing"), place / "nothing"):
        assert choose_model(path, fast=False) == (path, [], "")


def test_an_unknown_name_is_answered_with_the_nearest(place):
    fault = refusal(Path("acurate"))
    assert "model folder acurate does not exist" in fault.message and "did you mean 'accurate'?" in fault.message
    assert "stance models ls" in fault.hint
    assert "does not exist" in refusal(Path("x" * 300)).message


def test_two_models_are_not_chosen_at_once(place):
    assert "two models" in refusal(Path("accurate"), fast=True).message


def test_the_package_serves_where_the_checkout_has_none(place, workshop, tmp_path, monkeypatch):
    package = tmp_path / "site" / "pipeline" / "released"
    shutil.copytree(FAST, package / "fast")
    shutil.move(ACCURATE, package / "accurate")
    monkeypatch.setattr("pipeline.inference.released.packaged_models", lambda: package)
    assert choose_model(None, fast=False)[0] == package / "accurate"
    assert choose_model(None, fast=True)[0] == place / FAST
    found = [(model.name, model.where) for model in released_models()]
    assert found == [("fast", "released"), ("accurate", "package"), ("fast", "package")]


def test_an_installed_package_finds_its_own_models_far_from_any_checkout(workshop, tmp_path):
    site, away = tmp_path / "site", tmp_path / "away"
    shutil.copytree(ROOT / "pipeline", site / "pipeline", ignore=shutil.ignore_patterns("__pycache__", "released"))
    away.mkdir()

    def taken() -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", TAKEN]
        return subprocess.run(command, cwd=away, env=apart(PYTHONPATH=str(site)), capture_output=True, text=True)

    assert "no model named, and no checkout here to look in" in taken().stderr
    accurate = shutil.copytree(workshop.tiny.folder, site / "pipeline" / "released" / "accurate")
    folder, notices, said, where = json.loads(taken().stdout)
    assert (Path(folder), notices, where) == (accurate, 0, ["package"]) and "the default" in said


def test_the_wheel_puts_released_models_where_the_package_looks():
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert wheel["only-include"] == ["pipeline", "models/released"]
    assert ROOT / wheel["sources"]["models/released"] == packaged_models()


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="not a git checkout")
@pytest.mark.parametrize("name", ["manifest.json", "model.onnx", "tokenizer.json", "decisions.json", "MODEL_CARD.md"])
def test_git_keeps_released_models_and_ignores_trained_ones(name):
    codes = [
        subprocess.run(["git", "check-ignore", "-q", f"models/{shelf}/accurate/{name}"], cwd=ROOT).returncode
        for shelf in ("released", "trained")
    ]
    assert codes == [1, 0]


def test_the_model_trained_last_is_found(workshop, tmp_path):
    for name, created in (("a", "2026-01-01"), ("b", "2026-03-01"), ("c", "2026-02-01"), (".b.half", "2027-01-01")):
        folder = shutil.copytree(workshop.tiny.folder, tmp_path / name)
        edit(folder / "manifest.json", created=f"{created}T00:00:00+00:00")
    assert latest_model(tmp_path) == (tmp_path / "b", [])


def test_trained_models_are_those_with_a_manifest(place):
    Path("models/trained/empty").mkdir()
    shutil.copytree(ACCURATE, "models/trained/.half")
    assert [model.name for model in trained_models()] == ["tiny"]


def test_an_empty_shelf_says_how_to_fill_it(tmp_path):
    with pytest.raises(ModelError, match="no model in") as caught:
        latest_model(tmp_path)
    assert "stance train" in caught.value.hint


def test_an_unreadable_folder_is_passed_over_and_said(workshop, tmp_path):
    for name in ("old", "good"):
        shutil.copytree(workshop.tiny.folder, tmp_path / name)
    edit(tmp_path / "old" / "manifest.json", format=0, created="2099-01-01")
    model, notices = latest_model(tmp_path)
    assert model == tmp_path / "good"
    assert len(notices) == 1 and f"{tmp_path / 'old' / 'manifest.json'}: format 0" in notices[0].message
    shutil.rmtree(tmp_path / "good")
    with pytest.raises(ModelError, match=r"passed over: .*format 0") as caught:
        latest_model(tmp_path)
    assert "stance train" in caught.value.hint
