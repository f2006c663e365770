"""A sweep's specification is refused with all its faults at once, each with its place and what is allowed."""

import csv

import pytest
from sweeping import SPEC, write_sweep
from tiny import ROOT, distilled_learner, finetuned_learner, write_recipe

from pipeline.ground.errors import ConfigError
from pipeline.workflows.spec import load_spec
from pipeline.workflows.sweep_spec import Space

C = {"low": 0.1, "high": 10.0}


def refused(lab, **changes) -> str:
    path = write_sweep(lab, **changes)
    with pytest.raises(ConfigError) as raised:
        load_spec(path, lab / "models")
    assert raised.value.hint
    return raised.value.message


@pytest.mark.parametrize(
    ("search", "said"),
    [
        ({"learner.c": {"low": 3.0, "high": 1.0}}, "search.learner.c: low 3 must lie below high 1"),
        ({"learner.c": {"low": 0.0, "high": 1.0, "log": True}}, "search.learner.c: log needs a low above 0, not 0"),
        ({"learner.c": {"low": 1.0, "high": 2.0, "step": 3.0}}, "search.learner.c: step 3 must lie above 0"),
        ({"learner.c": C | {"log": True, "step": 1.0}}, "search.learner.c: log and step do not go together"),
        ({"learner.min_count": {"low": 1, "high": 4, "step": 0.5}}, "step 0.5 must be whole"),
        ({"learner.c": {"low": 1.0}}, "search.learner.c: a range needs `low` and `high`"),
        ({"learner.c": {"choices": [1.0]}}, "search.learner.c: 1 choice, and there is nothing to choose below 2"),
        ({"learner.c": {"choices": [1.0, 2.0, 1.0]}}, "search.learner.c: choices named twice: 1.0"),
        ({"learner.c": {"choices": [1.0, 2.0], "low": 1.0}}, "`choices` stand alone, without low"),
        ({"learner.c": C | {"hgh": 3}}, "search.learner.c.hgh: unknown key; did you mean 'high'?"),
        ({"learner.cc": C}, "search.learner.cc: unknown key; did you mean 'c'?"),
        ({"c": C}, "search.c: no setting of a recipe; "),
        ({"lerner.c": C}, "search.lerner.c: no setting of a recipe; did you mean 'learner.c'?"),
        ({"learner.dropout": C}, "search.learner.dropout: unknown key; allowed: kind, word_ngrams"),
        ({"decisions.folds.deep": C}, "search.decisions.folds"),
        ({"learner.kind": {"choices": ["tfidf", "prior"]}}, "`kind: comparison` compares learners"),
        ({"learner.c": {"low": -1.0, "high": 1.0}}, "search.learner.c: input should be greater than 0 (got -1.0)"),
        ({"learner.min_count": {"low": 1.0, "high": 4.0}}, "search.learner.min_count: input should be a valid integer"),
        ({"learner.class_weight": {"choices": ["balanced", "heavy"]}}, "search.learner.class_weight: input should be"),
        ({}, "search: "),
    ],
)
def test_a_space_that_cannot_be_searched_is_refused(lab, search, said):
    assert said in refused(lab, search=search)


def test_all_faults_come_at_once(lab):
    search = {"learner.c": {"low": 3.0, "high": 1.0}, "learner.mincount": {"low": 1, "high": 2}}
    search |= {"learner.min_count": {"low": 0, "high": 2}}
    said = refused(lab, search=search, trails=3, folds=1, metric="macro-f1")
    for fault in (
        "trails: unknown key; did you mean 'trials'?",
        "folds: one fold leaves nothing to train on",
        "metric: ",
        "low 3 must lie below high 1",
        "search.learner.mincount: unknown key; did you mean 'min_count'?",
        "search.learner.min_count: input should be greater than or equal to 1 (got 0)",
    ):
        assert fault in said, said
    assert "did you mean 'words.yaml'?" in refused(lab, recipe="wordes.yaml")


def test_thresholds_are_not_judged_on_what_they_were_learned_from(lab):
    said = refused(lab, folds=0, metric="macro_f1")
    assert "folds: 0 judges on the validation split, from which thresholds are learned, too" in said
    load_spec(write_sweep(lab, folds=0), lab / "models")


def test_an_inner_setting_is_not_searched_beside_the_one_it_lies_in(lab):
    both = {"learner.loss": {"choices": [{"kind": "bce"}, None]}, "learner.loss.gamma": C}
    assert "search.learner.loss.gamma: lies within learner.loss" in refused(lab, search=both)


def test_what_is_drawn_is_told_by_type_and_written_short():
    assert Space(low=1, high=4).whole and not Space(low=1, high=4.0).whole
    assert str(Space(low=0.5, high=50.0, log=True)) == "0.5 to 50, log"
    assert str(Space(choices=([1, 2], "balanced"))) == "[1, 2] | balanced"


@pytest.mark.parametrize("name", ["sweep-tfidf", "sweep-minilm"])
def test_the_sweeps_we_ship_are_valid_and_say_how_to_run_them(name):
    path = ROOT / "experiments" / f"{name}.yaml"
    spec, recipes = load_spec(path, ROOT / "models")
    assert spec.kind == "sweep" and spec.name == name and list(recipes) == ["base"]
    assert f"stance experiment run experiments/{name}.yaml" in path.read_text()


def test_the_name_is_the_files_where_none_is_given(lab):
    assert load_spec(write_sweep(lab), lab / "models")[0].name == "try" and "name" not in SPEC


def test_the_result_we_ship_answers_the_specification_as_it_stands():
    folder = ROOT / "experiments"
    spec, _ = load_spec(folder / "sweep-tfidf.yaml", ROOT / "models")
    markdown = (folder / "sweep-tfidf.md").read_text(encoding="utf-8")
    rows = list(csv.DictReader((folder / "sweep-tfidf.csv").read_text(encoding="utf-8").splitlines()))
    assert all(said in markdown for said in (spec.question, spec.hypothesis, spec.stopping_rule))
    assert [row["trial"] for row in rows] == [str(number) for number in range(spec.trials + 1)]
    assert all(f"| `{name}` | " in markdown and name in rows[0] for name in spec.search)
    best = max((row for row in rows[1:] if row["macro_ap"]), key=lambda row: float(row["macro_ap"]))
    assert best["test_macro_f1"] and f"Trial {best['trial']} is best" in markdown
    assert (folder / "sweep-tfidf.svg").is_file()


def test_a_student_is_not_searched_though_it_may_be_ablated(lab, encoder_folder):
    write_recipe(lab / "models" / "one.yaml", finetuned_learner(encoder_folder), learn_from="validation")
    learner = distilled_learner(encoder_folder, "one.yaml", lab / "more.jsonl")
    write_recipe(lab / "models" / "student.yaml", learner, learn_from="validation")
    said = refused(lab, recipe="student.yaml", search={"learner.warmup": {"low": 0.0, "high": 0.5}})
    assert "recipe: 'student.yaml' (kind distilled) learns from a teacher, and a sweep does not search students" in said
    assert "no training options" not in said
