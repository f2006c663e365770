"""What the tests of learning share: a float32 graph, the tiny sentences with their targets, a setting to learn in."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from quantising import export_tiny
from tiny import codebook_of, distilled_learner, finetuned_learner, tiny_sentences, write_recipe

from pipeline.learning.estimators import Labelled, Setting, build
from pipeline.learning.recipes import load_recipe


@pytest.fixture(scope="session")
def floats(encoder_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Export the tiny encoder as a float32 graph once; read only."""
    folder = tmp_path_factory.mktemp("floats")
    export_tiny(encoder_folder, folder)
    return folder


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
    """Make a folder of recipes: a teacher of two seeds."""
    models = tmp_path / "models"
    write_recipe(models / "one.yaml", finetuned_learner(encoder_folder, epochs=4, patience=4))
    write_recipe(models / "teacher.yaml", {"kind": "seeds", "member": "one.yaml", "fits": 2})
    return models


@pytest.fixture
def student(folder, encoder_folder, setting, halves):
    """Build a student's estimator with changes to its recipe."""

    def make(**changes):
        learner = distilled_learner(encoder_folder, "teacher.yaml", folder.parent / "more.jsonl", **changes)
        recipe = load_recipe(write_recipe(folder / "student.yaml", learner, learn_from="validation"))
        train, _ = halves()
        return build(recipe, replace(setting(), base=folder, known=train.texts))

    return make
