"""Run the trials of a sweep: each draws its settings, becomes an MLflow run, and is kept, whatever came of it."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from pydantic import BaseModel

from pipeline.ground.errors import ConfigError, ModelError, PeerError, StanceError
from pipeline.judging.stopping import falls_behind
from pipeline.learning.recipes import Recipe
from pipeline.tracking.store import Run
from pipeline.workflows.bench import Step
from pipeline.workflows.logbook import run_tags
from pipeline.workflows.spec import BASE
from pipeline.workflows.sweep_judge import Judge, Stopped, made_now
from pipeline.workflows.sweep_settings import in_short, settled, short_names, short_value
from pipeline.workflows.sweep_spec import Sweep
from pipeline.workflows.sweep_study import Drawn, State, Study, Trial, worth_of

METRICS = {"macro_f1": "macro-F1", "macro_ap": "macro-AP"}
BY_SETTINGS = (ConfigError, ModelError, PeerError)  # what settings alone can bring about; all else stops the sweep
REASON = 500  # characters of a reason in a run's tag


def named(spec: Sweep, trial: Trial | Drawn) -> str:
    """Name a trial as its MLflow run: `trial 07 c=1.3 word_ngrams=1-2`."""
    digits = max(2, len(str(spec.trials)))
    return f"trial {trial.number:0{digits}} {in_short(trial.settings)}"


def _note(spec: Sweep, base: Recipe, what: str) -> str:
    """Say in a sentence what a run is."""
    where = f"{spec.folds} folds of the training documents" if spec.folds else "the validation split"
    return f"{what} of the sweep `{spec.name}`, which searches settings of **{base.name}**; judged on {where}."


def base_step(spec: Sweep, base: Recipe, judge: Judge) -> Step:
    """Judge the recipe as it is, as trials are."""
    inputs = {"metric": spec.metric, "folds": spec.folds, "sentences": judge.sentences}
    return Step("sweep-base", base, base.seed, partial(_judge_base, spec, base, judge), inputs)


def _judge_base(spec: Sweep, base: Recipe, judge: Judge) -> dict[str, Any]:
    bench, settings = judge.bench, {name: _setting_of(base, name) for name in spec.search}
    tags = run_tags(base, bench.corpus, _note(spec, base, "The recipe as it is")) | {"trial": BASE, "state": "complete"}
    bench.progress.say(f"{BASE}: {base.name} as it is")
    with bench.tracker.run(bench.experiment, f"{BASE} {in_short(settings)}", tags, _columns(settings)) as run:
        verdict = judge.ask(base, lambda values, _: _log(spec, run, values))
        run.metrics({spec.metric: verdict.value, "train_seconds": verdict.seconds})
    worth = tuple(worth_of(verdict.values, spec))
    made = Trial(0, "complete", settings, verdict.values, worth, verdict.value, verdict.seconds, run.id, made_now(base))
    return asdict(made)


@dataclass(slots=True)
class Course:
    """How far a trial has come: its MLflow run, and its values so far."""

    run: str = ""
    values: tuple[float, ...] = ()


def try_one(spec: Sweep, base: Recipe, judge: Judge, study: Study) -> None:
    """Draw a trial, run it to its end, and keep what came of it, a failure by its settings too.

    Raises:
        StanceError: what failed is not the trial's own (the store, an encoder that cannot be read, a full disk); its
            settings come again when the sweep goes on.
    """
    drawn, course, progress = study.draw(), Course(), judge.bench.progress
    progress.say(f"{named(spec, drawn)} (of {spec.trials})")
    start = time.perf_counter()
    value, reason = None, ""
    state: State = "failed"
    try:
        value = _tracked(spec, base, judge, study, drawn, course)
        state = "pruned" if value is None else "complete"
    except BY_SETTINGS as error:
        reason = error.message
    worth, seconds = tuple(worth_of(course.values, spec)), round(time.perf_counter() - start, 2)
    trial = Trial(
        drawn.number, state, drawn.settings, course.values, worth, value, seconds, course.run, made_now(base), reason
    )
    study.end(drawn, trial)
    progress.say(_said(spec, trial, study.trials))


def _tracked(spec: Sweep, base: Recipe, judge: Judge, study: Study, drawn: Drawn, course: Course) -> float | None:
    """Run a trial as an MLflow run; give its value, None where it was stopped."""
    bench, others = judge.bench, [trial.worth for trial in study.trials]
    tags = run_tags(base, bench.corpus, _note(spec, base, f"Trial {drawn.number}")) | {
        "trial": str(drawn.number),
        "state": "failed",
    }
    with bench.tracker.run(bench.experiment, named(spec, drawn), tags, _columns(drawn.settings)) as run:
        course.run = run.id
        study.begun(drawn, run.id)

        def heard(values: Sequence[float], all_of_them: bool) -> None:
            course.values = tuple(values)
            _log(spec, run, values)
            behind = spec.prune_after and falls_behind(worth_of(values, spec), others, spec.prune_after)
            if behind and not all_of_them:
                raise Stopped

        try:
            recipe = settled(base, drawn.settings, named(spec, drawn))
            run.tags({"recipe_hash": recipe.hash})
            verdict = judge.ask(recipe, heard)
        except Stopped:
            run.tags({"state": "pruned"})
            return None
        except StanceError as error:
            run.tags({"reason": error.message[:REASON]})
            raise
        run.metrics({spec.metric: verdict.value, "train_seconds": verdict.seconds})
        run.tags({"state": "complete"})
    return verdict.value


def _setting_of(base: Recipe, name: str) -> Any:
    """Read a setting of a recipe by its dotted name; None where it is not there."""
    found: Any = base
    for part in name.split("."):  # by attributes, since a dump leaves out what stands at its default
        found = getattr(found, part, None)
    return found.model_dump(mode="json") if isinstance(found, BaseModel) else found


def _columns(settings: Mapping[str, Any]) -> dict[str, str]:
    """Write settings as an MLflow run has them: one column for each, by its short name."""
    short = short_names(list(settings))
    return {short[name]: short_value(value) for name, value in settings.items()}


def _log(spec: Sweep, run: Run, values: Sequence[float]) -> None:
    """Log the value that came last as a step of the run's curve."""
    run.metrics({f"{'fold' if spec.folds else 'epoch'}_{spec.metric}": values[-1]}, step=len(values))


def _said(spec: Sweep, trial: Trial, trials: Sequence[Trial]) -> str:
    """Say what came of a trial, in one line."""
    name = f"trial {trial.number:02}"
    if trial.state == "failed":
        return f"{name} failed: {trial.reason.splitlines()[-1].strip(' -')}"
    if trial.value is None:
        steps = f"fold {len(trial.values)} of {spec.folds}" if spec.folds else f"epoch {len(trial.values)}"
        return f"{name} pruned after {steps}, at {trial.worth[-1]:.3f}"
    best = best_of(trials)
    return f"{name}: {METRICS[spec.metric]} {trial.value:.3f}; best so far {best.value:.3f}, trial {best.number:02}"


def best_of(trials: Sequence[Trial]) -> Trial:
    """Give the finished trial with the best value, the earliest of equals."""
    return max((trial for trial in trials if trial.value is not None), key=lambda trial: trial.value or 0.0)
