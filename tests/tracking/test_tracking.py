"""A run in the store says what made the model, how good it is, and carries the model itself."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import yaml
from mlflow import MlflowClient
from tiny import apart, finetuned_learner, run_apart, write_labels, write_recipe

from pipeline.corpus.examples import to_dataset
from pipeline.corpus.load import load_corpus
from pipeline.corpus.splits import PARTS, split_corpus
from pipeline.predict import Predictor
from pipeline.tracking.store import Tracker, store_uri

DEADLINE = 120
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(params=["tiny", "small"])
def trained(request, workshop):
    return getattr(workshop, request.param)


@pytest.fixture
def client(workshop):
    return MlflowClient(tracking_uri=workshop.uri)


def only_run(uri: str):
    """Find the one run of a store."""
    client = MlflowClient(tracking_uri=uri)
    [run] = client.search_runs([one.experiment_id for one in client.search_experiments()])
    return run


def artifacts(client: MlflowClient, run_id: str, path: str = "") -> set[str]:
    return {found.path for found in client.list_artifacts(run_id, path)}


def test_a_run_is_finished_and_named_by_recipe_and_seed(trained, client):
    run = client.get_run(trained.run_id)
    assert run.info.status == "FINISHED"
    assert run.info.run_name == f"{trained.manifest.name} seed 3"
    assert client.get_experiment(run.info.experiment_id).name == "training"


def test_its_tags_name_exactly_what_made_it(trained, client):
    tags = client.get_run(trained.run_id).data.tags
    manifest = trained.manifest
    assert (tags["recipe"], tags["recipe_hash"]) == (manifest.name, manifest.recipe_hash)
    assert (tags["data_fingerprint"], tags["code_version"]) == (manifest.data_fingerprint, manifest.code_version)
    assert tags["learner"] == manifest.recipe["learner"]["kind"] and tags["codebook"] == "hawkish 0.1.0"
    assert tags["model_id"] == manifest.id and tags["model_folder"] == str(trained.folder)


def test_its_parameters_are_the_recipe_and_the_split(trained, client):
    params = client.get_run(trained.run_id).data.params
    recipe = trained.manifest.recipe
    assert len(recipe["learner"]) > 5
    for room in ("learner", "decisions"):
        for key, value in recipe[room].items():
            assert params[f"{room}.{key}"] == str(value)
    assert (params["seed"], params["threads"]) == ("3", "2")
    assert sum(int(params[f"{part}_sentences"]) for part in PARTS) == 48


def test_its_columns_are_the_metrics_of_the_model_folder(trained, client):
    metrics = client.get_run(trained.run_id).data.metrics
    assert {"macro_f1", "macro_f1_low", "f1_hawk", "f1_dove", "ece_hawk"} <= set(trained.manifest.metrics)
    for name, value in trained.manifest.metrics.items():
        kind, _, rest = name.partition("/")  # all slices of a kind stand in one group of the UI
        column = f"{kind}_macro_f1/{rest.removesuffix('/macro_f1')}" if rest else name
        assert metrics[column] == pytest.approx(value)
    assert {"source_macro_f1/tiny", "genre_macro_f1/speech"} <= set(metrics)
    assert not any("/" in name or "precision" in name for name in metrics if name.startswith("val_"))
    assert metrics["val_macro_f1"] == pytest.approx(trained.validation.macro_f1.value)
    size = sum(path.stat().st_size for path in trained.folder.iterdir() if path.name != "manifest.json")
    assert metrics["model_megabytes"] == pytest.approx(size / 1e6)


def test_fine_tuning_leaves_a_curve_with_a_point_for_each_epoch(workshop, client):
    for name in ("train_loss", "val_macro_ap", "epoch_seconds"):
        points = client.get_metric_history(workshop.small.run_id, name)
        assert [point.step for point in points] == list(range(1, 9))
    losses = [point.value for point in client.get_metric_history(workshop.small.run_id, "train_loss")]
    assert losses[-1] < losses[0]
    assert client.get_metric_history(workshop.tiny.run_id, "train_loss") == []


def test_its_plots_are_pictures(trained, client, tmp_path):
    plots = sorted(artifacts(client, trained.run_id, "plots"))
    assert len(plots) >= 3
    for plot in plots:
        assert Path(client.download_artifacts(trained.run_id, plot, str(tmp_path))).read_bytes().startswith(PNG)


def test_its_worst_errors_are_a_table(trained, client):
    table = json.loads(Path(client.download_artifacts(trained.run_id, "worst_errors.json")).read_text())
    assert table["columns"] == ["document", "label", "gold", "predicted", "probability", "text"]
    texts = set(trained.judged.texts)
    assert all(row[-1] in texts for row in table["data"])


def test_its_recipe_can_be_read_back(trained, client):
    text = Path(client.download_artifacts(trained.run_id, "recipe.yaml")).read_text()
    assert yaml.safe_load(text) == trained.manifest.model_dump(mode="json")["recipe"]


def test_the_model_it_carries_scores_as_the_folder(trained, client):
    carried = Predictor.load(client.download_artifacts(trained.run_id, "model"))
    texts = ["Talks bring peace.", "Strike the depots.", "Rain fell."]
    assert np.array_equal(carried.predict_proba(texts), Predictor.load(trained.folder).predict_proba(texts))
    assert carried.manifest == trained.manifest


def test_its_inputs_are_the_three_parts_by_fingerprint(trained, client, workshop):
    corpus = load_corpus(workshop.root / "labels")
    split = split_corpus(corpus, workshop.root / "labels")
    inputs = client.get_run(trained.run_id).inputs.dataset_inputs
    found = {tag.value: (one.dataset.name, one.dataset.digest) for one in inputs for tag in one.tags}
    assert found == {
        part: (f"hawkish-{part}", to_dataset(getattr(split, part), corpus.codebook)._fingerprint) for part in PARTS
    }


def test_figures_from_elsewhere_are_added_to_a_run_and_a_lost_run_is_passed_over(workshop, client, monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    tracker = Tracker(workshop.root)
    tracker.add_metrics(workshop.tiny.run_id, {"loso_macro_f1": 0.25})
    assert client.get_run(workshop.tiny.run_id).data.metrics["loso_macro_f1"] == 0.25
    tracker.add_metrics("0" * 32, {"loso_macro_f1": 0.5})
    tracker.abandon("0" * 32)


@pytest.mark.parametrize("before", [None, "sqlite:////nowhere/else.db"])
def test_opening_one_store_binds_no_later_one(tmp_path, monkeypatch, before):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    tracker = Tracker(tmp_path)
    if before:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", before)
    tracker.open()
    assert (tmp_path / "mlflow.db").exists()
    assert store_uri(tmp_path / "later") == (before or f"sqlite:///{tmp_path / 'later' / 'mlflow.db'}")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_an_interrupted_training_leaves_nothing_half_written(workshop, encoder_folder, tmp_path, number):
    write_labels(tmp_path / "labels")
    learner = finetuned_learner(encoder_folder, epochs=100, patience=100)
    write_recipe(tmp_path / "models" / "long.yaml", learner, learn_from="validation")
    older = tmp_path / "models" / "trained" / "long"
    older.mkdir(parents=True)
    for path in workshop.tiny.folder.iterdir():
        (older / path.name).write_bytes(path.read_bytes())
    training = subprocess.Popen(
        [sys.executable, "-m", "pipeline", "train", "models/long.yaml"],
        cwd=tmp_path,
        env=apart(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell may have it ignored
    )
    try:
        heard = []
        for line in training.stderr:
            heard.append(line)
            if "epoch 1:" in line:
                training.send_signal(number)
        assert training.wait(timeout=DEADLINE) == 130, "".join(heard)
    finally:
        training.kill()
        training.wait()
        training.stderr.close()
    assert any("epoch 1:" in line for line in heard) and not any("epoch 100:" in line for line in heard)
    assert "interrupted: nothing half-written was left behind" in heard[-1] and "Traceback" not in "".join(heard)
    assert [path.name for path in older.parent.iterdir()] == ["long"]
    assert Predictor.load(older).manifest == workshop.tiny.manifest
    assert only_run(f"sqlite:///{tmp_path / 'mlflow.db'}").info.status == "KILLED"


def test_a_training_that_fails_ends_as_failed(project, stance, monkeypatch):
    from pipeline.ground.errors import ModelError
    from pipeline.workflows import training

    def fail(*_):
        raise ModelError("no room on the shelf")

    monkeypatch.setattr(training, "_write", fail)
    code, _, err = stance("train", "models/tiny.yaml")
    assert code == 2 and "no room on the shelf" in err
    assert only_run(f"sqlite:///{project / 'mlflow.db'}").info.status == "FAILED"
    assert list((project / "models" / "trained").iterdir()) == []


@pytest.mark.parametrize("what", ["a folder of one's own", "a file", "a place under a file"])
def test_training_replaces_nothing_but_a_model(project, stance, what):
    (project / "precious").mkdir()
    (project / "precious" / "thesis.txt").write_text("years of work")
    out = {"a file": "precious/thesis.txt", "a place under a file": "precious/thesis.txt/model"}.get(what, "precious")
    code, _, err = stance("train", "models/tiny.yaml", "--out", out)
    assert code == 2 and out in err and "hint: " in err
    assert (project / "precious" / "thesis.txt").read_text() == "years of work"
    assert not (project / "mlflow.db").exists()


def refused_quickly(project: Path, **environment: str) -> str:
    start = time.perf_counter()
    result = run_apart(project, "train", "models/tiny.yaml", **environment)
    assert time.perf_counter() - start < 40
    assert result.returncode == 2 and "Traceback" not in result.stdout + result.stderr, result.stderr
    assert "error: the MLflow store" in result.stderr and "hint: check MLFLOW_TRACKING_URI" in result.stderr
    assert not (project / "models" / "trained" / "tiny").exists()
    return result.stderr


def test_a_store_that_is_no_database_is_refused_before_training(project):
    (project / "mlflow.db").write_text("this is a text file, and no database\n" * 50)
    assert "mlflow.db cannot be used" in refused_quickly(project)
    assert (project / "mlflow.db").read_text().startswith("this is a text file")


def test_a_database_where_no_file_can_be_made_is_refused_quickly(project):
    assert "/proc" in refused_quickly(project, MLFLOW_TRACKING_URI="sqlite:////proc/stance.db")


def test_a_server_that_does_not_answer_is_refused_quickly(project):
    assert "http://127.0.0.1:9 cannot be used" in refused_quickly(project, MLFLOW_TRACKING_URI="http://127.0.0.1:9")
    assert not (project / "mlflow.db").exists()


@contextmanager
def mlflow_server(folder: Path):
    """Serve a store of its own on a free loopback port; always end it with its workers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    command += [
        "--backend-store-uri",
        f"sqlite:///{folder / 'store.db'}",
        "--artifacts-destination",
        str(folder / "kept"),
    ]
    with (folder / "server.log").open("w") as log:
        server = subprocess.Popen(command, cwd=folder, env=apart(), stdout=log, stderr=log, start_new_session=True)
    try:
        end = time.monotonic() + DEADLINE
        while time.monotonic() < end and server.poll() is None:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5):
                    break
            except OSError:
                time.sleep(0.3)
        else:
            pytest.fail((folder / "server.log").read_text()[-2000:])
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        try:
            server.wait(timeout=20)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()


def test_runs_go_to_the_server_that_the_environment_names(project, stance, tmp_path_factory, monkeypatch):
    with mlflow_server(tmp_path_factory.mktemp("server")) as uri:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
        code, _, err = stance("train", "models/tiny.yaml", "--experiment", "elsewhere")
        assert code == 0, err
        client = MlflowClient(tracking_uri=uri)
        run = only_run(uri)
        assert run.info.status == "FINISHED" and client.get_experiment(run.info.experiment_id).name == "elsewhere"
        assert {"model", "plots", "recipe.yaml", "worst_errors.json"} <= artifacts(client, run.info.run_id)
        carried = Predictor.load(client.download_artifacts(run.info.run_id, "model"))
        assert carried.manifest == Predictor.load(project / "models" / "trained" / "tiny").manifest
    assert not (project / "mlflow.db").exists() and not (project / "mlartifacts").exists()
