"""Learn from words: TF-IDF of word and character n-grams with logistic regression."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.decisions.decisions import sigmoid, softmax
from pipeline.ground.errors import ConfigError
from pipeline.ground.files import write_json
from pipeline.inference.manifest import TfidfSpec
from pipeline.learning.estimators import Labelled, Setting
from pipeline.learning.learners import TfidfLearner
from pipeline.learning.linear import fit_head

BLOCKS = ("word", "char")


class TfidfEstimator:
    """scikit-learn's vectorizers and logistic regression, saved as plain arrays."""

    def __init__(self, learner: TfidfLearner, setting: Setting) -> None:
        self.history: list[dict[str, float]] = []
        self._learner = learner
        self._setting = setting

    def fit(self, train: Labelled, validation: Labelled) -> "TfidfEstimator":
        """Learn vocabulary, document frequencies and weights."""
        self._vectorizers = {block: self._vectorizer(block, len(train.texts)) for block in BLOCKS}
        for block, vectorizer in self._vectorizers.items():
            try:
                vectorizer.fit(train.texts)
            except ValueError as error:
                raise ConfigError(
                    f"learner.min_count: no {block} n-gram stands in {self._learner.min_count} sentences or more",
                    hint="lower min_count in the recipe",
                ) from error
        self._head = fit_head(
            self._features(train.texts),
            train.targets,
            exclusive=self._setting.codebook.exclusive,
            c=self._learner.c,
            balanced=self._learner.class_weight == "balanced",
            seed=self._setting.seed,
        )
        return self

    def predict_proba(self, texts: Sequence[str]) -> np.ndarray:
        """Give raw probabilities, shape (n, labels)."""
        scores = np.asarray(self._features(texts) @ self._head.coef.T) + self._head.intercept
        return softmax(scores) if self._setting.codebook.exclusive else sigmoid(scores)

    def save(self, folder: Path) -> TfidfSpec:
        """Write vocabulary and weights; weights as float32."""
        terms = {block: list(self._vectorizers[block].get_feature_names_out()) for block in BLOCKS}
        write_json(folder / "vocabulary.json", terms)
        cut = len(terms["word"])
        np.savez_compressed(
            folder / "weights.npz",
            word_idf=self._vectorizers["word"].idf_.astype(np.float32),
            char_idf=self._vectorizers["char"].idf_.astype(np.float32),
            word_coef=self._head.coef[:, :cut].astype(np.float32),
            char_coef=self._head.coef[:, cut:].astype(np.float32),
            intercept=self._head.intercept,
        )
        return TfidfSpec(
            word_ngrams=self._learner.word_ngrams,
            char_ngrams=self._learner.char_ngrams,
            sublinear=self._learner.sublinear,
        )

    def _vectorizer(self, block: str, sentences: int) -> Any:
        from sklearn.feature_extraction.text import TfidfVectorizer

        return TfidfVectorizer(
            analyzer="word" if block == "word" else "char_wb",
            ngram_range=getattr(self._learner, f"{block}_ngrams"),
            min_df=min(self._learner.min_count, sentences),
            sublinear_tf=self._learner.sublinear,
        )

    def _features(self, texts: Sequence[str]) -> Any:
        from scipy.sparse import hstack

        return hstack([self._vectorizers[block].transform(texts) for block in BLOCKS], format="csr")
