"""An experiment runs each step once, says what it skips, and writes one table in two forms."""

import csv
import json
import shutil

import pytest
import yaml
from mlflow import MlflowClient
from tiny import TFIDF, write_labels, write_recipe

from pipeline.ground.paths import Project
from pipeline.ground.progress import Progress
from pipeline.reports.leaderboard import publish
from pipeline.tracking.store import Tracker
from pipeline.workflows import experiment
from pipeline.workflows.experiment import Row, run_experiment

SPEC = {
    "name": "small",
    "question": "Do words beat the floor?",
    "hypothesis": "They do.",
    "recipes": ["floor.yaml", "words.yaml"],
    "seeds": [3],
    "metric": "macro_f1",
    "stopping_rule": "once each",
    "leave_one_source_out": True,
    "publish": True,
    "cross_validation": 3,
}


def split_source(labels):
    """Divide the tiny source in two: documents with even numbers, and with odd ones."""
    [source] = yaml.safe_load((labels / "sources.yaml").read_text())["sources"]
    halves = []
    for name, odd in (("even", 0), ("odd", 1)):
        half = {"name": name}
        for part in ("annotations", "documents"):
            lines = (labels / part / "tiny.jsonl").read_text().splitlines()
            kept = [line for line in lines if int(json.loads(line)["doc"].split("-")[1]) % 2 == odd]
            (labels / part / f"{name}.jsonl").write_text("\n".join(kept) + "\n")
            half[part] = f"{part}/{name}.jsonl"
        halves.append(source | half)
    (labels / "sources.yaml").write_text(yaml.safe_dump({"sources": halves}))


def set_up(root):
    split_source(write_labels(root / "labels"))
    write_recipe(root / "models" / "floor.yaml", {"kind": "prior"}, learn_from="validation")
    write_recipe(root / "models" / "words.yaml", TFIDF, learn_from="validation")
    (root / "experiments").mkdir()
    (root / "experiments" / "small.yaml").write_text(yaml.safe_dump(SPEC))
    (root / "README.md").write_text("# Tiny\n<!-- leaderboard:start -->\n<!-- leaderboard:end -->\n")
    return root


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.chdir(tmp_path)
    return set_up(tmp_path)


