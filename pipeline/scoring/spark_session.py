"""Open a Spark session, or use the caller's; the one file that imports pyspark."""

import atexit
import os
import shutil
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import lru_cache
from pathlib import Path
from typing import Any

from pipeline.ground.errors import MissingExtra, StanceError
from pipeline.ground.extras import need

LOCAL = "local[*]"
_BATCH = "1000"  # rows of an Arrow batch on its way into Python; a row may be a whole document


@contextmanager
def spark_session(master: str | None, say: Callable[[str], None]) -> Iterator[Any]:
    """Yield the active session, as `spark-submit` or a notebook has it, or open one and stop it at the end.

    Raises:
        MissingExtra: pyspark or Java is not installed.
        StanceError: Spark cannot start, or a job fails.
    """
    need("pyspark", "spark", "scoring with Spark")
    from pyspark.sql import SparkSession

    active = SparkSession.getActiveSession()
    if active is not None:
        say(
            f"Spark session of the caller at {active.sparkContext.master}"
            + (f"; {master} is not used" if master else "")
        )
        with _translated():
            yield active
        return
    _need_java()
    with tempfile.TemporaryDirectory(prefix="stance-spark-") as scratch, _translated():
        session = _open(SparkSession.builder, master, Path(scratch))
        say(f"Spark {session.version} at {session.sparkContext.master}")
        try:
            yield session
        finally:
            session.stop()


def _open(builder: Any, master: str | None, scratch: Path) -> Any:
    """Build a session without a web page or progress bars; one on this machine listens on the loopback only."""
    settings = {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.log.level": "ERROR",
        "spark.sql.warehouse.dir": str(scratch / "warehouse"),
        "spark.sql.execution.arrow.maxRecordsPerBatch": _BATCH,
    }
    submitted = "PYSPARK_GATEWAY_PORT" in os.environ  # spark-submit has started Java, and named its master to it
    if master is not None or not submitted:
        builder = builder.master(master or LOCAL)
    here = not submitted and (master is None or master.startswith("local"))
    if here:
        code = [str(Path(__file__).resolve().parents[2]), *filter(None, [os.environ.get("PYTHONPATH")])]
        settings |= dict.fromkeys(("spark.driver.bindAddress", "spark.driver.host"), "127.0.0.1")
        settings["spark.executorEnv.PYTHONPATH"] = os.pathsep.join(code)
    for name, value in settings.items():
        builder = builder.config(name, value)
    with _environment() if here else nullcontext():
        return builder.appName("stance").getOrCreate()


@contextmanager
def _environment() -> Iterator[None]:
    """Let Java start with a home it may write into, and the executors with this Python, where the user says nothing."""
    own = {"SPARK_HOME": str(_home()), "SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_PYTHON": sys.executable}
    added = {name: value for name, value in own.items() if name not in os.environ}
    os.environ.update(added)
    try:
        yield
    finally:
        for name in added:
            del os.environ[name]


@lru_cache(maxsize=1)
def _home() -> Path:
    """Make a Spark home of links to pyspark's own: `local-cluster` writes logs into it, and our install is no place.

    One for each process, since a Java process once started keeps the home it was started with.
    """
    import pyspark

    home = Path(tempfile.mkdtemp(prefix="stance-spark-home-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    for part in Path(pyspark.__file__).resolve().parent.iterdir():
        if part.name != "work":
            (home / part.name).symlink_to(part)
    return home


def _need_java() -> None:
    own = os.environ.get("JAVA_HOME")
    if own and not (Path(own) / "bin" / "java").exists():
        raise MissingExtra(f"JAVA_HOME is {own}, and there is no bin/java in it", hint="unset JAVA_HOME, or mend it")
    if not own and shutil.which("java") is None:
        raise MissingExtra(
            "scoring with Spark needs Java 17 or later, and no java is on the PATH",
            hint="apt-get install openjdk-17-jre-headless; or set JAVA_HOME",
        )


@contextmanager
def _translated() -> Iterator[None]:
    """Turn what Spark raises into a message; its own goes on for pages."""
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException

    try:
        with warnings.catch_warnings():
            # PySpark 4.3 says so of every pandas 3; our columns go through Arrow, and the tests compare them.
            warnings.filterwarnings("ignore", message="PySpark does not yet fully support pandas")
            yield
    except (PySparkException, Py4JError) as error:
        said = _reason(str(error))
        absent = "for the executors' Python: pip install 'cautious-hope[spark]'; or send it along with --archives"
        other = "see the executors' logs; --engine local does the same without Spark"
        raise StanceError(f"Spark: {said}", hint=absent if "No module named" in said else other) from error


def _reason(said: str) -> str:
    """Pick the one line that says what is wrong: the last of a Python traceback, else the first."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    inner = [
        line for line in lines if line[0].isalpha() and "Error: " in line and not line.startswith(("Caused", "org."))
    ]
    return (inner or lines or ["no reason given"])[-1 if inner else 0][:500]
