"""`stance compare` lines up tracked runs in 80 columns, says which differences are real, and what does not compare."""

import json
import shutil
import sqlite3
from pathlib import Path

import pytest
from gallery import run, write_corpus
from mlflow import MlflowClient

from pipeline.ground.paths import Project
from pipeline.tracking.runs import RunReader
from pipeline.tracking.store import Tracker


def entries(out) -> dict[str, dict]:
    return {entry["name"]: entry for entry in json.loads(out)["runs"]}


def refused(stance, *arguments) -> str:
    code, out, err = stance(*arguments)
    assert code == 2 and out == "" and "Traceback" not in err and "hint: " in err, err
    return err


def test_runs_line_up_by_recipe_with_the_best_on_validation_as_baseline(shown, stance):
    code, out, err = stance("compare", "--on", "test")
    assert code == 0 and err == ""
    assert max(map(len, out.splitlines())) <= 80
    rows = {line[:17].strip(): line.split() for line in out.splitlines()[1:4]}
    assert set(rows) == {"words seeds 3, 5", "floor seed 3", "half seed 3"}
    assert rows["words seeds 3, 5"][-1] == "baseline" and rows["half seed 3"][-1] == "worse"
    assert "the best by macro-F1 on validation" in " ".join(out.split())
    assert all(shown[name][:8] in out for name in shown)


def test_on_validation_a_baseline_that_was_chosen_there_makes_no_difference_real(shown, stance):
    value = json.loads(stance("compare", "--json")[1])
    assert (value["part"], value["baseline"]) == ("validation", "words seeds 3, 5")
    assert "chosen on the sentences judged here" in value["baseline_chosen"]
    deltas = [entry["delta"] for entry in value["runs"] if entry["delta"]]
    assert len(deltas) == 2 and all(delta["high"] < 0 and not delta["real"] for delta in deltas)
    named = entries(stance("compare", "--baseline", "words seed 3", "--json")[1])
    assert named["floor seed 3"]["delta"]["real"]


def test_json_holds_every_label_and_source_and_agrees_with_the_runs(shown, stance):
    found = entries(stance("compare", "--on", "test", "--json", "--runs-apart")[1])
    assert len(found) == 4
    words, half = found["words seed 3"], found["half seed 3"]
    kept = RunReader(Tracker(Path.cwd())).run(shown["words"]).metrics
    assert words["macro_f1"]["value"] == pytest.approx(kept["macro_f1"])
    for name in ("hawk", "dove"):
        assert words["labels"][name]["f1"] == pytest.approx(kept[f"f1_{name}"])
        assert words["labels"][name]["average_precision"] == pytest.approx(kept[f"ap_{name}"], abs=1e-4)
    assert set(words["sources"]) == {"north", "south"}
    against = {(one["kind"], one["name"]): one for one in half["against_baseline"]}
    assert against["macro_f1", None]["difference"] == {key: half["delta"][key] for key in ("value", "low", "high")}
    assert half["delta"]["real"] and half["delta"]["high"] < 0 and against["f1", "dove"]["difference"]["high"] < 0


def test_named_runs_are_held_against_a_named_baseline_on_validation(shown, stance):
    code, out, err = stance("compare", "words seed 3", shown["half"][:6], "--baseline", "floor", "--json")
    assert code == 0, err
    value = json.loads(out)
    assert (value["part"], value["baseline"], value["baseline_chosen"]) == ("validation", "floor seed 3", "named")
    assert value["runs"][0]["name"] == "words seed 3" and len(value["runs"]) == 3


def test_a_named_baseline_stays_one_whatever_its_run_holds(own, stance):
    client = MlflowClient(tracking_uri=Tracker(Path.cwd()).uri)
    client.log_metric(own["floor"], "astray", float("nan"))  # unequal to itself, read again
    value = json.loads(stance("compare", "--baseline", "floor", "--json")[1])
    assert (value["baseline"], value["baseline_chosen"]) == ("floor seed 3", "named")
    client.log_metric(own["words"], "astray", float("nan"))
    value = json.loads(stance("compare", "--baseline", "words seed 3", "--json")[1])
    assert value["baseline"] == "words seed 3" and "words seed 5" in {run["name"] for run in value["runs"]}


