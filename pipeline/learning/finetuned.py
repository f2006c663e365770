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
from pipeline.inference.manifest import OnnxSpec
from pipeline.learning.batches import shuffled_batches, sorted_batches, tokenise
from pipeline.learning.device import autocast, prepare, tensors, to_array
from pipeline.learning.encoders import load_encoder
from pipeline.learning.estimators import Labelled, Setting
from pipeline.learning.export import export_network
from pipeline.learning.network import SentenceNetwork
from pipeline.learning.recipes import FinetunedLearner

CLIP = 1.0  # largest gradient norm, the custom for BERT-like encoders (Devlin et al. 2019)


class FinetunedEstimator:
    """AdamW with linear warm-up and decay; the epoch with the best validation average precision is kept."""

    def __init__(self, learner: FinetunedLearner, setting: Setting) -> None:
        self.history: list[dict[str, float]] = []
        self._learner = learner
        self._setting = setting

    def fit(self, train: Labelled, validation: Labelled) -> "FinetunedEstimator":
        """Train until `epochs` are done or validation has not improved for `patience` epochs."""
        prepare(self._setting.seed, self._setting.threads)
        self.history = []
        self._start()
        ids = tokenise(self._tokenizer, train.texts, self._learner.max_length)
        targets = torch.from_numpy(train.targets.astype(np.float32))
        loss_function = self._loss(train.targets)
        rng = np.random.default_rng(self._setting.seed)
        steps = self._learner.epochs * -(-len(ids) // self._learner.batch_size)
        optimizer, schedule = self._optimizer(steps)
        best: tuple[float, int, dict[str, Any]] = (-1.0, 0, {})
        for epoch in range(1, self._learner.epochs + 1):
            start = time.perf_counter()
            batches = shuffled_batches([len(row) for row in ids], self._learner.batch_size, rng)
            self._setting.progress.stage(f"epoch {epoch} of at most {self._learner.epochs}", len(ids))
            loss = self._epoch(batches, ids, targets, loss_function, optimizer, schedule)
            score = self._validate(validation)
            seconds = time.perf_counter() - start
            self.history.append({"train_loss": loss, "val_macro_ap": score, "epoch_seconds": seconds})
            self._setting.progress.say(
                f"epoch {epoch}: loss {loss:.3f}, validation macro average precision {score:.3f}"
            )
            if score > best[0]:
                best = (score, epoch, copy.deepcopy(self._network.state_dict()))
            elif epoch - best[1] >= self._learner.patience:
                break
        self._network.load_state_dict(best[2])
        return self

    def predict_proba(self, texts: Sequence[str]) -> np.ndarray:
        """Give raw probabilities, shape (n, labels), in float32 as the exported graph does."""
        scores = self._logits(texts, "float32")
        return softmax(scores) if self._setting.codebook.exclusive else sigmoid(scores)

    def save(self, folder: Path) -> OnnxSpec:
        """Write encoder and head as one graph."""
        return export_network(self._network, self._tokenizer, folder, self._learner.max_length)

    def _start(self) -> None:
        """Load the encoder afresh, so that every fit starts from the same weights."""
        self._tokenizer, encoder = load_encoder(self._learner.encoder, self._setting.base)
        self._pad_id = int(self._tokenizer.pad_token_id or 0)
        labels = len(self._setting.codebook.names)
        self._network = SentenceNetwork(encoder, labels, dropout=self._learner.dropout)

    def _optimizer(self, steps: int) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler]:
        from transformers import get_linear_schedule_with_warmup

        groups = [
            {"params": list(self._network.encoder.parameters()), "lr": self._learner.learning_rate},
            {"params": list(self._network.head.parameters()), "lr": self._learner.head_learning_rate},
        ]
        optimizer = torch.optim.AdamW(groups, weight_decay=self._learner.weight_decay, fused=True)
        return optimizer, get_linear_schedule_with_warmup(optimizer, int(self._learner.warmup * steps), steps)

    def _loss(self, targets: np.ndarray) -> nn.Module:
        """Weigh rare labels up: by negatives over positives, or its square root."""
        positives = np.maximum(targets.sum(axis=0), 1)
        power = {"none": 0.0, "root": 0.5, "balanced": 1.0}[self._learner.class_weight]
        weights = torch.tensor(((len(targets) - positives + 1) / positives) ** power, dtype=torch.float32)
        if self._setting.codebook.exclusive:
            return nn.CrossEntropyLoss(weight=weights)
        return nn.BCEWithLogitsLoss(pos_weight=weights)

    def _epoch(
        self,
        batches: list[list[int]],
        ids: list[list[int]],
        targets: Tensor,
        loss_function: nn.Module,
        optimizer: torch.optim.Optimizer,
        schedule: torch.optim.lr_scheduler.LRScheduler,
    ) -> float:
        """Take one step a batch; return the mean loss."""
        self._network.train()
        total = 0.0
        for batch in batches:
            with autocast(self._learner.precision):
                logits = self._network(*tensors([ids[i] for i in batch], self._pad_id))
            loss = loss_function(logits.float(), targets[batch])
            loss.backward()
            nn.utils.clip_grad_norm_(self._network.parameters(), CLIP)
            optimizer.step()
            schedule.step()
            optimizer.zero_grad()
            total += loss.item() * len(batch)
            self._setting.progress.advance(len(batch))
        return total / len(ids)

    def _validate(self, validation: Labelled) -> float:
        """Give the mean of average precision over labels that stand in validation."""
        from sklearn.metrics import average_precision_score

        scores = self._logits(validation.texts, self._learner.precision)
        present = validation.targets.any(axis=0)
        return float(average_precision_score(validation.targets[:, present], scores[:, present], average="macro"))

    def _logits(self, texts: Sequence[str], precision: str) -> np.ndarray:
        self._network.eval()
        ids = tokenise(self._tokenizer, texts, self._learner.max_length)
        logits = np.zeros((len(ids), self._network.head.out_features))
        with torch.no_grad(), autocast(precision):
            for batch in sorted_batches([len(row) for row in ids], 64):
                logits[batch] = to_array(self._network(*tensors([ids[i] for i in batch], self._pad_id)))
        return logits
