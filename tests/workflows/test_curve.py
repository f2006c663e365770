"""A learning curve trains each share once, goes on where it was killed, and refuses what would teach nothing."""

import pytest
import yaml
from growing import grow, prepare_curve
from mlflow import MlflowClient
from tiny import TFIDF, write_recipe

from pipeline.ground.errors import ConfigError, SplitError
from pipeline.judging.report import judge
from pipeline.learning.fit import fit
from pipeline.learning.learners import PeerLearner
from pipeline.workflows import curve as curves
from pipeline.workflows.curve import curve_steps, run_curve
from pipeline.workflows.judged import judged_on


@pytest.fixture
def place(lab):
    return lab


def test_each_share_is_trained_once_and_a_second_run_gives_the_same(place):
    first, said = grow(place)
    assert (said.count("training"), said.count("skipping")) == (6, 0)
    again, said = grow(place)
    assert (said.count("training"), said.count("skipping")) == (0, 6)
    assert again == first
    _, said = grow(place, shares=[0.4, 0.7, 0.9, 1.0], seeds=[3])
    assert said.count("skipping") >= 1  # the whole training set is the same whatever the other shares are
    _, said = grow(place, force=True)
    assert said.count("training") == 6
    [line] = first.lines
    assert [size.share for size in line.study.sizes] == [0.4, 0.7, 1.0] and line.study.seeds == (3, 4)
    assert [track.name for track in line.study.tracks] == ["macro-F1", "hawk", "dove", "even", "odd"]
    assert line.study.tracks[0].expectations[1].far and not line.study.tracks[0].expectations[0].far


def test_the_whole_share_is_judged_as_a_training_on_everything(place):
    spec, recipes, bench = prepare_curve(place, seeds=[4])
    line = run_curve(spec, recipes, bench).lines[0]
    recipe, setting = recipes["words.yaml"], bench.setting(4)
    classifier = fit(recipe, setting, bench.split.train, bench.split.validation)
    probabilities = classifier.predict_proba([example.text for example in bench.split.test])
    predicted = classifier.decisions.decide(probabilities)
    report = judge(
        judged_on(bench.split.test, bench.corpus.codebook, probabilities, predicted, classifier.decisions.cutoffs)
    )
    assert line.study.tracks[0].values[-1] == report.macro_f1
    assert line.study.sizes[-1].sentences == len(bench.split.train)


def test_a_killed_curve_goes_on_where_it_stopped(place, monkeypatch):
    begun = []

    def killed_at_the_fourth(*arguments):
        begun.append(arguments)
        if len(begun) == 4:
            raise KeyboardInterrupt
        return fit(*arguments)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(curves, "fit", killed_at_the_fourth)
        grow(place)
    kept = {path: path.stat().st_mtime_ns for path in (place / "experiments" / "results" / "grow").iterdir()}
    assert len(kept) == 3
    resumed, said = grow(place)
    assert (said.count("training"), said.count("skipping")) == (3, 3)
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    whole, _ = grow(place, force=True)
    assert [line.study for line in whole.lines] == [line.study for line in resumed.lines]


def test_kept_answers_survive_sources_in_another_order(place):
    first, _ = grow(place)
    path = place / "labels" / "sources.yaml"
    path.write_text(yaml.safe_dump({"sources": yaml.safe_load(path.read_text())["sources"][::-1]}))
    again, said = grow(place)
    assert said.count("skipping") >= 2 and again.lines[0].study.sizes[-1] == first.lines[0].study.sizes[-1]
    assert again.lines[0].study.tracks[0].values[-1].value == first.lines[0].study.tracks[0].values[-1].value


def test_every_step_is_a_run_of_the_experiment(place):
    curve, _ = grow(place)
    client = MlflowClient(tracking_uri=f"sqlite:///{place / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("grow")
    runs = {found.info.run_name: found.data for found in client.search_runs([experiment.experiment_id])}
    assert set(runs) == {f"words {share} seed {seed}" for share in ("0.4", "0.7", "1") for seed in (3, 4)}
    macro = curve.lines[0].study.tracks[0]
    for place_, share in enumerate(("0.4", "0.7", "1")):
        for column, seed in enumerate((3, 4)):
            data = runs[f"words {share} seed {seed}"]
            assert data.params["share"] == str(float(share)) and data.params["seed"] == str(seed)
            assert data.params["train_sentences"] == str(int(data.metrics["sentences"]))
            assert data.metrics["macro_f1"] == pytest.approx(macro.by_seed[place_][column])
            assert {"f1_hawk", "f1_dove", "source_macro_f1/even", "source_macro_f1/odd"} <= set(data.metrics)


def test_a_source_left_out_neither_trains_nor_validates_but_is_judged(place, monkeypatch):
    seen = []

    def watched(recipe, setting, train, validation):
        seen.append({example.source for example in (*train, *validation)})
        return fit(recipe, setting, train, validation)

    monkeypatch.setattr(curves, "fit", watched)
    whole, _ = grow(place, seeds=[3], shares=[0.6, 0.8, 1.0])
    seen.clear()
    part, said = grow(place, seeds=[3], shares=[0.6, 0.8, 1.0], without=["odd"])
    assert said.count("training") == 3 and seen == [{"even"}] * 3
    assert [track.name for track in part.lines[0].study.of("source")] == ["even", "odd"]
    assert part.test_sentences == whole.test_sentences
    assert part.lines[0].study.sizes[-1].sentences < whole.lines[0].study.sizes[-1].sentences


def test_steps_are_listed_before_they_are_done(place):
    spec, recipes, bench = prepare_curve(place)
    steps = curve_steps(spec, recipes, bench)
    assert len(steps) == 6 and all(bench.kept(step) is None for step in steps)
    run_curve(spec, recipes, bench)
    assert all(bench.kept(step) is not None for step in curve_steps(spec, recipes, bench))


def test_what_cannot_be_trained_is_refused_before_anything_is(place):
    for changes, error, said in (
        ({"without": ["evn", "even"]}, ConfigError, r"without: 'evn'; did you mean 'even'\?"),
        ({"without": ["even", "odd"]}, SplitError, "without even, odd nothing is left to train on"),
        ({"shares": [0.01, 0.5, 1.0]}, SplitError, r"share 0\.01 \(seed 3\) holds 1 document"),
    ):
        with pytest.raises(error, match=said):
            grow(place, **changes)
    write_recipe(place / "models" / "words.yaml", TFIDF, folds=5)
    with pytest.raises(SplitError, match=r"share 0\.4 .* independent documents, and words learns .* in 5 folds"):
        grow(place)
    assert not (place / "experiments" / "results").exists() and not (place / "mlartifacts").exists()


def test_a_peer_is_refused(place):
    spec, recipes, bench = prepare_curve(place)
    peer = PeerLearner.model_construct(kind="peer", program="setfit", requirements=(), settings={})
    recipes = {"words.yaml": recipes["words.yaml"].model_copy(update={"learner": peer})}
    with pytest.raises(ConfigError, match="'words' is a peer"):
        run_curve(spec, recipes, bench)


def test_results_are_compact(place):
    grow(place)
    files = list((place / "experiments" / "results" / "grow").iterdir())
    assert files and all(len(path.read_text().splitlines()) < 40 for path in files)
