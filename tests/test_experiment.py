"""An experiment runs each step once, says what it skips, and writes one table in two forms."""

import csv
import shutil

import pytest
import yaml
from mlflow import MlflowClient
from small import SPEC, compare, results, run
from tiny import TFIDF, write_recipe

from pipeline.ground.paths import Project
from pipeline.ground.progress import Progress
from pipeline.reports.experiment import publish_result
from pipeline.tracking.store import Tracker
from pipeline.workflows import entrants, training
from pipeline.workflows.experiment import run_experiment
from pipeline.workflows.spec import load_spec

STEPS = [
    f"{name} seed 3, {kind}"
    for name, kind in (
        ("floor", "train"),
        ("words", "train"),
        ("floor", "loso"),
        ("floor", "cv"),
        ("words", "loso"),
        ("words", "cv"),
    )
]


def test_an_experiment_lives_through_repetition_change_and_force(place):
    rows, skipped = run(place)
    assert skipped == [] and [row.recipe for row in rows] == ["floor", "words"]
    floor, words = rows
    assert set(floor.parts) == {"loso/even", "loso/odd", "cv/fold 1", "cv/fold 2", "cv/fold 3"} == set(words.parts)
    assert words.figures["macro_f1"] > floor.figures["macro_f1"] - 0.2
    halves = [words.parts[f"loso/{half}"]["macro_f1"] for half in ("even", "odd")]
    assert words.figures["loso_macro_f1"] == pytest.approx(sum(halves) / 2)
    first = results(place)
    assert len(first) == 6

    assert run(place) == (rows, STEPS)
    assert results(place) == first

    write_recipe(place / "models" / "words.yaml", TFIDF | {"c": 0.1}, learn_from="validation")
    changed, skipped = run(place)
    assert skipped == [step for step in STEPS if step.startswith("floor")]
    assert changed[0] == rows[0] and changed[1].made_by["recipe_hash"] != rows[1].made_by["recipe_hash"]
    assert {name: when for name, when in results(place).items() if name in first} == first

    again, skipped = run(place, force=True)
    assert skipped == [] and again[0].parts == rows[0].parts and again[1].parts == changed[1].parts
    assert again[0].made_by["run"] != rows[0].made_by["run"]


def test_with_force_a_training_is_told_to_read_nothing_back(place, monkeypatch):
    seen, fit = [], training.fit

    def watched(recipe, setting, *parts):
        seen.append(setting.since)
        return fit(recipe, setting, *parts)

    monkeypatch.setattr(training, "fit", watched)
    spec = SPEC | {"recipes": ["floor.yaml"], "leave_one_source_out": False, "cross_validation": 0}
    (place / "experiments" / "small.yaml").write_text(yaml.safe_dump(spec))
    for force in (False, True):
        run(place, force=force)
    assert seen[0] == 0 and seen[1] > 1e9


def test_its_runs_hold_the_figures_from_away(place):
    rows, _ = run(place)
    client = MlflowClient(tracking_uri=f"sqlite:///{place / 'mlflow.db'}")
    for row in rows:
        found = client.get_run(row.made_by["run"])
        assert client.get_experiment(found.info.experiment_id).name == "small"
        for name in ("loso_macro_f1", "cv_macro_f1", "macro_f1", "macro_f1_half"):
            assert found.data.metrics[name] == pytest.approx(row.figures[name])
        for part in ("loso/even", "cv/fold 1"):
            assert found.data.metrics[f"{part}/f1_hawk"] == pytest.approx(row.parts[part]["f1_hawk"])


def test_changed_labels_run_every_step_again(place):
    run(place)
    path = place / "labels" / "annotations" / "even.jsonl"
    path.write_text(path.read_text().replace('"labels": ["hawk"]', '"labels": ["dove"]', 1))
    assert run(place)[1] == []


def test_a_killed_experiment_goes_on_where_it_stopped(place, monkeypatch):
    work, begun = entrants.train_on, []

    def killed_at_the_second(order, *rest):
        begun.append(order.recipe.stem)
        if order.recipe.stem == "words":
            raise KeyboardInterrupt
        return work(order, *rest)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(entrants, "train_on", killed_at_the_second)
        run(place)
    assert begun == ["floor", "words"]
    kept = results(place)
    assert len(kept) == 1 and sorted(path.name for path in (place / "models" / "trained").iterdir()) == ["floor"]
    rows, skipped = run(place)
    assert skipped == ["floor seed 3, train"] and [row.recipe for row in rows] == ["floor", "words"]
    assert kept.items() <= results(place).items()


