"""Score sentences and documents with a model folder: `Predictor.load(folder)`.

Needs the base install only: numpy, onnxruntime and tokenizers; no torch, no scikit-learn.
"""

import warnings
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from pipeline.decisions.decisions import Decisions, logit
from pipeline.decisions.prevalence import prevalence
from pipeline.decisions.rates import read_rates
from pipeline.decisions.review import Review
from pipeline.decisions.shift import MINIMUM, ShiftEstimate, adapt_decisions, estimate_priors
from pipeline.ground.codebook import Codebook
from pipeline.ground.errors import DocumentError, ModelError
from pipeline.ground.records import Evidence, Notice, Prediction, Prevalence, Profile, Reading, ScoredDocument
from pipeline.inference.graph import Pending
from pipeline.inference.manifest import RETRAIN, Manifest, read_decisions, read_manifest, verify_files, way_back
from pipeline.inference.scorers import Scorer, begin, load_scorer


class Predictor:
    """A loaded model; `predict` and `predict_proba` always agree. `adapted` is true for what `adapt` gives."""

    def __init__(self, manifest: Manifest, decisions: Decisions, scorer: Scorer, *, adapted: bool = False) -> None:
        self.manifest = manifest
        self.decisions = decisions
        self.adapted = adapted
        self._scorer = scorer

    @classmethod
    def load(cls, folder: str | Path) -> "Predictor":
        """Load a model folder and verify every file against its manifest; the manifest itself is trusted.

        Raises:
            ModelError: the folder or a file is missing, truncated, changed, or of another format.
        """
        folder = Path(folder)
        manifest = read_manifest(folder)
        verify_files(folder, manifest, contents=False)
        with ThreadPoolExecutor(1, thread_name_prefix="verify") as pool:
            verified = pool.submit(verify_files, folder, manifest)  # beside the loading, which takes longer
            try:
                scorer = load_scorer(manifest.scorer, folder, manifest.codebook.exclusive)
                predictor = cls(manifest, read_decisions(folder, manifest), scorer)
                predictor._try_out(folder)
            except KeyboardInterrupt:
                raise
            except BaseException:  # which the tokenizers' panics are
                verified.result()  # a file that is not as it should be is what to say
                raise
            verified.result()
        return predictor

    @property
    def codebook(self) -> Codebook:
        """Give the codebook the model was trained with."""
        return self.manifest.codebook

    @property
    def classes_(self) -> tuple[str, ...]:
        """Name the columns of `predict_proba`, in codebook order."""
        return self.codebook.names

    @property
    def thresholds(self) -> tuple[float | None, ...]:
        """Give each label's threshold; None where the largest probability decides."""
        return self.decisions.cutoffs

    @property
    def review(self) -> Review | None:
        """Say which decisions deserve a human eye; None where the model has not learned to tell."""
        return self.decisions.review

    def _try_out(self, folder: Path) -> None:
        """Score one text, so that files that do not fit together are found before the first document."""
        labels = len(self.classes_)
        try:
            raw = self._scorer.score(["."])
            if raw.shape != (1, labels):
                raise ValueError(f"the scorer gives {raw.shape[-1]} columns, and the codebook has {labels} labels")
            self.decide(self.decisions.calibrate(raw))
        except ValueError as error:
            fault = f"{folder}: the model's files do not fit together ({error})"
            raise ModelError(fault, hint=way_back(folder)) from error

    def predict_proba(self, sentences: Iterable[str]) -> np.ndarray:
        """Give calibrated probabilities, shape (n, labels); white space is collapsed as in training.

        Raises:
            TypeError: `sentences` is one string, or holds what is no string.
        """
        raw = self.predict_raw(sentences)
        return self.decisions.calibrate(raw) if len(raw) else raw

    def predict_raw(self, sentences: Iterable[str]) -> np.ndarray:
        """Give probabilities before calibration, shape (n, labels), as the estimator was trained to give them.

        Raises:
            TypeError: `sentences` is one string, or holds what is no string.
        """
        return self.begin_raw(_listed(sentences))()

    def begin_raw(self, sentences: Sequence[str]) -> Pending:
        """Begin what `predict_raw` does; calling the result waits for the probabilities."""
        texts = [" ".join(sentence.split()) for sentence in sentences]
        return begin(self._scorer, texts) if texts else lambda: np.zeros((0, len(self.classes_)))

    def decide(self, probabilities: np.ndarray) -> np.ndarray:
        """Turn probabilities into a 0/1 matrix of the same shape, dtype int8."""
        return self.decisions.decide(probabilities)

    def adapt(self, sentences: Iterable[str]) -> tuple["Predictor", Notice]:
        """Adapt to the label shares of sentences; say what was done.

        Fewer than `pipeline.decisions.shift.MINIMUM` sentences change nothing.

        Raises:
            ModelError: the model does not know the label shares of its training.
        """
        self._trained_priors()
        return self._adapt(self.predict_raw(sentences))

    def _trained_priors(self) -> tuple[float, ...]:
        """Give the label shares of the training; raise `ModelError` where the model does not know them."""
        if self.decisions.priors is None:
            raise ModelError(
                f"{self.manifest.id} does not know the label shares of its training, and cannot adapt to others",
                hint=f"{RETRAIN}; or score as the model is, without adapting",
            )
        return self.decisions.priors

    def _adapt(self, raw: np.ndarray) -> tuple["Predictor", Notice]:
        """Adapt to the label shares of sentences with these raw probabilities."""
        trained = self._trained_priors()
        if len(raw) < MINIMUM:
            return self, Notice(
                f"{len(raw)} sentences are too few to adapt to, and nothing is adapted",
                hint=f"{MINIMUM} or more are needed; give more documents at once",
            )
        exclusive = self.codebook.exclusive
        estimate = estimate_priors(self.decisions.calibrate(raw), trained, exclusive=exclusive)
        decisions = adapt_decisions(self.decisions, estimate.priors)
        return Predictor(self.manifest, decisions, self._scorer, adapted=True), _said(estimate, self.classes_)

    def predict(self, sentences: Iterable[str], *, adapt_priors: bool = False) -> list[Prediction]:
        """Judge sentences: labels in codebook order, every label's probability, what deserves a look.

        With `adapt_priors`, to the label shares these sentences seem to have; too few give a warning.

        Raises:
            TypeError: `sentences` is one string, or holds what is no string.
            ModelError: the model cannot adapt.
        """
        sentences = _listed(sentences)
        raw = self.predict_raw(sentences)
        if not adapt_priors:
            return self.decided(sentences, raw)
        adapted, notice = self._adapt(raw)
        if adapted is self:
            warnings.warn(notice.message, stacklevel=2)
        return adapted.decided(sentences, raw)

    def decided(self, sentences: Sequence[str], raw: np.ndarray) -> list[Prediction]:
        """Turn raw probabilities of sentences, shape (n, labels), into predictions."""
        probabilities = self.decisions.calibrate(raw) if len(raw) else raw
        labels = self.codebook.decode(self.decide(probabilities))
        marks = self.decisions.unsure(probabilities)
        unsure = [None] * len(labels) if marks is None else self.codebook.decode(marks)
        return [
            Prediction(text, chosen, dict(zip(self.classes_, map(float, row), strict=True)), doubted)
            for text, chosen, row, doubted in zip(sentences, labels, probabilities, unsure, strict=True)
        ]

    def explain(
        self, sentences: Iterable[str], labels: Sequence[Sequence[str]] | None = None
    ) -> list[tuple[Evidence, ...]]:
        """Weigh each sentence's words for the labels it is predicted to carry, or for those given.

        Spans are of the sentence as given; `pipeline.inference.evidence` says how, and its `phrases` what to show.
        Raises `TypeError` as `predict` does, and `ValueError` for labels of other sentences or another codebook.
        """
        from pipeline.inference.evidence import explain

        texts = _listed(sentences)
        wanted = [one.labels for one in self.predict(texts)] if labels is None else labels
        return explain(self._scorer, lambda some: logit(self.predict_proba(some)), texts, wanted, self.classes_)

    def predict_document(self, path_or_text: str | Path, *, encoding: str | None = None) -> ScoredDocument:
        """Read a document as `read_input` does and judge its sentences.

        Raises:
            DocumentError: the file cannot be read, or it holds no running prose.
        """
        return self.judge(read_input(path_or_text, encoding=encoding))

    def judge(self, reading: Reading) -> ScoredDocument:
        """Judge the sentences of a document already read."""
        return self.profiled(reading, self.predict([sentence.text for sentence in reading.sentences]))

    def judge_together(self, readings: Sequence[Reading]) -> tuple[list[ScoredDocument], Notice]:
        """Judge documents adapted to the label shares of all their sentences; say what was done.

        Raises:
            ModelError: the model cannot adapt.
        """
        self._trained_priors()
        raws = [self.predict_raw([sentence.text for sentence in reading.sentences]) for reading in readings]
        adapted, notice = self._adapt(np.concatenate([*raws, np.zeros((0, len(self.classes_)))]))
        texts = [[sentence.text for sentence in reading.sentences] for reading in readings]
        pairs = zip(readings, map(adapted.decided, texts, raws), strict=True)
        return [adapted.profiled(reading, predictions) for reading, predictions in pairs], notice

    def profiled(self, reading: Reading, predictions: Sequence[Prediction]) -> ScoredDocument:
        """Join a reading with its predictions and their profile."""
        counts = {name: sum(name in p.labels for p in predictions) for name in self.classes_}
        review = None if self.decisions.review is None else sum(p.review for p in predictions)
        profile = Profile(len(predictions), counts, sum(not p.labels for p in predictions), review)
        shares = self.decisions.priors if self.adapted else None
        priors = dict(zip(self.classes_, shares, strict=True)) if shares else None
        return ScoredDocument(reading, tuple(predictions), profile, self.manifest.id, priors)

    def prevalence(self, *documents: Sequence[Prediction]) -> tuple[Prevalence, ...]:
        """Give each label's share of the documents' sentences together: counted, and corrected for error rates.

        Not corrected where the model does not know its rates, or probabilities are adapted and have others.
        """
        rates = None if self.adapted else read_rates(self.manifest.facts, self.classes_, self.manifest.id)
        return prevalence(documents, self.classes_, self.thresholds, rates)


