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
    tested = predictor.manifest.facts.get("test_documents")
    same = {
        "validation": _same_validation(predictor, split),
        "test": None if tested is None else tested == documents_of(split.test),
    }
    if apart := [part for part, found in same.items() if found is False]:
        raise ModelError(
            f"{folder}: the {' and '.join(apart)} documents here are not those held out when it was trained: it may"
            " have learned from some, and what is measured there would look too good",
            hint=f"name the labels it was trained on (--labels DIR); or {RETRAIN}",
        )
    if unknown := [part for part, found in same.items() if found is None]:
        raise ModelError(
            f"{folder}: its manifest does not say which {' and '.join(unknown)} documents were held out when it was"
            " trained: it may have learned from some of those here",
            hint=RETRAIN,
        )


def _same_validation(predictor: Predictor, split: Split) -> bool | None:
    """Tell whether these validation documents are the training's; None where nothing is known of those."""
    facts, decisions = predictor.manifest.facts, predictor.decisions
    if "validation_documents" in facts:
        return bool(facts["validation_documents"] == documents_of(split.validation))
    if decisions.learned_from == "validation" and decisions.priors:
        gold = predictor.codebook.encode([example.labels for example in split.validation])
        return bool(decisions.sentences == len(gold) and np.allclose(decisions.priors, gold.mean(axis=0), atol=1e-9))
    sentences = facts.get("sentences", {}).get("validation")
    return None if sentences is None else bool(sentences == len(split.validation))


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
