"""Search the settings of one recipe by trials, and judge the best of them on test when the search has ended."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from pipeline.ground.errors import ConfigError
from pipeline.ground.extras import need
from pipeline.ground.records import Estimate
from pipeline.judging.compare import Difference, differences, resample_models
from pipeline.learning.encoders import check_encoders
from pipeline.learning.recipes import Recipe
from pipeline.workflows.bench import Bench, Step
from pipeline.workflows.entrants import Answers
from pipeline.workflows.notes import experiment_note
from pipeline.workflows.spec import BASE
from pipeline.workflows.survey import Progressed
from pipeline.workflows.sweep_judge import Judge
from pipeline.workflows.sweep_settings import settled, short_names
from pipeline.workflows.sweep_spec import Sweep
from pipeline.workflows.sweep_study import Place, Trial, kept_trials, open_study, read_trial
from pipeline.workflows.sweep_trial import METRICS, base_step, best_of, named, try_one

CHOSEN = "chosen"
ON_TEST = "sweep-test"  # the kind of step that judges a chosen recipe, and the recipe as it is, on test
LOOK = (
    "The view *Figures* (under *Views*) lines trials up with their settings. A pruned or failed trial has no value; the"
    " one with a figure of test was chosen."
)
LISTED = 3  # reasons of failed trials that a message gives


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep found: the recipe as it is, every trial, the chosen one, and both of those on test.

    `looks` counts the recipes of this experiment that were judged on test so far, each when it had been chosen.
    `importance` is empty where too few trials were finished. `test` holds macro-F1 of `chosen` and `base`, and
    `gain` their difference on the same sentences.
    """

    base: Trial
    base_recipe: Recipe
    trials: tuple[Trial, ...]
    chosen: Trial
    importance: dict[str, float]
    test: dict[str, Estimate]
    gain: Difference
    sizes: dict[str, int]
    made_by: dict[str, str]
    looks: int = 1

    def of(self, state: str) -> list[Trial]:
        """List the trials that ended so."""
        return [trial for trial in self.trials if trial.state == state]


@dataclass(frozen=True, slots=True)
class Turn:
    """A piece of a sweep that is done or to do."""

    name: str


@dataclass(frozen=True, slots=True)
class Look:
    """One of the two recipes that are judged on test when the search has ended."""

    name: str


def run_sweep(spec: Sweep, recipes: Mapping[str, Recipe], bench: Bench) -> Swept:
    """Run the trials that are still to do, then judge the best and the recipe as it is on test.

    Each trial is an MLflow run. A trial that fails by its settings is kept with the reason, and the others go on.

    Raises:
        SplitError: there are fewer independent training documents than folds; said before anything is trained.
        StanceError: the recipe as it is fails, or every trial does; another run has the study.
    """
    need("optuna", "train", "a sweep")
    base, judge = recipes[BASE], Judge.of(spec, bench)
    check_encoders(base, bench.project.models, bench.progress)
    bench.tracker.open()
    bench.tracker.present(bench.experiment, _columns(spec), experiment_note(spec, LOOK))
    place = place_of(spec, base, judge)
    _begin(place, bench)
    again = bench.force and place.file.exists()
    with open_study(spec, place, anew=bench.force) as study:
        if again:
            bench.progress.say(f"begun anew; the earlier study is kept as {place.earlier.name}")
        as_it_is = read_trial(bench.do(base_step(spec, base, judge)))
        for run in study.revive():
            bench.tracker.abandon(run)
        while len(study.trials) < spec.trials:
            try_one(spec, base, judge, study)
        trials, importance = tuple(study.trials[: spec.trials]), study.importance(spec.trials)
    _check_some(spec, trials)
    chosen = best_of(trials)
    recipe = _chosen_recipe(spec, base, chosen)
    test, gain = _on_test(recipe, base, judge, chosen.run)
    hashes = {"recipe_hash": recipe.hash, "base_hash": base.hash, "data_fingerprint": bench.corpus.fingerprint}
    made_by = hashes | {"splits": bench.split_hash[:16]}
    return Swept(as_it_is, base, trials, chosen, importance, test, gain, _sizes(judge), made_by, _times_read(bench))


def _columns(spec: Sweep) -> list[str]:
    """List what a table of trials shows: value, state, settings, what is known of test, seconds."""
    settings = [f"params.{short}" for short in short_names(list(spec.search)).values()]
    return [spec.metric, "tags.state", *settings, "test_macro_f1", "train_seconds"]


def sweep_progress(spec: Sweep, recipes: Mapping[str, Recipe], bench: Bench) -> Progressed:
    """Tell how many trials of a sweep are done, and what they found."""
    base, judge = recipes[BASE], Judge.of(spec, bench)
    kept = kept_trials(spec, place_of(spec, base, judge))[: spec.trials]
    turns = [Turn(f"trial {number:02}") for number in range(1, spec.trials + 1)]
    notes = {}
    if kept:
        states = [f"{sum(one.state == state for one in kept)} {state}" for state in ("complete", "pruned", "failed")]
        notes["ended"] = ", ".join(states)
        if any(one.value is not None for one in kept):
            best = best_of(kept)
            notes["best so far"] = f"{METRICS[spec.metric]} {best.value:.3f}, {named(spec, best)}"
    done, to_do = _looks(spec, base, judge, kept)
    return Progressed((*turns[: len(kept)], *done), (*turns[len(kept) :], *to_do), notes=notes)


