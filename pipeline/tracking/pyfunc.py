"""Write a model folder as an MLflow pyfunc that carries its own code, and use one in Spark; no pickle on the way."""

import sys
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, requires, version
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from pipeline.ground.errors import ModelError, StanceError
from pipeline.ground.extras import need
from pipeline.ground.files import whole_folder
from pipeline.ground.machine import THREADS
from pipeline.inference.manifest import Manifest, read_manifest, verify_files
from pipeline.tracking.store import load_mlflow

DISTRIBUTION = "cautious-hope"
MLMODEL = "MLmodel"
EXAMPLE = "Progress was made, but the agreement may still fail."
# MLflow copies this into the pyfunc and runs it on loading, instead of a pickled object.
SCRIPT = '''"""Give MLflow the model; the package `pipeline` lies beside this file, in `code/`."""

from mlflow.models import set_model

from pipeline.tracking.stance_model import StanceModel

set_model(StanceModel())
'''


def save_pyfunc(folder: Path, target: Path) -> Path:
    """Write a model folder as a pyfunc at `target`, whole or not at all; an older pyfunc there is replaced.

    Raises:
        ModelError: the model folder is damaged, or something else than a pyfunc lies at `target`.
        MissingExtra: mlflow or pandas is not installed.
        StanceError: the package is not installed, and cannot say what it requires.
    """
    for module in ("mlflow", "pandas"):
        need(module, "spark", "an MLflow pyfunc")
    manifest = read_manifest(folder)
    verify_files(folder, manifest)
    _refuse_other(target)
    with whole_folder(target) as staging, tempfile.TemporaryDirectory() as beside, _quiet(), _same_path():
        _write(folder, manifest, staging, Path(beside))
        _forget_places(staging)
    return target


def spark_udf(spark: Any, pyfunc: Path) -> Any:
    """Make a Spark function of a pyfunc: a string column in, a struct as the signature has it out.

    Each Python process of an executor uses one thread, since Spark starts one process for each core.
    """
    mlflow = load_mlflow()
    with _quiet():
        return mlflow.pyfunc.spark_udf(spark, str(pyfunc), env_manager="local", extra_env={THREADS: "1"})


def requirements() -> list[str]:
    """Pin what the base install requires to the versions installed here; no extra is among them.

    Raises:
        StanceError: the package is not installed.
    """
    from packaging.requirements import Requirement

    try:
        wanted = [Requirement(line) for line in requires(DISTRIBUTION) or ()]
    except PackageNotFoundError as error:
        raise StanceError(
            f"{DISTRIBUTION} is not installed, and a pyfunc must name what it requires", hint="pip install -e ."
        ) from error
    base = [one.name for one in wanted if one.marker is None or one.marker.evaluate({"extra": ""})]
    return sorted(f"{name}=={version(name)}" for name in (*base, "mlflow", "pandas"))


def _write(folder: Path, manifest: Manifest, target: Path, beside: Path) -> None:
    """Gather script and code in `beside`, where MLflow copies them from, and save."""
    import pandas as pd

    from pipeline.tracking.stance_model import ARTIFACT, TEXT

    _copy(files("pipeline"), beside / "pipeline")
    script = beside / "stance_pyfunc.py"
    script.write_text(SCRIPT, encoding="utf-8")
    load_mlflow().pyfunc.save_model(
        path=str(target),
        python_model=str(script),
        artifacts={ARTIFACT: str(folder.resolve())},
        code_paths=[str(beside / "pipeline")],
        signature=_signature(manifest.codebook.names, TEXT),
        input_example=pd.DataFrame({TEXT: [EXAMPLE]}),
        pip_requirements=requirements(),
        metadata={"model_id": manifest.id, "codebook": f"{manifest.codebook.name} {manifest.codebook.version}"},
    )


def _copy(package: Traversable, target: Path) -> None:
    """Copy our code, which may lie in an archive where `spark-submit --py-files` brought it."""
    target.mkdir()
    for one in package.iterdir():
        if one.name in ("__pycache__", "released") or one.name.startswith("."):
            continue
        if one.is_dir():
            _copy(one, target / one.name)
        else:
            (target / one.name).write_bytes(one.read_bytes())


def _forget_places(pyfunc: Path) -> None:
    """Name script and model folder by where they lie in the pyfunc; where they came from is nobody's concern."""
    from mlflow.models import Model

    model = Model.load(str(pyfunc))
    flavour = model.flavors["python_function"]
    flavour["model_code_path"] = Path(flavour["model_code_path"]).name
    for artifact in flavour["artifacts"].values():
        artifact["uri"] = artifact["path"]
    model.save(str(pyfunc / MLMODEL))


def _signature(labels: Sequence[str], text: str) -> Any:
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, DataType, Schema
    from mlflow.types.schema import Array

    strings = Array(DataType.string)
    outputs = [
        *(ColSpec(DataType.double, f"p_{label}") for label in labels),
        ColSpec(strings, "labels"),
        ColSpec(DataType.boolean, "review", required=False),
        ColSpec(strings, "unsure", required=False),
        ColSpec(DataType.string, "model"),
    ]
    return ModelSignature(inputs=Schema([ColSpec(DataType.string, text)]), outputs=Schema(outputs))


def _refuse_other(target: Path) -> None:
    """Refuse to replace what is no pyfunc."""
    if target.is_dir() and ((target / MLMODEL).is_file() or not any(target.iterdir())):
        return
    if target.exists() or target.is_symlink():
        raise ModelError(f"{target} is there already, and is no MLflow model", hint="name another folder")


@contextmanager
def _same_path() -> Iterator[None]:
    """Keep `sys.path`: MLflow puts the code of a model it tries out there, and leaves it."""
    before = list(sys.path)
    try:
        yield
    finally:
        sys.path[:] = before


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep back what MLflow says on its way with pandas 3 and Spark 4; errors still come through."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