def test_a_model_folder_finds_the_run_that_made_it(shown, stance):
    code, out, err = stance("compare", "models/trained/half", "floor", "--json")
    assert code == 0, err
    assert entries(out)["half seed 3"]["runs"][0]["id"] == shown["half"]


def test_markdown_goes_into_a_file(shown, stance, tmp_path):
    code, out, err = stance("compare", "--on", "test", "-o", tmp_path / "runs.md")
    assert code == 0 and out == "" and "wrote " in err
    text = (tmp_path / "runs.md").read_text()
    assert "**worse**" in text and "| F1 dove |" in text and "| macro-F1 north |" in text and shown["floor"] in text
    assert stance("compare", "--on", "test", "--markdown")[1] == text
    assert stance("compare", "--markdown", "--json")[0] == 2


def test_a_name_of_several_runs_means_the_newest_and_says_so(shown, stance):
    code, out, err = stance("compare", "words", "half", "--json")
    assert code == 0 and "2 runs answer to 'words'" in err and shown["words5"][:8] in err
    assert entries(out)["words seed 5"]["runs"][0]["id"] == shown["words5"]


def test_an_unknown_run_and_an_unknown_experiment_get_a_suggestion(shown, stance):
    assert "did you mean 'words seed 3'?" in refused(stance, "compare", "word seed 3")
    assert "the newest are: " in refused(stance, "compare", "0" * 12)
    assert "there are: Default, training" in refused(stance, "compare", "--experiment", "trainin")
    assert "has no champion yet" in refused(stance, "compare", "champion")


def test_a_prefix_of_two_ids_is_refused_with_both(own, stance):
    twin = own["half"][:6] + "f" * 26
    with sqlite3.connect("mlflow.db") as store:
        store.execute("UPDATE runs SET run_uuid = ? WHERE run_uuid = ?", (twin, own["floor"]))
    store.close()
    said = refused(stance, "compare", own["half"][:5])
    assert "begins the ids of 2 runs" in said and own["half"][:12] in said and twin[:12] in said


def test_a_project_without_runs_gets_no_store(project, stance):
    assert "no runs yet" in refused(stance, "compare")
    assert not (project / "mlflow.db").exists()


def artifact(run_id, name="predictions/validation.json") -> Path:
    return Path("mlartifacts/training") / run_id / "artifacts" / name


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda text: text[:-40], "its answers in predictions/validation.json are damaged"),
        (lambda text: text.replace('"format":1', '"format":9'), "format: Input should be 1"),
        (lambda text: text.replace('"gold":[]', '"gold":["owl"]', 1), "unknown label 'owl'"),
    ],
)
def test_damaged_answers_are_named_where_asked_for_and_left_out_where_not(own, stance, damage, said):
    path = artifact(own["half"])
    path.write_text(damage(path.read_text()))
    err = refused(stance, "compare", "half", "words")
    assert said in err and "hint: train it again: stance train models/half.yaml --seed 3" in err
    code, out, err = stance("compare", "--json")
    assert code == 0 and "left out: run half seed 3" in err and "half seed 3" not in entries(out)


def test_a_peer_is_compared_on_test_alone(own, stance):
    untrained("setfit seed 1", recipe="setfit", learner="peer")
    err = refused(stance, "compare", "setfit seed 1", "half")
    assert "it is a peer, which is judged on test alone" in err and "stance compare --on test" in err


def test_a_run_of_an_older_stance_keeps_no_answers(own, stance):
    shutil.rmtree(artifact(own["half"], "predictions"))
    assert "keeps no answers on validation" in refused(stance, "compare", "half")


def test_a_run_that_did_not_finish_is_refused(own, stance):
    with pytest.raises(ZeroDivisionError), Tracker(Path.cwd()).run("training", "broken seed 1", {"recipe": "x"}, {}):
        raise ZeroDivisionError
    err = refused(stance, "compare", "broken seed 1")
    assert "broken seed 1" in err and "failed, and cannot be compared" in err


