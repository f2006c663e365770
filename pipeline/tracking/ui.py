"""Start the MLflow UI on the local store, for this machine only."""

import os
import socket
import subprocess
import sys
from pathlib import Path

HOST = "127.0.0.1"


def port_is_free(port: int) -> bool:
    """Tell whether nothing listens on a loopback port."""
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) != 0


def ui_command(uri: str, artifacts: Path, port: int) -> list[str]:
    """Give the command that serves the store on the loopback address."""
    return [
        sys.executable,
        "-m",
        "mlflow",
        "server",
        "--backend-store-uri",
        uri,
        "--default-artifact-root",
        artifacts.resolve().as_uri(),
        "--host",
        HOST,
        "--port",
        str(port),
        "--workers",
        "1",
        "--uvicorn-opts",
        "--log-level warning",
    ]


def serve(uri: str, artifacts: Path, port: int) -> int:
    """Run the UI until it is interrupted; return its exit code."""
    quiet = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}
    server = subprocess.Popen(ui_command(uri, artifacts, port), env=os.environ | quiet)  # noqa: S603
    try:
        return server.wait()
    except KeyboardInterrupt:
        server.terminate()
        server.wait(timeout=10)
        return 0
