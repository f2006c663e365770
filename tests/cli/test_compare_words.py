"""`stance compare` decides nothing on few documents, looks where it is told, and is not driven by names in a store."""

import json
from pathlib import Path

from gallery import run
from mlflow import MlflowClient

from pipeline.tracking.store import Tracker


def kept(run_id: str) -> Path:
    return Path("mlartifacts/training") / run_id / "artifacts/predictions/validation.json"


def shorten(ids, documents: int) -> None:
    """Leave runs the answers on so many documents."""
    for run_id in ids:
        value = json.loads(kept(run_id).read_text())
        names = sorted({row["doc"] for row in value["sentences"]})[:documents]
        value["sentences"] = [row for row in value["sentences"] if row["doc"] in names]
        kept(run_id).write_text(json.dumps(value))


def told(stance, *arguments) -> dict:
    code, out, err = stance("compare", *arguments, "--json")
    assert code == 0, err
    return {entry["name"]: entry for entry in json.loads(out)["runs"]}


def test_few_documents_decide_nothing(own, stance):
    named = ("words seed 3", "floor", "--baseline", "words seed 3")
    shorten(own.values(), 5)
    assert told(stance, *named)["floor seed 3"]["delta"]["real"]
    shorten(own.values(), 4)
    delta = told(stance, *named)["floor seed 3"]["delta"]
    assert delta["high"] < 0 and delta["p"] < 0.001 and not delta["real"]
    out = stance("compare", *named)[1]
    assert (
        "undecided" in out
        and "worse" not in out
        and "under 5 documents no difference is called real" in " ".join(out.split())
    )


def test_an_experiment_is_where_runs_are_looked_for(own, stance):
    other = run(Path.cwd(), "half", 9, "other")
    assert set(told(stance, "half", "floor")) == {"half seed 9", "floor seed 3"}
    found = told(stance, "half", "floor", "--experiment", "training")
    assert set(found) == {"half seed 3", "floor seed 3"}
    for named in ("half seed 9", other[:8]):
        code, out, err = stance("compare", named, "--experiment", "training")
        assert (
            code == 2 and out == "" and "of the experiment 'other', and no run of 'training'" in " ".join(err.split())
        )
    assert "no experiment is called 'trainin'" in stance("compare", "half", "--experiment", "trainin")[2]
    assert "no run, no model and no recipe is called 'hal'" in stance("compare", "hal", "--experiment", "training")[2]
    assert stance("models", "promote", "words seed 3")[0] == 0
    both = told(stance, "half", "champion", "--experiment", "other")
    assert set(both) == {"half seed 9", "words seed 3"}


def test_a_name_in_the_store_drives_no_terminal_and_writes_no_heading(own, stance):
    client = MlflowClient(tracking_uri=Tracker(Path.cwd()).uri)
    client.update_run(own["half"], name="half\x1b]0;owned\x07\x1b[2J")
    client.update_run(own["floor"], name="x\n\n# Injected | <b>")
    client.set_tag(own["floor"], "recipe", "floor\x1b[2J")
    named = ("half]0;owned[2J", "words seed 3", "--baseline", "x # Injected | <b>")
    code, out, err = stance("compare", *named)
    assert code == 0, err
    assert "\x1b" not in out + err and "\x07" not in out + err and "half]0;owned[2J" in "".join(out.split())
    out = stance("compare", *named, "--markdown")[1]
    assert "\n# Injected" not in out and "Baseline: x # Injected \\| \\<b> (named)." in out
    assert stance("compare", "x\n\n# Injected | <b>")[0] == 0
