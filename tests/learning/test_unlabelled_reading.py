"""Which unlabelled text a recipe reads that is not there."""

from tiny import finetuned_learner, write_recipe

from pipeline.learning.recipes import load_recipe
from pipeline.learning.unlabelled_reading import absent_sources

STAGE = {"max_length": 32, "epochs": 1, "batch_size": 8, "learning_rate": 0.003, "weight_decay": 0.0, "warmup": 0.0}


def test_absent_sources_are_those_of_a_recipe_and_of_its_members(folder, student, encoder_folder):
    a, b = ({"kind": "file", "path": f"{name}.jsonl", "sha256": "0" * 64} for name in "ab")
    masked = STAGE | {"head_learning_rate": 0.003, "share": 0.15, "unlabelled": {"sources": [b]}}
    write_recipe(folder / "one.yaml", finetuned_learner(encoder_folder, masked=masked))
    student(unlabelled={"sources": [a]})
    recipe = load_recipe(folder / "student.yaml")
    assert absent_sources(recipe, folder) == ["a", "b"]
    (folder / "a.jsonl").touch()
    assert absent_sources(recipe, folder) == ["b"]
    assert absent_sources(load_recipe(write_recipe(folder / "words.yaml")), folder) == []
