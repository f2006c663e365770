"""`stance evaluate` prints data on stdout, remarks on stderr, and needs no more than it says."""

import json
import sys
import types

import numpy as np
import pytest
from click.testing import CliRunner

from pipeline.cli.app import main
from pipeline.cli.evaluation import command
from pipeline.decisions.review import Review
from pipeline.ground.codebook import Codebook
from pipeline.ground.errors import LabelError, MissingExtra, ModelError
from pipeline.ground.records import Notice

BOOK = Codebook(
    name="test",
    version="1.0.0",
    unit="sentence",
    choice="any",
    labels=[{"name": name, "short": name[:4], "definition": "…"} for name in ("optimism", "caution")],
)


class FakePredictor:
    codebook = BOOK
    thresholds = (0.5, 0.4)
    review = Review(error=0.1, error_absent=(0.05, 0.02), lowest=(0.1, 0.2), highest=(0.7, 0.6))
    shift = 0.0

    @classmethod
    def load(cls, folder):
        if not folder.is_dir():
            raise ModelError(f"no model in {folder}", hint="train one")
        return cls()

    def predict_proba(self, sentences):
        return np.array([[0.9 if name in text else 0.1 + self.shift for name in BOOK.names] for text in sentences])

    def adapt(self, sentences):
        adapted = FakePredictor()
        adapted.shift = 0.35
        return adapted, Notice(f"adapted to {len(list(sentences))} sentences")

    def decide(self, probabilities):
        return (probabilities >= self.thresholds).astype(np.int8)


@pytest.fixture
def model(tmp_path, monkeypatch):
    """Put a predictor in the place of the real one, and give a folder that stands for a model."""
    module = types.ModuleType("pipeline.predict")
    module.Predictor = FakePredictor
    monkeypatch.setitem(sys.modules, "pipeline.predict", module)
    folder = tmp_path / "model"
    folder.mkdir()
    return folder


@pytest.fixture
def gold(tmp_path):
    rows = [
        {"text": f"{text} {number}", "labels": labels, "doc": f"d{number}", "source": "sotu" if number % 2 else "un"}
        for number in range(6)
        for text, labels in (("optimism", ["optimism"]), ("caution", ["caution"]), ("a [missed] hope", ["optimism"]))
    ]
    path = tmp_path / "gold.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return path


def run(*arguments):
    result = CliRunner().invoke(command, [str(argument) for argument in arguments])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_the_table_is_on_stdout(model, gold):
    result = run(model, "--data", gold)
    assert result.exit_code == 0
    assert "macro-F1" in result.stdout
    assert "sotu" in result.stdout
    assert "a [missed] hope" not in result.stdout
    assert result.stderr == ""
    assert max(map(len, result.stdout.splitlines())) <= 80


def test_json_is_all_there_is_on_stdout(model, gold):
    value = json.loads(run(model, "--data", gold, "--json").stdout)
    assert value["labels"]["caution"]["f1"] == 1
    assert value["labels"]["optimism"]["recall"] == 0.5
    assert value["labels"]["caution"]["threshold"] == 0.4
    assert value["sentences"] == 18
    assert set(value["slices"]["source"]) == {"sotu", "un"}
    assert "errors" not in value


def test_what_is_marked_for_review_is_judged(model, gold):
    shown = run(model, "--data", gold).stdout
    assert "100% of the sentences are marked for review" not in shown
    assert "67% of the sentences are marked for review" in shown  # all that lack optimism: 0.1 conforms with it
    assert "promised" in shown and "carry it" in shown and "area" in shown
    review = json.loads(run(model, "--data", gold, "--json").stdout)["review"]
    assert review["kept"] == pytest.approx(1 / 3) and review["exact_kept"]["value"] == 1
    assert review["labels"]["optimism"]["carriers"]["value"] == 1
    assert review["labels"]["optimism"]["promised_others"] == pytest.approx(0.95)
    assert review["labels"]["caution"]["kept"] == 1


