"""The report of a sweep says the same in Markdown, CSV, figure and terminal, and what it prints can be trained."""

import re

import pytest
import yaml
from sweeping import SPEC, table, write_sweep

from pipeline.judging.sweep_figure import Mark, Setting, draw_sweep
from pipeline.learning.recipes import load_recipe


def run(place, stance, **changes):
    write_sweep(place, **changes)
    code, out, err = stance("experiment", "run", "experiments/try.yaml")
    assert code == 0, err
    return (place / "experiments" / "try.md").read_text(), out, err


@pytest.fixture
def swept(place, stance):
    search = SPEC["search"] | {"learner.min_count": {"choices": [1, 2, 500]}}
    return place, *run(place, stance, search=search, trials=10, prune_after=2)


def test_markdown_csv_and_terminal_say_the_same(swept):
    place, markdown, out, err = swept
    base, *rows = table(place)
    assert base["trial"] == "0" and [row["trial"] for row in rows] == [str(number) for number in range(1, 11)]
    complete = [row for row in rows if row["state"] == "complete"]
    best = max(complete, key=lambda row: float(row["macro_ap"]))
    for row in rows:
        [line] = [line for line in markdown.splitlines() if line.startswith(f"| {int(row['trial']):02} |")]
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        shown = f"{float(row['macro_ap']):.3f}" if row["macro_ap"] else "–" if row["state"] == "failed" else cells[2]
        assert cells[1] == row["state"] and cells[2].strip("*") == shown and row["run"][:8] in line
        assert cells[4] == f"{float(row['learner.c']):.4g}" and cells[6] == row["learner.word_ngrams"]
        assert (cells[2].startswith("**")) is (row is best)
        assert bool(row["reason"]) is (row["state"] == "failed") and row["machine"] in markdown
    counts = {state: sum(row["state"] == state for row in rows) for state in ("complete", "pruned", "failed")}
    assert f"10 trials: {counts['complete']} complete" in markdown and counts["failed"]
    for row in (row for row in rows if row["state"] == "failed"):
        assert f"- Trial {int(row['trial']):02} failed: " in markdown and "n-gram" in row["reason"]
    whole = [float(best[f"test_macro_f1{end}"]) for end in ("", "_low", "_high")]
    test = "{:.3f} [{:.3f}, {:.3f}]".format(*whole)
    assert test in markdown and test in " ".join(out.split()) and base["test_macro_f1"]
    assert not any(row["test_macro_f1"] for row in rows if row is not best)
    values = [float(found) for found in re.findall(r"^\d\d +(0\.\d{3}) ", out, re.MULTILINE)]
    assert values == sorted(values, reverse=True) and values[0] == pytest.approx(float(best["macro_ap"]), abs=6e-4)
    for words in (SPEC["question"], SPEC["hypothesis"], SPEC["stopping_rule"], "![macro-AP by trial and by setting]"):
        assert words in markdown, words
    assert "nan" not in markdown and max(map(len, out.splitlines())) <= 80
    assert all(f"wrote experiments/try.{end}" in err for end in ("md", "csv", "svg"))


def test_the_recipe_that_is_printed_can_be_put_where_it_says(swept, stance):
    place, markdown, out, _ = swept
    recipe = markdown.split("```yaml\n")[1].split("```")[0]
    assert recipe.strip() in out and "word_ngrams: [1, " in recipe and "put it into models/words-swept.yaml" in out
    (place / "models" / "words-swept.yaml").write_text(recipe)
    found = load_recipe(place / "models" / "words-swept.yaml")
    best = next(row for row in table(place) if row["trial"] != "0" and row["test_macro_f1"])
    assert found.learner.c == pytest.approx(float(best["learner.c"]), rel=1e-5) and found.name == "words-swept"
    assert stance("train", "models/words-swept.yaml")[0] == 0
    assert (place / "experiments" / "try.svg").read_text().startswith("<?xml")


def test_the_figure_shows_each_trial_once_in_every_panel():
    marks = [Mark(n, 0.5 + 0.01 * n, n == 3, {"c": 10.0**-n, "kind": "ab"[n % 2], "least": n}) for n in range(1, 6)]
    settings = [Setting("c", log=True), Setting("kind", choices=("a", "b")), Setting("least")]
    figure = draw_sweep(marks, settings, 5, 0.52, "macro-AP")
    top, *parts = figure.axes
    assert [part.get_title(loc="left") for part in parts] == ["c", "kind", "least"]
    assert top.get_ylabel() == "macro-AP" and top.get_xlabel() == "trial"
    for axes in (top, *parts):
        points = [line for line in axes.lines if line.get_marker() in ("o", "D")]
        assert sorted(float(y) for line in points for y in line.get_ydata()) == pytest.approx(
            [0.51, 0.52, 0.53, 0.54, 0.55]
        )
    assert parts[0].get_xscale() == "log" and [t.get_text() for t in parts[1].get_xticklabels()] == ["a", "b"]
    [best] = [line for line in top.lines if line.get_label() == "best so far"]
    assert list(best.get_ydata()) == pytest.approx([0.51, 0.52, 0.54, 0.55, 0.55])


def test_ls_validate_and_show_know_a_sweep(place, stance):
    write_sweep(place, trials=3)
    code, out, _ = stance("experiment", "ls")
    assert code == 0 and "try.yaml  sweep, 3 settings, 3 trials, 3 folds" in out
    assert stance("experiment", "validate", "experiments/try.yaml")[0] == 0
    out = stance("experiment", "show", "experiments/try.yaml")[1]
    assert "0 of 3 trials" in out and "trials: 3 more" in out and "learner.c: 0.01 to 100, log" in out
    assert not (place / "experiments" / "results").exists() and not (place / "mlflow.db").exists()
    run(place, stance, trials=2)
    write_sweep(place, trials=3)
    out = stance("experiment", "show", "experiments/try.yaml")[1]
    assert "2 of 3 trials" in out and "2 complete, 0 pruned, 0 failed" in out and "trials: 1 more" in out
    assert re.search(r"macro-AP 0\.\d{3}, trial 0[12] c=", out)


def test_a_misspelt_kind_with_the_keys_of_a_sweep_is_taken_for_one(place, stance):
    (place / "experiments" / "try.yaml").write_text(yaml.safe_dump(SPEC | {"kind": "sweeep", "trails": 3}))
    code, _, err = stance("experiment", "validate", "experiments/try.yaml")
    assert code == 2 and "did you mean 'sweep'?" in err and "did you mean 'trials'?" in err


def test_what_is_still_to_be_judged_on_test_is_to_do(place, stance):
    run(place, stance, trials=2)
    out = stance("experiment", "show", "experiments/try.yaml")[1]
    assert "2 of 2 trials" in out and "nothing to do" in out and "to do" not in out.replace("nothing to do", "")
    kept = sorted((place / "experiments" / "results" / "try").glob("*sweep-test*.json"))
    assert len(kept) == 2
    kept[0].unlink()
    out = stance("experiment", "show", "experiments/try.yaml")[1]
    assert "2 of 2 trials" in out and "nothing to do" not in out and "next: stance experiment run" in out
    assert ("test: the best trial" in out) is not ("test: the recipe as it is" in out)
    kept[1].unlink()
    out = stance("experiment", "show", "experiments/try.yaml")[1]
    assert "test: the best trial; the recipe as it is" in out
