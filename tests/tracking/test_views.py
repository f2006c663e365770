"""An experiment says what it asks, lines its runs up, and each run tells what the machine did meanwhile."""

import base64
import json
import sqlite3
import threading
import zlib

import pytest
from mlflow import MlflowClient

from pipeline.ground.errors import TrackingError
from pipeline.ground.version import commit
from pipeline.tracking.store import COMMIT, NOTE, Tracker
from pipeline.tracking.views import TAG


@pytest.fixture
def tracker(tmp_path, monkeypatch) -> Tracker:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return Tracker(tmp_path)


def tags_of(tracker: Tracker, name: str) -> dict[str, str]:
    return MlflowClient(tracking_uri=tracker.uri).get_experiment_by_name(name).tags


def state_of(tag: str) -> dict:
    kind, _, packed = json.loads(tag)["state"].partition(";")
    assert kind == "deflate"
    return json.loads(zlib.decompress(base64.b64decode(packed)))


def test_a_note_follows_its_text_and_a_view_is_made_once(tracker):
    tracker.present("words", ["macro_f1", "f1_hawk"], "Do words do?")
    first = tags_of(tracker, "words")
    assert first[NOTE] == "Do words do?" and json.loads(first[TAG])["name"] == "Figures"
    state = state_of(first[TAG])
    assert state["selectedColumns"] == ["metrics.`macro_f1`", "metrics.`f1_hawk`"]
    assert (state["orderByKey"], state["orderByAsc"]) == ("metrics.`macro_f1`", False)
    tracker.present("words", ["brier_hawk"], "Do they still?")
    tracker.present("words", ["brier_hawk"])
    second = tags_of(tracker, "words")
    assert second[NOTE] == "Do they still?" and second[TAG] == first[TAG]


def test_a_run_however_short_has_system_metrics_and_leaves_no_thread(tracker):
    before = set(threading.enumerate())
    with tracker.run("words", "short", {}, {}) as run:
        assert set(threading.enumerate()) - before
    assert not set(threading.enumerate()) - before  # what earlier tests left may end meanwhile
    metrics = MlflowClient(tracking_uri=tracker.uri).get_run(run.id).data.metrics
    assert {"system/cpu_utilization_percentage", "system/system_memory_usage_megabytes"} <= set(metrics)


def test_mlflows_own_switch_turns_them_off(tracker, monkeypatch):
    monkeypatch.setenv("MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING", "false")
    with tracker.run("words", "quiet", {}, {}) as run:
        pass
    assert MlflowClient(tracking_uri=tracker.uri).get_run(run.id).data.metrics == {}


def test_a_run_that_fails_leaves_no_thread(tracker):
    before = set(threading.enumerate())
    with pytest.raises(KeyboardInterrupt), tracker.run("words", "stopped", {}, {}) as run:
        raise KeyboardInterrupt
    assert not set(threading.enumerate()) - before  # what earlier tests left may end meanwhile
    assert MlflowClient(tracking_uri=tracker.uri).get_run(run.id).info.status == "KILLED"


@pytest.mark.parametrize("name", ["tiny", "small"])
def test_a_trained_run_says_what_it_is_and_how_good(workshop, name):
    trained = getattr(workshop, name)
    client = MlflowClient(tracking_uri=workshop.uri)
    data = client.get_run(trained.run_id).data
    note, macro = data.tags[NOTE], trained.test.macro_f1
    assert note.startswith(f"**{name}**, seed 3. Trained on ") and trained.manifest.data_fingerprint in note
    assert f"**{macro.value:.3f} [{macro.low:.3f}, {macro.high:.3f}]**" in note
    assert f"hawk {trained.test.labels['hawk'].f1.value:.2f}" in note
    if commit():
        assert data.tags[COMMIT] == commit() and len(commit()) == 40
    assert data.metrics["peak_memory_megabytes"] > 50
    assert data.metrics["system/cpu_utilization_percentage"] >= 0
    state = state_of(client.get_experiment_by_name("training").tags[TAG])
    added = "metrics.`loso_macro_f1`"  # by a comparison
    there = {f"metrics.`{metric}`" for metric in data.metrics}
    assert added in state["selectedColumns"] and set(state["selectedColumns"]) - there <= {added}


def test_a_last_sample_that_cannot_be_logged_costs_no_run(tracker, monkeypatch, caplog):
    from mlflow.utils.autologging_utils import BatchMetricsLogger

    def full(*_, **__):
        raise OSError("no space left on device")

    with tracker.run("words", "full", {}, {}) as run:
        monkeypatch.setattr(BatchMetricsLogger, "record_metrics", full)
        monkeypatch.setattr(BatchMetricsLogger, "flush", full)
    assert MlflowClient(tracking_uri=tracker.uri).get_run(run.id).info.status == "FINISHED"
    assert "no space left on device" in caplog.text and run.id in caplog.text


def test_a_deleted_run_gets_no_figures_and_a_locked_store_is_told(tracker, monkeypatch):
    monkeypatch.setenv("MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING", "false")
    with tracker.run("words", "gone", {}, {}) as gone:
        pass
    with tracker.run("words", "kept", {}, {}) as kept:
        pass
    client = MlflowClient(tracking_uri=tracker.uri)
    client.delete_run(gone.id)
    tracker.add_metrics(gone.id, {"macro_f1": 0.5})
    tracker.abandon(gone.id)
    assert client.get_run(gone.id).data.metrics == {}
    store = sqlite3.connect(tracker.file, isolation_level=None)
    store.execute("BEGIN EXCLUSIVE")
    try:
        for write in (lambda: tracker.add_metrics(kept.id, {"macro_f1": 0.5}), lambda: tracker.abandon(kept.id)):
            with pytest.raises(TrackingError, match="database is locked"):
                write()
    finally:
        store.close()
