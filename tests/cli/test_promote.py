"""`stance models promote` moves the champion's alias only where nothing regresses; `history` tells how it moved."""

import json
import sqlite3
from pathlib import Path

import pytest
import yaml
from gallery import run
from mlflow import MlflowClient

from pipeline.tracking.registry import Registry
from pipeline.tracking.store import Tracker

WHY = "the words are wanted by Monday"


def client() -> MlflowClient:
    return MlflowClient(tracking_uri=f"sqlite:///{Path.cwd() / 'mlflow.db'}")


def champion():
    return client().get_model_version_by_alias("camps", "champion")


def promoted(stance, *arguments) -> tuple[str, str]:
    code, out, err = stance("models", "promote", *arguments)
    assert code == 0, err
    assert "--json" in arguments or max(map(len, out.splitlines())) <= 80
    return out, err


def refused(stance, *arguments) -> tuple[str, str]:
    code, out, err = stance("models", "promote", *arguments)
    assert code == 2 and "Traceback" not in err and "hint: " in err, err
    return out, err


def test_the_first_stands_alone_and_the_next_must_not_regress(own, stance):
    assert stance("models", "history")[1:] == (
        "",
        "camps has no champion yet\n  hint: make one: stance models promote RUN\n",
    )
    out, err = promoted(stance, "words seed 3")
    assert "camps version 1 is champion" in err and "96 asked again" in out and champion().run_id == own["words"]

    out, err = refused(stance, "half")
    assert "F1 dove on validation" in err and "may be lost" in err and "regressed" in out
    assert f"see more: stance compare champion {own['half'][:8]}" in err
    assert "Test stayed closed." in out and "on test" not in out
    assert (
        champion().run_id == own["words"]
        and "refused against version 1" in client().get_run(own["half"]).data.tags["promotion"]
    )

    out, err = promoted(stance, "words seed 5")
    assert "nothing regressed" in err and "on test" in out and "have now decided 1 time." in out
    version = champion()
    assert (version.version, version.run_id, version.tags["forced"]) == (2, own["words5"], "false")
    assert version.tags["delta_to_champion"] == "+0.000 [+0.000, +0.000]"
    assert "is the champion already" in refused(stance, "champion")[1]

    out, err = promoted(stance, "half", "--force", "--why", WHY)
    assert "forced" in err and "have now decided 2 times." in out
    tags = champion().tags
    assert (tags["forced"], tags["why"]) == ("true", WHY) and "F1 dove on validation" in tags["overruled"]
    assert client().get_run(own["half"]).data.tags["promotion_forced"] == WHY

    out = stance("models", "history")[1]
    assert max(map(len, out.splitlines())) <= 80
    assert [line[:2] for line in out.splitlines()[1:4]] == ["1 ", "2 ", "3*"] and f"forced: {WHY}" in " ".join(
        out.split()
    )
    told = json.loads(stance("models", "history", "--json")[1])
    assert [(one["run"], one["champion"], one["forced"]) for one in told] == [
        (own["words"], False, False),
        (own["words5"], False, False),
        (own["half"], True, True),
    ]


def test_the_champion_is_a_pyfunc_without_pickle_that_mlflow_loads(own, stance):
    import mlflow
    import pandas as pd

    from pipeline.predict import Predictor

    promoted(stance, "words seed 3")
    mlflow.set_tracking_uri(f"sqlite:///{Path.cwd() / 'mlflow.db'}")
    loaded = mlflow.pyfunc.load_model("models:/camps@champion")
    texts = ["The arsenal grows.", "They mediate and disarm."]
    table = loaded.predict(pd.DataFrame({"text": texts}))
    probabilities = Predictor.load("models/trained/words").predict_proba(texts)
    assert table["p_hawk"].tolist() == pytest.approx(probabilities[:, 0], abs=1e-4)
    files = [path.suffix for path in Path("mlartifacts").rglob("*") if "pyfunc" in path.parts]
    assert len(files) > 10 and not {".pkl", ".pickle", ".joblib"} & set(files)


