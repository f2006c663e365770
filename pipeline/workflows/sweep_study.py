"""Keep the trials of a sweep where a kill cannot take them: Optuna's storage on sqlite, one file for each study."""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from pipeline.ground.errors import StanceError
from pipeline.ground.files import hash_json, read_json, write_json
from pipeline.ground.paths import shown
from pipeline.judging.stopping import best_so_far, means_so_far
from pipeline.workflows.sweep_spec import Space, Sweep

State = Literal["complete", "pruned", "failed"]
FEWEST = 9  # finished trials for importances, so that the better third holds three
NAME = "sweep"  # of the one study in its file
RESULT, RUN = "result", "run"  # what is noted beside Optuna's own


@dataclass(frozen=True, slots=True)
class Trial:
    """One trial that came to an end; `number` counts those from 1.

    `values` are by fold or by epoch, `worth` what the trial was worth after each; `value` is None where it was not
    finished, and `reason` says why it failed.
    """

    number: int
    state: State
    settings: dict[str, Any]
    values: tuple[float, ...]
    worth: tuple[float, ...]
    value: float | None
    seconds: float
    run: str
    made_by: dict[str, str]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A trial begun: its number and the settings drawn for it."""

    number: int
    settings: dict[str, Any]
    handle: Any


@dataclass(frozen=True, slots=True)
class Place:
    """Where the study of a specification lies, by all that its trials hang on; `identity` holds that by topic."""

    folder: Path
    identity: dict[str, Any]

    @property
    def file(self) -> Path:
        """Give the file of the study."""
        return self.folder / f"study-{hash_json(self.identity, 12)}.db"

    @property
    def earlier(self) -> Path:
        """Give the file that a study goes to where it is begun anew."""
        return self.file.with_suffix(".bak")

    def others(self) -> list[Path]:
        """List studies of other labels, splits, recipes or searches, the newest first."""
        found = [path for path in self.folder.glob("study-*.db") if path != self.file]
        return sorted(found, key=lambda path: -path.stat().st_mtime_ns)

    def changed(self, other: Path) -> list[str]:
        """Name the topics in which an earlier study differs."""
        beside = other.with_suffix(".json")
        before = read_json(beside) if beside.is_file() else {}
        return [topic for topic, value in self.identity.items() if before.get(topic) != value]


class Study:
    """One study: draws settings, and keeps what came of them."""

    def __init__(self, spec: Sweep, file: Path) -> None:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self._spec = spec
        try:
            storage = optuna.storages.RDBStorage(f"sqlite:///{file}")
        except RuntimeError as error:  # so Optuna says that its tables have changed
            raise StanceError(
                f"the study {shown(file)} is of another Optuna: {str(error).split('. ')[0]}",
                hint="install the Optuna that wrote it, or begin anew: stance experiment run --force SPECIFICATION",
            ) from error
        self._study = optuna.create_study(
            storage=storage,
            study_name=NAME,
            direction="maximize",
            pruner=optuna.pruners.NopPruner(),
            load_if_exists=True,
        )

    @property
    def trials(self) -> list[Trial]:
        """List the trials that came to an end, in the order they did."""
        noted = [one.user_attrs for one in self._study.get_trials(deepcopy=False)]
        return [read_trial(attrs[RESULT]) for attrs in noted if RESULT in attrs]

    def revive(self) -> list[str]:
        """Mark trials that a kill left running as failed, and queue their settings; give the runs they had begun."""
        from optuna.trial import TrialState

        runs = []
        for one in self._study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
            if RESULT in one.user_attrs:  # all was done but the last word
                self._close(one.number, read_trial(one.user_attrs[RESULT]))
                continue
            if len(one.params) == len(self._spec.search):  # else the sampler draws the same again
                self._study.enqueue_trial(dict(one.params))
            self._study.tell(one.number, state=TrialState.FAIL)
            runs += [one.user_attrs[RUN]] if RUN in one.user_attrs else []
        return runs

    def draw(self) -> Drawn:
        """Draw the next settings; the sampler's seed hangs on the number of the trial alone.

        So a sweep that was killed draws what it would have drawn.
        """
        from optuna.samplers import TPESampler

        number = len(self.trials) + 1
        self._study.sampler = TPESampler(seed=self._spec.seed + number, n_startup_trials=self._spec.random_trials)
        handle = self._study.ask({name: _distribution(space) for name, space in self._spec.search.items()})
        settings = {name: _meant(self._spec.search[name], value) for name, value in handle.params.items()}
        return Drawn(number, {name: settings[name] for name in self._spec.search}, handle)

    def begun(self, drawn: Drawn, run: str) -> None:
        """Note the MLflow run of a trial, so that a kill does not leave it running for ever."""
        drawn.handle.set_user_attr(RUN, run)

    def end(self, drawn: Drawn, trial: Trial) -> None:
        """Keep what came of a trial."""
        for step, value in enumerate(trial.worth, start=1):
            drawn.handle.report(value, step)
        drawn.handle.set_user_attr(RESULT, asdict(trial))
        self._close(drawn.handle.number, trial)

    def _close(self, number: int, trial: Trial) -> None:
        from optuna.trial import TrialState

        states = {"complete": TrialState.COMPLETE, "pruned": TrialState.PRUNED, "failed": TrialState.FAIL}
        self._study.tell(number, trial.value, state=states[trial.state])

    def importance(self, count: int) -> dict[str, float]:
        """Give each setting's share in what sets the good of the first `count` trials apart; nothing if few finished.

        PED-ANOVA (Watanabe et al. 2023, IJCAI) over the whole space: the better third against all.
        """
        from optuna import create_study
        from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances
        from optuna.trial import TrialState

        ended = [one for one in self._study.get_trials(deepcopy=False) if RESULT in one.user_attrs][:count]
        complete = [one for one in ended if one.state == TrialState.COMPLETE]
        values = {one.value for one in complete}
        if len(complete) < FEWEST or len(values) < 2 or len(self._spec.search) < 2:
            return {}
        alone = create_study(direction="maximize")
        alone.add_trials(complete)
        evaluator = PedAnovaImportanceEvaluator(target_quantile=1 / 3, evaluate_on_local=False)
        return {name: float(part) for name, part in get_param_importances(alone, evaluator=evaluator).items()}


@contextmanager
def open_study(spec: Sweep, place: Place, *, anew: bool = False) -> Iterator[Study]:
    """Open the study of a specification, or begin it; one process at a time.

    With `anew` a study that is there is put aside, under the name `place.earlier`, once no other process has it.

    Raises:
        StanceError: another run has it, or its file cannot be used.
    """
    with _alone(place.file), _translated(place.file):
        if anew:
            _put_aside(place)
        if not place.file.exists():
            write_json(place.file.with_suffix(".json"), place.identity)
        yield Study(spec, place.file)


def _put_aside(place: Place) -> None:
    """Rename a study's file, and with it the journal that a kill may have left of it."""
    for end in ("", "-journal"):
        file = place.file.with_name(place.file.name + end)
        if file.exists():
            file.replace(place.earlier.with_name(place.earlier.name + end))


