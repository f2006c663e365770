"""Find the runs a user means: by id, by name, by the model they made, or the newest of an experiment."""

import difflib
import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from pipeline.ground.errors import ModelError, StanceError, TrackingError
from pipeline.ground.plain import plain
from pipeline.ground.records import Notice
from pipeline.inference.manifest import MANIFEST, Manifest, read_manifest
from pipeline.inference.shelf import find_model
from pipeline.tracking.registry import CHAMPION, Registry
from pipeline.tracking.runs import RunReader, RunRecord

MOST = 12  # rows of a comparison that nobody chose
SHORTEST = 4  # digits of an id that are taken for one
LISTED = 6


def find_run(named: str, runs: Sequence[RunRecord], registry: Registry, model: str) -> tuple[RunRecord, list[Notice]]:
    """Find one run: `champion`, an id or its first digits, a run's name, or a model's name or folder.

    A name that several runs bear means the newest that finished, which a notice says. A model here that no run made,
    such as a released one, may bear the name of a recipe that runs did train: they are meant then, with a notice.

    Raises:
        TrackingError: nothing is called so, the digits begin several ids, or only parts of the recipe were trained.
        ModelError: it is a model folder whose manifest cannot be read, or no run made its model nor trained its name.
    """
    if named == CHAMPION:
        return _champion(runs, registry, model), []
    if re.fullmatch(rf"[0-9a-f]{{{SHORTEST},32}}", named):
        found = [run for run in runs if run.id.startswith(named)]
        if len(found) > 1:
            raise _ambiguous(named, found)
        if found:
            return found[0], []
    if called := [run for run in runs if run.name == plain(named)]:
        return _newest(named, called)
    of_recipe = [run for run in runs if run.whole and run.recipe == named]
    manifest = _model(named)
    made = [run for run in runs if manifest and run.whole and run.model_id == manifest.id]
    if made:
        return _newest(named, made)
    if of_recipe:
        chosen, said = _newest(named, of_recipe)
        return chosen, [*([_not_made_here(named, manifest, chosen)] if manifest else []), *said]
    if manifest is not None:
        raise ModelError(
            f"no run in this store made {named} ({manifest.id})",
            hint=f"train it here: stance train models/{manifest.name}.yaml",
        )
    raise _unknown(named, runs)


def find_run_of(
    experiment: str | None, named: str, runs: Sequence[RunRecord], registry: Registry, model: str
) -> tuple[RunRecord, list[Notice]]:
    """Find one run as `find_run` does, of this experiment where one is given; the champion may be of any.

    Raises:
        TrackingError, ModelError: as `find_run`, or what is named is a run of another experiment.
    """
    if experiment is None or named == CHAMPION:
        return find_run(named, runs, registry, model)
    try:
        return find_run(named, [run for run in runs if run.experiment == experiment], registry, model)
    except StanceError:
        other = None
        with suppress(StanceError):
            other = find_run(named, runs, registry, model)[0]
        if other is None or other.experiment == experiment:
            raise
        raise TrackingError(
            f"{named!r} is run {other.said} of the experiment {other.experiment!r}, and no run of {experiment!r}",
            hint="leave out --experiment, or name a run that is of it",
        ) from None


def _not_made_here(named: str, manifest: Manifest, chosen: RunRecord) -> Notice:
    return Notice(
        f"no run in this store made the model {named} ({manifest.id}); meant is the recipe of that name, run"
        f" {chosen.said}",
        "name a run by its id",
    )


def _champion(runs: Sequence[RunRecord], registry: Registry, model: str) -> RunRecord:
    version = registry.champion(model)
    if version is None:
        raise TrackingError(f"{model} has no champion yet", hint="make one: stance models promote RUN")
    found = next((run for run in runs if run.id == version.run_id), None)
    if found is None:
        raise TrackingError(
            f"the champion of {model} is version {version.number} of run {version.run_id[:8]}, which was deleted",
            hint="restore the run in the MLflow UI (stance ui), or promote another: stance models promote RUN --force"
            ' --why "the champion\'s run was deleted"',
        )
    return found