def test_later_trainings_tell_how_far_they_are_from_the_champion(own, stance):
    assert "delta_to_champion" not in client().get_run(own["words"]).data.tags
    promoted(stance, "words seed 3")
    later = client().get_run(run(Path.cwd(), "half", 8)).data
    assert later.tags["champion"] == f"camps version 1, run {own['words'][:8]}"
    difference = later.metrics["macro_f1"] - client().get_run(own["words"]).data.metrics["macro_f1"]
    assert later.metrics["delta_champion"] == pytest.approx(difference)
    assert later.metrics["delta_champion_low"] < difference < later.metrics["delta_champion_high"] < 0
    for name, part in (("", "test"), ("val_", "validation")):
        said = later.tags[f"{name}delta_to_champion"]
        assert said.startswith(f"{later.metrics[f'{name}delta_champion']:+.3f} [-0.") and said.endswith(f"] on {part}")
    told = json.loads(stance("compare", "half seed 8", "--on", "test", "--json")[1])
    assert told["baseline_chosen"] == "the champion of camps"
    assert told["runs"][1]["delta"]["value"] == pytest.approx(difference)


def test_a_champion_that_cannot_be_compared_with_stops_no_training(own, stance):
    promoted(stance, "words seed 3")
    kept = Path("mlartifacts/training") / own["words"] / "artifacts/predictions/test.json"
    kept.write_text("{")
    code, _, err = stance("train", "models/half.yaml", "--seed", 8)
    assert code == 0 and "not compared with the champion: run words seed 3" in err
    newest = client().search_runs(["1"], max_results=1)[0]
    assert newest.info.status == "FINISHED" and "delta_champion" not in newest.data.metrics


def test_a_dry_run_changes_nothing_and_leaves_test_closed(own, stance):
    before = Path("mlflow.db").read_bytes()
    out, err = promoted(stance, "words seed 3", "--dry-run")
    assert "passes so far" in err and Path("mlflow.db").read_bytes() == before
    promoted(stance, "words seed 3")
    out, _ = promoted(stance, "words seed 5", "--dry-run", "--json")
    assert {line["on"] for line in json.loads(out)["lines"]} == {"validation", ""} and champion().version == 1


def test_a_model_that_tells_nothing_is_no_first_champion(own, stance):
    err = refused(stance, "floor")[1]
    assert "signal: mean average precision" in err and "--force --why TEXT" in err
    assert "compare champion" not in err, "there is none to compare with"
    with pytest.raises(Exception, match="not found"):
        champion()


def test_force_wants_a_reason_and_a_reason_wants_force(shown, stance):
    for arguments, said in ((("--force",), "--force wants --why TEXT"), (("--why", WHY), "--why goes with --force")):
        code, _, err = stance("models", "promote", "words", *arguments)
        assert code == 2 and said in err


def test_another_codebook_is_refused_and_can_be_forced(own, stance):
    promoted(stance, "words seed 3")
    path = Path("labels/codebook.yaml")
    path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text()) | {"version": "0.2.0"}, sort_keys=False))
    run(Path.cwd(), "words", 9)
    err = refused(stance, "words seed 9")[1]
    assert "has another codebook than the champion" in err and "version 0.2.0; the champion's is 0.1.0" in err
    out, _ = promoted(stance, "words seed 9", "--force", "--why", "labels of now")
    assert "not compared: run words seed 9" in out and "another codebook than the champion" in " ".join(out.split())
    assert champion().version == 2 and "another codebook" in champion().tags["overruled"]


def carried(run_id) -> Path:
    return Path("mlartifacts/training") / run_id / "artifacts" / "model"


def test_a_model_that_is_no_longer_what_it_was_is_refused(own, stance):
    with (carried(own["words"]) / "vocabulary.json").open("a") as stream:
        stream.write(" ")
    assert (
        "the model of run words seed 3" in (err := refused(stance, "words seed 3")[1]) and "vocabulary.json has" in err
    )
    with Path("models/trained/half/rules.json").open("a") as stream:
        stream.write(" ")
    assert "rules.json has" in refused(stance, "models/trained/half")[1]


def test_a_run_without_a_model_and_one_that_failed_are_refused(own, stance):
    tracker = Tracker(Path.cwd())
    with tracker.run("training", "peer seed 1", {"recipe": "setfit", "learner": "peer"}, {"seed": 1}):
        pass
    assert "carries no model: it is a peer" in refused(stance, "peer seed 1")[1]
    with pytest.raises(ZeroDivisionError), tracker.run("training", "broken seed 1", {"recipe": "x"}, {"seed": 1}):
        raise ZeroDivisionError
    assert "failed, and cannot be promoted" in refused(stance, "broken seed 1")[1]


