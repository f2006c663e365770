"""What a sweep is said to have found follows from its figures: the order of trials, the verdict, what mattered."""

import re
from dataclasses import replace

import pytest
from sweeping import SPEC
from tiny import DECISIONS, TFIDF

from pipeline.ground.config import parse_config
from pipeline.ground.records import Estimate
from pipeline.judging.compare import Difference
from pipeline.learning.recipes import Recipe
from pipeline.reports.sweep import sweep_markdown, terminal_text
from pipeline.workflows.sweep import Swept
from pipeline.workflows.sweep_spec import Sweep
from pipeline.workflows.sweep_study import FEWEST, Trial

MADE = {"code_version": "1", "machine": "m", "date": "2026-01-01"}
HASHES = {"base_hash": "a", "recipe_hash": "b", "data_fingerprint": "c", "splits": "d"}
SIZES = {"train": 8, "validation": 4, "test": 4, "train_documents": 2, "validation_documents": 1, "test_documents": 1}
RECIPE = parse_config({"name": "words", "learner": TFIDF, "decisions": DECISIONS, "seed": 3}, Recipe, "words")


def spec(**changes):
    return parse_config({"name": "try"} | SPEC | {"folds": 0} | changes, Sweep, "try")


def trial(number, value, values=(), *, state="complete", **settings):
    own = {"learner.c": 1.0, "learner.min_count": 1, "learner.word_ngrams": [1, 2]} | settings
    values = tuple(values or (value,))
    return Trial(number, state, own, values, values, value, 1.0, f"run{number}", MADE)


def found(trials, *, base=0.5, gain=0.01, real=False, importance=None):
    estimate = Estimate(gain, gain - 0.005, gain + 0.005)
    chosen = max((one for one in trials if one.value is not None), key=lambda one: one.value)
    test = {"chosen": Estimate(0.6 + gain, 0.5, 0.7), "base": Estimate(0.6, 0.5, 0.7)}
    difference = Difference("chosen", "base", estimate, 0.01, real)
    at_first = trial(0, base, (base,) * 9)
    return Swept(at_first, RECIPE, tuple(trials), chosen, importance or {}, test, difference, SIZES, HASHES)


def rows(markdown):
    table = markdown.split("## Trials\n")[1].split("\n## ")[0]
    return [line.split(" | ")[0].strip("| ") for line in table.strip().splitlines()[2:]]


def test_finished_trials_stand_by_value_however_many_epochs_they_took():
    trials = [
        trial(1, 0.55, (0.5, 0.52, 0.54, 0.55)),
        trial(2, 0.7, (0.6, 0.7)),
        trial(3, None, (0.3, 0.31), state="pruned"),
        trial(4, 0.6, (0.6,)),
        trial(5, None, (0.2, 0.25, 0.28), state="pruned"),
    ]
    swept = found(trials, base=0.58)
    assert rows(sweep_markdown(spec(), swept, "try.yaml")) == ["02", "04", "as it is", "01", "05", "03"]
    shown = re.findall(r"^(\d\d|as it is) +\S", terminal_text(spec(), swept, "try.yaml"), re.MULTILINE)
    assert shown == ["02", "04", "as it is", "01", "05", "03"]


@pytest.mark.parametrize(
    ("value", "gain", "real", "verdict", "stays"),
    [
        (0.6, 0.02, True, "so it is better.", ""),
        (0.6, 0.02, False, "so the two are not told apart.", ""),
        (0.6, -0.02, True, "so it is worse.", "on test the best trial is worse"),
        (0.6, -0.02, False, "so the two are not told apart.", ""),
        (0.5, 0.02, False, "so the two are not told apart.", "in the search no trial beats it"),
        (0.4, 0.02, True, "so it is better.", "in the search no trial beats it"),
    ],
)
def test_a_recipe_is_called_found_only_where_it_beats_the_one_there_is(value, gain, real, verdict, stays):
    swept = found([trial(1, value)], gain=gain, real=real)
    markdown, out = sweep_markdown(spec(), swept, "try.yaml"), terminal_text(spec(), swept, "try.yaml")
    assert verdict in markdown and verdict in " ".join(out.split())
    assert ("## The recipe found" in markdown) is ("put it into models/words-swept.yaml" in out) is (not stays)
    assert ("## The recipe of the best trial" in markdown) is bool(stays)
    assert (f"The recipe as it is stays: {stays}." in out) is (f"stays: {stays}." in markdown) is bool(stays)
    assert "name: words-swept" in out and "name: words-swept" in markdown and max(map(len, out.splitlines())) <= 80


def test_why_no_setting_is_known_to_matter_is_said():
    few = [trial(number, 0.5 + number / 100) for number in range(1, FEWEST)]
    alike = [trial(number, 0.6) for number in range(1, FEWEST + 1)]
    one = spec(search={"learner.c": SPEC["search"]["learner.c"]})
    assert "Too few trials were finished" in sweep_markdown(spec(), found(few), "try.yaml")
    same = sweep_markdown(spec(), found(alike), "try.yaml")
    assert f"All {FEWEST} complete trials are worth the same" in same and "Too few" not in same
    single = sweep_markdown(one, found(few), "try.yaml")
    assert "Too few" not in single and "matter" not in single and "Importance" not in single
    told = found(alike, importance=dict.fromkeys(SPEC["search"], 1 / 3))
    assert "Importance: " in sweep_markdown(spec(), told, "try.yaml")


def test_a_bar_in_a_setting_does_not_break_its_row():
    name, both = "learner.labels.hawk.match", ["(strike|arm)"]
    learner = {"kind": "rules", "labels": {label: {"match": ["x"], "veto": []} for label in ("hawk", "dove")}}
    recipe = parse_config({"name": "words", "learner": learner, "decisions": DECISIONS, "seed": 3}, Recipe, "words")
    trials = [replace(trial(1, 0.6), settings={name: both}), replace(trial(2, 0.5), settings={name: ["fleet"]})]
    swept = replace(found(trials), base_recipe=recipe, base=replace(trial(0, 0.5), settings={name: both}))
    markdown = sweep_markdown(spec(search={name: {"choices": [both, ["fleet"]]}}), swept, "try.yaml")
    for head in ("What was searched", "Trials"):
        lines = [line for line in markdown.split(f"## {head}\n")[1].split("\n## ")[0].splitlines() if "|" in line]
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in lines}) == 1, lines
        assert any("(strike\\|arm)" in line for line in lines)


def test_it_says_how_often_test_was_read():
    [once, often] = (
        sweep_markdown(spec(), replace(found([trial(1, 0.6)]), looks=looks), "try.yaml") for looks in (1, 3)
    )
    assert "On test, read once when the search had ended" in once
    assert "On test, which 3 chosen recipes of this experiment have now read, each when the search had ended" in often
