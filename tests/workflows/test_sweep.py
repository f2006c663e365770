"""A sweep runs its trials once each, chooses the best, reads test at the end alone, and begins anew where it must."""

import base64
import json
import zlib

import numpy as np
import pytest
from small import Listener
from sweeping import SPEC, drawn, runs, sweep, write_sweep

from pipeline.ground.errors import ConfigError, StanceError
from pipeline.ground.paths import Project
from pipeline.learning.recipes import load_recipe
from pipeline.tracking.store import Tracker
from pipeline.workflows import sweep_judge
from pipeline.workflows.away import judged_apart
from pipeline.workflows.bench import open_bench
from pipeline.workflows.spec import load_spec
from pipeline.workflows.sweep import _check_some, place_of
from pipeline.workflows.sweep_settings import ready_recipe, settled
from pipeline.workflows.sweep_study import Trial, open_study


def test_the_best_trial_is_chosen_by_its_mean_over_folds_and_only_it_is_judged_on_test(lab):
    swept, said = sweep(lab)
    assert [one.number for one in swept.trials] == [1, 2, 3, 4, 5, 6] and len(swept.of("complete")) == 6
    for one in swept.trials:
        assert len(one.values) == 3 and one.value == pytest.approx(np.mean(one.values))
        assert 0.01 <= one.settings["learner.c"] <= 100 and one.settings["learner.min_count"] in (1, 2, 3)
    assert swept.chosen.value == max(one.value for one in swept.trials)
    assert len({one.value for one in swept.trials}) > 1
    tested = [line for line in said if "judging on test" in line]
    assert [line.rpartition(" ")[2] for line in tested] == ["chosen", "base"]
    assert swept.gain.estimate.value == pytest.approx(swept.test["chosen"].value - swept.test["base"].value)


def test_what_is_done_is_not_done_again_and_more_trials_go_on_from_there(lab):
    first, _ = sweep(lab, trials=4)
    again, said = sweep(lab, trials=4)
    assert drawn(again) == drawn(first) and not any("trial" in line for line in said)
    assert (first.looks, again.looks) == (1, 1)
    more, said = sweep(lab)
    assert more.looks == len({first.chosen.number, more.chosen.number})  # each recipe that was chosen read test once
    assert drawn(more)[:4] == drawn(first) and sum("(of 6)" in line for line in said) == 2
    forced, said = sweep(lab, force=True)
    assert drawn(forced) == drawn(more) and sum("(of 6)" in line for line in said) == 6


def test_each_trial_is_a_flat_run_whose_name_and_columns_are_its_settings(lab):
    swept, _ = sweep(lab)
    found, client = runs(lab)
    experiment = client.get_experiment(found[0].info.experiment_id)
    assert SPEC["question"] in experiment.tags["mlflow.note.content"]
    view = json.loads(experiment.tags["mlflow.sharedViewState.figures"])["state"].removeprefix("deflate;")
    columns = json.loads(zlib.decompress(base64.b64decode(view)))["selectedColumns"]
    assert columns[:3] == ["metrics.`macro_ap`", "tags.`state`", "params.`c`"]
    base, *of_trials = found
    assert "of the sweep `try`" in base.data.tags["mlflow.note.content"]
    assert len(of_trials) == 6 and base.info.run_name == "base c=10 min_count=1 word_ngrams=1-2"
    for run, trial in zip(of_trials, swept.trials, strict=True):
        c, least = trial.settings["learner.c"], trial.settings["learner.min_count"]
        ngrams = "-".join(map(str, trial.settings["learner.word_ngrams"]))
        assert run.info.run_name == f"trial {trial.number:02} c={c:.4g} min_count={least} word_ngrams={ngrams}"
        assert run.data.params == {"c": f"{c:.4g}", "min_count": str(least), "word_ngrams": ngrams}
        assert run.data.metrics["macro_ap"] == pytest.approx(trial.value)
        steps = client.get_metric_history(run.info.run_id, "fold_macro_ap")
        assert [(one.step, one.value) for one in steps] == list(enumerate(trial.values, start=1))
        assert run.data.tags["state"] == "complete" and run.data.tags["trial"] == str(trial.number)
        assert "mlflow.parentRunId" not in run.data.tags and run.info.status == "FINISHED"
        assert ("test_macro_f1" in run.data.metrics) is (trial.number == swept.chosen.number)


def test_macro_f1_is_judged_as_a_fold_of_a_comparison_is(lab):
    swept, _ = sweep(lab, metric="macro_f1", trials=1)
    path = lab / "experiments" / "try.yaml"
    spec, recipes = load_spec(path, lab / "models")
    bench = open_bench(path, "try", Project(lab), Tracker(lab), Listener(), force=False)
    judge = sweep_judge.Judge.of(spec, bench)
    held = [judge.train[place] for place in judge.held[0]]
    kept = [example for example in judge.train if example not in held]
    apart = judged_apart(recipes["base"], bench.setting(3), kept, judge.validation, held)
    assert swept.base.values[0] == pytest.approx(apart["macro_f1"])


