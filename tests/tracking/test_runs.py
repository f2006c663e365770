"""What a run kept is read back from the store, whatever its documents are called."""

from pipeline.judging.kept import Answer, KeptAnswers
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
