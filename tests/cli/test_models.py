"""`stance models` lists what there is, shows what one says, and finds every kind of damage."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tiny import ROOT, apart, write_labels

from pipeline.inference.manifest import read_manifest, write_manifest

HEAVY = {"torch", "transformers", "sklearn", "scipy", "mlflow", "datasets", "matplotlib"}
MODULES = """
import sys
from pipeline.cli.app import main
try:
    main(sys.argv[1:])
except SystemExit as ended:
    assert not ended.code, ended.code
print("MODULES", *sorted({name.split(".")[0] for name in sys.modules}))
"""
ACCURATE = Path("models/released/accurate")


def edit(path, **changes):
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


@pytest.fixture
def place(workshop, tmp_path, monkeypatch):
    """Stand in a project with a released network, a released word model and a trained one."""
    write_labels(tmp_path / "labels")
    shutil.copytree(workshop.small.folder, tmp_path / ACCURATE)
    for name in ("released/fast", "trained/tiny"):
        shutil.copytree(workshop.tiny.folder, tmp_path / "models" / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def damaged(stance, *arguments) -> tuple[str, str]:
    """Verify, assert that a fault is found and exit code 2 given; return stdout and its words on one line."""
    code, out, err = stance("models", "verify", *arguments)
    assert code == 2 and "Traceback" not in out + err
    assert max(map(len, out.splitlines())) <= 80
    return out, " ".join(out.split())


def test_nothing_to_list_is_said_with_a_way_on(stance, tmp_path, monkeypatch):
    write_labels(tmp_path / "labels")
    monkeypatch.chdir(tmp_path)
    code, out, err = stance("models", "ls")
    assert code == 0 and out == "" and "no model here" in err and "stance train" in err
    assert stance("models", "ls", "--json")[:2] == (0, "[]\n")
    code, out, err = stance("models", "verify")
    assert code == 2 and out == "" and "error: no released model in models/released" in err and "hint: " in err


def test_every_model_has_a_row_that_fits_the_terminal(place, stance):
    code, out, err = stance("models", "ls")
    lines = out.splitlines()
    assert code == 0 and max(map(len, lines)) <= 80
    assert [line.split()[:2] for line in lines[1:]] == [
        ["accurate", "released"],
        ["fast", "released"],
        ["tiny", "trained"],
    ]
    manifest = read_manifest(ACCURATE)
    score = manifest.metrics
    shown = f"{score['macro_f1']:.2f} [{score['macro_f1_low']:.2f}, {score['macro_f1_high']:.2f}]"
    assert shown in lines[1] and "hawkish 0.1.0" in lines[1] and manifest.created[:10] in lines[1]
    assert f" {manifest.size / 1e6:.1f} " in lines[1]
    assert "stance score takes models/released/accurate" in err


def test_the_list_as_json_has_what_the_manifest_says(place, stance):
    code, out, _ = stance("models", "ls", "--json")
    rows = json.loads(out)
    manifest = read_manifest(ACCURATE)
    assert code == 0 and [(row["name"], row["where"]) for row in rows] == [
        ("accurate", "released"),
        ("fast", "released"),
        ("tiny", "trained"),
    ]
    assert rows[0]["id"] == manifest.id and rows[0]["bytes"] == sum(entry.size for entry in manifest.files.values())
    assert rows[0]["macro_f1"]["value"] == manifest.metrics["macro_f1"] and rows[0]["fault"] is None
    assert rows[0]["sentences_per_second"] == manifest.metrics["sentences_per_second"]


def test_a_folder_that_cannot_be_read_stands_in_the_list_with_its_fault(place, stance):
    edit(ACCURATE / "manifest.json", format=9)
    code, out, err = stance("models", "ls")
    assert code == 0 and "unreadable" in out and "format 9" in err and "upgrade" in err
    assert "stance score has no model to take by itself" in err
    assert "format 9" in json.loads(stance("models", "ls", "--json")[1])[0]["fault"]


def test_a_model_without_figures_is_listed_and_shown(place, stance):
    edit(ACCURATE / "manifest.json", metrics={})
    code, out, _ = stance("models", "ls")
    assert code == 0 and "–" in out.splitlines()[1]
    code, out, _ = stance("models", "show", "accurate")
    assert code == 0 and "Figures" not in out and "Files" in out
    edit(ACCURATE / "manifest.json", metrics={"macro_f1": 0.5})
    assert " 0.50 " in stance("models", "ls")[1].splitlines()[1]


def test_what_a_model_is_fits_the_terminal_and_leaves_nothing_out(place, stance):
    edit(ACCURATE / "manifest.json", metrics=read_manifest(ACCURATE).metrics | {"parity/largest_gap": 0.0123})
    code, out, _ = stance("models", "show", "accurate")
    manifest = read_manifest(ACCURATE)
    decisions = json.loads((ACCURATE / "decisions.json").read_text())
    assert code == 0 and max(map(len, out.splitlines())) <= 80
    for words in (manifest.id, "models/released/accurate", manifest.recipe_hash, manifest.data_fingerprint):
        assert words in out
    assert manifest.code_version in out and "hawkish 0.1.0: any of hawk, dove" in out and "max_length 32" in out
    for name, entry in manifest.files.items():
        assert [name, f"{entry.size:,}", entry.sha256[:16]] in [line.split() for line in out.splitlines()]
    row = [f"{manifest.metrics[f'{kind}_hawk']:.3f}" for kind in ("f1", "precision", "recall", "ap", "ece", "brier")]
    assert ["hawk", *row] in [line.split() for line in out.splitlines()]
    assert ["thresholds", *(f"{one:.3f}" for one in decisions["thresholds"])] in [
        line.split() for line in out.splitlines()
    ]
    assert "parity/largest_gap" in out and "0.0123" in out and "learning_rate: 0.01" in out


def test_notes_and_whatever_else_decisions_hold_are_shown(place, stance):
    edit(ACCURATE / "decisions.json", notes=["dove: too few"], thresholds=[0.25, 0.75])
    write_manifest(ACCURATE, read_manifest(ACCURATE))
    out = stance("models", "show", "accurate")[1]
    assert "dove: too few" in out and ["thresholds", "0.250", "0.750"] in [line.split() for line in out.splitlines()]


def test_a_model_as_json_has_whole_hashes_and_decisions(place, stance):
    code, out, _ = stance("models", "show", ACCURATE, "--json")
    value, manifest = json.loads(out), read_manifest(ACCURATE)
    assert code == 0 and value["id"] == manifest.id and value["recipe"]["name"] == "small"
    assert value["files"] == {name: entry.model_dump() for name, entry in manifest.files.items()}
    assert value["decisions"] == json.loads((ACCURATE / "decisions.json").read_text())


def test_a_model_that_is_not_there_is_answered_with_the_nearest(place, stance):
    for verb in ("show", "verify"):
        code, out, err = stance("models", verb, "acurate")
        assert code == 2 and out == "" and "did you mean 'accurate'?" in err and "stance models ls" in err
    code, _, err = stance("models", "show", "no/such/folder")
    assert code == 2 and "no/such/folder does not exist" in err


def test_whole_models_are_ok(place, stance):
    code, out, err = stance("models", "verify")
    assert code == 0 and out.count("OK  ") == 2 and "fault" not in out and "2 verified, 0 at fault" in err
    assert max(map(len, out.splitlines())) <= 80
    code, out, _ = stance("models", "verify", "tiny", ACCURATE)
    assert code == 0 and "OK  models/trained/tiny" in out and "OK  models/released/accurate" in out


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json", "decisions.json"])
@pytest.mark.parametrize("damage", ["gone", "cut", "changed"])
def test_each_damaged_file_is_named(place, stance, name, damage):
    path = ACCURATE / name
    whole = path.read_bytes()
    middle = len(whole) // 2
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(
            whole[:middle] + (b"" if damage == "cut" else bytes([whole[middle] ^ 1]) + whole[middle + 1 :])
        )
    out, words = damaged(stance)
    said = {"gone": "is missing", "cut": f"the manifest says {len(whole)}: it is cut short", "changed": "has changed"}
    assert name in words and said[damage] in words and "not tried: mend the files first" in words
    assert "git checkout -- models/released/accurate" in words
    assert "FAULT  models/released/accurate" in out and "OK  models/released/fast" in out


def test_every_damaged_file_is_named_at_once(place, stance):
    for name in ("model.onnx", "tokenizer.json"):
        (ACCURATE / name).unlink()
    _, words = damaged(stance, "accurate")
    assert words.count("is missing from the model folder") == 2 and words.count("git checkout") == 1


@pytest.mark.parametrize(
    ("content", "said"),
    [('{"format": 2}', "reads up to 1"), ('{"format', "cut short"), (None, "holds no manifest.json")],
)
def test_a_manifest_of_no_use_is_a_fault_of_its_model_only(place, stance, content, said):
    if content is None:
        (ACCURATE / "manifest.json").unlink()
    else:
        (ACCURATE / "manifest.json").write_text(content)
    out, words = damaged(stance)
    assert said in words and "hint: " in words and "OK  models/released/fast" in out


def test_decisions_of_another_model_are_a_fault(place, stance):
    edit(ACCURATE / "decisions.json", labels=["dove", "hawk"])
    write_manifest(ACCURATE, read_manifest(ACCURATE))
    assert "decisions are for ('dove', 'hawk')" in damaged(stance, "accurate")[1]


def test_a_graph_that_does_not_load_is_a_fault(place, stance):
    (ACCURATE / "model.onnx").write_bytes(b"no graph")
    write_manifest(ACCURATE, read_manifest(ACCURATE))
    assert "onnxruntime cannot load it" in damaged(stance, "accurate")[1]


def test_a_tokenizer_of_another_graph_is_a_fault(place, stance):
    tokenizer = json.loads((ACCURATE / "tokenizer.json").read_text())
    tokenizer["model"]["vocab"] = {
        word: index if word.startswith("[") or word == "." else index + 5000
        for word, index in tokenizer["model"]["vocab"].items()
    }
    (ACCURATE / "tokenizer.json").write_text(json.dumps(tokenizer))
    write_manifest(ACCURATE, read_manifest(ACCURATE))
    assert "the graph fails on a sentence" in damaged(stance, "accurate")[1]


def test_probabilities_that_are_no_numbers_are_a_fault(place, stance):
    fast = Path("models/released/fast")
    with np.load(fast / "weights.npz") as arrays:
        spoilt = {name: array * np.nan if name == "intercept" else array for name, array in arrays.items()}
    np.savez(fast / "weights.npz", **spoilt)
    write_manifest(fast, read_manifest(fast))
    assert "no probabilities for a plain sentence (nan, nan)" in damaged(stance, "fast")[1]


def test_other_labels_are_a_fault_and_another_version_is_a_note(place, stance):
    write_labels(place / "labels", "one")
    out, words = damaged(stance)
    assert "its labels are hawk, dove; labels/codebook.yaml has hawk, dove, other" in words and out.count("FAULT") == 2
    write_labels(place / "own")
    assert stance("models", "verify", "--labels", "own")[0] == 0
    codebook = Path("own/codebook.yaml")
    codebook.write_text(codebook.read_text().replace("0.1.0", "0.2.0"))
    code, out, _ = stance("models", "verify", "accurate", "--labels", "own")
    assert code == 0 and "note" in out and "own/codebook.yaml is hawkish 0.2.0" in " ".join(out.split())


def test_another_order_or_choice_of_the_same_labels_is_a_fault(place, stance):
    codebook = Path("labels/codebook.yaml")
    text = codebook.read_text()
    swapped = text.replace("hawk\n", "x\n").replace("dove\n", "hawk\n").replace("x\n", "dove\n")
    codebook.write_text(swapped)
    assert "has the same in another order: dove, hawk" in damaged(stance, "accurate")[1]
    codebook.write_text(text.replace("choice: any", "choice: one"))
    assert "it gives any of its labels (hawk, dove); labels/codebook.yaml says one" in damaged(stance, "accurate")[1]
    codebook.write_text(text.replace("speaks as a hawk", "threatens"))
    code, out, _ = stance("models", "verify", "accurate")
    assert code == 0 and "defines them in other words" in " ".join(out.split())


def test_a_file_that_is_not_listed_is_a_note(place, stance):
    (ACCURATE / "README.txt").write_text("mine")
    code, out, _ = stance("models", "verify", "accurate")
    assert code == 0 and "not in the manifest, and not read: README.txt" in out


def test_a_labels_folder_that_is_not_there_is_named(place, stance):
    code, _, err = stance("models", "verify", "--labels", "nowhere")
    assert code == 2 and "no such file: nowhere/codebook.yaml" in err


@pytest.mark.parametrize("arguments", [("ls",), ("show", "accurate"), ("verify",)])
def test_models_needs_the_base_install_only(place, arguments):
    command = [sys.executable, "-c", MODULES, "models", *arguments]
    result = subprocess.run(command, env=apart(), cwd=place, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    modules = set(result.stdout.rsplit("MODULES", 1)[1].split())
    assert "pydantic" in modules and modules & HEAVY == set()
    assert ("onnxruntime" in modules) == (arguments == ("verify",))
    assert str(ROOT) not in result.stdout
