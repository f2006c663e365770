"""A sweep begun anew, gone on with, or stopped by what is no trial's fault loses nothing that was found."""

import sqlite3

import pytest
from small import Listener
from sweeping import drawn, runs, sweep, write_sweep

from pipeline.ground.errors import EncoderError, StanceError
from pipeline.ground.paths import Project
from pipeline.tracking.store import Tracker
from pipeline.workflows.bench import open_bench
from pipeline.workflows.experiment import progress_of
from pipeline.workflows.spec import load_spec
from pipeline.workflows.sweep import place_of
from pipeline.workflows.sweep_judge import Judge
from pipeline.workflows.sweep_study import kept_trials, open_study


def opened(lab, **changes):
    """Give specification, recipes, bench and place of the study."""
    path = write_sweep(lab, **changes)
    spec, recipes = load_spec(path, lab / "models")
    bench = open_bench(path, "try", Project(lab), Tracker(lab), Listener(), force=False)
    return spec, recipes, bench, place_of(spec, recipes["base"], Judge.of(spec, bench))


def test_a_study_that_another_run_has_is_not_begun_anew(lab):
    first, _ = sweep(lab, trials=2)
    spec, _, _, place = opened(lab, trials=2)
    with open_study(spec, place) as study:
        with pytest.raises(StanceError, match="another run of this sweep"):
            sweep(lab, trials=2, force=True)
        assert len(study.trials) == 2 and not place.earlier.exists()
    assert kept_trials(spec, place) == list(first.trials)


def test_a_study_begun_anew_keeps_the_earlier_one_aside(lab):
    first, _ = sweep(lab, trials=2)
    spec, _, _, place = opened(lab, trials=2)
    again, said = sweep(lab, trials=2, force=True)
    assert f"begun anew; the earlier study is kept as {place.earlier.name}" in said
    place.earlier.replace(place.file)
    assert kept_trials(spec, place) == list(first.trials) and drawn(again) == drawn(first)


def test_a_study_of_another_optuna_says_so_and_may_be_begun_anew(lab):
    sweep(lab, trials=2)
    spec, recipes, bench, place = opened(lab, trials=2)
    with sqlite3.connect(place.file) as database:
        database.execute("update version_info set schema_version = 99")
        database.execute("update alembic_version set version_num = 'v99.0.0.a'")
    database.close()
    for use in (lambda: sweep(lab, trials=2), lambda: progress_of(spec, recipes, bench)):
        with pytest.raises(StanceError, match="is of another Optuna: The runtime optuna version") as raised:
            use()
        assert "stance experiment run --force" in raised.value.hint
    assert len(sweep(lab, trials=2, force=True)[0].trials) == 2


def test_importance_is_of_the_trials_that_are_reported(lab):
    fewer, _ = sweep(lab, trials=9, random_trials=20)
    more, _ = sweep(lab, trials=12, random_trials=20)
    again, _ = sweep(lab, trials=9, random_trials=20)
    assert fewer.importance and again.importance == fewer.importance != more.importance
    assert drawn(again) == drawn(fewer)


def test_what_is_no_trials_fault_stops_the_sweep_and_its_settings_come_again(lab, monkeypatch):
    work, begun = Judge._judge_fold, []

    def unreadable(self, recipe, number):
        begun.append(recipe.learner.c)
        if len(begun) == 3 * 2 + 1:
            raise EncoderError("the disk with the encoder is away", hint="mount it")
        return work(self, recipe, number)

    with monkeypatch.context() as patch:
        patch.setattr(Judge, "_judge_fold", unreadable)
        with pytest.raises(EncoderError, match="is away"):
            sweep(lab, trials=2)
    found, _ = runs(lab)
    assert found[-1].info.status == "FAILED" and "is away" in found[-1].data.tags["reason"]
    swept, _ = sweep(lab, trials=2)
    assert [one.state for one in swept.trials] == ["complete"] * 2
    assert swept.trials[1].settings["learner.c"] == begun[-1]
