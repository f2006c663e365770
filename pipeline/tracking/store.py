"""Open the MLflow store: a local sqlite file by default, or the server `MLFLOW_TRACKING_URI` names."""

import importlib
import logging
import os
import tempfile
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.ground.errors import TrackingError
from pipeline.tracking.system_metrics import system_metrics
from pipeline.tracking.views import TAG, view_tag

if TYPE_CHECKING:
    from datasets import Dataset
    from matplotlib.figure import Figure

MODEL = "model"  # artifact folder of the model in each run
LOCKED = "another process writes to it: wait for that training, or end what was left behind (fuser shows its number)"
UNUSABLE = "check MLFLOW_TRACKING_URI, or unset it to use the local store"
OTHER_MLFLOW = (
    "another MLflow wrote this store: install that version again; or, where that was an older one, copy the store away"
    " and bring it up to date: mlflow db upgrade {uri}"
)
OTHER_SCHEMA = ("database schema", "Can't locate revision")  # what MLflow and Alembic say of a store of another MLflow
NOTE = "mlflow.note.content"  # the tag that the UI shows as description, of a run and of an experiment
COMMIT = "mlflow.source.git.commit"


def load_mlflow() -> Any:
    """Import mlflow with telemetry off, few retries and no chatter."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("DO_NOT_TRACK", "true")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
    os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.ERROR)
    mlflow = importlib.import_module("mlflow")
    logging.getLogger("mlflow").setLevel(logging.ERROR)
    return mlflow


def store_uri(root: Path) -> str:
    """Give the store's address: `MLFLOW_TRACKING_URI`, or `mlflow.db` in the project's root."""
    return os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{root / 'mlflow.db'}"


class Tracker:
    """One store; every write to MLflow goes through it."""

    def __init__(self, root: Path) -> None:
        self.uri = store_uri(root)
        self._artifacts = root / "mlartifacts"

    @property
    def file(self) -> Path | None:
        """Give the file of a local store; None for a server."""
        from sqlalchemy.engine import make_url

        found = make_url(self.uri).database if self.uri.startswith("sqlite:///") else None
        return Path(found) if found else None

    def open(self) -> None:
        """Check that the store answers, before hours of work depend on it.

        Raises:
            TrackingError: the store cannot be reached, is locked, or belongs to another MLflow.
        """
        with self.translated():
            if self.file is not None:  # MLflow tries for minutes where no file can be made
                tempfile.TemporaryFile(dir=self.file.parent).close()
            mlflow = self._connected()
            mlflow.MlflowClient(tracking_uri=self.uri).search_experiments(max_results=1)

    @contextmanager
    def run(self, experiment: str, name: str, tags: dict[str, str], params: dict[str, Any]) -> Iterator["Run"]:
        """Open a run; it ends FINISHED, KILLED where the user interrupts, FAILED where the block raises."""
        with self.translated():
            mlflow = self._connected()
            experiment_id = self._experiment(mlflow, experiment)
        status = "FAILED"
        try:
            with self.translated():
                active = mlflow.start_run(experiment_id=experiment_id, run_name=name, tags=tags)
                mlflow.log_params({key: str(value)[:6000] for key, value in params.items()})
            with system_metrics(active.info.run_id, self.uri):
                yield Run(mlflow, active.info.run_id, self)
            status = "FINISHED"
        except KeyboardInterrupt:
            status = "KILLED"
            raise
        finally:
            with self.translated():
                mlflow.end_run(status)

    def present(self, experiment: str, columns: Sequence[str], note: str = "") -> None:
        """Say in the UI what an experiment asks (`note`, Markdown), and save a view of these columns.

        A note replaces what was said before; a saved view is the user's own to change, and is made only once.
        """
        with self.translated():
            mlflow = self._connected()
            client = mlflow.MlflowClient(tracking_uri=self.uri)
            experiment_id = self._experiment(mlflow, experiment)
            tags = client.get_experiment(experiment_id).tags
            if note and tags.get(NOTE) != note:
                client.set_experiment_tag(experiment_id, NOTE, note)
            if TAG not in tags:
                client.set_experiment_tag(experiment_id, TAG, view_tag(columns, time.time()))

    def add_metrics(self, run_id: str, values: dict[str, float]) -> None:
        """Add columns to a run that has ended; a run that is gone from the store, or was deleted, is passed over."""
        with self.translated():
            client = load_mlflow().MlflowClient(tracking_uri=self.uri)
            if _is_there(client, run_id):
                for name, value in values.items():
                    client.log_metric(run_id, name, value)

    def add_text(self, run_id: str, text: str, file: str) -> None:
        """Add a text file to a run that has ended; one that is gone from the store, or was deleted, is passed over."""
        with self.translated():
            client = load_mlflow().MlflowClient(tracking_uri=self.uri)
            if _is_there(client, run_id):
                client.log_text(run_id, text, file)

    def abandon(self, run_id: str) -> None:
        """Mark a run that a kill left running as KILLED; one that is gone from the store or deleted is passed over."""
        with self.translated():
            client = load_mlflow().MlflowClient(tracking_uri=self.uri)
            if _is_there(client, run_id):
                client.set_terminated(run_id, "KILLED")

    def add_to_model(self, model_id: str, values: dict[str, float], tags: dict[str, str]) -> str | None:
        """Add columns and tags to the newest run that made a model; give its id, None where the store has none."""
        with self.translated():
            client = load_mlflow().MlflowClient(tracking_uri=self.uri)
            experiments = [one.experiment_id for one in client.search_experiments()]
            wanted, newest = f"tags.model_id = '{model_id}'", ["attributes.start_time DESC"]
            runs = client.search_runs(experiments, wanted, order_by=newest, max_results=1) if experiments else []
            for run in runs:
                for name, value in tags.items():
                    client.set_tag(run.info.run_id, name, value)
                self.add_metrics(run.info.run_id, values)
                return str(run.info.run_id)
        return None

    def _connected(self) -> Any:
        """Point mlflow at the store; what it writes into the environment on the way would bind later stores too."""
        before = os.environ.get("MLFLOW_TRACKING_URI")
        mlflow = load_mlflow()
        mlflow.set_tracking_uri(self.uri)
        os.environ.pop("MLFLOW_TRACKING_URI", None)
        if before is not None:
            os.environ["MLFLOW_TRACKING_URI"] = before
        return mlflow

    def _experiment(self, mlflow: Any, name: str) -> str:
        """Find or make an experiment; a local store keeps artifacts beside its database."""
        found = mlflow.get_experiment_by_name(name)
        if found and found.lifecycle_stage == "deleted":
            raise TrackingError(
                f"the experiment {name!r} was deleted in the store {self.uri}",
                hint="restore it in the MLflow UI, or choose another with --experiment",
            )
        if found:
            return str(found.experiment_id)
        local = self.uri.startswith("sqlite:")
        place = (self._artifacts / name).resolve().as_uri() if local else None
        tags = {"mlflow.experimentKind": "custom_model_development"}  # the UI opens on runs, not on traces
        return str(mlflow.create_experiment(name, artifact_location=place, tags=tags))

    @contextmanager
    def translated(self) -> Iterator[None]:
        """Turn what MLflow and its database raise into a message about the store."""
        load_mlflow()
        from mlflow.exceptions import MlflowException
        from requests.exceptions import RequestException
        from sqlalchemy.exc import SQLAlchemyError

        try:
            yield
        except (MlflowException, SQLAlchemyError, RequestException, OSError) as error:
            first = str(error).strip().split("\n")[0]
            other = any(said in first for said in OTHER_SCHEMA)
            hint = OTHER_MLFLOW.format(uri=self.uri) if other else UNUSABLE
            hint = LOCKED if "database is locked" in first else hint
            raise TrackingError(f"the MLflow store {self.uri} cannot be used: {first}", hint=hint) from error


def _is_there(client: Any, run_id: str) -> bool:
    """Tell whether the store has a run that nobody deleted; a store that does not answer raises."""
    from mlflow.exceptions import MlflowException

    try:
        return bool(client.get_run(run_id).info.lifecycle_stage != "deleted")
    except MlflowException as error:
        if error.error_code == "RESOURCE_DOES_NOT_EXIST":
            return False
        raise


class Run:
    """One open run."""

    def __init__(self, mlflow: Any, run_id: str, tracker: Tracker) -> None:
        self._mlflow = mlflow
        self._tracker = tracker
        self.id = run_id

    def metrics(self, values: dict[str, float], step: int | None = None) -> None:
        """Log scalar columns."""
        with self._tracker.translated():
            self._mlflow.log_metrics(values, step=step)

    def tags(self, values: dict[str, str]) -> None:
        """Set tags."""
        with self._tracker.translated():
            self._mlflow.set_tags(values)

    def dataset(self, dataset: "Dataset", name: str, context: str) -> None:
        """Log a dataset as input; its digest is its fingerprint."""
        with self._tracker.translated():
            entity = self._mlflow.data.from_huggingface(dataset, name=name, digest=dataset._fingerprint)
            with warnings.catch_warnings():
                # The schema hint about missing integers is for served models; these columns have none missing.
                warnings.filterwarnings("ignore", message=".*integer column", category=UserWarning)
                self._mlflow.log_input(entity, context=context)

    def figure(self, figure: "Figure", file: str) -> None:
        """Log a figure as a PNG under `plots/`."""
        with self._tracker.translated():
            self._mlflow.log_figure(figure, f"plots/{file}")

    def table(self, rows: dict[str, list[Any]], file: str) -> None:
        """Log a table that the MLflow UI shows as one."""
        with self._tracker.translated():
            self._mlflow.log_table(rows, file)

    def text(self, text: str, file: str) -> None:
        """Log a text file."""
        with self._tracker.translated():
            self._mlflow.log_text(text, file)

    def folder(self, folder: Path) -> None:
        """Log the model folder."""
        with self._tracker.translated():
            self._mlflow.log_artifacts(str(folder), MODEL)
