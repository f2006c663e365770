"""What a run kept is read back from the store, whatever its documents are called."""

import pytest
from mlflow import MlflowClient
from pydantic import ValidationError

from pipeline.judging.kept import Answer, KeptAnswers
from pipeline.tracking.registry import Registry
from pipeline.tracking.runs import RunReader, keep_answers
from pipeline.tracking.store import Tracker


def answers(*documents: str) -> KeptAnswers:
    about = {"source": "tiny", "genre": "column", "start": 0, "end": 5, "sha256": "0" * 64}
    given = {"gold": ("hawk",), "predicted": (), "probabilities": (0.25,)}
    return KeptAnswers(
        format=1,
        part="test",
        codebook="hawkish",
        codebook_version="0.1.0",
        choice="any",
        labels=("hawk",),
        data_fingerprint="f" * 16,
        model_id="tiny-12345678",
        thresholds=(0.5,),
        sentences=tuple(Answer(doc=name, **about, **given) for name in documents),
    )


def test_a_document_may_be_named_like_json(tmp_path, monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setenv("MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING", "false")
    tracker, given = Tracker(tmp_path), answers("plain", 'x},{y "sentences":[')
    with tracker.run("words", "odd", {"recipe": "tiny"}, {}) as run:
        keep_answers(run, given)
    reader = RunReader(tracker)
    assert reader.answers(reader.run(run.id), "test") == given
    written = next((tmp_path / "mlartifacts").rglob("test.json")).read_text()
    assert len(written.splitlines()) == 3  # the head, and a line for each sentence


def test_words_of_others_in_the_store_are_made_plain(tmp_path, monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setenv("MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING", "false")
    tracker = Tracker(tmp_path)
    with tracker.run("words", "odd\x1b[2J\n# name", {"recipe": "tiny\x1b"}, {"seed": "3\n4"}) as run:
        pass
    with tracker.run("words", "\x1b", {}, {}) as nameless:
        pass
    reader = RunReader(tracker)
    record = reader.run(run.id)
    assert (record.name, record.recipe, record.seed) == ("odd[2J # name", "tiny", "3 4")
    assert reader.run(nameless.id).name == nameless.id[:8]


def test_labels_of_answers_are_named_as_in_a_codebook():
    with pytest.raises(ValidationError, match="should match pattern"):
        KeptAnswers.model_validate(answers("a").model_dump() | {"labels": ("hawk\x1b[2J",)})


def test_words_of_others_in_the_registry_are_made_plain(tmp_path, monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setenv("MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING", "false")
    tracker = Tracker(tmp_path)
    with tracker.run("words", "one", {}, {}) as run:
        run.text("x", "pyfunc/MLmodel")
    client = MlflowClient(tracking_uri=tracker.uri)
    client.create_registered_model("camps")
    client.create_model_version("camps", f"runs:/{run.id}/pyfunc", run_id=run.id, tags={"why": "it is\n\x1b[2Jbetter"})
    [version] = Registry(tracker).versions("camps")
    assert version.tags["why"] == "it is [2Jbetter"
