"""Whatever the user gives, the answer is a message with a way out, exit code 2, and no traceback."""

import json
import shutil
from pathlib import Path

import pytest
import yaml
from tiny import finetuned_learner, run_apart, write_labels, write_recipe

PROSE = "Talks remain the better road for everyone. The fleet must answer force with force."


@pytest.fixture(scope="module")
def place(workshop, encoder_folder, tmp_path_factory) -> Path:
    """Make a project with a trained model and a bad example of everything; tests only read it."""
    root = tmp_path_factory.mktemp("place")
    write_labels(root / "labels")
    shutil.copytree(workshop.tiny.folder, root / "models" / "trained" / "tiny")
    for name, content in {
        "good.txt": PROSE.encode(),
        "other.md": f"# Talks\n\n{PROSE}\n".encode(),
        "empty.txt": b"",
        "blank.txt": b" \n\n ",
        "picture.txt": b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" * 20,
        "old.txt": "The first line is plain.\nThe détente holds.\n".encode("windows-1252"),
        "report.odt": b"PK and so on",
        "report.pdf": b"%PDF-1.4 and so on",
        "menu.txt": b"Home\n\nAbout us\n\nNews\n\nContact\n",
        "page.html": b"<html><body><form><input name='q'></form></body></html>",
        "broken.jsonl": b'{"text": "Fine.", "labels": []}\n{"text": "Broken", \n',
    }.items():
        (root / name).write_bytes(content)
    (root / "folder").mkdir()
    recipes = root / "models"
    write_recipe(recipes / "tiny.yaml")
    write_recipe(recipes / "misspelt.yaml", {"kind": "prior", "smoothng": 1}, obective="macro-f1", folds=1)
    (recipes / "broken.yaml").write_text("name: broken\nlearner: {kind: prior\nseed: 1\n")
    (recipes / "empty.yaml").write_text("")
    absent = {"kind": "package", "package": "no-such-encoder-here", "folder": "x"}
    changed = {"kind": "folder", "path": str(encoder_folder), "sha256": {"config.json": "0" * 64}}
    for name, encoder in (("absent", absent), ("changed", changed), ("hub", {"kind": "hub", "id": "nobody/nothing"})):
        learner = finetuned_learner(encoder_folder) | {"encoder": encoder}
        write_recipe(recipes / f"{name}.yaml", learner, learn_from="validation")
    return root


def refused(place: Path, *arguments: object, **environment: str) -> str:
    """Run the command, assert that it refuses in good manners, and return what it said."""
    result = run_apart(place, *arguments, **environment)
    assert "Traceback" not in result.stdout + result.stderr
    assert result.returncode == 2, result.stdout + result.stderr
    assert "error: " in result.stderr and "\nhint: " in result.stderr
    return result.stderr


DOCUMENTS = {
    "an empty file": ("empty.txt", "empty.txt: the file is empty"),
    "a blank file": ("blank.txt", "blank.txt: the file is empty"),
    "a binary file": ("picture.txt", "picture.txt: a binary file"),
    "another encoding": ("old.txt", "old.txt: not UTF-8: byte 0xe9 at offset 30, line 2"),
    "an unknown extension": ("report.odt", "report.odt: the extension '.odt'"),
    "half a PDF": ("report.pdf", "report.pdf: cut short"),
    "a folder": ("folder", "folder is a folder"),
    "no prose": ("menu.txt", "menu.txt: holds no running prose"),
    "a page without text": ("page.html", "page.html: no main text found"),
    "a missing file": ("absent.txt", "no such file: absent.txt"),
}


@pytest.mark.parametrize("verb", ["score", "sentences"])
@pytest.mark.parametrize(("name", "said"), DOCUMENTS.values(), ids=DOCUMENTS)
def test_a_bad_document_is_named(place, verb, name, said):
    if (verb, name) == ("score", "folder"):  # a folder may be scored, and this one is empty
        said = "nothing to score in folder; allowed: .txt"
    assert f"error: {said}" in refused(place, verb, name)


def test_one_bad_file_among_three_stops_only_itself(place):
    result = run_apart(place, "score", "good.txt", "empty.txt", "other.md", "--json")
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert result.returncode == 2
    assert [(row["doc"], row["index"]) for row in rows] == [("good", 0), ("good", 1), ("other", 0), ("other", 1)]
    assert result.stderr.count("error: ") == 1 and "empty.txt" in result.stderr and "hint: " in result.stderr


def test_the_bad_file_does_not_stop_the_output_file(place, tmp_path):
    result = run_apart(place, "score", "empty.txt", "good.txt", "other.md", "-o", tmp_path / "scores.jsonl")
    assert result.returncode == 2 and result.stdout == "" and "error: empty.txt" in result.stderr
    rows = [json.loads(line) for line in (tmp_path / "scores.jsonl").read_text().splitlines()]
    assert [row["doc"] for row in rows] == ["good.txt"] * 2 + ["other.md"] * 2


def test_two_bad_files_are_both_named(place):
    said = refused(place, "score", "empty.txt", "picture.txt")
    assert said.count("error: ") == 2 and "empty.txt" in said and "picture.txt" in said