def test_the_command_writes_one_table_in_two_forms(place, stance):
    code, out, err = stance("experiment", "run", "experiments/small.yaml")
    assert code == 0, err
    folder = place / "experiments"
    markdown = (folder / "leaderboard.md").read_text()
    table = list(csv.DictReader((folder / "leaderboard.csv").read_text().splitlines()))
    assert [row["recipe"] for row in table] == ["floor", "words"]
    heads, *lines = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in markdown.split("Judged on")[0].splitlines()
        if line.startswith(("| recipe", "| `"))
    ]
    said = out.splitlines()[1:]
    for row, cells, line in zip(table, lines, said, strict=True):
        shown = dict(zip(heads, cells, strict=True))
        assert shown["recipe"] == f"`{row['recipe']}`" and line.startswith(row["recipe"])
        assert shown["test macro-F1"].startswith(f"{float(row['macro_f1']):.3f} [") and shown["test macro-F1"] in line
        assert shown["at 0.5"] == f"{float(row['macro_f1_half']):.3f}" and shown["at 0.5"] in line
        assert shown["F1 hawk"] == f"{float(row['f1_hawk']):.2f}"
        assert shown["source left out"] == f"{float(row['loso_macro_f1']):.3f}"
        assert shown["3-fold CV"] == f"{float(row['cv_macro_f1']):.3f} ± {float(row['cv_macro_f1_sd']):.3f}"
        even, hawk = float(row["loso/even/macro_f1"]), float(row["loso/even/f1_hawk"])
        assert f"| `{row['recipe']}` | {even:.3f} ({hawk:.2f} " in markdown
        home, away = float(row["source/odd/macro_f1"]), float(row["loso/odd/test_macro_f1"])
        assert f"{home:.3f} → {away:.3f} ({away - home:+.3f})" in markdown
        assert row["run"][:8] in markdown and row["recipe_hash"] in markdown and row["data_fingerprint"] in markdown
    whole = markdown.split("**Stopping rule.** once each\n\n")[1].split("\n\n")[0]
    assert whole in (place / "README.md").read_text() and "nan" not in markdown
    assert max(map(len, out.splitlines())) <= 80
    for words in (SPEC["question"], SPEC["hypothesis"], SPEC["stopping_rule"], "## Which differences are real"):
        assert words in markdown, words
    assert "`stance experiment run experiments/small.yaml`" in markdown


def test_a_comparison_tells_every_pair_and_puts_seeds_together(place):
    spec = SPEC | {"seeds": [3, 4], "leave_one_source_out": False, "cross_validation": 0}
    (place / "experiments" / "small.yaml").write_text(yaml.safe_dump(spec))
    compared, _ = compare(place)
    assert [(row.recipe, row.seed) for row in compared.rows] == [("floor", 3), ("floor", 4), ("words", 3), ("words", 4)]
    [difference] = compared.differences
    assert (difference.a, difference.b) == ("floor", "words")
    means = {name: sum(row.figures["macro_f1"] for row in compared.of(name)) / 2 for name in ("floor", "words")}
    assert compared.macro_f1["words"].value == pytest.approx(means["words"])
    assert difference.estimate.value == pytest.approx(means["floor"] - means["words"])
    assert sorted(path.name for path in (place / "models" / "trained").iterdir()) == [
        "floor", "floor-seed4", "words", "words-seed4"
    ]  # fmt: skip


def test_only_a_published_experiment_writes_the_leaderboard(place):
    for publish_it in (False, True):
        (place / "experiments" / "small.yaml").write_text(yaml.safe_dump(SPEC | {"publish": publish_it}))
        path = place / "experiments" / "small.yaml"
        compared = run_experiment(path, Project(place), Tracker(place), Progress())
        spec, _ = load_spec(path, place / "models")
        table, written = publish_result(path, spec, compared, Project(place))
        assert all(path.is_file() for path in written) and len(written) == (3 if publish_it else 2)
        assert (place / "experiments" / "leaderboard.md").exists() is publish_it
        assert "| `words` |" in written[0].read_text() and "words" in table
        assert ("| `words` |" in (place / "README.md").read_text()) is publish_it


def test_a_training_is_not_skipped_when_its_model_is_gone(place):
    spec = place / "experiments" / "small.yaml"
    run_experiment(spec, Project(place), Tracker(place), Progress())
    model = place / "models" / "trained" / "floor"
    shutil.rmtree(model)
    run_experiment(spec, Project(place), Tracker(place), Progress())
    assert (model / "manifest.json").is_file()


def test_a_training_is_not_skipped_when_another_model_lies_in_its_folder(place, stance):
    run(place)
    write_recipe(place / "models" / "elsewhere" / "words.yaml", TFIDF | {"c": 0.5}, learn_from="validation")
    stance("train", "models/elsewhere/words.yaml", "--out", "models/trained/words")
    skipped = run(place)[1]
    assert "words seed 3, train" not in skipped and "floor seed 3, train" in skipped


def test_kept_answers_outlive_another_order_of_files(place):
    first, _ = compare(place)
    path = place / "labels" / "sources.yaml"
    path.write_text(yaml.safe_dump({"sources": yaml.safe_load(path.read_text())["sources"][::-1]}))
    again, skipped = compare(place)
    assert len(skipped) == 6, "the labels are the same"
    assert again.macro_f1 == first.macro_f1 and again.differences == first.differences


def test_documents_of_another_source_are_left_out_anew(place):
    run(place)
    path = place / "labels" / "sources.yaml"
    path.write_text(path.read_text().replace("name: even", "name: level"))
    rows, skipped = run(place)
    assert not any("loso" in step for step in skipped) and "loso/level" in rows[0].parts


