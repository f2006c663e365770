"""A note says why a recipe exists and what an experiment asks."""

from pathlib import Path

import pytest
from mlflow import MlflowClient
from small import SPEC, run
from tiny import ROOT, codebook_of

from pipeline.ground.records import Estimate
from pipeline.tracking.store import NOTE
from pipeline.tracking.views import TAG
from pipeline.workflows.notes import bounded, headline, purpose_of


@pytest.mark.parametrize(
    ("head", "purpose"),
    [
        ("# Purpose: to show\n#          that it can\n# Run:     stance train\n#    x\n", "to show that it can."),
        ("# Purpose: the floor. Nothing less!\nname: x\n", "the floor. Nothing less!"),
        ("# Made on a Sunday\nname: x\n", ""),
        ("name: x\n# Purpose:\n", ""),
    ],
)
def test_the_purpose_of_a_recipe_is_its_first_comment(tmp_path, head, purpose):
    path = tmp_path / "recipe.yaml"
    path.write_text(head)
    assert purpose_of(path) == purpose
    assert purpose_of(tmp_path / "absent.yaml") == ""


def test_every_recipe_of_ours_says_why_it_exists():
    recipes = sorted(Path(ROOT / "models").glob("*.yaml"))
    assert len(recipes) > 5
    for recipe in recipes:
        assert len(purpose_of(recipe)) > 20, recipe


def test_a_table_of_runs_is_sorted_by_validation_and_shows_test_after_it():
    assert headline(codebook_of("any"))[:2] == ["val_macro_f1", "macro_f1"]


def test_a_figure_without_an_interval_stands_alone():
    assert bounded(Estimate(0.5)) == "0.500" and bounded(Estimate(0.5, 0.25, 0.75)) == "0.500 [0.250, 0.750]"


def test_an_experiment_in_the_ui_is_named_by_its_specification_and_says_what_it_asks(place):
    rows, _ = run(place)
    client = MlflowClient(tracking_uri=f"sqlite:///{place / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("small")
    for head, key in (("Question", "question"), ("Hypothesis", "hypothesis"), ("Stopping rule", "stopping_rule")):
        assert f"**{head}.** {SPEC[key]}" in experiment.tags[NOTE]
    assert TAG in experiment.tags
    runs = client.search_runs([experiment.experiment_id])
    assert sorted(one.info.run_name for one in runs) == ["floor seed 3", "words seed 3"]
    assert all("loso_macro_f1" in one.data.metrics and one.data.tags[NOTE] for one in runs)
    for row in rows:
        assert any(f.path == "overview.html" for f in client.list_artifacts(row.made_by["run"]))