def _said(estimate: ShiftEstimate, names: Sequence[str]) -> Notice:
    """Say from which label shares to which probabilities were adapted."""
    pairs = zip(names, estimate.trained, estimate.priors, strict=True)
    moves = ", ".join(f"{name} {before:.0%} → {after:.0%}" for name, before, after in pairs)
    doubt = "" if estimate.converged else f"; not settled after {estimate.iterations} steps"
    return Notice(f"adapted to the label shares of {estimate.sentences:,} sentences: {moves}{doubt}")


def read_input(path_or_text: str | Path, *, encoding: str | None = None) -> Reading:
    """Read a document.

    A `Path`, or a string that names an existing file or folder or looks like a file name, is read as
    a file; any other string is the text itself.

    Raises:
        DocumentError: the file cannot be read, or it holds no running prose.
    """
    from pipeline.corpus.naming import names_a_file, refuse_no_file
    from pipeline.corpus.readers import read_text
    from pipeline.corpus.reading import read, read_path

    if isinstance(path_or_text, Path) or names_a_file(path_or_text):
        path = Path(path_or_text)
        refuse_no_file(path)
        return read_path(path, encoding=encoding)
    if not path_or_text.strip():
        raise DocumentError("the text is empty", hint="give a text, or the path of a file")
    return read(read_text(path_or_text))


def _listed(sentences: Iterable[str]) -> list[str]:
    """List sentences; refuse a bare string, which would be judged letter by letter."""
    if isinstance(sentences, str | bytes):
        raise TypeError("sentences must be a list of strings, got one string; write [sentence], or predict_document")
    listed = list(sentences)
    for number, sentence in enumerate(listed):
        if not isinstance(sentence, str):
            raise TypeError(f"sentences must be strings; item {number} is of type {type(sentence).__name__}")
    return listed