@pytest.mark.parametrize("schema", ["451aebb31d03", "deadbeef0000"], ids=["older", "newer"])
@pytest.mark.parametrize("arguments", [("compare",), ("models", "promote", "words"), ("models", "history")])
def test_a_store_of_another_mlflow_is_refused_and_left_as_it_is(own, stance, arguments, schema):
    with sqlite3.connect("mlflow.db") as store:
        store.execute("UPDATE alembic_version SET version_num = ?", (schema,))
    store.close()
    code, out, err = stance(*arguments)
    assert code == 2 and out == "" and "another MLflow wrote this store: install that version again" in err
    assert f"copy the store away and bring it up to date: mlflow db upgrade sqlite:///{Path.cwd()}" in " ".join(
        err.split()
    )
    store = sqlite3.connect("mlflow.db")
    assert store.execute("SELECT version_num FROM alembic_version").fetchone() == (schema,)
    store.close()


@pytest.mark.parametrize("arguments", [("compare",), ("models", "promote", "words")])
def test_a_locked_store_is_told(own, stance, arguments):
    store = sqlite3.connect("mlflow.db", isolation_level=None)
    store.execute("BEGIN EXCLUSIVE")
    try:
        code, out, err = stance(*arguments)
    finally:
        store.close()
    assert code == 2 and out == "" and "database is locked" in err and "hint: another process writes to it" in err


def test_a_registered_model_nobody_made_is_told(own, stance):
    promoted(stance, "words seed 3")
    code, _, err = stance("models", "history", "--model", "camp")
    assert code == 2 and "no registered model is called 'camp'; did you mean 'camps'?" in err


def with_test_of(labels: Path, documents: int) -> None:
    """Leave so many documents in test, and put the others into training."""
    path = labels / "splits.yaml"
    splits = yaml.safe_load(path.read_text())
    splits["train"] += splits["test"][documents:]
    path.write_text(yaml.safe_dump(splits | {"test": splits["test"][:documents]}, sort_keys=False))


def test_a_comparison_on_under_five_documents_passes_nothing(own, stance):
    with_test_of(Path("labels"), 4)
    for seed in (11, 12):
        run(Path.cwd(), "words", seed)
    promoted(stance, "words seed 12")
    err = refused(stance, "words seed 11")[1]
    assert "under 5 documents stand behind macro-F1 on test" in err and champion().version == 1
    promoted(stance, "words seed 11", "--force", "--why", WHY)
    assert "under 5 documents stand behind macro-F1 on test" in champion().tags["overruled"]


def test_lines_that_were_not_counted_stay_on_the_version(own, stance):
    for name in ("words", "words5"):
        for part in ("validation", "test"):
            kept = Path("mlartifacts/training") / own[name] / f"artifacts/predictions/{part}.json"
            value = json.loads(kept.read_text())
            few = sorted({row["doc"] for row in value["sentences"]})[:3]
            for row in value["sentences"]:
                row["source"] = "rare" if row["doc"] in few else "often"
            kept.write_text(json.dumps(value))
    promoted(stance, "words seed 3")
    promoted(stance, "words seed 5")
    why = champion().tags["why"]
    assert why.startswith("nothing regressed; not counted, with too few documents: macro-F1 of rare on validation")
    assert "often" not in why


def test_a_champion_that_changed_meanwhile_is_not_overwritten(own, stance, monkeypatch):
    promoted(stance, "words seed 3")
    begin = Registry._ensure

    def meanwhile(self, model):
        begin(self, model)
        made = client().create_model_version(model, "runs:/x", run_id=own["half"])
        client().set_registered_model_alias(model, "champion", made.version)

    monkeypatch.setattr(Registry, "_ensure", meanwhile)
    err = refused(stance, "words seed 5")[1]
    assert "changed during the comparison: it is version 2, and was version 1" in " ".join(err.split())
    assert champion().run_id == own["half"]
    assert {int(one.version) for one in client().search_model_versions("name = 'camps'")} == {1, 2}


def test_a_version_without_its_alias_is_taken_back(own, stance, monkeypatch):
    def fail(*_, **__):
        raise OSError("the disk is full")

    monkeypatch.setattr(MlflowClient, "set_registered_model_alias", fail)
    assert "the disk is full" in refused(stance, "words seed 3")[1]
    assert client().search_model_versions("name = 'camps'") == []
