"""Run a model folder's scorer: texts in, raw probabilities out, with no torch and no scikit-learn."""

import math
import zipfile
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from pipeline.decisions.decisions import sigmoid, softmax
from pipeline.ground.errors import ConfigError, ModelError
from pipeline.ground.files import read_json
from pipeline.inference.graph import OnnxScorer, Pending
from pipeline.inference.manifest import OnnxSpec, PriorSpec, RulesSpec, ScorerSpec, TfidfSpec, way_back
from pipeline.inference.ngrams import char_ngrams, word_ngrams
from pipeline.inference.rules import RulesScorer


class Scorer(Protocol):
    """What every scorer does."""

    def score(self, texts: Sequence[str]) -> np.ndarray:
        """Give raw probabilities, shape (n, labels), in the order of `texts`."""
        ...


def begin(scorer: Scorer, texts: Sequence[str]) -> Pending:
    """Begin to score; the rows come when the result is called, from threads of its own where the scorer has any."""
    if isinstance(scorer, OnnxScorer):
        return scorer.begin(texts)
    if isinstance(scorer, AverageScorer):
        parts = [begin(member, texts) for member in scorer.members]
        return lambda: average([part() for part in parts])
    return lambda: scorer.score(texts)


class PriorScorer:
    """Give every sentence the label shares of the training split."""

    def __init__(self, spec: PriorSpec) -> None:
        self._probabilities = np.asarray(spec.probabilities)

    def score(self, texts: Sequence[str]) -> np.ndarray:
        """Repeat the shares for each text."""
        return np.tile(self._probabilities, (len(texts), 1))


class TfidfScorer:
    """Weigh n-grams by TF-IDF and add up a linear model's weights (Salton and Buckley 1988)."""

    def __init__(self, spec: TfidfSpec, folder: Path, exclusive: bool) -> None:
        self.spec = spec
        self._activate: Callable[[np.ndarray], np.ndarray] = softmax if exclusive else sigmoid
        vocabulary = read_json(folder / "vocabulary.json")
        self._index = {block: {term: i for i, term in enumerate(vocabulary[block])} for block in ("word", "char")}
        with (folder / "weights.npz").open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
            self._idf = {block: arrays[f"{block}_idf"].astype(float) for block in ("word", "char")}
            self._coef = {block: arrays[f"{block}_coef"].astype(float) for block in ("word", "char")}
            self.intercept = arrays["intercept"].astype(float)

    def score(self, texts: Sequence[str]) -> np.ndarray:
        """Score each text by itself."""
        return self._activate(self.logits(texts))

    def logits(self, texts: Sequence[str]) -> np.ndarray:
        """Give the linear model's logits, shape (n, labels)."""
        return np.array([self._logits(text) for text in texts]).reshape(len(texts), len(self.intercept))

    def terms(self, block: str, counts: Counter[str]) -> dict[str, np.ndarray]:
        """Give what each known n-gram of a block ("word" or "char") adds to the logits, an array of shape (labels,)."""
        known, columns, weights = self._weigh(block, counts)
        return dict(zip(known, weights[:, None] * self._coef[block][:, columns].T, strict=True))

    def _logits(self, text: str) -> np.ndarray:
        words = self._block("word", word_ngrams(text, *self.spec.word_ngrams))
        chars = self._block("char", char_ngrams(text, *self.spec.char_ngrams))
        return np.asarray(self.intercept + words + chars)

    def _block(self, block: str, counts: Counter[str]) -> np.ndarray:
        """Give one block's share of the logits: its TF-IDF vector of length 1 times its weights."""
        _, columns, weights = self._weigh(block, counts)
        return np.asarray(weights @ self._coef[block][:, columns].T)

    def _weigh(self, block: str, counts: Counter[str]) -> tuple[list[str], np.ndarray, np.ndarray]:
        """Give the known n-grams, their columns, and their TF-IDF vector of length 1."""
        index = self._index[block]
        known = [term for term in counts if term in index]
        columns = np.array([index[term] for term in known], dtype=int)
        tf = np.array([1 + math.log(counts[term]) if self.spec.sublinear else counts[term] for term in known])
        weights = tf * self._idf[block][columns]
        return known, columns, weights / (np.linalg.norm(weights) if known else 1.0)


class AverageScorer:
    """Average members' probabilities."""

    def __init__(self, members: Sequence[Scorer]) -> None:
        self.members = members

    def score(self, texts: Sequence[str]) -> np.ndarray:
        """Take the plain mean over members."""
        return average([member.score(texts) for member in self.members])


def average(scores: Sequence[np.ndarray]) -> np.ndarray:
    """Take the plain mean over members' scores, each of shape (n, labels)."""
    return np.asarray(np.mean(scores, axis=0))


def load_scorer(spec: ScorerSpec, folder: Path, exclusive: bool) -> Scorer:
    """Build the scorer a manifest describes, from its files in `folder`."""
    try:
        if isinstance(spec, PriorSpec):
            return PriorScorer(spec)
        if isinstance(spec, TfidfSpec):
            return TfidfScorer(spec, folder, exclusive)
        if isinstance(spec, OnnxSpec):
            return OnnxScorer(spec, folder, exclusive)
        if isinstance(spec, RulesSpec):
            return RulesScorer.read(folder / "rules.json", exclusive)
        return AverageScorer([load_scorer(s, folder / "members" / n, exclusive) for n, s in spec.members.items()])
    except (ConfigError, KeyError, ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise ModelError(f"{folder}: the model's files do not fit together ({error})", hint=way_back(folder)) from error
