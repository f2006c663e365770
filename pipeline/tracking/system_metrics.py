"""Keep an eye on the machine while a run lasts: processor, memory, disk and network, as `system/…` metrics."""

import importlib.util
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

FIRST, LAST, GROWTH = 0.5, 15.0, 1.1  # seconds between two looks: the first, the longest, and how they lengthen
SWITCH = "MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING"  # MLflow's own variables stay in force
INTERVAL = "MLFLOW_SYSTEM_METRICS_SAMPLING_INTERVAL"

_logger = logging.getLogger(__name__)


@contextmanager
def system_metrics(run_id: str, uri: str) -> Iterator[None]:
    """Log system metrics of a run, unless MLflow's variable says no or psutil is absent; the thread ends here."""
    if os.environ.get(SWITCH, "true").lower() in ("false", "0") or importlib.util.find_spec("psutil") is None:
        yield
        return
    monitor = _patient_monitor(run_id, uri)
    monitor.start()
    try:
        yield
    finally:
        monitor.finish()


def _patient_monitor(run_id: str, uri: str) -> Any:
    """Make MLflow's monitor, which looks often at first and then ever more rarely.

    So a run of seconds has some samples, and one of hours does not fill the store; what was seen last is logged too.
    """
    from mlflow.exceptions import MlflowException
    from mlflow.system_metrics.system_metrics_monitor import SystemMetricsMonitor
    from requests.exceptions import RequestException
    from sqlalchemy.exc import SQLAlchemyError

    class PatientMonitor(SystemMetricsMonitor):  # type: ignore[misc]
        sampling_interval: float

        def publish_metrics(self, metrics: dict[str, float]) -> None:
            super().publish_metrics(metrics)
            if not os.environ.get(INTERVAL):
                self.sampling_interval = min(self.sampling_interval * GROWTH, LAST)

        def finish(self) -> None:
            self._shutdown_event.set()
            if self._process is not None:
                self._process.join()
                if any(monitor.metrics for monitor in self.monitors):
                    self._publish_last()
            super().finish()

        def _publish_last(self) -> None:
            """Log what was seen last; no training is lost for it."""
            try:
                self.publish_metrics(self.aggregate_metrics())
            except (MlflowException, SQLAlchemyError, RequestException, OSError) as error:
                first = str(error).strip().split("\n")[0]
                _logger.warning("the last system metrics of run %s were not logged: %s", run_id, first)

    return PatientMonitor(run_id, sampling_interval=FIRST, tracking_uri=uri)
