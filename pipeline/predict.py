"""Score sentences and documents with a model folder: `Predictor.load(folder)`.

Needs the base install only: numpy, onnxruntime and tokenizers; no torch, no scikit-learn.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from pipeline.decisions.decisions import Decisions
from pipeline.ground.codebook import Codebook
from pipeline.ground.errors import DocumentError
from pipeline.ground.records import Prediction, Profile, Reading, ScoredDocument
from pipeline.inference.manifest import Manifest, read_decisions, read_manifest, verify_files
from pipeline.inference.scorers import Scorer, load_scorer


class Predictor:
    """A loaded model; `predict` and `predict_proba` always agree."""

    def __init__(self, manifest: Manifest, decisions: Decisions, scorer: Scorer) -> None:
        self.manifest = manifest
        self.decisions = decisions
        self._scorer = scorer

    @classmethod
    def load(cls, folder: str | Path) -> "Predictor":
        """Load a model folder and verify every file against its manifest.

        Raises:
            ModelError: the folder or a file is missing, truncated, changed, or of another format.
        """
        folder = Path(folder)
        manifest = read_manifest(folder)
        verify_files(folder, manifest)
        scorer = load_scorer(manifest.scorer, folder, manifest.codebook.exclusive)
        return cls(manifest, read_decisions(folder, manifest), scorer)

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

    def predict_proba(self, sentences: Sequence[str]) -> np.ndarray:
        """Give calibrated probabilities, shape (n, labels); white space is collapsed as in training."""
        texts = [" ".join(sentence.split()) for sentence in sentences]
        if not texts:
            return np.zeros((0, len(self.classes_)))
        return self.decisions.calibrate(self._scorer.score(texts))

    def decide(self, probabilities: np.ndarray) -> np.ndarray:
        """Turn probabilities into a 0/1 matrix of the same shape, dtype int8."""
        return self.decisions.decide(probabilities)

    def predict(self, sentences: Sequence[str]) -> list[Prediction]:
        """Judge sentences: labels in codebook order, and every label's probability."""
        probabilities = self.predict_proba(sentences)
        labels = self.codebook.decode(self.decide(probabilities))
        return [
            Prediction(text, chosen, dict(zip(self.classes_, map(float, row), strict=True)))
            for text, chosen, row in zip(sentences, labels, probabilities, strict=True)
        ]

    def predict_document(self, path_or_text: str | Path, *, encoding: str | None = None) -> ScoredDocument:
        """Read a document and judge its sentences.

        A `Path`, or a string that names an existing file or looks like a file name, is read as a file;
        any other string is the text itself.

        Raises:
            DocumentError: the file cannot be read, or it holds no running prose.
        """
        from pipeline.corpus.readers import read_text
        from pipeline.corpus.reading import read, read_path

        if isinstance(path_or_text, Path) or _names_a_file(path_or_text):
            return self.judge(read_path(Path(path_or_text), encoding=encoding))
        if not path_or_text.strip():
            raise DocumentError("the text is empty", hint="give a text, or the path of a file")
        return self.judge(read(read_text(path_or_text)))

    def judge(self, reading: Reading) -> ScoredDocument:
        """Judge the sentences of a document already read."""
        predictions = tuple(self.predict([sentence.text for sentence in reading.sentences]))
        counts = {name: sum(name in p.labels for p in predictions) for name in self.classes_}
        profile = Profile(len(predictions), counts, sum(not p.labels for p in predictions))
        return ScoredDocument(reading, predictions, profile, self.manifest.id)


def _names_a_file(text: str) -> bool:
    """Tell a file name from prose: no line break, and an existing file or a known ending without spaces."""
    from pipeline.corpus.readers import EXTENSIONS

    if "\n" in text or len(text) > 1024:
        return False
    path = Path(text)
    return path.is_file() or (path.suffix.lower() in EXTENSIONS and len(text.split()) == 1)