@pytest.mark.parametrize(
    ("model", "said"),
    [("absent", "model folder absent does not exist"), ("good.txt", "is a file"), ("folder", "holds no manifest.json")],
)
def test_what_is_no_model_is_named(place, model, said):
    assert said in refused(place, "score", "good.txt", "--model", model)


def test_a_place_that_cannot_be_written_is_named(place):
    assert "cannot write good.txt/scores.jsonl" in refused(place, "score", "good.txt", "-o", "good.txt/scores.jsonl")
    said = refused(place, "score", "good.txt", "-o", "models")
    assert "models holds other files" in said and "it is left as it is" in said


RECIPES = {
    "misspelt keys": (
        "models/misspelt.yaml",
        ["3 faults", "learner.smoothng", "decisions.obective", "decisions.folds"],
    ),
    "no yaml": ("models/broken.yaml", ["models/broken.yaml, line 3"]),
    "an empty recipe": ("models/empty.yaml", ["models/empty.yaml: holds nothing"]),
    "a missing recipe": ("models/no.yaml", ["no such file: models/no.yaml"]),
    "a folder": ("models", ["models is a folder"]),
    "a document": ("good.txt", ["good.txt: holds a str"]),
    "a missing package": ("models/absent.yaml", ["package no-such-encoder-here is not installed"]),
    "a changed encoder": ("models/changed.yaml", ["config.json is not the encoder's official file"]),
    "a hub without network": ("models/hub.yaml", ["cannot load the encoder nobody/nothing"]),
}


@pytest.mark.parametrize(("recipe", "said"), RECIPES.values(), ids=RECIPES)
def test_a_bad_recipe_is_named(place, recipe, said):
    heard = refused(place, "train", recipe, HF_HUB_OFFLINE="1")
    assert [words for words in said if words not in heard] == []
    assert not list((place / "models" / "trained").glob("[!t]*"))


LABELS = {
    "an unknown label": ({"labels": ["hwak"]}, "unknown label 'hwak'; did you mean 'hawk'?"),
    "a span outside its text": ({"end": 99999}, "lies outside document"),
    "another hash": ({"sha256": "0" * 16}, "has the hash"),
    "no number": ({"start": "zero"}, "`start` must be a int"),
    "an unknown document": ({"doc": "nowhere"}, "document 'nowhere'"),
}


@pytest.mark.parametrize("verb", [["labels", "check"], ["labels", "split"]], ids=" ".join)
@pytest.mark.parametrize(("fields", "said"), LABELS.values(), ids=LABELS)
def test_a_bad_annotation_is_named_by_file_and_line(tmp_path, verb, fields, said):
    path = write_labels(tmp_path / "labels") / "annotations" / "tiny.jsonl"
    lines = path.read_text().splitlines()
    lines[4] = json.dumps(json.loads(lines[4]) | fields)
    path.write_text("\n".join(lines) + "\n")
    heard = refused(tmp_path, *verb)
    assert "labels/annotations/tiny.jsonl, line 5" in heard and said in heard


def test_training_on_bad_labels_is_refused_before_a_run_is_opened(tmp_path):
    labels = write_labels(tmp_path / "labels")
    recipe = write_recipe(tmp_path / "models" / "tiny.yaml")
    (labels / "annotations" / "tiny.jsonl").write_text("{\n")
    assert "tiny.jsonl, line 1: not JSON" in refused(tmp_path, "train", recipe)
    assert not (tmp_path / "mlflow.db").exists() and not (tmp_path / "models" / "trained").exists()


def test_a_labels_folder_without_its_parts_is_named(tmp_path):
    labels = write_labels(tmp_path / "labels")
    assert "no such file" in refused(tmp_path, "labels", "datasheet")
    (labels / "sources.yaml").unlink()
    assert "labels/sources.yaml" in refused(tmp_path, "labels", "check")
    assert "nowhere is not a folder" in refused(tmp_path, "labels", "check", "nowhere")


def test_bad_gold_is_named_by_line(place):
    assert "broken.jsonl, line 2" in refused(place, "evaluate", "models/trained/tiny", "--data", "broken.jsonl")


def test_a_bad_specification_names_all_its_faults(place, tmp_path):
    spec = {"name": "x", "question": "?", "recipies": ["tiny.yaml"], "seeds": [], "cross_validation": 2}
    (tmp_path / "x.yaml").write_text(yaml.safe_dump(spec))
    heard = refused(place, "experiment", "validate", tmp_path / "x.yaml")
    for name in ("recipies: unknown key; did you mean 'recipes'?", "recipes: missing", "seeds: ", "cross_validation: "):
        assert f"  - {name}" in heard


@pytest.mark.parametrize("wrong", [["scoer"], ["--nonsense"], ["score"], ["labels", "chek"], ["train", "a", "b"]])
def test_a_misspelt_command_line_is_refused_with_the_usage(place, wrong):
    result = run_apart(place, *wrong)
    assert result.returncode == 2 and "Usage: stance" in result.stderr
    assert "Traceback" not in result.stderr and result.stdout == ""
    assert wrong != ["scoer"] or "did you mean 'score'?" in result.stderr
