"""What the tests of learning share: the tiny sentences with their targets, and a setting to learn in."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tiny import codebook_of, finetuned_learner, tiny_sentences, write_recipe

from pipeline.ground.files import sha256_of
from pipeline.learning.estimators import Labelled, Setting, build
from pipeline.learning.recipes import load_recipe


@pytest.fixture
def setting(tmp_path: Path) -> Callable[..., Setting]:
    """Make a setting for a choice of labels."""
    return lambda choice="any", seed=3: Setting(codebook_of(choice), seed, tmp_path, 1)


@pytest.fixture
def halves() -> Callable[..., tuple[Labelled, Labelled]]:
    """Divide the tiny sentences into train and validation, every third to the latter."""

    def divide(choice: str = "any") -> tuple[Labelled, Labelled]:
        sentences = [(kind, text) for kind, text in tiny_sentences() if choice == "any" or kind != "both"]
        nothing = () if choice == "any" else ("other",)
        sets = [{"both": ("hawk", "dove"), "none": nothing}.get(kind, (kind,)) for kind, _ in sentences]
        whole = Labelled([text for _, text in sentences], codebook_of(choice).encode(sets))
        inside = [i for i in range(len(sentences)) if i % 3]
        return whole.at(inside), whole.at([i for i in range(len(sentences)) if not i % 3])

    return divide


@pytest.fixture
def folder(tmp_path, encoder_folder):
    """Make a folder of recipes: a teacher of two seeds, and unlabelled text for a student."""
    models = tmp_path / "models"
    write_recipe(models / "one.yaml", finetuned_learner(encoder_folder, epochs=4, patience=4))
    write_recipe(models / "teacher.yaml", {"kind": "seeds", "member": "one.yaml", "fits": 2})
    lines = [
        json.dumps({"doc": f"d{i}", "text": text.replace("talks", "meetings")})
        for i, (_, text) in enumerate(tiny_sentences())
    ]
    (tmp_path / "more.jsonl").write_text("\n".join(lines) + "\n")
    return models


@pytest.fixture
def student(folder, encoder_folder, setting, halves):
    """Build a student's estimator with changes to its recipe."""
    file = folder.parent / "more.jsonl"

    def make(**changes):
        learner = {
            "kind": "distilled",
            "teacher": "teacher.yaml",
            "encoder": {"kind": "folder", "path": str(encoder_folder)},
            "unlabelled": {"sources": [{"kind": "file", "path": str(file), "sha256": sha256_of(file)}]},
            "max_length": 32,
            "epochs": 3,
            "batch_size": 8,
            "learning_rate": 0.01,
            "head_learning_rate": 0.05,
            "weight_decay": 0.0,
            "warmup": 0.1,
            "dropout": 0.1,
            "gold_weight": 0.5,
            "precision": "float32",
            "checkpoint_minutes": 1e-9,
        } | changes
        recipe = load_recipe(write_recipe(folder / "student.yaml", learner, learn_from="validation"))
        train, _ = halves()
        return build(recipe, replace(setting(), base=folder, known=train.texts))

    return make
