"""What the tests of learning share: the tiny sentences with their targets, and a setting to learn in."""

from collections.abc import Callable
from pathlib import Path

import pytest
from tiny import codebook_of, tiny_sentences

from pipeline.learning.estimators import Labelled, Setting


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
