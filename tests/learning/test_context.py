"""A sentence is read between its neighbours, and pooled alone."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from tiny import finetuned_learner

from pipeline.ground.errors import ModelError
from pipeline.ground.records import Example
from pipeline.learning.context import WORDS, in_context, neighbours_of
from pipeline.learning.estimators import Labelled
from pipeline.learning.finetuned import FinetunedEstimator
from pipeline.learning.learners import FinetunedLearner
from pipeline.learning.network import SentenceNetwork


class Separated:
    sep_token = "[SEP]"  # noqa: S105 - a token of words, not a password


def example(doc: str, start: int) -> Example:
    return Example(doc, "tiny", "column", start, start + 5, f"{doc}{start}", ())


def test_neighbours_are_the_sentences_before_and_after_in_the_same_document_whatever_the_order():
    examples = [example("b", 0), example("a", 20), example("a", 0), example("a", 10)]
    assert neighbours_of(examples) == [("", ""), ("a10", ""), ("", "a10"), ("a0", "a20")]


def test_long_neighbours_lose_what_is_farthest_from_the_sentence():
    before, after = (" ".join(f"{side}{i}" for i in range(WORDS + 5)) for side in "xy")
    (text,) = in_context(["the middle"], [(before, after)], Separated())
    left, middle, right = text.split(" [SEP] ")
    assert (left.split()[0], left.split()[-1]) == ("x5", f"x{WORDS + 4}")
    assert (right.split()[0], right.split()[-1]) == ("y0", f"y{WORDS - 1}")
    assert middle == "the middle"


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