def _newest(named: str, runs: Sequence[RunRecord]) -> tuple[RunRecord, list[Notice]]:
    chosen = next((run for run in runs if run.finished), runs[0])
    if len(runs) == 1:
        return chosen, []
    said = (
        f"{len(runs)} runs answer to {named!r}; taken is the newest that finished, {chosen.short} of {chosen.started}"
    )
    return chosen, [Notice(said, "name another by its id")]


def _model(named: str) -> Manifest | None:
    """Read the manifest of a model's name or folder; None where there is no such model."""
    try:
        folder = find_model(Path(named))
    except ModelError:
        return None
    return read_manifest(folder) if (folder / MANIFEST).is_file() else None


def _ambiguous(named: str, found: Sequence[RunRecord]) -> TrackingError:
    lines = "\n".join(f"  - {run.id[:12]}  {run.name}, {run.started}" for run in found[:LISTED])
    more = f"\n  - and {len(found) - LISTED} more" if len(found) > LISTED else ""
    return TrackingError(f"{named!r} begins the ids of {len(found)} runs:\n{lines}{more}", hint="give more digits")


def _unknown(named: str, runs: Sequence[RunRecord]) -> TrackingError:
    parts = [run for run in runs if run.recipe == named]
    if parts:
        several = "s" * (len(parts) > 1)
        return TrackingError(
            f"{len(parts)} run{several} trained {named!r} in part, as trials, variants or points, and none whole",
            hint=f"train it: stance train models/{named}.yaml",
        )
    names = list(dict.fromkeys([*(run.name for run in runs), *(run.recipe for run in runs if run.whole)]))
    near = difflib.get_close_matches(named, [*names, *(run.short for run in runs)], n=1, cutoff=0.6)
    if near:
        known = f"; did you mean {near[0]!r}?"
    else:
        known = f"; the newest are: {', '.join(names[:LISTED])}" if names else "; the store holds none"
    return TrackingError(
        f"no run, no model and no recipe is called {named!r}{known}",
        hint="a RUN is an id or four of its first digits or more, a run's name, a recipe, or a model: stance compare",
    )


def newest_runs(runs: Sequence[RunRecord], experiment: str | None) -> tuple[list[RunRecord], list[Notice]]:
    """Choose the finished trainings of an experiment, the newest for each recipe and seed, of at most twelve recipes.

    Trials of a sweep, variants of an ablation and points of a curve trained no recipe whole, and are passed over.
    Where no experiment is named, it is the one whose training finished last.

    Raises:
        TrackingError: no training has finished.
    """
    done = [run for run in runs if run.finished and run.whole]
    if not done:
        where = f"the experiment {experiment!r}" if experiment else "this store"
        raise TrackingError(f"no training has finished in {where}", hint="stance train models/tfidf.yaml")
    chosen: dict[tuple[str, str], RunRecord] = {}
    for run in done:
        if run.experiment == (experiment or done[0].experiment):
            chosen.setdefault((recipe_key(run), run.seed), run)
    recipes = list(dict.fromkeys(recipe for recipe, _ in chosen))
    kept = set(recipes[:MOST])
    left = len(recipes) - len(kept)
    said: list[Notice] = []
    if left:
        older = "1 older recipe" if left == 1 else f"{left} older recipes"
        verb, hint = ("is", "name it") if left == 1 else ("are", "name them")
        said = [Notice(f"{older} of {done[0].experiment!r} {verb} left out", hint)]
    return [run for (recipe, _), run in chosen.items() if recipe in kept], said


def recipe_key(run: RunRecord) -> str:
    """Name what runs of one recipe share beside their seed: its hash, which settings and members decide."""
    return run.tags.get("recipe_hash", run.recipe)


def usable(reader: RunReader, run: RunRecord, verb: str) -> None:
    """Refuse a run that has not come to its end.

    Raises:
        TrackingError: it is still running, failed, or was killed.
    """
    if run.finished:
        return
    how = {"RUNNING": "is still running, or its process died", "KILLED": "was interrupted", "FAILED": "failed"}
    raise TrackingError(
        f"run {run.said} {how.get(run.status, run.status.lower())}, and cannot be {verb}",
        hint=f"train it again: {run.again}",
    )
