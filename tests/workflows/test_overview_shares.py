"""A run's page shows the learning curve of its recipe where one was run, and marks the run on it."""

from pathlib import Path

import pytest
from growing import grow, prepare_curve
from lxml import html
from mlflow import MlflowClient
from small import Listener
from tiny import TFIDF, write_recipe

from pipeline.ground.files import read_json
from pipeline.judging.share_figure import MACRO, Point, share_curve, sizes_of
from pipeline.tracking.store import Tracker
from pipeline.workflows.curve import run_curve
from pipeline.workflows.training import Order, train


@pytest.fixture
def place(lab):
    return lab


def client(place) -> MlflowClient:
    return MlflowClient(tracking_uri=f"sqlite:///{place / 'mlflow.db'}")


def page(place, run_id: str, tmp_path) -> html.HtmlElement:
    path = client(place).download_artifacts(run_id, "overview.html", str(tmp_path))
    return html.document_fromstring(Path(path).read_text(encoding="utf-8"))


def said_of(document: html.HtmlElement) -> list[str]:
    return document.xpath("//section[@aria-labelledby='shares']//img/@alt")


def train_words(place, **order):
    listener = Listener()
    trained = train(
        Order(place / "models" / "words.yaml", place / "labels", place / "out", **order), Tracker(place), listener
    )
    return trained, listener


def test_every_training_of_a_curve_has_a_page_that_shows_the_whole_curve(place, tmp_path):
    curve, said = grow(place)
    assert said.count("writing the pages of 6 trainings") == 1
    macro = curve.lines[0].study.tracks[0]
    experiment = client(place).get_experiment_by_name("grow")
    runs = client(place).search_runs([experiment.experiment_id])
    assert len(runs) == 6
    for number, found in enumerate(runs):
        folder = tmp_path / str(number)
        folder.mkdir()
        document = page(place, found.info.run_id, folder)
        [alt] = said_of(document)
        for size, value in zip(curve.lines[0].study.sizes, macro.values, strict=True):
            assert f"{value.value:.3f} with {round(size.sentences):,}" in alt
        metrics = found.data.metrics
        assert alt.endswith(f"This run: {metrics['macro_f1']:.3f} with {int(metrics['sentences']):,}.")
        facts = {div[0].text_content(): div[1].text_content() for div in document.find_class("facts")[0]}
        assert facts["run"] == found.info.run_id
        assert facts["train"].startswith(f"{int(metrics['sentences']):,} sentences of {int(metrics['documents']):,} ")


def test_pages_are_written_once_and_anew_where_the_curve_has_changed(place):
    grow(place, seeds=[4])
    _, said = grow(place, seeds=[4])
    assert said.count("writing the pages") == 0
    _, said = grow(place, seeds=[4], shares=[0.4, 0.7, 0.9, 1.0])
    assert said.count("writing the pages of 4 trainings") == 1
    _, said = grow(place, seeds=[4], force=True)
    assert said.count("writing the pages of 3 trainings") == 1


def test_a_curve_ends_well_where_a_run_was_deleted_meanwhile(place):
    grow(place, seeds=[4])
    [first, *_] = sorted((place / "experiments" / "results" / "grow").glob("*curve-0.4*"))
    client(place).delete_run(read_json(first)["made_by"]["run"])
    curve, said = grow(place, seeds=[4], expect=[20], shares=[0.4, 0.9, 1.0])
    assert said.count("writing the pages") == 1 and len(curve.lines) == 1


def test_a_training_shows_the_curve_of_its_recipe_where_the_store_has_one(place, tmp_path):
    alone, _ = train_words(place)
    assert not said_of(page(place, alone.run_id, tmp_path))
    curve, _ = grow(place, seeds=[4])
    trained, _ = train_words(place, seed=4)
    (tmp_path / "second").mkdir()
    [alt] = said_of(page(place, trained.run_id, tmp_path / "second"))
    first, *_, last = curve.lines[0].study.tracks[0].values
    assert f"{first.value:.3f} with " in alt and alt.count(f"{last.value:.3f} with ") == 2  # the run is the same again
    own = f"{trained.test.macro_f1.value:.3f} with {trained.manifest.facts['sentences']['train']:,}"
    assert alt.endswith(f"This run: {own}.")


def test_shares_of_other_labels_recipes_or_sources_are_no_part_of_it(place, tmp_path):
    write_recipe(place / "models" / "other.yaml", TFIDF | {"c": 0.01}, learn_from="validation")
    grow(place, seeds=[4], recipes=["other.yaml"])
    grow(place, seeds=[4], without=["odd"], name="without")
    trained, _ = train_words(place)
    assert not said_of(page(place, trained.run_id, tmp_path))


def test_a_curve_that_was_killed_shows_what_is_there(place, tmp_path):
    spec, recipes, bench = prepare_curve(place, seeds=[4], shares=[0.4, 0.7, 1.0])
    run_curve(spec, recipes, bench)
    experiment = client(place).get_experiment_by_name("grow")
    [whole] = client(place).search_runs([experiment.experiment_id], "params.share = '1.0'")
    client(place).set_terminated(whole.info.run_id, "KILLED")
    trained, _ = train_words(place, seed=4)
    [alt] = said_of(page(place, trained.run_id, tmp_path))
    assert alt.count(" with ") == 4  # two shares, this run in the place of the third, and this run by itself


def test_a_store_that_cannot_be_searched_costs_the_figure_alone(place, tmp_path, monkeypatch):
    from pipeline.ground.errors import TrackingError
    from pipeline.tracking.runs import RunReader

    def broken(*_):
        raise TrackingError("the store is busy", hint="wait")

    monkeypatch.setattr(RunReader, "tagged", broken)
    trained, listener = train_words(place)
    assert "no learning curve is shown: the store is busy" in listener.said
    assert not said_of(page(place, trained.run_id, tmp_path))


def test_seeds_of_a_share_go_together_though_their_sentences_differ():
    sizes = {3: {0.5: 10, 1.0: 20}, 4: {0.5: 12, 1.0: 20}}
    points = [Point(share, n, seed, {MACRO: n / 100}) for seed, row in sizes.items() for share, n in row.items()]
    points.append(Point(1.0, 20, 5, {MACRO: 0.3}, here=True))
    assert [(size, len(group)) for size, group in sizes_of(points)] == [(11, 2), (20, 3)]


def test_nothing_is_drawn_of_one_share_and_labels_without_gold_are_left_out():
    assert share_curve([]) is None
    assert share_curve([Point(1.0, 10, seed, {MACRO: 0.5}) for seed in (3, 4)]) is None
    points = [Point(0.5, 10, 3, {MACRO: 0.5}), Point(1.0, 20, 3, {MACRO: 0.6, "hawk": 0.4}, here=True)]
    [axes] = share_curve(points).axes
    lines = {line.get_label(): line.get_xydata().tolist() for line in axes.get_lines()}
    assert lines[MACRO] == [[10, 0.5], [20, 0.6]] and lines["hawk"] == [[20, 0.4]]
    assert lines["this run"] == [[20, 0.6]]
