"""Fixtures: a loaded model; for Spark a session with two executors, the smallest model there is, a folder."""

import shutil
from pathlib import Path

import pytest
from tiny import ROOT, codebook_of

from pipeline.decisions.decisions import Decisions
from pipeline.inference.manifest import Manifest, PriorSpec, write_manifest
from pipeline.predict import Predictor
from pipeline.scoring.spark import SparkRequest, SparkResult, score_with_spark
from pipeline.scoring.spark_session import spark_session

MASTER = "local-cluster[2,1,1024]"  # two executors, each a Java process of its own with one core


@pytest.fixture(scope="module")
def predictor(workshop):
    """Load the model of words."""
    return Predictor.load(workshop.tiny.folder)


@pytest.fixture(scope="module")
def session():
    """Open one session for all tests of a file; what scores finds it active and uses it."""
    if shutil.which("java") is None:
        pytest.skip("no Java here")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT))
        with spark_session(MASTER, lambda _: None) as spark:
            yield spark


@pytest.fixture
def ask(session, tmp_path):
    """Score into `out`, and give the result."""

    def run(source: Path | str, model: Path, **options: object) -> SparkResult:
        return score_with_spark(SparkRequest(model, str(source), str(tmp_path / "out"), **options), lambda _: None)

    return run


@pytest.fixture(scope="module")
def shares(tmp_path_factory):
    """Make the smallest model there is: every sentence gets the same probabilities, and no review was learned."""
    folder = tmp_path_factory.mktemp("shares")
    codebook = codebook_of("any")
    decisions = Decisions(
        labels=codebook.names,
        choice="any",
        calibration="none",
        slopes=(1.0, 1.0),
        intercepts=(0.0, 0.0),
        thresholds=(0.5, 0.5),
        objective="macro-f1",
        learned_from="nothing",
        sentences=0,
    )
    (folder / "decisions.json").write_text(decisions.model_dump_json())
    known = {"name": "shares", "recipe": {}, "recipe_hash": "", "data_fingerprint": "", "code_version": "", "seed": 0}
    scorer = PriorSpec(probabilities=(0.75, 0.123456))
    manifest = Manifest(format=1, codebook=codebook, scorer=scorer, created="2026-01-01", files={}, **known)
    write_manifest(folder, manifest)
    return folder
