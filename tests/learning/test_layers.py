"""A student may be drawn to its teacher's layers, in the passes that are made in any case."""

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from tiny import finetuned_learner, save_encoder, write_recipe
from torch.nn.functional import normalize
from transformers import BertModel, BertTokenizerFast

from pipeline.ground.errors import ConfigError
from pipeline.ground.files import hash_json
from pipeline.learning.checkpoints import VERSION
from pipeline.learning.device import tensors
from pipeline.learning.distilled import DistilledEstimator
from pipeline.learning.encoders import count_layers
from pipeline.learning.finetuned import FinetunedEstimator
from pipeline.learning.forward import states_of
from pipeline.learning.learners import DistilledLearner
from pipeline.learning.lessons import Lessons
from pipeline.learning.nearness import distance, projections_for
from pipeline.learning.network import SentenceNetwork
from pipeline.learning.recipes import load_recipe

LAYERS = {"weight": 2.0, "pairs": [[1, 1], [2, 3]]}


@pytest.fixture
def deeper(folder, encoder_folder, tmp_path):
    """Give the teacher an encoder that is wider and deeper than the student's: three layers of 48."""
    home = tmp_path / "deeper"
    save_encoder(home, BertTokenizerFast.from_pretrained(encoder_folder), seed=1, width=48, layers=3)
    write_recipe(folder / "one.yaml", finetuned_learner(home, epochs=3, patience=3))
    return home


def test_layers_and_sentence_vectors_come_of_one_pass(encoder_folder, monkeypatch):
    encoder = BertModel.from_pretrained(encoder_folder, add_pooling_layer=False)
    network = SentenceNetwork(encoder, 2).eval()
    ids, mask = tensors([[2, 7, 9, 3], [2, 8, 3]], 0)
    with torch.no_grad():
        states = encoder(input_ids=ids, attention_mask=mask, output_hidden_states=True).hidden_states
        calls, forward = [], encoder.forward
        monkeypatch.setattr(encoder, "forward", lambda **given: calls.append(given) or forward(**given))
        vectors, (first, last) = network.embed_layers(ids, mask, (1, 2))
        assert len(calls) == 1
        assert torch.equal(vectors, network.embed(ids, mask)) and "output_hidden_states" not in calls[1]
    assert torch.equal(last, vectors) and first.shape == (2, 32)
    assert torch.allclose(first[1], states[1][1, :3].mean(dim=0), atol=1e-6)  # the padding is left out


def test_the_distance_is_half_the_squared_one_of_vectors_of_length_1():
    torch.manual_seed(2)
    found, wanted = torch.randn(5, 3, 8), torch.randn(5, 3, 8)
    half = (normalize(found, dim=2) - normalize(wanted, dim=2)).square().sum(dim=2).mean() / 2
    assert distance(found, wanted.numpy()).item() == pytest.approx(half.item(), rel=1e-5)
    assert distance(3 * wanted, wanted.numpy()).item() == pytest.approx(0, abs=1e-6)


def test_a_student_comes_near_to_its_teachers_layers(student, halves, deeper, monkeypatch):
    train, validation = halves()
    seen, loss = [], DistilledEstimator._loss

    def watched(self, lessons, ids, batch, projections):
        seen.append((lessons, projections))
        return loss(self, lessons, ids, batch, projections)

    monkeypatch.setattr(DistilledEstimator, "_loss", watched)
    fitted = student(layers=LAYERS, epochs=8).fit(train, validation)
    lessons, projections = seen[-1]
    assert lessons.layers.shape == (len(lessons.texts), 2, 48) and lessons.vectors is None
    assert list(projections) == ["layers"]
    states = states_of(fitted._network, fitted._tokenised(lessons.texts), fitted._pad_id, "float32", (1, 2)).layers
    with torch.no_grad():
        found = projections["layers"]([torch.from_numpy(states[:, i].astype(np.float32)) for i in (0, 1)])
        for place in (0, 1):  # each sentence's vector lies nearest its own, of its own layer
            right = distance(found[:, place], lessons.layers[:, place]).item()
            assert right < distance(found[:, place], np.roll(lessons.layers[:, place], 7, axis=0)).item() - 0.02
            assert right < distance(found[:, place], lessons.layers[:, 1 - place]).item() - 0.02


def test_the_distance_of_layers_is_added_by_its_weight(student, halves, deeper, monkeypatch):
    seen = []
    monkeypatch.setattr(DistilledEstimator, "_train", lambda _, lessons, *__: seen.append(lessons))
    one = student(layers=LAYERS, dropout=0.0, encoder_dropout=0.0).fit(*halves())
    (lessons,) = seen
    ids, batch = one._tokenised(lessons.texts), [0, 1, 2]
    projections = projections_for(lessons, 32)
    plain = Lessons(lessons.texts, lessons.targets)
    _, states = one._network.embed_layers(*tensors([ids[i] for i in batch], one._pad_id), (1, 2))
    projected = projections["layers"](states)
    for place, (linear, state) in enumerate(zip(projections["layers"].maps, states, strict=True)):
        assert torch.allclose(projected[:, place], linear(state), atol=1e-6)
    apart = distance(projected, lessons.layers[batch]).item()
    both, less = (one._loss(some, ids, batch, projections).item() for some in (lessons, plain))
    assert apart > 0 and both == pytest.approx(less + 2.0 * apart, rel=1e-5)


