"""Error rates come with every training, and are added to older models without touching anything else."""

import json
import shutil

import numpy as np
import pytest
import yaml
from tiny import write_labels, write_recipe

from pipeline.corpus.load import load_corpus
from pipeline.corpus.splits import split_corpus
from pipeline.decisions.rates import read_rates
from pipeline.decisions.settings import DecisionSettings
from pipeline.ground.errors import ModelError
from pipeline.inference.manifest import read_manifest
from pipeline.predict import Predictor
from pipeline.tracking.store import Tracker
from pipeline.workflows.prevalence import add_rates, learn_rates, measure_prevalence
from pipeline.workflows.training import Order, train

SETTINGS = DecisionSettings(learn_from="validation", calibration="sigmoid", objective="macro-f1")


@pytest.fixture
def folder(workshop, tmp_path):
    shutil.copytree(workshop.small.folder, tmp_path / "small")
    return tmp_path / "small"


def forget(folder, *names):
    """Make of a folder what an older training left."""
    path = folder / "manifest.json"
    value = json.loads(path.read_text())
    value["facts"] = {name: fact for name, fact in value["facts"].items() if name not in ("rates", *names)}
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def split_of(workshop):
    labels = workshop.root / "labels"
    return split_corpus(load_corpus(labels), labels)


def test_a_training_leaves_rates_of_its_validation_documents(workshop):
    split = split_of(workshop)
    for trained in (workshop.tiny, workshop.small):
        rates = read_rates(trained.manifest.facts, ("hawk", "dove"), "tiny")
        documents = {example.doc for example in split.validation}
        assert len(rates.counts["hawk"]) == len(documents)
        carriers = sum("hawk" in example.labels for example in split.validation)
        assert rates.of_label(0, "hawk").sum(axis=1).tolist() == [len(split.validation) - carriers, carriers]


def test_decisions_learned_from_validation_are_learned_again_without_what_they_judge(workshop):
    split = split_of(workshop)
    outside = Predictor.load(workshop.tiny.folder)
    own = Predictor.load(workshop.small.folder)
    examples = (*split.train, *split.validation)
    assert learn_rates(outside, split.validation, SETTINGS).folds == 0
    crossed = learn_rates(own, examples, SETTINGS)
    assert crossed.folds == 5 and crossed == learn_rates(own, examples, SETTINGS)
    plain = own.predict_proba([example.text for example in examples])
    gold = own.codebook.encode([example.labels for example in examples])
    assert crossed.means["hawk"][1] != pytest.approx(float(plain[gold[:, 0] > 0, 0].mean()), abs=1e-6)


def test_rates_are_added_and_nothing_else_changes(workshop, folder):
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    old = read_manifest(folder)
    forget(folder)
    assert (
        Predictor.load(folder).prevalence(Predictor.load(folder).predict(["Talks bring peace."] * 10))[0].corrected
        is None
    )
    manifest, rates = add_rates(folder, workshop.root / "labels")
    after = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert manifest.id == old.id and read_manifest(folder) == manifest
    assert read_rates(old.facts, ("hawk", "dove"), "small") == rates
    assert {name for name in before if before[name] != after[name]} <= {"manifest.json"}
    add_rates(folder, workshop.root / "labels")
    assert (folder / "manifest.json").read_bytes() == after["manifest.json"]


@pytest.mark.parametrize("forgotten", [(), ("validation_documents",)])
def test_documents_it_may_have_learned_from_are_refused(workshop, folder, tmp_path, forgotten):
    forget(folder, *forgotten)
    labels, split = write_labels(tmp_path / "own"), split_of(workshop)
    docs = {part: sorted({e.doc for e in getattr(split, part)}) for part in ("train", "validation", "test")}
    moved = docs["train"][0]
    docs |= {"train": docs["train"][1:], "validation": sorted([*docs["validation"], moved])}
    (labels / "splits.yaml").write_text(yaml.safe_dump({"seed": 1, "shares": [0.7, 0.15, 0.15], **docs}))
    manifest = (folder / "manifest.json").read_bytes()
    with pytest.raises(ModelError, match="are not those held out"):
        add_rates(folder, labels)
    assert (folder / "manifest.json").read_bytes() == manifest
    if forgotten:
        assert add_rates(folder, workshop.root / "labels")[1].counts


def test_a_model_without_rates_or_for_other_labels_is_not_judged(workshop, folder, tmp_path):
    with pytest.raises(ModelError, match="its labels are hawk, dove"):
        measure_prevalence(folder, write_labels(tmp_path / "one", "one"), None)
    forget(folder)
    with pytest.raises(ModelError, match="does not know its error rates") as caught:
        measure_prevalence(folder, workshop.root / "labels", None)
    assert "stance models rates" in caught.value.hint


def test_adapted_probabilities_are_not_corrected(workshop):
    predictor = Predictor.load(workshop.tiny.folder)
    texts = ["Talks bring peace.", "Strike with missiles."] * 60
    adapted, _ = predictor.adapt(texts)
    assert all(one.corrected is None for one in adapted.prevalence(adapted.predict(texts)))
    assert all(one.corrected is not None for one in predictor.prevalence(predictor.predict(texts)))


def test_where_one_label_stands_a_trained_model_gives_shares_that_sum_to_one(tmp_path, monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    labels = write_labels(tmp_path / "labels", "one")
    recipe = write_recipe(tmp_path / "models" / "tiny.yaml")
    train(Order(recipe, labels, tmp_path / "out"), Tracker(tmp_path))
    predictor = Predictor.load(tmp_path / "out")
    split = split_corpus(load_corpus(labels), labels)
    said = predictor.predict([example.text for example in split.train])
    shares = [one.corrected.value for one in predictor.prevalence(said) if one.corrected]
    assert np.isclose(sum(shares), 1) or len(shares) < 3