def test_runs_on_other_sentences_are_told_apart(own, stance):
    labels = write_corpus(Project(Path.cwd()).labels)
    text = (labels / "splits.yaml").read_text()
    (labels / "splits.yaml").write_text(text.replace("- doc-44\n", "", 1).replace("train:\n", "train:\n- doc-44\n"))
    run(Path.cwd(), "floor", 9, "later")
    err = refused(stance, "compare", "--on", "test", "floor seed 9", "half")
    assert "another split or other texts: 90 sentences of test are the same" in err
    code, out, _ = stance("compare", "--json")  # the experiment that ran last, alone
    assert code == 0 and list(entries(out)) == ["floor seed 9"]


def untrained(name, experiment="training", model_id="", **more) -> str:
    """Track a run that trains nothing."""
    tags = {"recipe": "words", "model_id": model_id} | more
    with Tracker(Path.cwd()).run(experiment, name, {key: value for key, value in tags.items() if value}, {}) as made:
        return made.id


def test_trials_of_a_sweep_do_not_count_as_trainings(own, stance):
    untrained("trial 00 c=1", "sweep-z", trial="0")
    untrained("trial 01 c=2", "sweep-z", trial="1", recipe="halves")
    code, out, err = stance("compare", "--json")
    assert code == 0 and err == "" and set(entries(out)) == {"words seeds 3, 5", "floor seed 3", "half seed 3"}
    code, out, err = stance("compare", "words", "half", "--json")
    assert code == 0 and "2 runs answer to 'words'" in err and "words seed 5" in entries(out)
    err = refused(stance, "compare", "halves")
    assert "1 run trained 'halves' in part" in err and "hint: train it: stance train models/halves.yaml\n" in err
    err = refused(stance, "compare", "trial 01 c=2", "half")
    assert "did not train halves whole" in err and "--seed" not in err
    assert "no training has finished in the experiment 'sweep-z'" in refused(
        stance, "compare", "--experiment", "sweep-z"
    )


def test_a_model_that_no_run_made_does_not_hide_runs_of_that_recipe(own, stance):
    for name in ("words", "alone"):
        shutil.copytree("models/trained/half", f"models/released/{name}")
    MlflowClient(tracking_uri=Tracker(Path.cwd()).uri).delete_run(own["half"])
    code, out, err = stance("compare", "words", "floor", "--json")
    assert code == 0 and "no run in this store made the model words" in err and own["words5"][:8] in err
    assert entries(out)["words seed 5"]["runs"][0]["id"] == own["words5"]
    assert "no run in this store made alone" in refused(stance, "compare", "alone")


def test_runs_on_other_labels_or_of_one_seed_are_not_averaged(own, stance):
    labels = Project(Path.cwd()).labels
    again = run(Path.cwd(), "words", 5)
    path = labels / "annotations" / "north.jsonl"
    rows = path.read_text().splitlines(keepends=True)
    row = json.loads(rows[0])
    rows[0] = json.dumps(row | {"labels": ["dove"] if row["labels"] == ["hawk"] else ["hawk"]}) + "\n"
    path.write_text("".join(rows))
    other = run(Path.cwd(), "words", 7)
    named = [own["words"], own["words5"], again, other]
    _, out, err = stance("compare", *named, "floor", "--baseline", "half", "--json")
    lines = {tuple(one["id"] for one in entry["runs"]) for entry in entries(out).values()}
    assert {(own["words"], own["words5"]), (again,), (other,)} < lines, err


def test_a_source_renamed_between_two_runs_keeps_its_line(own, stance):
    path = artifact(own["half"])
    path.write_text(path.read_text().replace('"source":"north"', '"source":"arctic"'))
    code, out, err = stance("compare", own["words"], own["half"], "--json")
    assert code == 0, err
    assert all(set(entry["sources"]) == {"north", "south"} for entry in entries(out).values())


def test_a_local_store_may_have_options_in_its_address(own, stance, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{Path.cwd() / 'mlflow.db'}?timeout=30")
    code, out, err = stance("compare", "words seed 3", "half", "--json")
    assert code == 0 and len(entries(out)) == 2, err


def test_a_project_that_was_moved_is_told_where_its_files_were(own, stance):
    Path("mlartifacts").rename("elsewhere")
    err = refused(stance, "compare", "half")
    assert f"in {Path.cwd() / 'mlartifacts/training' / own['half']}" in " ".join(err.split()) and "was moved" in err
    assert "an older stance" not in err
    assert stance("models", "promote", "half")[2] == err
