"""A pyfunc carries model, decisions and code, and judges as the model folder it was made of."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import zipfile
from contextlib import contextmanager
from pathlib import Path

import pytest
from tiny import ROOT

from pipeline.ground.errors import ModelError
from pipeline.predict import Predictor
from pipeline.scoring.rows import PLACES
from pipeline.tracking.pyfunc import EXAMPLE, _copy, requirements, save_pyfunc

FAST = ROOT / "models" / "released" / "fast"
TEXTS = [
    "Talks may fail.",
    "All sides must act at once.",
    "The harbour reopened, and that is a good sign.",
    "It rained.",
]
COLUMNS = ["p_optimism", "p_caution", "p_recommendation", "labels", "review", "unsure", "model"]
DEADLINE = 120
LOAD = """
import json, sys
import mlflow, pandas
model = mlflow.pyfunc.load_model(sys.argv[1])
import pipeline
rows = model.predict(pandas.DataFrame({"text": json.loads(sys.argv[2])}))
modules = sorted({name.split(".")[0] for name in sys.modules})
print(json.dumps({"code": pipeline.__file__, "rows": rows.to_dict("records"), "modules": modules}))
"""

pytestmark = pytest.mark.skipif(not (FAST / "manifest.json").is_file(), reason="no model 'fast' is released here")


@pytest.fixture(scope="module")
def pyfunc(tmp_path_factory):
    return save_pyfunc(FAST, tmp_path_factory.mktemp("pyfunc") / "fast")


@pytest.fixture(scope="module")
def expected():
    """Say what the model folder itself gives, laid out as the pyfunc's rows."""
    predictor = Predictor.load(FAST)
    return [
        {f"p_{name}": round(value, PLACES) for name, value in one.probabilities.items()}
        | {"labels": list(one.labels), "review": one.review, "unsure": list(one.unsure), "model": predictor.manifest.id}
        for one in predictor.predict(TEXTS)
    ]


def environment() -> dict[str, str]:
    """Give an environment that points to none of our code; the venv's commands are on its path."""
    kept = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "MLFLOW_TRACKING_URI")}
    quiet = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false"}
    return kept | quiet | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}


def test_it_holds_no_pickle_no_released_model_and_no_path_of_this_machine(pyfunc):
    files = [path for path in pyfunc.rglob("*") if path.is_file()]
    assert len(files) > 100
    assert [path for path in files if path.suffix in (".pkl", ".pickle", ".joblib", ".pyc")] == []
    assert not (pyfunc / "code" / "pipeline" / "released").exists()
    assert (pyfunc / "artifacts" / "fast" / "decisions.json").read_bytes() == (FAST / "decisions.json").read_bytes()
    assert (
        str(ROOT) not in (pyfunc / "MLmodel").read_text() and str(pyfunc.parent) not in (pyfunc / "MLmodel").read_text()
    )


def test_it_runs_its_own_code_where_ours_is_not_in_reach(pyfunc, expected, tmp_path):
    command = [sys.executable, "-P", "-c", LOAD, str(pyfunc), json.dumps(TEXTS)]
    result = subprocess.run(command, cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=DEADLINE)
    assert result.returncode == 0, result.stderr
    found = json.loads(result.stdout)
    # The project is installed for this Python; mlflow puts the pyfunc's `code` before everything else.
    assert Path(found["code"]) == pyfunc / "code" / "pipeline" / "__init__.py"
    assert found["rows"] == expected and len(expected) == len(TEXTS)
    assert "torch" not in found["modules"]


def test_its_signature_names_every_column_in_codebook_order(pyfunc):
    from mlflow.models import Model

    model = Model.load(str(pyfunc))
    assert model.signature.inputs.input_names() == ["text"]
    assert model.signature.outputs.input_names() == COLUMNS
    assert model.signature.outputs.optional_input_names() == ["review", "unsure"]
    assert model.metadata["model_id"] == Predictor.load(FAST).manifest.id


def test_its_example_is_one_it_can_judge(pyfunc):
    example = json.loads((pyfunc / "input_example.json").read_text())
    assert example == {"columns": ["text"], "data": [[EXAMPLE]]}
    served = json.loads((pyfunc / "serving_input_example.json").read_text())
    assert served == {"dataframe_split": example}