def _looks(spec: Sweep, base: Recipe, judge: Judge, kept: Sequence[Trial]) -> tuple[list[Look], list[Look]]:
    """List what was judged on test, and what is still to be; which recipe is chosen is known after the last trial."""
    if len(kept) < spec.trials or all(trial.value is None for trial in kept):
        return [], []
    steps = _test_steps(_chosen_recipe(spec, base, best_of(kept)), base, judge)
    done, to_do = list[Look](), list[Look]()
    for name, step in steps.items():
        (to_do if judge.bench.kept(step) is None else done).append(Look(name))
    return done, to_do


def place_of(spec: Sweep, base: Recipe, judge: Judge) -> Place:
    """Say where a sweep's study lies; how many trials there are to be is no part of it, so more can be added."""
    bench = judge.bench
    search = {name: space.model_dump(mode="json") for name, space in spec.search.items()}
    identity = {
        "recipe": [base.hash, base.seed],
        "search": search,
        "judging": [spec.metric, spec.folds],
        "sampler": [spec.seed, spec.random_trials, spec.prune_after],
        "labels": [bench.corpus.fingerprint, sorted(f"{e.doc}:{e.start}" for e in bench.corpus.examples if e.unsure)],
        "splits": bench.split_hash,
    }
    return Place(bench.results, identity)


def _begin(place: Place, bench: Bench) -> None:
    """Say that a study is begun anew, and why."""
    if not place.file.exists() and (others := place.others()):
        topics = place.changed(others[0])
        verb = "differs" if topics in (["recipe"], ["search"], ["judging"], ["sampler"]) else "differ"
        bench.progress.say(
            f"{', '.join(topics)} {verb} from the earlier study: a new one begins with its first trial"
            f" (the earlier one stays in {others[0].name})"
        )


def _check_some(spec: Sweep, trials: Sequence[Trial]) -> None:
    """Raise `ConfigError` where no trial was finished, with the reasons."""
    if any(trial.value is not None for trial in trials):
        return
    reasons = list(dict.fromkeys(trial.reason.splitlines()[-1].strip(" -") for trial in trials if trial.reason))
    lines = "".join(f"\n  - {reason}" for reason in reasons[:LISTED])
    said = f"all {len(trials)} trials failed" if len(trials) > 1 else "the one trial failed"
    hint = "mend `search`, so that the recipe takes what is drawn; that begins a new study"
    if pruned := sum(trial.state == "pruned" for trial in trials):
        said = f"none of {len(trials)} trials was finished ({len(trials) - pruned} failed, {pruned} pruned)"
        hint = "mend `search`, so that the recipe takes what is drawn, or leave out `prune_after`; a new study begins"
    raise ConfigError(f"{spec.name}: {said}, and nothing can be chosen{lines}", hint=hint)


def _chosen_recipe(spec: Sweep, base: Recipe, chosen: Trial) -> Recipe:
    return settled(base, chosen.settings, named(spec, chosen))


def _test_steps(chosen: Recipe, base: Recipe, judge: Judge) -> dict[str, Step]:
    """Give what judges the chosen recipe and the recipe as it is on test."""
    inputs = {"sentences": judge.sentences}
    return {
        name: Step(ON_TEST, recipe, recipe.seed, partial(judge.on_test, recipe, name), inputs)
        for name, recipe in ((CHOSEN, chosen), (BASE, base))
    }


def _on_test(chosen: Recipe, base: Recipe, judge: Judge, run: str) -> tuple[dict[str, Estimate], Difference]:
    """Judge the chosen recipe and the recipe as it is on test; the run of the chosen trial gets the figures, too."""
    bench, judged = judge.bench, {}
    for name, step in _test_steps(chosen, base, judge).items():
        judged[name] = [Answers.read(bench.do(step)).on(bench.split.test, bench)]
    resampled = resample_models(judged)
    test = {name: found.estimate for name, found in resampled.items()}
    [gain] = differences(resampled)
    figures = {"": test[CHOSEN].value, "_low": test[CHOSEN].low, "_high": test[CHOSEN].high}
    bench.tracker.add_metrics(
        run, {f"test_macro_f1{end}": value for end, value in figures.items() if value is not None}
    )
    return test, gain


def _times_read(bench: Bench) -> int:
    """Count the chosen recipes whose answers on test were ever kept here; the recipe as it is counts no look."""
    judged = {path.name for path in bench.results.glob(f"*-{ON_TEST}-*.json")}
    return max(1, len(judged) - 1)


def _sizes(judge: Judge) -> dict[str, int]:
    """Count sentences and documents."""
    parts = {"train": judge.train, "validation": judge.validation, "test": judge.bench.split.test}
    documents = {f"{part}_documents": len({example.doc for example in of}) for part, of in parts.items()}
    return {part: len(of) for part, of in parts.items()} | documents
