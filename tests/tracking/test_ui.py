"""`stance ui`: serves the store on the loopback address, and says so where there is nothing to serve."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request

import pytest

from pipeline.tracking.ui import HOST, port_is_free, ui_command

DEADLINE = 120


def free_port():
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


def test_the_ui_answers_on_loopback_only_and_stops_when_interrupted(project, stance):
    assert stance("train", "models/tiny.yaml")[0] == 0
    port = free_port()
    command = [sys.executable, "-m", "pipeline", "ui", "--port", str(port)]
    server = subprocess.Popen(command, cwd=project, start_new_session=True, stderr=subprocess.PIPE, text=True)
    try:
        end = time.monotonic() + DEADLINE
        while port_is_free(port) and time.monotonic() < end and server.poll() is None:
            time.sleep(0.5)
        with urllib.request.urlopen(f"http://{HOST}:{port}/health", timeout=30) as answer:
            assert answer.read() == b"OK"
        assert f"http://{HOST}:{port}" in server.stderr.readline()
    finally:
        os.killpg(server.pid, signal.SIGINT)
        try:
            server.wait(timeout=30)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
            raise
        finally:
            server.stderr.close()
    assert port_is_free(port)


def test_the_server_is_told_to_stay_on_this_machine(tmp_path):
    command = ui_command("sqlite:///x.db", tmp_path, 5000)
    assert command[command.index("--host") + 1] == "127.0.0.1"


def test_without_runs_or_with_a_taken_port_it_says_what_to_do(project, stance):
    code, _, err = stance("ui")
    assert code == 2 and "no runs yet" in err and "stance train" in err
    (project / "mlflow.db").write_bytes(b"")
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        code, _, err = stance("ui", "--port", str(taken.getsockname()[1]))
    assert code == 2 and "is taken" in err and "--port" in err


def test_a_remote_store_is_pointed_at(project, stance, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    code, _, err = stance("ui")
    assert code == 0 and "its UI is at http://127.0.0.1:9" in err


@pytest.mark.parametrize("port", ["0", "70000", "many"])
def test_a_port_that_is_none_is_refused(project, stance, port):
    code, _, err = stance("ui", "--port", port)
    assert code == 2 and "--port" in err
