"""Be the model inside an MLflow pyfunc: only the pyfunc's own script imports this, so mlflow may load at once."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd
from mlflow.exceptions import MlflowException
from mlflow.pyfunc import PythonModel

from pipeline.ground.files import sha256_of
from pipeline.ground.records import PLACES, Prediction
from pipeline.inference.manifest import MANIFEST
from pipeline.predict import Predictor

ARTIFACT = "model"  # the name under which the pyfunc keeps the model folder
TEXT = "text"


class StanceModel(PythonModel):  # type: ignore[misc]  # mlflow ships no types
    """Judge the sentences of a column `text`, one row for each; the signature says which columns come out."""

    def load_context(self, context: Any) -> None:
        """Load the model folder that the pyfunc carries; decisions and all, checked against its manifest."""
        folder = Path(context.artifacts[ARTIFACT])
        self._predictor = _load(folder, sha256_of(folder / MANIFEST))

    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> pd.DataFrame:
        """Judge a table with a column `text`, or a list of strings; `review` and `unsure` are None where not learned.

        Raises:
            MlflowException: there is no such column, or a value in it is no string (a server answers 400).
        """
        texts = _texts(model_input)
        return _table(self._predictor.predict(texts), self._predictor)


# Spark loads the pyfunc anew in every task, and its Python processes live through many.
@lru_cache(maxsize=1)
def _load(folder: Path, manifest_sha256: str) -> Predictor:
    return Predictor.load(folder)


def _texts(given: pd.DataFrame | Sequence[str]) -> list[str]:
    if isinstance(given, pd.DataFrame):
        if TEXT not in given.columns:
            raise MlflowException.invalid_parameter_value(
                f"no column is called {TEXT!r}; the columns: {', '.join(map(str, given.columns))}"
            )
        given = given[TEXT]
    texts = [given] if isinstance(given, str) else list(given)
    for number, text in enumerate(texts):
        if not isinstance(text, str):
            raise MlflowException.invalid_parameter_value(
                f"{TEXT!r} of row {number} is of type {type(text).__name__}, and a string is expected"
            )
    return texts


def _table(predictions: Sequence[Prediction], predictor: Predictor) -> pd.DataFrame:
    """Lay predictions out as the signature has it; columns of lists and of what may be None are of dtype object."""
    columns: dict[str, pd.Series] = {
        f"p_{name}": pd.Series([round(one.probabilities[name], PLACES) for one in predictions], dtype="float64")
        for name in predictor.classes_
    }
    lists: dict[str, list[Any]] = {
        "labels": [list(one.labels) for one in predictions],
        "review": [None if one.unsure is None else one.review for one in predictions],
        "unsure": [None if one.unsure is None else list(one.unsure) for one in predictions],
        "model": [predictor.manifest.id] * len(predictions),
    }
    return pd.DataFrame(columns | {name: pd.Series(values, dtype="object") for name, values in lists.items()})