def kept_trials(spec: Sweep, place: Place) -> list[Trial]:
    """List the trials of a study, beginning none."""
    if not place.file.exists():
        return []
    with _translated(place.file):
        return Study(spec, place.file).trials


def worth_of(values: Sequence[float], spec: Sweep) -> list[float]:
    """Give what a trial was worth after each of its folds, or epochs."""
    return means_so_far(values) if spec.folds else best_so_far(values)


def read_trial(noted: Mapping[str, Any]) -> Trial:
    """Read a trial as it was kept."""
    return Trial(**{**noted, "values": tuple(noted["values"]), "worth": tuple(noted["worth"])})


def _distribution(space: Space) -> Any:
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if space.choices is not None:
        return CategoricalDistribution([json.dumps(choice) for choice in space.choices])
    if space.whole:
        return IntDistribution(space.low, space.high, log=space.log, step=space.step or 1)
    return FloatDistribution(space.low, space.high, log=space.log, step=space.step)


def _meant(space: Space, value: Any) -> Any:
    return json.loads(value) if space.choices is not None else value


@contextmanager
def _alone(file: Path) -> Iterator[None]:
    """Hold a study for this process; the lock goes with the process, however that ends."""
    file.parent.mkdir(parents=True, exist_ok=True)
    lock = os.open(file.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StanceError(
                f"{shown(file)} is being written by another run of this sweep",
                hint="wait for it, or stop it: a sweep that is run again goes on where it was",
            ) from error
        yield
    finally:
        os.close(lock)


@contextmanager
def _translated(file: Path) -> Iterator[None]:
    """Turn what Optuna and its database raise into a message about the study."""
    from optuna.exceptions import OptunaError
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except (OptunaError, SQLAlchemyError) as error:
        first = str(error).strip().split("\n")[0]
        raise StanceError(
            f"the study {shown(file)} cannot be used: {first}",
            hint=f"check the disk and the file's permissions, or begin anew: rm {shown(file)}",
        ) from error
