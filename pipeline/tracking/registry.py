"""Keep the champion in the model registry: one registered model for each codebook, one version for each promotion.

A version's source is an MLflow pyfunc among the artifacts of its run, so `models:/NAME@champion` can be served and
loaded by MLflow as it is; the model folder travels inside, and no pickle.
"""

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipeline.ground.errors import TrackingError
from pipeline.ground.plain import plain
from pipeline.tracking.pyfunc import save_pyfunc
from pipeline.tracking.store import Tracker, load_mlflow

CHAMPION = "champion"
PYFUNC = "pyfunc"  # artifact folder of a promoted run's model as MLflow loads it
ABSENT = ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE")  # the second is what MLflow says of an absent alias
ABOUT = (
    "Versions are promotions, in the order of time: `stance models promote RUN` made each, and `stance models history`"
    " lists them. The alias `champion` is on the one that later trainings are compared with. Load it with"
    " `mlflow.pyfunc.load_model('models:/{name}@champion')`: a column `text` in, each label's probability out."
)


@dataclass(frozen=True, slots=True)
class Version:
    """One promotion: the run whose model it is, when, and what was said of it; `champion` where the alias is."""

    model: str
    number: int
    run_id: str
    created: str
    tags: dict[str, str]
    champion: bool

    @property
    def forced(self) -> bool:
        """Tell whether the comparison was overruled."""
        return self.tags.get("forced") == "true"

    def as_dict(self) -> dict[str, Any]:
        """Give the version as JSON holds it."""
        about = {"model": self.model, "version": self.number, "run": self.run_id, "created": self.created}
        return about | {"champion": self.champion, "forced": self.forced, "tags": self.tags}


class Registry:
    """The registered models of a store."""

    def __init__(self, tracker: Tracker) -> None:
        self._tracker = tracker
        with tracker.translated():
            self._client = load_mlflow().MlflowClient(tracking_uri=tracker.uri, registry_uri=tracker.uri)

    def champion(self, model: str) -> Version | None:
        """Find the version the alias is on; None where nothing was promoted, or the alias was taken off."""
        with self._absent_allowed() as found:
            version = self._client.get_model_version_by_alias(model, CHAMPION)
            found.append(_version(version, int(version.version)))
        return found[0] if found else None

    def versions(self, model: str) -> list[Version]:
        """List all versions, oldest first."""
        with self._absent_allowed() as found:
            aliases = self._client.get_registered_model(model).aliases
            number = int(aliases[CHAMPION]) if CHAMPION in aliases else None
            found += [_version(one, number) for one in self._client.search_model_versions(f"name = '{model}'")]
        return sorted(found, key=lambda version: version.number)

    def names(self) -> list[str]:
        """Name the registered models."""
        with self._tracker.translated():
            return sorted(one.name for one in self._client.search_registered_models())

    def count_look(self, model: str, sentences: str) -> int:
        """Note that test sentences (named by their hash) decided on a promotion once more; say how often they have.

        On a server, two looks in the same moment may count as one.
        """
        key = f"test_looks.{sentences}"
        with self._alone(), self._tracker.translated():
            looks = int(self._client.get_registered_model(model).tags.get(key, "0")) + 1
            self._client.set_registered_model_tag(model, key, str(looks))
        return looks

    def promote(
        self, model: str, run_id: str, folder: Path, tags: dict[str, str], description: str, expected: int | None
    ) -> Version:
        """Register a run's model folder as a new version, and move the alias to it as the last step.

        `expected` is the champion it was compared with, None for none. Where another holds the alias by now, or the
        alias cannot be moved, the new version is taken back. A local store is held meanwhile, so that of two promotions
        the second sees the first; a server cannot be, and is asked again whether the alias stayed.

        Raises:
            ModelError, TrackingError: the folder is damaged, the champion changed, or the store cannot be used.
        """
        with tempfile.TemporaryDirectory() as beside:
            pyfunc = save_pyfunc(folder, Path(beside) / PYFUNC)
            with self._tracker.translated():
                self._client.log_artifacts(run_id, str(pyfunc), PYFUNC)
        with self._alone():
            self._ensure(model)
            with self._tracker.translated():
                made = self._client.create_model_version(
                    model, f"runs:/{run_id}/{PYFUNC}", run_id=run_id, tags=tags, description=description
                )
            with self._or_taken_back(model, made.version):
                self._refuse_other(model, expected)
                with self._tracker.translated():
                    self._client.set_registered_model_alias(model, CHAMPION, made.version)
            self._refuse_overtaken(model, made.version)
            with self._tracker.translated():
                return _version(self._client.get_model_version(model, made.version), int(made.version))

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold a local store for this process, and wait for another that holds it; the lock goes with the process."""
        if self._tracker.file is None:
            yield
            return
        beside = self._tracker.file.with_name(f"{self._tracker.file.name}.lock")
        with self._tracker.translated():
            lock = os.open(beside, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            with self._tracker.translated():
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def _refuse_other(self, model: str, expected: int | None) -> None:
        now = self.champion(model)
        number = now.number if now else None
        if number != expected:
            said, compared = (f"version {one}" if one else "none" for one in (number, expected))
            raise TrackingError(
                f"the champion of {model} changed during the comparison: it is {said}, and was {compared}",
                hint="compare again with the champion of now: the same command",
            )

    def _refuse_overtaken(self, model: str, version: str) -> None:
        """Take a version back that the alias is not on any more: another was compared with the same champion."""
        now = self.champion(model)
        if now is None or now.number != int(version):
            self._take_back(model, version)
            raise TrackingError(
                f"another promotion moved the champion of {model} in the same moment: it is"
                f" {f'version {now.number}' if now else 'none'}",
                hint="compare again with the champion of now: the same command",
            )

    @contextmanager
    def _or_taken_back(self, model: str, version: str) -> Iterator[None]:
        """Delete a new version if the block does not come to its end."""
        done = False
        try:
            yield
            done = True
        finally:
            if not done:
                self._take_back(model, version)

    def _take_back(self, model: str, version: str) -> None:
        with suppress(TrackingError), self._tracker.translated():
            self._client.delete_model_version(model, version)

    def _ensure(self, model: str) -> None:
        with self._absent_allowed() as found:
            found.append(self._client.get_registered_model(model))
        if not found:
            with self._tracker.translated():
                self._client.create_registered_model(model, description=ABOUT.format(name=model))

    @contextmanager
    def _absent_allowed(self) -> Iterator[list[Any]]:
        """Yield a list to fill; it stays empty where MLflow has no such model or alias."""
        from mlflow.exceptions import MlflowException

        found: list[Any] = []
        with self._tracker.translated():
            try:
                yield found
            except MlflowException as error:
                if error.error_code not in ABSENT:
                    raise


def _version(one: Any, champion: int | None) -> Version:
    if not one.run_id:
        raise TrackingError(
            f"version {one.version} of {one.name} was registered by hand, and names no run",
            hint="delete it in the MLflow UI (stance ui), and promote a run: stance models promote RUN",
        )
    created = datetime.fromtimestamp(one.creation_timestamp / 1000, UTC).isoformat(timespec="seconds")
    number = int(one.version)
    tags = {name: plain(value) for name, value in one.tags.items()}
    return Version(one.name, number, one.run_id, created, tags, number == champion)
