"""Learn a linear head on sentence embeddings of an encoder left as it is."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from pipeline.decisions.decisions import sigmoid, softmax
from pipeline.inference.manifest import OnnxSpec
from pipeline.learning.batches import sorted_batches, tokenise
from pipeline.learning.device import prepare, tensors, to_array
from pipeline.learning.encoders import load_encoder
from pipeline.learning.estimators import Labelled, Setting
from pipeline.learning.export import export_network
from pipeline.learning.learners import FrozenLearner
from pipeline.learning.linear import fit_head
from pipeline.learning.network import SentenceNetwork


class FrozenEstimator:
    """A frozen encoder and a logistic regression head; each text is embedded once and remembered."""

    def __init__(self, learner: FrozenLearner, setting: Setting) -> None:
        self.history: list[dict[str, float]] = []
        self._learner = learner
        self._setting = setting
        self._vectors: dict[str, np.ndarray] = {}
        prepare(setting.seed, setting.threads)
        self._tokenizer, encoder = load_encoder(learner.encoder, setting.base)
        labels = len(setting.codebook.names)
        self._network = SentenceNetwork(encoder, labels, normalise=True).eval()

    def fit(self, train: Labelled, validation: Labelled) -> "FrozenEstimator":
        """Embed the sentences and fit the head."""
        head = fit_head(
            self.embed(train.texts),
            train.targets,
            exclusive=self._setting.codebook.exclusive,
            c=self._learner.c,
            balanced=self._learner.class_weight == "balanced",
            seed=self._setting.seed,
        )
        with torch.no_grad():
            self._network.head.weight.copy_(torch.from_numpy(head.coef))
            self._network.head.bias.copy_(torch.from_numpy(head.intercept))
        return self

    def predict_proba(self, texts: Sequence[str]) -> np.ndarray:
        """Give raw probabilities, shape (n, labels)."""
        with torch.no_grad():
            scores = to_array(self._network.head(torch.from_numpy(self.embed(texts))))
        return softmax(scores) if self._setting.codebook.exclusive else sigmoid(scores)

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """Give unit-length sentence vectors, shape (n, hidden), dtype float32."""
        new = [text for text in dict.fromkeys(texts) if text not in self._vectors]
        ids = tokenise(self._tokenizer, new, self._learner.max_length) if new else []
        pad_id = int(self._tokenizer.pad_token_id or 0)
        if new:
            self._setting.progress.stage("embedding sentences", len(new))
        for batch in sorted_batches([len(row) for row in ids], 32):
            with torch.no_grad():
                vectors = self._network.embed(*tensors([ids[i] for i in batch], pad_id)).numpy()
            self._vectors |= {new[i]: vector for i, vector in zip(batch, vectors, strict=True)}
            self._setting.progress.advance(len(batch))
        return np.stack([self._vectors[text] for text in texts]).astype(np.float32)

    def save(self, folder: Path) -> OnnxSpec:
        """Write encoder and head as one graph."""
        return export_network(self._network, self._tokenizer, folder, self._learner.max_length)
