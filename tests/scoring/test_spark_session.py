"""A session of our own starts with Java and this Python, stops at the end, and says what is missing."""

import json
import shutil
import subprocess
import sys

import pytest
from tiny import apart

from pipeline.ground.errors import MissingExtra, StanceError
from pipeline.scoring.spark_session import spark_session

OWN = """
import json, os, sys
from pipeline.scoring.spark_session import spark_session
said = []
ours = ("SPARK_HOME", "SPARK_LOCAL_IP", "PYSPARK_PYTHON")
with spark_session("local[1]", said.append) as spark:
    def name(batches):
        import pipeline, pyarrow
        for batch in batches:
            yield pyarrow.RecordBatch.from_pylist([{"python": sys.executable, "code": pipeline.__file__}])
    [row] = spark.range(1).coalesce(1).mapInArrow(name, "python string, code string").collect()
    address = spark.conf.get("spark.driver.host"), spark.sparkContext.uiWebUrl
from pyspark.sql import SparkSession
import pipeline
left = SparkSession.getActiveSession() is not None or any(name in os.environ for name in ours)
print(json.dumps({"said": said, "row": row.asDict(), "address": address, "left": left, "code": pipeline.__file__}))
"""
FAILS = """
from pipeline.ground.errors import StanceError
from pipeline.scoring.spark_session import spark_session
def fail(batches):
    import no_such_module_here
    yield from batches
try:
    with spark_session("local[1]", str):
        from pyspark.sql import SparkSession
        SparkSession.getActiveSession().range(1).mapInArrow(fail, "id bigint").collect()
except StanceError as error:
    print(error.message, error.hint, sep="|")
"""

with_java = pytest.mark.skipif(shutil.which("java") is None, reason="no Java here")


def python(code, folder):
    environment = {name: value for name, value in apart().items() if not name.startswith(("SPARK_", "PYSPARK_"))}
    command = [sys.executable, "-W", "error", "-c", code]
    result = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, result.stderr
    return result.stdout


@with_java
def test_a_session_of_our_own_runs_this_python_on_this_machine_and_leaves_nothing(tmp_path):
    found = json.loads(python(OWN, tmp_path))
    assert found["row"] == {"python": sys.executable, "code": found["code"]}
    assert found["address"] == ["127.0.0.1", None] and not found["left"]
    [line] = found["said"]
    assert line.startswith("Spark 4") and line.endswith("at local[1]")
    assert list(tmp_path.iterdir()) == []


@with_java
def test_what_an_executor_raises_is_one_line_with_a_way_on(tmp_path):
    message, hint = python(FAILS, tmp_path).strip().split("|")
    assert message == "Spark: ModuleNotFoundError: No module named 'no_such_module_here'"
    assert "pip install 'cautious-hope[spark]'" in hint


def test_without_pyspark_or_java_the_way_to_them_is_said(monkeypatch, tmp_path):
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "pyspark", None)
        with pytest.raises(MissingExtra, match="needs pyspark") as caught, spark_session(None, str):
            pass
        assert caught.value.hint == "pip install 'cautious-hope[spark]'"
    from pyspark.sql import SparkSession

    monkeypatch.setattr(SparkSession, "getActiveSession", lambda: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(MissingExtra, match="no bin/java in it"), spark_session(None, str):
        pass
    monkeypatch.delenv("JAVA_HOME")
    with pytest.raises(StanceError, match="needs Java 17") as caught, spark_session(None, str):
        pass
    assert "openjdk-17" in caught.value.hint