def test_a_batch_goes_through_the_student_once(student, halves, monkeypatch):
    calls, embed = [], SentenceNetwork.embed_layers
    monkeypatch.setattr(
        SentenceNetwork, "embed_layers", lambda self, *given: calls.append(self.training) or embed(self, *given)
    )
    steps, loss = [], DistilledEstimator._loss
    monkeypatch.setattr(DistilledEstimator, "_loss", lambda *given: steps.append(calls.clear()) or loss(*given))
    student(layers={"weight": 1.0, "pairs": [[1, 1]]}, embedding_weight=1.0, epochs=1).fit(*halves())
    assert steps and calls.count(True) == 1  # since the last batch began


def test_judgements_are_named_as_before_and_by_layers_where_asked_for(student, folder, halves, deeper, monkeypatch):
    train, validation = halves()
    judged, states = [], FinetunedEstimator.states

    def watched(self, texts, precision, layers=()):
        judged.append((self.fit_hash(train, validation), texts, tuple(layers)))
        return states(self, texts, precision, layers)

    monkeypatch.setattr(FinetunedEstimator, "states", watched)
    student(epochs=1).fit(train, validation)
    (first, texts, _), (second, _, _) = judged
    kept = folder.parent / ".cache" / "judgements"
    names = {hash_json([VERSION, teacher, texts, "float32"]) for teacher in (first, second)}
    assert {path.stem for path in kept.iterdir()} == names
    judged.clear()
    student(epochs=1, layers=LAYERS).fit(train, validation)
    assert judged == [(first, texts, (1, 3))]  # of the first fit alone; what the other said is read back
    (more,) = {path.stem for path in kept.iterdir()} - names
    assert more == hash_json([VERSION, first, texts, "float32", [1, 3]])
    layers = load_file(kept / f"{more}.safetensors")["layers"]
    assert layers.dtype == torch.float16 and layers.shape == (len(texts), 2, 48)
    judged.clear()
    student(epochs=2, layers=LAYERS).fit(train, validation)
    assert judged == []
    student(epochs=1, layers={"weight": 2.0, "pairs": [[1, 1], [2, 2]]}).fit(train, validation)
    assert judged == [(first, texts, (1, 2))]


@pytest.mark.parametrize(
    ("pairs", "said"),
    [
        ([[1, 1], [3, 2]], "learner.layers.pairs: layer 3 of the student is asked for, and its encoder has 2"),
        ([[1, 4]], "learner.layers.pairs: layer 4 of the teacher is asked for, and its encoder has 3"),
        ([[7, 8]], "layer 7 of the student .* has 2; layer 8 of the teacher .* has 3"),
    ],
)
def test_a_layer_that_is_not_there_is_said_before_any_training(student, halves, deeper, monkeypatch, pairs, said):
    assert count_layers(student()._learner.encoder, deeper.parent) == 2
    monkeypatch.setattr(FinetunedEstimator, "_fit", lambda *_: pytest.fail("the teacher was fitted"))
    with pytest.raises(ConfigError, match=said):
        student(layers={"weight": 1.0, "pairs": pairs}).fit(*halves())


@pytest.mark.parametrize(
    ("layers", "said"),
    [
        ({"weight": 1.0, "pairs": []}, "learner.layers.pairs: "),
        ({"weight": 0, "pairs": [[1, 1]]}, "learner.layers.weight: "),
        ({"weight": 101, "pairs": [[1, 1]]}, "learner.layers.weight: "),
        ({"weight": 1.0, "pairs": [[0, 1]]}, r"learner.layers.pairs\S*: "),
        ({"weight": 1.0, "pairs": [[1, 1], [1, 2]]}, r"the student's layers \[1, 1\] must rise, each layer once"),
        ({"weight": 1.0, "pairs": [[1, 2], [2, 1]]}, r"the teacher's layers \[2, 1\] must rise, each layer once"),
        ({"weight": 1.0}, "learner.layers.pairs: missing"),
    ],
)
def test_layers_that_cannot_be_paired_are_refused(student, layers, said):
    with pytest.raises(ConfigError, match=said):
        student(layers=layers)


def test_a_recipe_without_layers_is_called_as_before(student, folder):
    student()
    plain = load_recipe(folder / "student.yaml")
    assert "layers" not in plain.described["learner"]
    student(layers=LAYERS)
    drawn = load_recipe(folder / "student.yaml")
    assert drawn.hash != plain.hash and isinstance(drawn.learner, DistilledLearner)
    assert drawn.described["learner"]["layers"] == LAYERS
