"""Run a model folder's scorer: texts in, raw probabilities out, with no torch and no scikit-learn."""

import math
import zipfile
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from pipeline.decisions.decisions import sigmoid, softmax
from pipeline.ground.errors import ConfigError, ModelError
from pipeline.ground.files import read_json
from pipeline.ground.machine import allowed_threads
from pipeline.inference.manifest import OnnxSpec, PriorSpec, RulesSpec, ScorerSpec, TfidfSpec, way_back
from pipeline.inference.ngrams import char_ngrams, word_ngrams
from pipeline.inference.rules import RulesScorer

BATCH = 32


class Scorer(Protocol):
    """What every scorer does."""

    def score(self, texts: Sequence[str]) -> np.ndarray:
        """Give raw probabilities, shape (n, labels), in the order of `texts`."""
        ...


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
        self._spec = spec
        self._activate: Callable[[np.ndarray], np.ndarray] = softmax if exclusive else sigmoid
        vocabulary = read_json(folder / "vocabulary.json")
        self._index = {block: {term: i for i, term in enumerate(vocabulary[block])} for block in ("word", "char")}
        with (folder / "weights.npz").open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
            self._idf = {block: arrays[f"{block}_idf"].astype(float) for block in ("word", "char")}
            self._coef = {block: arrays[f"{block}_coef"].astype(float) for block in ("word", "char")}
            self._intercept = arrays["intercept"].astype(float)

    def score(self, texts: Sequence[str]) -> np.ndarray:
        """Score each text by itself."""
        rows = [self._logits(text) for text in texts]
        return self._activate(np.array(rows).reshape(len(rows), len(self._intercept)))

    def _logits(self, text: str) -> np.ndarray:
        words = self._block("word", word_ngrams(text, *self._spec.word_ngrams))
        chars = self._block("char", char_ngrams(text, *self._spec.char_ngrams))
        return np.asarray(self._intercept + words + chars)

    def _block(self, block: str, counts: Counter[str]) -> np.ndarray:
        """Give one block's share of the logits: its TF-IDF vector of length 1 times its weights."""
        index = self._index[block]
        known = [(index[term], count) for term, count in counts.items() if term in index]
        if not known:
            return np.zeros(len(self._intercept))
        columns = np.array([column for column, _ in known])
        tf = np.array([1 + math.log(count) if self._spec.sublinear else count for _, count in known])
        weights = tf * self._idf[block][columns]
        return np.asarray((weights / np.linalg.norm(weights)) @ self._coef[block][:, columns].T)


class OnnxScorer:
    """Run an encoder and its head in onnxruntime, in batches of like length."""

    def __init__(self, spec: OnnxSpec, folder: Path, exclusive: bool) -> None:
        import onnxruntime
        from tokenizers import Tokenizer

        self._activate: Callable[[np.ndarray], np.ndarray] = softmax if exclusive else sigmoid
        threads = allowed_threads()
        try:
            self._tokenizer: Any = Tokenizer.from_file(str(folder / "tokenizer.json"))
        except Exception as error:  # tokenizers raises nothing narrower
            raise ModelError(f"{folder / 'tokenizer.json'} cannot be used: {error}", hint=way_back(folder)) from error
        self._tokenizer.enable_truncation(spec.max_length)
        self._tokenizer.no_padding()
        self._pad_id = spec.pad_id
        self._folder = folder
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(
                str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"]
            )
        except _graph_faults() as error:
            said = f"{folder / 'model.onnx'}: onnxruntime cannot load it ({str(error)[:200]})"
            raise ModelError(said, hint=way_back(folder)) from error

    def score(self, texts: Sequence[str]) -> np.ndarray:
        """Turn the graph's logits into probabilities."""
        return self._activate(self.logits(texts))

    def logits(self, texts: Sequence[str]) -> np.ndarray:
        """Run in length order and give the rows back in text order; shape (n, labels), at least one text."""
        encodings = self._tokenizer.encode_batch(list(texts))
        order = sorted(range(len(texts)), key=lambda i: len(encodings[i].ids))
        rows: list[np.ndarray] = []
        for start in range(0, len(order), BATCH):
            batch = [encodings[i].ids for i in order[start : start + BATCH]]
            rows.append(self._run(batch))
        return np.asarray(np.concatenate(rows)[np.argsort(order)], dtype=float)

    def _run(self, batch: Sequence[Sequence[int]]) -> np.ndarray:
        """Run the graph; raise `ModelError` where it fails, as one of another tokenizer does.

        A lone row runs twice: by itself it takes another matrix kernel, whose last bit differs.
        """
        rows = [*batch, *batch] if len(batch) == 1 else batch
        try:
            logits: np.ndarray = self._session.run(None, pad(rows, self._pad_id))[0]
        except _graph_faults() as error:
            said = f"{self._folder}: the graph fails on a sentence ({str(error)[:200]})"
            raise ModelError(said, hint=way_back(self._folder)) from error
        return logits[: len(batch)]


def _graph_faults() -> tuple[type[Exception], ...]:
    """List what onnxruntime raises; its exceptions share no base of their own."""
    import onnxruntime

    state = vars(onnxruntime.capi.onnxruntime_pybind11_state)
    return tuple(kind for kind in state.values() if isinstance(kind, type) and issubclass(kind, Exception))


class AverageScorer:
    """Average members' probabilities."""

    def __init__(self, members: Sequence[Scorer]) -> None:
        self._members = members

    def score(self, texts: Sequence[str]) -> np.ndarray:
        """Take the plain mean over members."""
        return np.asarray(np.mean([member.score(texts) for member in self._members], axis=0))


def pad(batch: Sequence[Sequence[int]], pad_id: int) -> dict[str, np.ndarray]:
    """Pad token ids to the batch's longest with `pad_id`; mask 1 for tokens; dtype int64."""
    longest = max(len(ids) for ids in batch)
    ids = np.full((len(batch), longest), pad_id, dtype=np.int64)
    mask = np.zeros_like(ids)
    for row, tokens in enumerate(batch):
        ids[row, : len(tokens)] = tokens
        mask[row, : len(tokens)] = 1
    return {"input_ids": ids, "attention_mask": mask}


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