def test_a_model_that_marks_nothing_says_so(model, gold, monkeypatch):
    monkeypatch.setattr(FakePredictor, "review", None)
    result = run(model, "--data", gold)
    assert "marked for review" not in result.stdout and "this model marks nothing for review" in result.stderr
    assert json.loads(run(model, "--data", gold, "--json").stdout)["review"] is None


def test_label_shares_are_adapted_on_request_only(model, gold):
    plain, adapted = run(model, "--data", gold, "--json"), run(model, "--data", gold, "--json", "--adapt-priors")
    assert "adapted to 18 sentences" in adapted.stderr and plain.stderr == ""
    recall = [json.loads(result.stdout)["labels"]["caution"]["precision"] for result in (plain, adapted)]
    assert recall == [1, pytest.approx(1 / 3)]
    refused = run(model, "--behaviour", "--adapt-priors")
    assert refused.exit_code == 2 and "--adapt-priors goes with --data only" in refused.stderr


def test_slices_and_errors_are_a_choice(model, gold):
    result = run(model, "--data", gold, "--no-slices", "--errors", 2)
    assert "sotu" not in result.stdout
    assert result.stdout.count("a [missed] hope") == 2
    value = json.loads(run(model, "--data", gold, "--no-slices", "--errors", 2, "--json").stdout)
    assert value["slices"] == {}
    assert [error["label"] for error in value["errors"]] == ["optimism", "optimism"]
    assert value["errors"][0]["text"].startswith("a [missed] hope")


def test_notes_go_to_stderr(model, tmp_path):
    path = tmp_path / "alone.jsonl"
    path.write_text('{"text": "optimism", "labels": ["optimism"]}\n')
    result = run(model, "--data", path)
    assert "note: caution: no sentence" in result.stderr
    assert 'name no "doc"' in result.stderr
    assert "note:" not in result.stdout


def test_faults_are_typed_errors(model, gold, tmp_path):
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"text": "x", "labels": ["hope"]}\n')
    with pytest.raises(LabelError, match=r"bad\.jsonl, line 1: unknown label 'hope'"):
        run(model, "--data", bad)
    with pytest.raises(ModelError):
        run(tmp_path / "absent", "--data", gold)
    assert run(model).exit_code == 2
    assert run(model, "--data", gold, "--errors", -1).exit_code == 2


def test_the_door_prints_the_fault_and_its_hint(model, tmp_path, capsys):
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"text": "x", "labels": ["hope"]}\n')
    with pytest.raises(SystemExit) as caught:
        main(["evaluate", str(model), "--data", str(bad)])
    assert caught.value.code == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert "line 1: unknown label 'hope'" in said.err
    assert "hint: the codebook test 1.0.0 has: optimism, caution" in said.err


def test_without_scikit_learn_it_says_how_to_get_it(model, gold, monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(MissingExtra, match=r"^stance evaluate needs scikit-learn") as caught:
        run(model, "--data", gold)
    assert caught.value.hint == "pip install 'cautious-hope[train]'"


def test_help_ends_with_an_example():
    text = run("--help").stdout
    *_, title, example = text.rstrip().splitlines()
    assert title.strip() == "Example:"
    assert example.strip() == "stance evaluate models/trained/mine --data gold.jsonl --errors 10"


def test_a_model_is_found_by_name_as_elsewhere(workshop, tmp_path, stance, monkeypatch):
    monkeypatch.chdir(workshop.root)
    (tmp_path / "gold.jsonl").write_text('{"text": "Talks bring peace.", "labels": ["dove"], "doc": "a"}\n')
    code, out, err = stance("evaluate", "tiny", "--data", tmp_path / "gold.jsonl", "--json")
    assert code == 0 and json.loads(out)["sentences"] == 1, err
    code, out, err = stance("evaluate", "tinny", "--data", tmp_path / "gold.jsonl")
    assert code == 2 and not out and "tiny" in err and "stance models ls" in err
