"""Fit the linear model on the tiny sentences, without a training around it."""

from pathlib import Path

from tiny import TFIDF, tiny_sentences, write_labels

from pipeline.ground.codebook import load_codebook
from pipeline.inference.scorers import TfidfScorer
from pipeline.learning.estimators import Labelled, Setting
from pipeline.learning.learners import TfidfLearner
from pipeline.learning.tfidf import TfidfEstimator


def fitted(folder: Path, choice: str, **changes: object) -> tuple[TfidfEstimator, TfidfScorer]:
    """Fit TF-IDF on the tiny sentences; give the estimator and the scorer of what it saved."""
    codebook = load_codebook(write_labels(folder / "labels", choice))
    kinds = {"both": ("hawk", "dove"), "none": ()} if choice == "any" else {"both": ("dove",), "none": ("other",)}
    targets = codebook.encode([kinds.get(kind, (kind,)) for kind, _ in tiny_sentences()])
    train = Labelled([text for _, text in tiny_sentences()], targets)
    estimator = TfidfEstimator(TfidfLearner(**(TFIDF | changes)), Setting(codebook, 0, folder, 1)).fit(train, train)
    spec = estimator.save(folder)
    return estimator, TfidfScorer(spec, folder, codebook.exclusive)
