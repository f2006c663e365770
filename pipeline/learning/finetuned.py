"""Train an encoder and its head together."""

import copy
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from pipeline.decisions.decisions import sigmoid, softmax
from pipeline.ground.errors import ModelError, StanceError
from pipeline.ground.files import hash_json
from pipeline.ground.version import code_version
from pipeline.inference.manifest import OnnxSpec
from pipeline.learning.augment import altered_copies, carriers
from pipeline.learning.batches import shuffled_batches, tokenise
from pipeline.learning.checkpoints import VERSION, alike, read_tensors, write_tensors
from pipeline.learning.context import tokenise_in_context
from pipeline.learning.device import autocast, gpu_errors, gpu_facts, prepare, tensors, training_device
from pipeline.learning.encoders import fingerprint, load_encoder
from pipeline.learning.estimators import Labelled, Setting
from pipeline.learning.export import export_network
from pipeline.learning.forward import States, logits_of, macro_average_precision, states_of
from pipeline.learning.learners import FinetunedLearner
from pipeline.learning.losses import MultiLabelLoss, positive_weights, smoothed
from pipeline.learning.network import SentenceNetwork, set_up
from pipeline.learning.optimiser import Optimiser, parameter_groups
from pipeline.learning.stages import contrast, masked_language
from pipeline.learning.unlabelled_reading import told_of, unlabelled_for

KIND = "fit"


