"""Read runs back from the store: what a run says of itself, and the files it carries."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from pipeline.ground.errors import StanceError, TrackingError
from pipeline.ground.files import read_utf8
from pipeline.ground.plain import plain
from pipeline.judging.kept import KeptAnswers, Part
from pipeline.tracking.store import MODEL, Run, Tracker, load_mlflow

PREDICTIONS = "predictions"  # artifact folder of what a run's model answered
FINISHED = "FINISHED"
PAGE = 1_000
SHORT = 8  # digits of a run's id that people see


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run as the store has it, its words made plain: others may write to a store; `started` is ISO 8601 in UTC."""

    id: str
    name: str
    experiment: str
    status: str
    started: str
    artifacts: str
    metrics: dict[str, float]
    tags: dict[str, str]
    params: dict[str, str]

    @property
    def short(self) -> str:
        """Give the digits of the id that people see."""
        return self.id[:SHORT]

    @property
    def recipe(self) -> str:
        """Name the recipe; empty for a run that trained none."""
        return self.tags.get("recipe", "")

    @property
    def seed(self) -> str:
        """Give the seed it was trained at, as the store holds it."""
        return self.params.get("seed", "")

    @property
    def model_id(self) -> str:
        """Name the model it made; empty where it made none."""
        return self.tags.get("model_id", "")

    @property
    def peer(self) -> bool:
        """Tell whether another tool was trained, which leaves no model and is judged on test alone."""
        return self.tags.get("learner") == "peer"

    @property
    def whole(self) -> bool:
        """Tell whether it trained a recipe whole: no trial of a sweep, variant of an ablation or point of a curve."""
        part = {"trial", "variant"} & self.tags.keys() or "share" in self.params
        return bool(self.recipe) and (bool(self.model_id) or (self.peer and not part))

    @property
    def finished(self) -> bool:
        """Tell whether it came to its end."""
        return self.status == FINISHED

    @property
    def said(self) -> str:
        """Name the run for people: its name and the first digits of its id."""
        return f"{self.name} ({self.short})"

    @property
    def again(self) -> str:
        """Give the command that trains the same anew."""
        if not self.recipe:
            return "stance train RECIPE"
        return f"stance train models/{self.recipe}.yaml" + (f" --seed {self.seed}" if self.seed else "")


