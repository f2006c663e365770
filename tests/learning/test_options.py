"""The options of fine-tuning: each changes what it says, and at its default nothing."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from tiny import codebook_of, finetuned_learner

from pipeline.ground.errors import ConfigError, ModelError, SplitError
from pipeline.ground.files import sha256_of
from pipeline.learning.encoder_settings import FolderEncoder
from pipeline.learning.encoders import load_encoder
from pipeline.learning.finetuned import FinetunedEstimator
from pipeline.learning.fitness import check_recipe
from pipeline.learning.forward import macro_average_precision
from pipeline.learning.learners import FinetunedLearner
from pipeline.learning.network import SentenceNetwork
from pipeline.learning.optimiser import parameter_groups
from pipeline.learning.recipes import Recipe

DEFAULTS = {
    "encoder_dropout": None,
    "freeze": "nothing",
    "layer_decay": 1.0,
    "dropout_samples": 1,
    "loss": {"kind": "bce"},
    "smoothing": {},
    "context": "none",
}


def recipe(encoder_folder, **changes):
    learner = finetuned_learner(encoder_folder, **changes)
    decisions = {"learn_from": "validation", "calibration": "sigmoid", "objective": "macro-f1"}
    return Recipe(name="one", learner=learner, decisions=decisions, seed=3)


def test_options_at_their_defaults_leave_a_recipes_hash_as_it_was(encoder_folder):
    plain = recipe(encoder_folder)
    assert recipe(encoder_folder, **DEFAULTS).hash == plain.hash
    assert not set(DEFAULTS) & set(plain.described["learner"])


@pytest.mark.parametrize(
    "change",
    [
        {"encoder_dropout": 0.0},
        {"freeze": "embeddings"},
        {"layer_decay": 0.5},
        {"dropout_samples": 4},
        {"loss": {"kind": "focal", "gamma": 2.0}},
        {"smoothing": {"everywhere": 0.1}},
        {"smoothing": {"unsure": 0.3}},
    ],
    ids=lambda change: next(iter(change)),
)
def test_each_option_changes_the_hash_and_what_is_learned(encoder_folder, setting, halves, change):
    train, validation = halves()
    train = replace(train, unsure=np.arange(len(train.texts)) % 2 == 0)
    base = {"epochs": 1, "patience": 1, "dropout": 0.2}
    assert recipe(encoder_folder, **base, **change).hash != recipe(encoder_folder, **base).hash
    first, second = (
        FinetunedEstimator(FinetunedLearner(**finetuned_learner(encoder_folder, **base, **one)), setting())
        .fit(train, validation)
        .predict_proba(validation.texts)
        for one in ({}, change)
    )
    assert not np.allclose(first, second, atol=1e-4)


def test_frozen_embeddings_stay_as_the_encoder_has_them(encoder_folder, setting, halves):
    learner = FinetunedLearner(**finetuned_learner(encoder_folder, freeze="embeddings", epochs=1, patience=1))
    network = FinetunedEstimator(learner, setting()).fit(*halves()).network
    _, fresh = load_encoder(FolderEncoder(kind="folder", path=str(encoder_folder)), encoder_folder)
    before, after = fresh.state_dict(), network.encoder.state_dict()
    same = {name for name in before if torch.equal(before[name], after[name])}
    assert "embeddings.word_embeddings.weight" in same
    assert not [name for name in same if name.startswith("encoder.layer")]


def test_lower_layers_learn_more_slowly(encoder_folder):
    _, encoder = load_encoder(FolderEncoder(kind="folder", path=str(encoder_folder)), encoder_folder)
    groups = parameter_groups(SentenceNetwork(encoder, 2), 0.1, 0.7, layer_decay=0.5)
    assert [group["lr"] for group in groups] == pytest.approx([0.025, 0.05, 0.1, 0.7])
    everything = [id(one) for group in groups for one in group["params"]]
    assert len(everything) == len(set(everything)) == len(list(encoder.parameters())) + 2


def test_layer_decay_is_refused_for_an_encoder_without_layers():
    encoder = torch.nn.Linear(2, 2)
    encoder.config = type("Config", (), {"hidden_size": 2})
    with pytest.raises(ConfigError, match="layer_decay needs an encoder with layers"):
        parameter_groups(SentenceNetwork(encoder, 1), 0.1, 0.1, layer_decay=0.9)


STAGE = {"max_length": 32, "epochs": 2, "batch_size": 8, "learning_rate": 0.003, "weight_decay": 0.0, "warmup": 0.0}


def test_stages_before_fine_tuning_change_what_is_learned(encoder_folder, setting, halves, tmp_path):
    (tmp_path / "more.jsonl").write_text('{"doc": "d", "text": "The delegates met again on Monday in the old town."}\n')
    source = {"kind": "file", "path": "more.jsonl", "sha256": sha256_of(tmp_path / "more.jsonl")}
    masked = STAGE | {"head_learning_rate": 0.01, "share": 0.3, "unlabelled": {"sources": [source]}}
    stages = {"masked": masked, "contrastive": STAGE | {"temperature": 0.1, "background": 0.5}}
    train, validation = halves()
    said = []

    def probabilities(**changes):
        learner = FinetunedLearner(**finetuned_learner(encoder_folder, epochs=1, patience=1, **changes))
        told = replace(setting(), known=train.texts)
        told.progress.say = said.append
        return FinetunedEstimator(learner, told).fit(train, validation).predict_proba(validation.texts)

    plain = probabilities()
    for name, stage in stages.items():
        assert not np.allclose(probabilities(**{name: stage}), plain, atol=1e-4), name
    assert any("1 of more" in line for line in said)


def test_options_that_a_codebook_of_one_label_each_would_leave_unused_are_refused(encoder_folder):
    with pytest.raises(ConfigError, match="one: loss and smoothing are for codebooks where any subset"):
        check_recipe(recipe(encoder_folder, loss={"kind": "focal", "gamma": 2.0}), codebook_of("one"))
    check_recipe(recipe(encoder_folder), codebook_of("one"))


def test_training_that_goes_astray_and_validation_without_labels_are_said(encoder_folder, setting, halves):
    train, validation = halves()
    learner = FinetunedLearner(**finetuned_learner(encoder_folder, epochs=1))
    with pytest.raises(SplitError, match="no validation sentence carries a label"):
        FinetunedEstimator(learner, setting()).fit(train, replace(validation, targets=validation.targets * 0))
    with pytest.raises(ModelError, match="went astray"):
        macro_average_precision(train.targets, train.targets * np.nan)
