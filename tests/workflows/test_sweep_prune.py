"""A trial that falls behind the others on the same folds, or epochs, is stopped; its run says so."""

import pytest
from sweeping import runs, sweep
from tiny import finetuned_learner, write_recipe

from pipeline.judging.stopping import best_so_far, falls_behind, means_so_far
from pipeline.workflows import sweep_judge


def test_the_median_of_the_same_step_decides_and_stopped_trials_count():
    others = [[0.9, 0.5, 0.6], [0.8, 0.4], [0.7, 0.3, 0.4]]
    assert falls_behind([0.75], others, 3) and not falls_behind([0.8], others, 3)
    assert not falls_behind([0.75, 0.41], others, 3), "a later fold may be hard for all"
    assert falls_behind([0.95, 0.39], others, 3)
    assert falls_behind([0.9, 0.5, 0.49], others, 2) and not falls_behind([0.9, 0.5, 0.49], others, 3)
    assert not falls_behind([0.1], [], 1)
    assert means_so_far([0.2, 0.4, 0.9]) == pytest.approx([0.2, 0.3, 0.5])
    assert best_so_far([0.2, 0.1, 0.3]) == [0.2, 0.2, 0.3] and best_so_far([]) == []


def test_a_trial_behind_the_median_is_stopped_and_its_folds_are_not_trained(lab, monkeypatch):
    work, trained = sweep_judge.Judge._judge_fold, []

    def counted(self, recipe, number):
        trained.append((recipe.learner.c, number))
        return work(self, recipe, number)

    monkeypatch.setattr(sweep_judge.Judge, "_judge_fold", counted)
    search = {"learner.c": {"low": 0.00001, "high": 100.0, "log": True}, "learner.min_count": {"choices": [1, 2, 3, 4]}}
    swept, said = sweep(lab, search=search, trials=9, random_trials=9, prune_after=2)
    pruned, complete = swept.of("pruned"), swept.of("complete")
    assert pruned and len(pruned) + len(complete) == 9 and min(one.number for one in pruned) > 2
    found, client = runs(lab)
    of = {run.info.run_id: run for run in found}
    for one in pruned:
        earlier = [other.worth for other in swept.trials[: one.number - 1]]
        assert len(one.values) < 3 and one.value is None and falls_behind(one.worth, earlier, 2)
        assert [fold for c, fold in trained if c == one.settings["learner.c"]] == list(range(1, len(one.values) + 1))
        run = of[one.run]
        assert run.data.tags["state"] == "pruned" and run.info.status == "FINISHED"
        assert "macro_ap" not in run.data.metrics, "a column must hold what can be compared"
        assert len(client.get_metric_history(one.run, "fold_macro_ap")) == len(one.values)
        assert any(line.startswith(f"trial {one.number:02} pruned after fold {len(one.values)} of 3") for line in said)
    for one in complete:
        earlier = [other.worth for other in swept.trials[: one.number - 1]]
        assert not any(falls_behind(one.worth[:step], earlier, 2) for step in (1, 2))
    assert swept.chosen in complete


def test_a_fine_tuning_is_stopped_between_epochs(lab, encoder_folder):
    learner = finetuned_learner(encoder_folder, epochs=6, patience=6)
    write_recipe(lab / "models" / "words.yaml", learner, learn_from="validation")
    search = {
        "learner.learning_rate": {"choices": [0.01, 1.0e-9]},
        "learner.head_learning_rate": {"choices": [0.05, 1.0e-9]},
    }
    swept, said = sweep(lab, search=search, folds=0, trials=2, random_trials=2, prune_after=1, seed=1)
    learned, frozen = swept.trials
    assert len(learned.values) == 6 and learned.value == pytest.approx(max(learned.values)) and learned is swept.chosen
    assert frozen.settings == dict.fromkeys(search, 1.0e-9), "the seed draws what learns nothing after what learns"
    epochs = len(frozen.values)
    assert frozen.state == "pruned" and epochs < 6 and falls_behind(frozen.worth, [learned.worth], 1)
    assert any(f"trial 02 pruned after epoch {epochs}" in line for line in said)
    _, client = runs(lab)
    assert [len(client.get_metric_history(one.run, "epoch_macro_ap")) for one in swept.trials] == [6, epochs]
