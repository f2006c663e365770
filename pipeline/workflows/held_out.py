"""Find a model's own held-out sentences again, so that more can be learned of it without training it anew."""

from pathlib import Path

import numpy as np
from pydantic import ValidationError

from pipeline.corpus.load import Corpus, load_corpus
from pipeline.corpus.splits import Split, split_corpus
from pipeline.decisions.settings import DecisionSettings
from pipeline.ground.errors import ModelError
from pipeline.inference.manifest import RETRAIN, Manifest
from pipeline.inference.shelf import label_difference
from pipeline.predict import Predictor
from pipeline.workflows.facts import documents_of


def model_and_split(folder: Path, labels: Path) -> tuple[Predictor, Corpus, Split]:
    """Load a model and the labels it is judged on.

    Raises:
        ModelError: the folder is damaged, or for another codebook.
    """
    predictor, corpus = Predictor.load(folder), load_corpus(labels)
    if said := label_difference(predictor.codebook, corpus.codebook, str(labels / "codebook.yaml")):
        raise ModelError(
            f"{folder} cannot be judged on {labels}: {said}",
            hint="name the labels folder that the model was trained on: --labels DIR",
        )
    return predictor, corpus, split_corpus(corpus, labels)


def refuse_other_documents(folder: Path, predictor: Predictor, split: Split) -> None:
    """Raise `ModelError` unless validation and test documents are those the training held out.

    A training that names no validation documents is recognised by what its decisions say of them: how many sentences
    there were, and the exact share that carried each label.
    """
    facts, decisions = predictor.manifest.facts, predictor.decisions
    same = facts.get("test_documents") == documents_of(split.test)
    if "validation_documents" in facts:
        same &= facts["validation_documents"] == documents_of(split.validation)
    elif decisions.learned_from == "validation" and decisions.priors:
        gold = predictor.codebook.encode([example.labels for example in split.validation])
        same &= decisions.sentences == len(gold) and np.allclose(decisions.priors, gold.mean(axis=0), atol=1e-9)
    else:
        same &= facts.get("sentences", {}).get("validation") == len(split.validation)
    if not same:
        raise ModelError(
            f"{folder}: the validation documents here are not those held out when it was trained: it may have"
            " learned from some, and what is measured there would look too good",
            hint=f"name the labels it was trained on (--labels DIR); or {RETRAIN}",
        )


def settings_of(folder: Path, manifest: Manifest) -> DecisionSettings:
    """Read how the recipe learned decisions; a manifest states a threshold where none was asked for."""
    stated = dict(manifest.recipe.get("decisions") or {})
    if stated.get("objective") != "fixed":
        stated.pop("threshold", None)
    try:
        return DecisionSettings.model_validate(stated)
    except ValidationError as error:
        said = error.errors()[0]["msg"]
        raise ModelError(
            f"{folder}: its recipe does not say how decisions are learned ({said})", hint=RETRAIN
        ) from error
