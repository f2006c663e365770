"""A sweep killed in the middle of a trial goes on, and finds what it would have found."""

import shutil
import signal
import subprocess
import sys

import pytest
from optuna.storages import RDBStorage
from optuna.study import load_study
from sweeping import drawn, runs, sweep, write_sweep
from tiny import apart

from pipeline.workflows.sweep_judge import Judge

# The real command, in a process that kills itself when it begins the fold that is named.
DRIVER = """
import os, signal, sys
from pipeline.cli.app import main
from pipeline.workflows.sweep_judge import Judge
work, begun = Judge._judge_fold, []
def judge_fold(self, *rest):
    begun.append(1)
    if len(begun) == int(sys.argv[1]):
        os.kill(os.getpid(), signal.SIGKILL)
    return work(self, *rest)
Judge._judge_fold = judge_fold
main(["experiment", "run", "experiments/try.yaml"])
"""
FOLDS = 3


def kill(root, fold: int) -> None:
    """Run the sweep, and kill it when it begins its `fold`th fold, that of the recipe as it is counted in."""
    command = [sys.executable, "-c", DRIVER, str(fold)]
    ended = subprocess.run(command, cwd=root, env=apart(), capture_output=True, text=True, timeout=300)
    assert ended.returncode == -signal.SIGKILL, ended.stderr


def states(root) -> list[str]:
    [file] = (root / "experiments" / "results" / "try").glob("study-*.db")
    study = load_study(study_name="sweep", storage=RDBStorage(f"sqlite:///{file}"))
    return [one.state.name for one in study.get_trials()]


def test_a_sweep_killed_twice_in_trials_finds_what_an_uninterrupted_one_does(lab, tmp_path_factory):
    write_sweep(lab)
    kill(lab, FOLDS * 3 + 2)  # the third trial's second fold
    assert states(lab) == ["COMPLETE", "COMPLETE", "RUNNING"]
    [*_, left], _ = runs(lab)
    assert left.info.status == "RUNNING" and left.info.run_name.startswith("trial 03 ")
    kill(lab, 2 + FOLDS + 1)  # two folds of the third are left, three of the fourth; the first of the fifth
    assert states(lab) == ["COMPLETE", "COMPLETE", "FAIL", "COMPLETE", "COMPLETE", "RUNNING"]
    swept, said = sweep(lab)
    begun = [line.split()[1] for line in said if "(of 6)" in line]
    assert begun == ["05", "06"], "trials that were done are not run again"
    found, _ = runs(lab)
    statuses = [run.info.status for run in found]
    assert statuses.count("KILLED") == 2 and statuses.count("FINISHED") == 7 and len(statuses) == 9
    whole = tmp_path_factory.mktemp("whole")
    for part in ("labels", "models"):
        shutil.copytree(lab / part, whole / part)
    uninterrupted, said = sweep(whole)
    assert drawn(swept) == drawn(uninterrupted) and len([line for line in said if "(of 6)" in line]) == 6
    assert swept.chosen.number == uninterrupted.chosen.number
    assert swept.test == uninterrupted.test and swept.importance == uninterrupted.importance


def test_a_trial_stopped_by_hand_is_run_again_with_the_settings_it_had(lab, monkeypatch):
    work, begun = Judge._judge_fold, []

    def interrupted(self, recipe, number):
        begun.append(recipe.learner.c)
        if len(begun) == FOLDS * 2 + 1:
            raise KeyboardInterrupt
        return work(self, recipe, number)

    with monkeypatch.context() as patch:
        patch.setattr(Judge, "_judge_fold", interrupted)
        with pytest.raises(KeyboardInterrupt):
            sweep(lab)
    assert states(lab) == ["COMPLETE", "RUNNING"]
    swept, _ = sweep(lab)
    assert swept.trials[1].settings["learner.c"] == begun[-1]
    found, _ = runs(lab)
    assert [run.info.status for run in found].count("KILLED") == 1
