"""A sentence is read between its neighbours, and pooled alone."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from tiny import finetuned_learner

from pipeline.ground.errors import ModelError
from pipeline.ground.records import Example
from pipeline.learning.context import neighbours_of, tokenise_in_context
from pipeline.learning.encoder_settings import FolderEncoder
from pipeline.learning.encoders import load_encoder
from pipeline.learning.estimators import Labelled
from pipeline.learning.finetuned import FinetunedEstimator
from pipeline.learning.learners import FinetunedLearner
from pipeline.learning.network import SentenceNetwork


def example(doc: str, start: int, end: int | None = None) -> Example:
    return Example(doc, "tiny", "column", start, end or start + 9, f"{doc}{start}", ())


def test_neighbours_are_the_sentences_right_before_and_after_in_the_same_document_whatever_the_order():
    examples = [example("b", 0), example("a", 20), example("a", 0), example("a", 10)]
    assert neighbours_of(examples) == [("", ""), ("a10", ""), ("", "a10"), ("a0", "a20")]


def test_a_sentence_beyond_an_unlabelled_one_is_no_neighbour():
    assert neighbours_of([example("a", 0), example("a", 10), example("a", 60)]) == [("", "a10"), ("a0", ""), ("", "")]


def test_neighbours_share_the_room_the_sentence_leaves_and_lose_what_is_farthest(encoder_folder):
    tokenizer, _ = load_encoder(FolderEncoder(kind="folder", path=str(encoder_folder)), encoder_folder)
    sep = tokenizer.sep_token_id
    words = ["peace", "talks", "war"]
    plain = {word: tokenizer(word, add_special_tokens=False)["input_ids"] for word in words}
    before, after = "war " * 20 + "peace", "peace " + "war " * 20
    (ids,) = tokenise_in_context(tokenizer, ["talks"], [(before, after)], 16)
    assert len(ids) <= 16 and ids[0] == tokenizer.cls_token_id and ids[-1] == sep
    cuts = [place for place, one in enumerate(ids) if one == sep]
    assert len(cuts) == 3 and ids[cuts[0] + 1 : cuts[1]] == plain["talks"]
    assert ids[1 : cuts[0]][-len(plain["peace"]) :] == plain["peace"]
    assert ids[cuts[1] + 1 :][: len(plain["peace"])] == plain["peace"]
    (cut,) = tokenise_in_context(tokenizer, ["talks " * 40], [(before, after)], 16)
    assert len(cut) == 16 and cut[1] == sep and cut[-2:] == [sep, sep]  # no room for neighbours, and no empty middle


def test_only_what_lies_between_the_separators_is_pooled():
    class Echo(torch.nn.Module):
        """Give each token its own id as its state."""

        config = type("Config", (), {"hidden_size": 1})

        def forward(self, input_ids, attention_mask):
            return type("Out", (), {"last_hidden_state": input_ids.unsqueeze(-1).float()})

    network = SentenceNetwork(Echo(), 1, between=9)
    ids = torch.tensor([[1, 5, 9, 2, 4, 9, 7, 9], [1, 9, 6, 9, 9, 0, 0, 0]])
    assert network.embed(ids, (ids > 0).long()).tolist() == [[3.0], [6.0]]


def test_neighbours_change_what_is_learned_and_such_a_model_is_not_saved(encoder_folder, setting, halves, tmp_path):
    learner = FinetunedLearner(**finetuned_learner(encoder_folder, context="neighbours", epochs=1, patience=1))
    train, validation = halves()
    sides = [("dove peace", "peace")] * len(train.texts)
    fits = [
        FinetunedEstimator(learner, setting()).fit(replace(train, neighbours=neighbours), validation)
        for neighbours in (None, sides)
    ]
    first, second = (one.predict_proba(train.texts) for one in fits)
    assert not np.allclose(first, second)
    assert not np.allclose(fits[0].predict_proba(train.texts, sides), first)
    with pytest.raises(ModelError, match="reads neighbouring sentences cannot be saved"):
        fits[0].save(tmp_path)


def test_taking_rows_takes_their_neighbours_along():
    data = Labelled(["a", "b"], np.eye(2), np.array([True, False]), [("", "b"), ("a", "")])
    part = data.at([1])
    assert part.neighbours == [("a", "")] and part.unsure.tolist() == [False]