class Listener(Progress):
    """Keep what is said."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, message: str) -> None:
        self.said.append(message)

    @property
    def skipped(self) -> list[str]:
        return [line.removeprefix("skipping ").partition(":")[0] for line in self.said if "nothing changed" in line]


def run(root, *, force: bool = False) -> tuple[list[Row], list[str]]:
    listener = Listener()
    spec = root / "experiments" / "small.yaml"
    return run_experiment(spec, Project(root), Tracker(root), listener, force=force), listener.skipped


def results(root) -> dict[str, float]:
    return {path.name: path.stat().st_mtime_ns for path in (root / "experiments" / "results" / "small").iterdir()}


STEPS = ["floor, train", "words, train", "floor, loso", "floor, cv", "words, loso", "words, cv"]


def test_an_experiment_lives_through_repetition_change_and_force(place):
    rows, skipped = run(place)
    assert skipped == [] and [row.recipe for row in rows] == ["floor", "words"]
    floor, words = rows
    assert set(floor.parts) == {"loso/even", "loso/odd", "cv/fold 1", "cv/fold 2", "cv/fold 3"} == set(words.parts)
    assert words.figures["macro_f1"] > floor.figures["macro_f1"] - 0.2
    assert words.figures["loso_macro_f1"] == pytest.approx((words.parts["loso/even"] + words.parts["loso/odd"]) / 2)
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


def test_its_runs_hold_the_figures_from_away(place):
    rows, _ = run(place)
    client = MlflowClient(tracking_uri=f"sqlite:///{place / 'mlflow.db'}")
    for row in rows:
        found = client.get_run(row.made_by["run"])
        assert client.get_experiment(found.info.experiment_id).name == "small"
        for name in ("loso_macro_f1", "cv_macro_f1", "loso/even", "cv/fold 1", "macro_f1"):
            assert found.data.metrics[name] == pytest.approx((row.figures | row.parts)[name])


def test_changed_labels_run_every_step_again(place):
    run(place)
    path = place / "labels" / "annotations" / "even.jsonl"
    path.write_text(path.read_text().replace('"labels": ["hawk"]', '"labels": ["dove"]', 1))
    assert run(place)[1] == []


def test_a_killed_experiment_goes_on_where_it_stopped(place, monkeypatch):
    work, begun = experiment.train_on, []

    def killed_at_the_second(order, *rest):
        begun.append(order.recipe.stem)
        if order.recipe.stem == "words":
            raise KeyboardInterrupt
        return work(order, *rest)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(experiment, "train_on", killed_at_the_second)
        run(place)
    assert begun == ["floor", "words"]
    kept = results(place)
    assert len(kept) == 1 and sorted(path.name for path in (place / "models" / "trained").iterdir()) == ["floor"]
    rows, skipped = run(place)
    assert skipped == ["floor, train"] and [row.recipe for row in rows] == ["floor", "words"]
    assert kept.items() <= results(place).items()


def test_the_command_writes_one_table_in_two_forms(place, stance):
    code, out, err = stance("experiment", "run", "experiments/small.yaml")
    assert code == 0, err
    folder = place / "experiments"
    markdown = (folder / "leaderboard.md").read_text()
    table = list(csv.DictReader((folder / "leaderboard.csv").read_text().splitlines()))
    lines = [line for line in markdown.splitlines() if line.startswith("| `")]
    readme = (place / "README.md").read_text()
    assert [row["recipe"] for row in table] == ["floor", "words"] and len(lines) == 4
    for row, line in zip(table, lines[:2], strict=True):
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        value, low, high = (float(row[name]) for name in ("macro_f1", "macro_f1_low", "macro_f1_high"))
        assert cells[:2] == [f"`{row['recipe']}`", f"{value:.3f} [{low:.3f}, {high:.3f}]"]
        assert cells[2:4] == [f"{float(row[f'f1_{name}']):.2f}" for name in ("hawk", "dove")]
        assert cells[5] == f"{float(row['loso_macro_f1']):.3f}"
        assert cells[6] == f"{float(row['cv_macro_f1']):.3f} ± {float(row['cv_macro_f1_sd']):.3f}"
        assert line in readme and line in out
    for row, line in zip(table, lines[2:], strict=True):
        assert [cell.strip() for cell in line.strip("|").split("|")] == [
            f"`{row['recipe']}`", f"{float(row['loso/even']):.3f}", f"{float(row['loso/odd']):.3f}"
        ]  # fmt: skip
        assert row["run"][:8] in markdown and row["recipe_hash"] in markdown and row["data_fingerprint"] in markdown
    for words in (SPEC["question"], SPEC["hypothesis"], SPEC["stopping_rule"], "3-fold"):
        assert words in markdown, words
    assert "`stance experiment run experiments/small.yaml`" in markdown
    heads = next(line for line in markdown.splitlines() if line.startswith("| recipe ")).strip("|").split("|")
    assert len(heads) == len(lines[0].strip("|").split("|"))


def test_validation_runs_nothing_and_names_unknown_recipes_all_at_once(place, stance):
    code, out, _ = stance("experiment", "validate", "experiments/small.yaml")
    assert code == 0 and out == "small: 2 recipes, 1 seed(s); Do words beat the floor?\n"
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


def test_only_a_published_experiment_writes_the_leaderboard(place):
    for publish_it in (False, True):
        (place / "experiments" / "small.yaml").write_text(yaml.safe_dump(SPEC | {"publish": publish_it}))
        rows = run_experiment(place / "experiments" / "small.yaml", Project(place), Tracker(place), Progress())
        table, written = publish(place / "experiments" / "small.yaml", rows, Project(place))
        assert all(path.is_file() for path in written) and len(written) == (3 if publish_it else 2)
        assert (place / "experiments" / "leaderboard.md").exists() is publish_it
        assert (table in (place / "README.md").read_text()) is publish_it


def test_a_training_is_not_skipped_when_its_model_is_gone(place):
    spec = place / "experiments" / "small.yaml"
    run_experiment(spec, Project(place), Tracker(place), Progress())
    model = place / "models" / "trained" / "floor"
    shutil.rmtree(model)
    run_experiment(spec, Project(place), Tracker(place), Progress())
    assert (model / "manifest.json").is_file()