def test_a_model_trained_anew_answers_the_cases_anew(place, stance):
    (place / "labels" / "behaviour").mkdir()
    case = {"id": "order-1", "text": "Strike with missiles and force.", "has": ["hawk"]}
    sheet = {"capability": "orders", "claim": "Orders are hawkish.", "minimum": [case]}
    (place / "labels" / "behaviour" / "orders.yaml").write_text(yaml.safe_dump(sheet))
    (place / "experiments" / "small.yaml").write_text(yaml.safe_dump(SPEC | {"behaviour": True}))
    run(place)
    assert "words seed 3, behaviour" in run(place)[1]
    write_recipe(place / "models" / "words.yaml", TFIDF | {"c": 0.1}, learn_from="validation")
    skipped = run(place)[1]
    assert "words seed 3, behaviour" not in skipped and "floor seed 3, behaviour" in skipped


ABLATION = {
    "kind": "ablation",
    "question": "What is each setting worth?",
    "hypothesis": "Little.",
    "recipe": "words.yaml",
    "folds": 2,
    "seeds": [3, 4],
    "metric": "macro-ap",
    "stopping_rule": "once on each fold",
    "variants": {"plain": {"class_weight": "none"}, "stiff": {"c": 0.001, "word_ngrams": [1, 1]}},
}


def ablate(place, stance, stem="try"):
    """Run an ablation; give its Markdown, the rows of its CSV, and what was said."""
    (place / "experiments" / f"{stem}.yaml").write_text(yaml.safe_dump(ABLATION, sort_keys=False))
    code, out, err = stance("experiment", "run", f"experiments/{stem}.yaml")
    assert code == 0, err
    table = (place / "experiments" / f"{stem}.csv").read_text()
    return (place / "experiments" / f"{stem}.md").read_text(), list(csv.DictReader(table.splitlines())), out, err


def test_an_ablation_says_the_same_everywhere_and_fills_its_own_block(place, stance):
    (place / "README.md").write_text("# Tiny\n<!-- try:start -->\n<!-- try:end -->\n")
    markdown, rows, out, _ = ablate(place, stance)
    assert rows[0]["variant"] == "base" and {row["variant"] for row in rows} == {"base", "plain", "stiff"}
    readme, said = (place / "README.md").read_text(), out.splitlines()
    for row, line in zip(rows, said[1:], strict=False):
        assert line.startswith(row["variant"]) and f"{float(row['macro_ap']):.3f}" in line
        whole, low, high = (f"{float(row[f'macro_ap{end}']):.3f}" for end in ("", "_low", "_high"))
        assert f"| {whole} [{low}, {high}] |" in markdown and f"| `{row['variant']}` |" in readme
        assert row["recipe_hash"] in markdown and row["data_fingerprint"] in markdown
        assert all(run[:8] in markdown for run in row["run"].split(", "))
        assert all(row[name] for name in ("log_loss", "mean_ece", "ap_hawk", "f1_dove", "source/even/macro_f1"))
    for row in rows[1:]:
        gain = float(row["macro_ap"]) - float(rows[0]["macro_ap"])
        assert float(row["macro_ap_gain"]) == pytest.approx(gain, abs=2e-6)
        assert f"{float(row['macro_ap_gain']):+.3f} [" in markdown and f"{float(row['macro_ap_gain']):+.3f} [" in out
        assert row["macro_ap_gain_real"] in ("yes", "no") and 0 < float(row["macro_f1_gain_p"]) <= 1
    assert "`c: 0.001`, `word_ngrams: [1, 1]`" in markdown and "nothing: `words.yaml`" in markdown
    for words in (
        *(ABLATION[key] for key in ("question", "hypothesis", "stopping_rule")),
        "## Macro-F1 on each source",
    ):
        assert words in markdown, words
    assert max(map(len, said)) <= 80 and "nan" not in markdown and "run experiments/try.yaml`" in markdown
    ablate(place, stance, "try-more")
    assert (place / "README.md").read_text() == readme, "the block is another's"


def test_each_variant_and_seed_of_an_ablation_is_one_run_that_holds_its_figures(place, stance):
    _, rows, _, _ = ablate(place, stance)
    assert "skipping stiff seed 4, tracking" in ablate(place, stance)[3]
    client = MlflowClient(tracking_uri=f"sqlite:///{place / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("try")
    runs = {one.info.run_id: one for one in client.search_runs([experiment.experiment_id])}
    assert len(runs) == 6
    for row in rows:
        of = [runs.pop(run) for run in row["run"].split(", ")]
        assert [one.info.run_name for one in of] == [f"{row['variant']} seed {seed}" for seed in (3, 4)]
        mean = sum(one.data.metrics["macro_ap"] for one in of) / 2
        assert mean == pytest.approx(float(row["macro_ap"]), abs=1e-6)
        assert of[1].data.params["folds"] == "2" and of[1].data.params["test_sentences"] == "0"
        assert of[1].data.params["changes"] == row["changes"] and of[1].data.tags["variant"] == row["variant"]
    assert rows[0]["changes"] == "{}" and runs == {}