class RunReader:
    """What is in a store; a store that is not there is not made."""

    def __init__(self, tracker: Tracker) -> None:
        self._tracker = tracker
        local = tracker.file
        if local is not None and not local.exists():
            raise TrackingError(f"no runs yet: {local} does not exist", hint="stance train models/tfidf.yaml")
        tracker.open()
        with tracker.translated():
            self._client = load_mlflow().MlflowClient(tracking_uri=tracker.uri, registry_uri=tracker.uri)

    def runs(self, experiment: str | None = None) -> list[RunRecord]:
        """List all runs, or those of one experiment, newest first.

        Raises:
            TrackingError: there is no such experiment, or the store cannot be used.
        """
        with self._tracker.translated():
            names = {one.experiment_id: one.name for one in self._client.search_experiments()}
        if experiment is not None:
            if experiment not in names.values():
                known = ", ".join(sorted(map(plain, names.values())))
                raise TrackingError(
                    f"no experiment is called {experiment!r}; there are: {known}",
                    hint="see them in the MLflow UI: stance ui",
                )
            names = {key: name for key, name in names.items() if name == experiment}
        return [_record(run, names) for run in self._pages(list(names))]

    def tagged(self, tags: Mapping[str, str]) -> list[RunRecord]:
        """List the runs of any experiment that bear these tags, newest first; a value holds no quotation mark."""
        wanted = " and ".join(f"tags.`{name}` = '{value}'" for name, value in tags.items())
        with self._tracker.translated():
            names = {one.experiment_id: one.name for one in self._client.search_experiments()}
        return [_record(run, names) for run in self._pages(list(names), wanted)]

    def run(self, run_id: str) -> RunRecord:
        """Read one run by its whole id.

        Raises:
            TrackingError: the store has no such run, or cannot be used.
        """
        with self._tracker.translated():
            run = self._client.get_run(run_id)
            return _record(run, {run.info.experiment_id: self._client.get_experiment(run.info.experiment_id).name})

    def _pages(self, experiments: list[str], wanted: str = "") -> Iterator[Any]:
        token = None
        while experiments:
            with self._tracker.translated():
                page = self._client.search_runs(
                    experiments, wanted, max_results=PAGE, order_by=["attributes.start_time DESC"], page_token=token
                )
            yield from page
            token = page.token
            if not token:
                return

    def answers(self, run: RunRecord, part: Part) -> KeptAnswers:
        """Read what a run's model answered.

        Raises:
            TrackingError: the run keeps no answers, or they are damaged.
        """
        name = f"{PREDICTIONS}/{part}.json"
        if name not in self._files(run, PREDICTIONS):
            raise self._without_answers(run, part)
        with self.artifact(run, name) as path:
            try:
                return KeptAnswers.model_validate_json(read_utf8(path))
            except ValidationError as error:
                fault = error.errors()[0]
                where = ".".join(str(part) for part in fault["loc"])
                said = fault["msg"].removeprefix("Value error, ")
                raise self._damaged(run, name, f"{where}: {said}" if where else said) from error
            except StanceError as error:
                raise self._damaged(run, name, error.message) from error

    def _check_place(self, run: RunRecord) -> None:
        """Refuse a run that made a model where the folder of this machine that is to hold it is not there."""
        from mlflow.utils.file_utils import local_file_uri_to_path

        if not run.model_id or not run.artifacts.startswith(("file:", "/")):
            return
        place = Path(local_file_uri_to_path(run.artifacts))
        if not place.exists():
            raise TrackingError(
                f"the files of run {run.said} are not where the store says, in {place}: the project was moved, or they"
                " were deleted",
                hint=f"move the project back, or train it again: {run.again}",
            )

    def _without_answers(self, run: RunRecord, part: Part) -> TrackingError:
        """Say why a run keeps no answers on a part."""
        if run.peer and run.whole and part == "validation":
            why, hint = "it is a peer, which is judged on test alone", "compare it there: stance compare --on test"
        elif run.recipe and not run.whole:
            why, hint = f"it did not train {run.recipe} whole", f"train it whole: stance train models/{run.recipe}.yaml"
        else:
            self._check_place(run)
            why, hint = "it ended early, or an older stance trained it", f"train it again: {run.again}"
        return TrackingError(f"run {run.said} keeps no answers on {part}: {why}", hint=hint)

    def _damaged(self, run: RunRecord, name: str, why: str) -> TrackingError:
        return TrackingError(
            f"run {run.said}: its answers in {name} are damaged ({why})", hint=f"train it again: {run.again}"
        )

    def has_model(self, run: RunRecord) -> bool:
        """Tell whether a run carries a model folder.

        Raises:
            TrackingError: its files are to lie in a folder of this machine that is not there.
        """
        self._check_place(run)
        return bool(self._files(run, MODEL))

    def _files(self, run: RunRecord, folder: str) -> set[str]:
        with self._tracker.translated():
            return {found.path for found in self._client.list_artifacts(run.id, folder)}

    @contextmanager
    def artifact(self, run: RunRecord, name: str) -> Iterator[Path]:
        """Give a file or folder of a run: where it lies, or a copy from the server for as long as the block lasts."""
        with tempfile.TemporaryDirectory() as beside:
            with self._tracker.translated():
                target = None if run.artifacts.startswith(("file:", "/")) else beside
                place = Path(self._client.download_artifacts(run.id, name, target))
            yield place

    def tag(self, run: RunRecord, tags: dict[str, str]) -> None:
        """Set tags on a run that has ended."""
        with self._tracker.translated():
            for name, value in tags.items():
                self._client.set_tag(run.id, name, value)


def keep_answers(run: Run, answers: KeptAnswers) -> None:
    """Write a run's answers where `RunReader.answers` finds them, one sentence a line."""
    head = answers.model_dump_json(exclude={"sentences"}).removesuffix("}")
    lines = ",\n".join(row.model_dump_json() for row in answers.sentences)
    run.text(f'{head},"sentences":[\n{lines}]}}\n', f"{PREDICTIONS}/{answers.part}.json")


def _record(run: Any, experiments: dict[str, str]) -> RunRecord:
    started = datetime.fromtimestamp(run.info.start_time / 1000, UTC).isoformat(timespec="seconds")
    return RunRecord(
        id=run.info.run_id,
        name=plain(run.info.run_name or "") or run.info.run_id[:SHORT],
        experiment=experiments[run.info.experiment_id],
        status=run.info.status,
        started=started,
        artifacts=run.info.artifact_uri,
        metrics=dict(run.data.metrics),
        tags={name: plain(value) for name, value in run.data.tags.items()},
        params={name: plain(value) for name, value in run.data.params.items()},
    )
