"""Training runs on a GPU where torch sees one, gives the same weights again, and leaves a folder that needs none."""

import numpy as np
import pytest
import torch
from tiny import finetuned_learner, write_recipe

from pipeline.ground.errors import ModelError, StanceError
from pipeline.inference.graph import OnnxScorer
from pipeline.learning.device import CPU, autocast, gpu_facts, prepare, tensors, training_device
from pipeline.learning.estimators import build
from pipeline.learning.machines import machine_of
from pipeline.learning.recipes import load_recipe

GPU = torch.cuda.is_available()
needs_gpu = pytest.mark.skipif(not GPU, reason="torch sees no GPU here")


def test_training_goes_where_torch_sees_a_gpu_and_stays_on_the_processor_elsewhere(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "current_device", lambda: 1)
    assert training_device() == torch.device("cuda", 1)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert training_device() == CPU and gpu_facts(CPU) == {}


def test_matrix_products_are_shortened_on_the_device_that_does_them():
    with autocast("bfloat16"):
        assert torch.is_autocast_enabled("cpu") and not torch.is_autocast_enabled("cuda")
    with autocast("float32"):
        assert not torch.is_autocast_enabled("cpu")


def test_a_fit_is_named_by_the_gpu_that_made_it(encoder_folder, setting, halves, tmp_path, monkeypatch):
    path = write_recipe(tmp_path / "models" / "one.yaml", finetuned_learner(encoder_folder, epochs=1, patience=1))
    estimator = build(load_recipe(path), setting())
    here = estimator.fit_hash(*halves())
    monkeypatch.setattr("pipeline.learning.finetuned.gpu_facts", lambda _: {"gpu": "a GPU"})
    assert estimator.fit_hash(*halves()) != here


@needs_gpu
def test_a_fit_on_a_gpu_is_repeated_to_the_bit_and_scores_alike_without_one(encoder_folder, setting, halves, tmp_path):
    path = write_recipe(tmp_path / "models" / "one.yaml", finetuned_learner(encoder_folder, epochs=3, patience=3))
    train, validation = halves()
    first, second = (build(load_recipe(path), setting()).fit(train, validation) for _ in range(2))
    assert first.network.device.type == "cuda" and first.facts["gpu"] == torch.cuda.get_device_name()
    found = first.predict_proba(validation.texts)
    assert np.array_equal(found, second.predict_proba(validation.texts))
    target = tmp_path / "saved"
    target.mkdir()
    scorer = OnnxScorer(first.save(target), target, exclusive=False)
    assert np.allclose(scorer.score(validation.texts), found, atol=1e-4)


@needs_gpu
def test_a_batch_goes_to_the_gpu():
    prepare(3, 1)
    ids, mask = tensors([[1, 2], [3]], 0, training_device())
    assert ids.device.type == mask.device.type == "cuda"


@pytest.mark.parametrize(
    ("raised", "kind", "said"),
    [
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB. GPU 0 has …"), ModelError, "batch_size"),
        (torch.AcceleratorError("CUDA error: no kernel image is available\nmore"), StanceError, "nvidia-smi"),
    ],
)
def test_what_a_gpu_refuses_is_said_with_a_way_out(
    raised, kind, said, encoder_folder, setting, halves, tmp_path, monkeypatch
):
    def refuse(*_):
        raise raised

    monkeypatch.setattr("pipeline.learning.finetuned.FinetunedEstimator._epoch", refuse)
    path = write_recipe(tmp_path / "models" / "one.yaml", finetuned_learner(encoder_folder, epochs=1, patience=1))
    with pytest.raises(StanceError) as caught:
        build(load_recipe(path), setting()).fit(*halves())
    assert type(caught.value) is kind and "\n" not in caught.value.message
    assert said in caught.value.hint and "CUDA_VISIBLE_DEVICES=" in caught.value.hint


def test_a_machine_is_named_with_its_gpu_for_what_is_fitted_there(encoder_folder, tmp_path, monkeypatch):
    deep = write_recipe(tmp_path / "models" / "deep.yaml", finetuned_learner(encoder_folder, epochs=1, patience=1))
    words = write_recipe(tmp_path / "models" / "words.yaml")
    several = write_recipe(tmp_path / "models" / "several.yaml", {"kind": "seeds", "member": "deep.yaml", "fits": 2})
    monkeypatch.setattr("pipeline.learning.device.gpu_facts", lambda _: {"gpu": "a GPU"})
    assert [machine_of(load_recipe(path)).endswith(", a GPU") for path in (deep, words, several)] == [True, False, True]
