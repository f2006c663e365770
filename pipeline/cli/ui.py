"""`stance ui`: open the MLflow UI on the local store."""

import click

EPILOG = """\b
Example:
  stance ui --port 5001
"""


@click.command("ui", epilog=EPILOG)
@click.option("--port", type=click.IntRange(1, 65535), default=5000, show_default=True, help="Port on 127.0.0.1.")
def command(port: int) -> None:
    """Serve the MLflow UI for the runs trained here, on this machine only.

    With MLFLOW_TRACKING_URI naming a server, say where its UI is instead.
    """
    from pipeline.cli.console import note
    from pipeline.ground.errors import TrackingError
    from pipeline.ground.extras import need
    from pipeline.ground.paths import find_project

    need("mlflow", "train", "stance ui")
    from pipeline.tracking.store import store_uri
    from pipeline.tracking.ui import HOST, port_is_free, serve

    root = find_project().root
    uri = store_uri(root)
    if uri.startswith("http"):
        note(f"MLFLOW_TRACKING_URI names a server; its UI is at {uri}")
        return
    if uri.startswith("sqlite:///") and not (root / "mlflow.db").exists() and uri == f"sqlite:///{root / 'mlflow.db'}":
        raise TrackingError(f"no runs yet: {root / 'mlflow.db'} does not exist", hint="stance train models/tfidf.yaml")
    if not port_is_free(port):
        raise TrackingError(
            f"port {port} on {HOST} is taken", hint=f"stance ui --port {port + 1 if port < 65535 else 5000}"
        )
    note(f"MLflow UI on http://{HOST}:{port} (store {uri}); stop it with Ctrl-C")
    note("in an experiment, Training runs > Views > Figures shows the figures side by side")
    raise SystemExit(serve(uri, root / "mlartifacts", port))
