"""A specification is listed, shown, and refused with all its faults at once."""

import pytest
import yaml
from small import SPEC, run
from tiny import TFIDF, write_recipe


def test_the_listing_shows_each_specification_and_a_faulty_one_with_its_fault(place, stance):
    (place / "experiments" / "broken.yaml").write_text(yaml.safe_dump(SPEC | {"sedes": [1]}))
    code, out, _ = stance("experiment", "ls")
    assert code == 0 and "small.yaml" in out and "Do words beat" in out
    assert "broken.yaml" in out and "faulty" in out and "did you mean" in " ".join(out.split())
    assert max(map(len, out.splitlines())) <= 80


def test_show_counts_the_steps_done_and_names_those_to_do(place, stance):
    code, out, _ = stance("experiment", "show", "experiments/small.yaml")
    assert code == 0 and "0 of 6 steps" in out and SPEC["hypothesis"] in out
    run(place)
    assert "6 of 6 steps" in stance("experiment", "show", "experiments/small.yaml")[1]
    write_recipe(place / "models" / "words.yaml", TFIDF | {"c": 0.1}, learn_from="validation")
    out = stance("experiment", "show", "experiments/small.yaml")[1]
    assert "3 of 6 steps" in out and "words: train, seed 3; loso, seed 3; cv, seed 3" in out and "floor:" not in out


def test_validation_runs_nothing_and_names_unknown_recipes_all_at_once(place, stance):
    code, out, _ = stance("experiment", "validate", "experiments/small.yaml")
    assert code == 0 and out.split() == [
        "small.yaml",
        "comparison,",
        "2",
        "recipes,",
        "1",
        "seed",
        *SPEC["question"].split(),
    ]
    spec = SPEC | {"recipes": ["flor.yaml", "words.yaml", "worts.yaml"]}
    (place / "experiments" / "small.yaml").write_text(yaml.safe_dump(spec))
    for verb in ("validate", "run"):
        code, _, err = stance("experiment", verb, "experiments/small.yaml")
        assert code == 2 and "2 unknown recipe(s)" in err
        assert "'flor.yaml'; did you mean 'floor.yaml'?" in err and "'worts.yaml'; did you mean 'words.yaml'?" in err
    assert not (place / "mlflow.db").exists() and not (place / "experiments" / "results").exists()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"recipes": ["words.yaml", "words.yaml"]}, "recipes: named twice: words.yaml"),
        ({"seeds": [3, 3]}, "seeds: named twice: 3"),
        ({"seeds": [-1]}, "seeds.0: "),
        ({"cross_validation": 2}, "cross_validation: one fold trains"),
    ],
)
def test_a_specification_that_would_run_in_vain_is_refused(place, stance, change, said):
    (place / "experiments" / "small.yaml").write_text(yaml.safe_dump(SPEC | change))
    code, _, err = stance("experiment", "validate", "experiments/small.yaml")
    assert code == 2 and said in err


def test_two_recipes_of_one_name_are_refused(place, stance):
    (place / "models" / "words.yaml").write_text((place / "models" / "floor.yaml").read_text())
    code, _, err = stance("experiment", "validate", "experiments/small.yaml")
    assert code == 2 and "two recipes are named 'floor'" in err


def test_all_faults_of_a_specification_and_its_recipes_come_at_once(place, stance):
    (place / "models" / "words.yaml").write_text((place / "models" / "words.yaml").read_text() + "sead: 3\n")
    spec = {key: value for key, value in SPEC.items() if key != "question"}
    spec |= {"stoping_rule": "x", "recipes": ["flor.yaml", "words.yaml"]}
    (place / "experiments" / "small.yaml").write_text(yaml.safe_dump(spec))
    code, _, err = stance("experiment", "run", "experiments/small.yaml")
    assert code == 2
    for said in ("did you mean 'stopping_rule'", "question: missing", "did you mean 'floor.yaml'", "sead: unknown key"):
        assert said in err, err


@pytest.mark.parametrize("kind", [None, "comparisom"])
def test_a_kind_that_is_none_is_answered_with_those_there_are(place, stance, kind):
    spec = {key: value for key, value in SPEC.items() if key != "kind"} | ({"kind": kind} if kind else {})
    (place / "experiments" / "small.yaml").write_text(yaml.safe_dump(spec))
    code, _, err = stance("experiment", "validate", "experiments/small.yaml")
    assert code == 2 and "kind: " in err and ("did you mean 'comparison'" in err if kind else "learning-curve" in err)


@pytest.mark.parametrize(
    ("change", "said"),
    [({"recipes": 5}, "recipes: "), ({"recipes": "words.yaml"}, "recipes: "), ({"kind": ["comparison"]}, "kind: ")],
)
def test_a_value_of_another_type_is_one_fault_and_no_traceback(place, stance, change, said):
    (place / "experiments" / "small.yaml").write_text(yaml.safe_dump(SPEC | change))
    code, _, err = stance("experiment", "validate", "experiments/small.yaml")
    assert code == 2 and said in err and err.count("\n  - ") == 1
    assert stance("experiment", "ls")[0] == 0


def test_validation_asks_the_labels_too(place, stance):
    (place / "experiments" / "small.yaml").write_text(yaml.safe_dump(SPEC | {"behaviour": True}))
    code, _, err = stance("experiment", "validate", "experiments/small.yaml")
    assert code == 2 and "behaviour" in err
