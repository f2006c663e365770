"""Learn a model's error rates from validation documents, and judge the shares it corrects by them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.corpus.duplicates import document_groups
from pipeline.corpus.splits import grouped_folds
from pipeline.decisions.decisions import Decisions
from pipeline.decisions.learn import learn_decisions
from pipeline.decisions.prevalence import FEWEST
from pipeline.decisions.rates import FACT, Rates, count_rates, levels, read_rates
from pipeline.decisions.settings import DecisionSettings
from pipeline.ground.errors import ModelError, StanceError
from pipeline.ground.files import write_json
from pipeline.ground.records import Example
from pipeline.inference.manifest import MANIFEST, Manifest
from pipeline.judging.quantification import Quantified, quantify
from pipeline.judging.records import Judged
from pipeline.predict import Predictor
from pipeline.workflows.evaluation import evaluate, read_gold
from pipeline.workflows.facts import doubts
from pipeline.workflows.held_out import model_and_split, refuse_other_documents, settings_of
from pipeline.workflows.judged import judge_examples

FOLDS = 5


def learn_rates(predictor: Predictor, validation: Sequence[Example], settings: DecisionSettings) -> Rates:
    """Count how validation sentences are judged.

    Where calibration and thresholds were themselves learned from validation, they are learned anew for each fifth of
    the documents, from the other four, so that no sentence is judged by what was learned from it.
    """
    codebook, decisions = predictor.codebook, predictor.decisions
    raw = predictor.predict_raw([example.text for example in validation])
    gold = codebook.encode([example.labels for example in validation])
    probabilities, reached, folds = decisions.calibrate(raw), _levels(decisions, raw), 0
    independent = len(set(document_groups(validation).values()))
    if decisions.learned_from == "validation" and independent > 1:
        folds = min(FOLDS, independent)
        for held in grouped_folds(validation, codebook, folds):
            kept = sorted(set(range(len(validation))) - set(held))
            apart = learn_decisions(raw[kept], gold[kept], codebook, settings, "validation")
            probabilities[held], reached[held] = apart.calibrate(raw[held]), _levels(apart, raw[held])
    documents = [example.doc for example in validation]
    return count_rates(probabilities, reached, gold, documents, codebook.names, folds)


def _levels(decisions: Decisions, raw: np.ndarray) -> np.ndarray:
    return levels(decisions.calibrate(raw), decisions.cutoffs)


def add_rates(folder: Path, labels: Path) -> tuple[Manifest, Rates]:
    """Measure a model's error rates anew, and write them among the facts of its manifest; no other file changes.

    Raises:
        ModelError: the folder is damaged, for another codebook, or the validation documents here are not those that
            were held out when it was trained.
        StanceError: the manifest cannot be written.
    """
    predictor, _, split = model_and_split(folder, labels)
    refuse_other_documents(folder, predictor, split)
    rates = learn_rates(predictor, split.validation, settings_of(folder, predictor.manifest))
    facts = predictor.manifest.facts | {FACT: rates.model_dump(mode="json")}
    manifest = predictor.manifest.model_copy(update={"facts": facts})
    try:
        write_json(folder / MANIFEST, manifest.model_dump(mode="json"))
    except OSError as error:
        raise StanceError(f"cannot write in {folder}: {error.strerror}", hint="check its permissions") from error
    return manifest, rates


@dataclass(frozen=True, slots=True)
class Measured:
    """A model and how far its shares are from the true ones, on each set of sentences by name."""

    folder: Path
    manifest: Manifest
    rates: Rates
    sets: dict[str, Quantified]
    doubts: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Give the figures as JSON holds them."""
        sets = {name: found.as_dict() for name, found in self.sets.items()}
        return {"model": self.manifest.id, "folder": str(self.folder), "sets": sets, "doubts": list(self.doubts)}


TEST = "test documents"


def measure_prevalence(folder: Path, labels: Path | None, data: Path | None) -> Measured:
    """Judge the shares a model gives on the test documents of a labels folder, and on labelled sentences in a file.

    Raises:
        ModelError: the folder is damaged, for another codebook, or knows no error rates.
        LabelError, ConfigError: labels or sentences are malformed.
    """
    predictor, doubtful = Predictor.load(folder), list[str]()
    rates = read_rates(predictor.manifest.facts, predictor.classes_, str(folder))
    if rates is None:
        raise ModelError(
            f"{folder} does not know its error rates, and corrects no share",
            hint=f"measure them: stance models rates {folder}",
        )
    judged: dict[str, Judged] = {}
    if labels:
        predictor, corpus, split = model_and_split(folder, labels)
        judged[TEST] = judge_examples(predictor, split.test)
        doubtful = doubts(predictor.manifest, corpus, split)
    if data:
        _, judged[f"sentences of {data.name}"] = evaluate(
            predictor, read_gold(data, predictor.codebook), predictor.codebook
        )
    sets = {name: quantify(one, rates) for name, one in judged.items()}
    unjudged = [
        f"{name}: every document has under {FEWEST} sentences, too few for a share to be corrected; none is judged"
        for name, found in sets.items()
        if not found.protocols
    ]
    return Measured(folder, predictor.manifest, rates, sets, (*doubtful, *unjudged))