class FinetunedEstimator:
    """AdamW with linear warm-up and decay; the epoch with the best validation average precision is kept."""

    def __init__(self, learner: FinetunedLearner, setting: Setting, keep: Path | None = None) -> None:
        self.history: list[dict[str, float]] = []
        self.facts: dict[str, Any] = {}
        self._learner = learner
        self._setting = setting
        self._keep = keep

    @property
    def network(self) -> SentenceNetwork:
        """Give the network fitted last."""
        return self._network

    def fit(self, train: Labelled, validation: Labelled) -> "FinetunedEstimator":
        """Train until `epochs` are done or validation has not improved for `patience` epochs.

        With `keep`, a folder, weights are kept there by the hash of settings, seed and data, and the same fit is
        read back instead of being repeated.
        """
        with gpu_errors():
            return self._fit(train, validation)

    def _fit(self, train: Labelled, validation: Labelled) -> "FinetunedEstimator":
        prepare(self._setting.seed, self._setting.threads)
        self.history, self.facts = [], {}
        self._start()
        if self._read_back(train, validation):
            return self
        start = time.perf_counter()
        self._train(train, validation)
        seconds = round(time.perf_counter() - start, 1)
        self.facts |= {"seed": self._setting.seed, "seconds": seconds, "code_version": code_version()}
        self.facts |= gpu_facts(self._network.device)
        if self._keep:
            facts = {"history": self.history, "facts": self.facts}
            self._write(self._kept(train, validation), facts)
        return self

    def _write(self, path: Path, facts: dict[str, Any]) -> None:
        """Keep the weights; a fit that cannot be kept is as good as another, and only has to be made again."""
        try:
            write_tensors(path, KIND, self._network.state_dict(), facts)
        except StanceError as error:
            self._setting.progress.say(f"{error.message}; the fit is used, and not kept")

    def _read_back(self, train: Labelled, validation: Labelled) -> bool:
        """Take the weights of the same fit, where they were kept, and not before the setting's `since`."""
        if not self._keep:
            return False
        found = read_tensors(self._kept(train, validation), KIND, self._setting.since)
        if found is None or not alike(found[0], self._network.state_dict()):
            return False
        self._network.load_state_dict(found[0])
        self.history, self.facts = found[1]["history"], found[1]["facts"]
        self._setting.progress.say(f"seed {self._setting.seed}: fitted before, weights read from the cache")
        return True

    def _kept(self, train: Labelled, validation: Labelled) -> Path:
        return (self._keep or Path()) / f"{self.fit_hash(train, validation)}.safetensors"

    def fit_hash(self, train: Labelled, validation: Labelled) -> str:
        """Name everything a fit depends on but the code, whose part is `checkpoints.VERSION`; 16 hex digits."""
        setting, learner = self._setting, self._learner
        data = [
            [list(part.texts), part.targets.tolist(), None if part.unsure is None else part.unsure.tolist()]
            for part in (train, validation)
        ]
        context = [train.neighbours, validation.neighbours] if learner.context != "none" else None
        read = unlabelled_for(learner.masked.unlabelled, setting).fingerprint if learner.masked else None
        encoder = fingerprint(learner.encoder, setting.base, setting.progress)
        told = [setting.seed, setting.threads, list(setting.codebook.names), *gpu_facts(training_device()).values()]
        return hash_json([VERSION, learner.model_dump(mode="json"), encoder, told, data, context, read])

    def _train(self, train: Labelled, validation: Labelled) -> None:
        self._stages(train)
        copies, sources = self._copies(train)
        ids = self._tokenised([*train.texts, *copies], train.neighbours)
        targets = torch.from_numpy(self._targets(train)[sources]).to(self._network.device)
        loss_function = self._loss(train.targets).to(self._network.device)
        rng = np.random.default_rng(self._setting.seed)
        optimiser = Optimiser(
            parameter_groups(
                self._network,
                self._learner.learning_rate,
                self._learner.head_learning_rate,
                self._learner.layer_decay,
            ),
            steps=self._learner.epochs * -(-len(ids) // self._learner.batch_size),
            warmup=self._learner.warmup,
            weight_decay=self._learner.weight_decay,
        )
        best: tuple[float, int, dict[str, Any]] = (-1.0, 0, {})
        for epoch in range(1, self._learner.epochs + 1):
            start = time.perf_counter()
            batches = shuffled_batches([len(row) for row in ids], self._learner.batch_size, rng)
            self._setting.progress.stage(f"epoch {epoch} of at most {self._learner.epochs}", len(ids))
            loss = self._epoch(batches, ids, targets, loss_function, optimiser)
            score = self._validate(validation)
            seconds = time.perf_counter() - start
            self.history.append({"train_loss": loss, "val_macro_ap": score, "epoch_seconds": seconds})
            self._setting.progress.say(
                f"epoch {epoch}: loss {loss:.3f}, validation macro average precision {score:.3f}"
            )
            if self._setting.heard:
                self._setting.heard(score)
            if score > best[0]:
                best = (score, epoch, copy.deepcopy(self._network.state_dict()))
            elif epoch - best[1] >= self._learner.patience:
                break
        self._network.load_state_dict(best[2])

    def predict_proba(self, texts: Sequence[str], neighbours: Sequence[tuple[str, str]] | None = None) -> np.ndarray:
        """Give raw probabilities, shape (n, labels), in float32 as the exported graph does."""
        scores = self.logits(texts, neighbours=neighbours)
        return softmax(scores) if self._setting.codebook.exclusive else sigmoid(scores)

    def save(self, folder: Path) -> OnnxSpec:
        """Write encoder and head as one graph.

        Raises:
            ModelError: the recipe reads neighbours, which a model folder's scorer is not given.
        """
        if self._learner.context != "none":
            raise ModelError(
                "a model that reads neighbouring sentences cannot be saved: scoring gives it one sentence at a time",
                hint="set context: none; `context: neighbours` is there for ablations (stance experiment run)",
            )
        return export_network(self._network, self._tokenizer, folder, self._learner.max_length)

    def _start(self) -> None:
        """Load the encoder afresh, so that every fit starts from the same weights."""
        self._tokenizer, encoder = load_encoder(self._learner.encoder, self._setting.base, self._setting.progress)
        set_up(encoder, dropout=self._learner.encoder_dropout, freeze=self._learner.freeze)
        self._pad_id = int(self._tokenizer.pad_token_id or 0)
        between = int(self._tokenizer.sep_token_id) if self._learner.context == "neighbours" else None
        labels = len(self._setting.codebook.names)
        network = SentenceNetwork(encoder, labels, dropout=self._learner.dropout, between=between)
        self._network = network.to(training_device())

    def _stages(self, train: Labelled) -> None:
        """Prepare the encoder on words to guess, then on pairs of sentences, where the recipe says so."""
        learner, setting = self._learner, self._setting
        if learner.masked:
            unlabelled = unlabelled_for(learner.masked.unlabelled, setting)
            self.facts |= told_of(unlabelled)
            texts = [*unlabelled.texts, *train.texts]
            masked_language(
                self._network.encoder,
                self._tokenizer,
                texts,
                learner.masked,
                precision=learner.precision,
                seed=setting.seed,
                progress=setting.progress,
            )
        if learner.contrastive:
            contrast(
                self._network.encoder,
                self._tokenizer,
                train,
                learner.contrastive,
                precision=learner.precision,
                seed=setting.seed,
                progress=setting.progress,
            )

    def _tokenised(self, texts: Sequence[str], neighbours: Sequence[tuple[str, str]] | None) -> list[list[int]]:
        if self._learner.context == "neighbours":
            return tokenise_in_context(self._tokenizer, texts, neighbours, self._learner.max_length)
        return tokenise(self._tokenizer, texts, self._learner.max_length)

    def _copies(self, train: Labelled) -> tuple[list[str], np.ndarray]:
        """Give altered copies where asked for, and the row of `train` of each text, copies last."""
        rows, settings = np.arange(len(train.texts)), self._learner.augment
        if settings is None:
            return [], rows
        chosen = carriers(train.targets, settings, self._setting.codebook)
        copies = altered_copies(train.texts, chosen, settings, self._setting.seed)
        self.facts["altered_copies"] = {"labelled": len(copies.texts), "unlabelled": 0}
        self._setting.progress.say(f"{len(copies.texts)} altered copies beside {len(rows)} sentences")
        return copies.texts, np.concatenate([rows, copies.sources])

    def _targets(self, train: Labelled) -> np.ndarray:
        if self._setting.codebook.exclusive:
            return train.targets.astype(np.float32)
        return smoothed(train.targets, train.unsure, self._learner.smoothing)

    def _loss(self, targets: np.ndarray) -> nn.Module:
        weights = positive_weights(targets, self._learner.class_weight)
        if self._setting.codebook.exclusive:
            return nn.CrossEntropyLoss(weight=weights)
        return MultiLabelLoss(self._learner.loss, weights)

    def _epoch(
        self,
        batches: list[list[int]],
        ids: list[list[int]],
        targets: Tensor,
        loss_function: nn.Module,
        optimiser: Optimiser,
    ) -> float:
        """Take one step a batch; return the mean loss."""
        self._network.train()
        total = 0.0
        samples = self._learner.dropout_samples
        for batch in batches:
            with autocast(self._learner.precision, self._network.device):
                pooled = self._network.embed(*tensors([ids[i] for i in batch], self._pad_id, self._network.device))
                logits = [self._network.head(self._network.dropout(pooled)) for _ in range(samples)]
            losses = [loss_function(one.float(), targets[batch]) for one in logits]
            loss = torch.stack(losses).mean()
            optimiser.step(loss)
            total += loss.item() * len(batch)
            self._setting.progress.advance(len(batch))
        return total / len(ids)

    def _validate(self, validation: Labelled) -> float:
        scores = self.logits(validation.texts, self._learner.precision, validation.neighbours)
        return macro_average_precision(validation.targets, scores)

    def logits(
        self,
        texts: Sequence[str],
        precision: str = "float32",
        neighbours: Sequence[tuple[str, str]] | None = None,
    ) -> np.ndarray:
        """Give the network's logits, shape (n, labels), float64."""
        return logits_of(self._network, self._tokenised(texts, neighbours), self._pad_id, precision)

    def states(self, texts: Sequence[str], precision: str, layers: Sequence[int] = ()) -> States:
        """Give logits, the sentence vectors they come from, and the states after `layers`, counted from 1."""
        return states_of(self._network, self._tokenised(texts, None), self._pad_id, precision, layers)