@pytest.mark.parametrize(
    ("change", "topic"),
    [
        ({"search": SPEC["search"] | {"learner.c": {"low": 0.1, "high": 1.0}}}, "search differs"),
        ({"folds": 2}, "judging differs"),
        ({"seed": 6}, "sampler differs"),
    ],
)
def test_another_search_begins_a_new_study_and_says_so(lab, change, topic):
    sweep(lab, trials=2)
    swept, said = sweep(lab, trials=2, **change)
    assert any(line.startswith(f"{topic} from the earlier study") for line in said)
    assert [one.number for one in swept.trials] == [1, 2] and sum("(of 2)" in line for line in said) == 2
    assert len(list((lab / "experiments" / "results" / "try").glob("study-*.db"))) == 2


def test_changed_labels_begin_a_new_study_and_say_so(lab):
    first, _ = sweep(lab, trials=2)
    for path in (lab / "labels" / "annotations").glob("*.jsonl"):
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        changed = [line | {"labels": ["dove"]} for line in lines[:2]] + lines[2:]
        path.write_text("".join(json.dumps(line) + "\n" for line in changed))
    second, said = sweep(lab, trials=2)
    assert any(line.startswith("labels") and "from the earlier study" in line for line in said)
    assert [one.settings for one in second.trials] == [one.settings for one in first.trials]
    assert [one.values for one in second.trials] != [one.values for one in first.trials]


def test_a_trial_that_fails_by_its_settings_is_kept_with_the_reason_and_the_sweep_goes_on(lab):
    search = {"learner.min_count": {"choices": [1, 500]}, "learner.c": {"low": 1.0, "high": 2.0}}
    swept, said = sweep(lab, search=search, trials=6)
    failed, complete = swept.of("failed"), swept.of("complete")
    assert failed and complete and len(failed) + len(complete) == 6
    assert all(one.settings["learner.min_count"] == 500 and "min_count" in one.reason for one in failed)
    assert any("failed: learner.min_count" in line for line in said)
    found, _ = runs(lab)
    of = {run.info.run_id: run for run in found}
    for one in failed:
        run = of[one.run]
        assert (
            run.info.status == "FAILED" and run.data.tags["state"] == "failed" and "n-gram" in run.data.tags["reason"]
        )
    again, said = sweep(lab, search=search, trials=6)
    assert drawn(again) == drawn(swept) and not any("(of 6)" in line for line in said)


def test_a_sweep_whose_trials_all_fail_says_so(lab, stance):
    write_sweep(lab, search={"learner.min_count": {"low": 400, "high": 500}}, trials=3)
    code, out, err = stance("experiment", "run", "experiments/try.yaml")
    assert code == 2 and out == "" and "all 3 trials failed, and nothing can be chosen" in err
    assert "no word n-gram stands in" in err and "hint: mend `search`" in err
    assert not (lab / "experiments" / "try.md").exists()


def test_a_sweep_of_failed_and_pruned_trials_counts_both(lab):
    spec, _ = load_spec(write_sweep(lab, prune_after=1, trials=2), lab / "models")
    failed = Trial(1, "failed", {}, (0.5,), (0.5,), None, 1.0, "", {}, "it went astray\n - in fold 2")
    pruned = Trial(2, "pruned", {}, (0.4,), (0.4,), None, 1.0, "", {})
    with pytest.raises(ConfigError) as raised:
        _check_some(spec, [failed, pruned])
    assert "none of 2 trials was finished (1 failed, 1 pruned)" in raised.value.message
    assert raised.value.message.endswith("nothing can be chosen\n  - in fold 2") and "prune_after" in raised.value.hint
    with pytest.raises(ConfigError, match="the one trial failed"):
        _check_some(spec, [failed])


def test_two_runs_of_one_sweep_do_not_mix(lab):
    sweep(lab, trials=1)
    path = write_sweep(lab, trials=2)
    spec, recipes = load_spec(path, lab / "models")
    bench = open_bench(path, "try", Project(lab), Tracker(lab), Listener(), force=False)
    place = place_of(spec, recipes["base"], sweep_judge.Judge.of(spec, bench))
    with open_study(spec, place), pytest.raises(StanceError, match="another run of this sweep"):
        sweep(lab, trials=2)
    place.file.write_bytes(b"no database" * 99)
    with pytest.raises(StanceError, match="cannot be used") as raised:
        sweep(lab, trials=2)
    assert "rm experiments/results/try/study-" in raised.value.hint


def test_the_recipe_found_is_a_recipe_that_loads_and_holds_the_settings(lab):
    base = load_recipe(lab / "models" / "words.yaml")
    text = ready_recipe(base, {"learner.c": 0.25, "decisions.objective": "expected-f1"}, "found", "a sweep")
    (lab / "models" / "found.yaml").write_text(text)
    recipe = load_recipe(lab / "models" / "found.yaml")
    assert recipe.name == "found" and recipe.learner.c == 0.25 and recipe.decisions.objective == "expected-f1"
    assert recipe.learner.word_ngrams == base.learner.word_ngrams and text.startswith("# Purpose:")
    assert settled(base, {"learner.c": base.learner.c}, "").hash == base.hash
    with pytest.raises(ConfigError, match=r"learner\.c"):
        settled(base, {"learner.c": -1.0}, "trial 01")