def test_it_requires_what_scores_and_nothing_of_training():
    names = {line.split("==")[0] for line in requirements()}
    assert {"onnxruntime", "tokenizers", "numpy", "mlflow", "pandas"} <= names
    assert names & {"torch", "transformers", "scikit-learn", "pyspark", "pytest"} == set()


def test_an_older_pyfunc_is_replaced_and_nothing_else(pyfunc, tmp_path):
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "thesis.txt").write_text("years of work")
    with pytest.raises(ModelError, match="is no MLflow model") as caught:
        save_pyfunc(FAST, tmp_path / "notes")
    assert caught.value.hint and (tmp_path / "notes" / "thesis.txt").read_text() == "years of work"
    path = list(sys.path)
    assert save_pyfunc(FAST, pyfunc) == pyfunc
    assert sys.path == path and sorted(one.name for one in pyfunc.parent.iterdir()) == ["fast"]


def test_a_damaged_model_becomes_no_pyfunc(tmp_path):
    damaged = tmp_path / "fast"
    damaged.mkdir()
    for path in FAST.iterdir():
        (damaged / path.name).write_bytes(path.read_bytes())
    (damaged / "model.onnx").write_bytes(b"cut short")
    with pytest.raises(ModelError, match="cut short"):
        save_pyfunc(damaged, tmp_path / "pyfunc")
    assert not (tmp_path / "pyfunc").exists()


def test_code_that_lies_in_an_archive_is_carried_too(tmp_path):
    with zipfile.ZipFile(tmp_path / "code.zip", "w") as archive:
        for name in ("__init__.py", "ground/errors.py", "released/fast/model.onnx", "__pycache__/x.pyc"):
            archive.writestr(f"pipeline/{name}", name)
        _copy(zipfile.Path(archive, "pipeline/"), tmp_path / "pipeline")
    copied = {path.relative_to(tmp_path).as_posix() for path in (tmp_path / "pipeline").rglob("*.*")}
    assert copied == {"pipeline/__init__.py", "pipeline/ground/errors.py"}


@contextmanager
def served(pyfunc: Path, folder: Path):
    """Serve a pyfunc on a free loopback port; always end the server with its workers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "mlflow", "models", "serve", "-m", str(pyfunc), "--env-manager", "local"]
    command += ["-h", "127.0.0.1", "-p", str(port)]
    with (folder / "server.log").open("w") as log:
        server = subprocess.Popen(
            command, cwd=folder, env=environment(), stdout=log, stderr=log, start_new_session=True
        )
        try:
            wait_for(f"http://127.0.0.1:{port}/ping", server, folder / "server.log")
            yield f"http://127.0.0.1:{port}/invocations"
        finally:
            os.killpg(server.pid, signal.SIGTERM)
            server.wait(timeout=30)


def wait_for(address: str, server: subprocess.Popen, log: Path) -> None:
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        assert server.poll() is None, log.read_text()
        try:
            with urllib.request.urlopen(address, timeout=5):  # noqa: S310 - our own loopback
                return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.2)
    pytest.fail(f"no answer from {address}: {log.read_text()}")


def ask(address: str, question: object) -> object:
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(address, json.dumps(question).encode(), headers)  # noqa: S310
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
        return json.loads(answer.read())["predictions"]


def test_a_server_answers_as_the_model_folder_does(pyfunc, expected, tmp_path):
    table = {"columns": ["text"], "data": [[text] for text in TEXTS]}
    with served(pyfunc, tmp_path) as address:
        for question in ({"dataframe_split": table}, {"inputs": {"text": TEXTS}}, {"inputs": TEXTS}):
            assert ask(address, question) == expected
        assert ask(address, {"inputs": {"text": TEXTS[:1]}}) == expected[:1]
        for wrong in ({"inputs": [{"sentence": "Talks may fail."}]}, {"dataframe_split": table | {"data": [[None]]}}):
            with pytest.raises(urllib.error.HTTPError) as caught:
                ask(address, wrong)
            said = json.loads(caught.value.read())
            caught.value.close()
            assert caught.value.code == 400 and "text" in said["message"]
