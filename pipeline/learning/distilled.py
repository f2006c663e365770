"""Teach a small network what a large one says, on labelled and unlabelled sentences."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from pipeline.corpus.unlabelled import Unlabelled
from pipeline.decisions.decisions import sigmoid
from pipeline.ground.errors import ConfigError, EncoderError
from pipeline.ground.files import hash_json
from pipeline.inference.manifest import OnnxSpec
from pipeline.learning.batches import shuffled_batches, tokenise
from pipeline.learning.checkpoints import read_tensors, write_tensors
from pipeline.learning.device import autocast, prepare, tensors
from pipeline.learning.encoders import load_encoder
from pipeline.learning.estimators import Labelled, Setting
from pipeline.learning.export import export_network
from pipeline.learning.finetuned import FinetunedEstimator
from pipeline.learning.forward import logits_of, macro_average_precision
from pipeline.learning.learners import DistilledLearner, FinetunedLearner, SeedsLearner
from pipeline.learning.network import SentenceNetwork, set_up
from pipeline.learning.optimiser import Optimiser, parameter_groups
from pipeline.learning.recipes import Recipe
from pipeline.learning.resume import Checkpoint, Place
from pipeline.learning.seeds import SeedsEstimator, weights_cache
from pipeline.learning.unlabelled_reading import unlabelled_for

CHUNK = 2000  # sentences a teacher judges between two writes


@dataclass(frozen=True, slots=True)
class Lessons:
    """What the student learns from: texts, target probabilities (n, labels), and a teacher's vectors (n, width)."""

    texts: list[str]
    targets: np.ndarray
    vectors: np.ndarray | None


class DistilledEstimator:
    """A student that learns a teacher's probabilities (Hinton et al. 2015), with checkpoints."""

    def __init__(self, learner: DistilledLearner, teacher: Recipe, setting: Setting) -> None:
        if setting.codebook.exclusive:
            raise ConfigError(
                "kind: distilled is for codebooks where any subset of labels may hold",
                hint="use kind: finetuned where exactly one label holds",
            )
        self.history: list[dict[str, float]] = []
        self.facts: dict[str, Any] = {}
        self._learner = learner
        self._teacher = teacher
        self._setting = setting

    def fit(self, train: Labelled, validation: Labelled) -> "DistilledEstimator":
        """Fit the teacher, let it judge every text, train the student; what was done before is read back."""
        unlabelled = unlabelled_for(self._learner.unlabelled, self._setting)
        self.facts = {"unlabelled": unlabelled.counts, "unlabelled_fingerprint": unlabelled.fingerprint}
        work = self._work(train, validation, unlabelled)
        members = self._fit_teacher(train, validation)
        texts = [*train.texts, *unlabelled.texts]
        lessons = self._lessons(members, texts, train.targets, work)
        prepare(self._setting.seed, self._setting.threads)
        self._start(members)
        self._train(lessons, validation, work / "student.safetensors")
        return self

    def predict_proba(self, texts: Sequence[str]) -> np.ndarray:
        """Give raw probabilities, shape (n, labels), in float32 as the exported graph does."""
        return sigmoid(logits_of(self._network, self._tokenised(texts), self._pad_id, "float32"))

    def save(self, folder: Path) -> OnnxSpec:
        """Write encoder and head as one graph."""
        return export_network(self._network, self._tokenizer, folder, self._learner.max_length)

    def _work(self, train: Labelled, validation: Labelled, unlabelled: Unlabelled) -> Path:
        """Name the folder of this distillation by everything it depends on but the code."""
        parts = [self._learner.model_dump(mode="json"), self._teacher.described, self._setting.seed]
        data = [[list(part.texts), part.targets.tolist()] for part in (train, validation)]
        name = hash_json([parts, data, unlabelled.fingerprint])
        return weights_cache(self._setting.base).parent / "distillation" / name

    def _fit_teacher(self, train: Labelled, validation: Labelled) -> list[FinetunedEstimator]:
        learner = self._teacher.learner
        if isinstance(learner, SeedsLearner):
            (inner,) = self._teacher.members.values()
            if not isinstance(inner.learner, FinetunedLearner):
                raise TypeError("a seeds recipe holds a fine-tuned one")
            members = list(SeedsEstimator(learner, inner.learner, self._setting).members.values())
        elif isinstance(learner, FinetunedLearner):
            keep = weights_cache(self._setting.base)
            members = [FinetunedEstimator(learner, self._setting, keep=keep)]
        else:
            raise TypeError(f"a teacher of kind {learner.kind}")
        for number, member in enumerate(members, start=1):
            self._setting.progress.say(f"teacher {number} of {len(members)}")
            member.fit(train, validation)
        return members

    def _lessons(self, members: list[FinetunedEstimator], texts: list[str], gold: np.ndarray, work: Path) -> Lessons:
        """Let each teacher judge each text; mix in the labels where there are any."""
        judged = [self._judge(member, texts, work / f"teacher-{i}") for i, member in enumerate(members)]
        targets = np.mean([sigmoid(logits) for logits, _ in judged], axis=0)
        share = self._learner.gold_weight
        targets[: len(gold)] = share * gold + (1 - share) * targets[: len(gold)]
        copies = self._learner.labelled_copies - 1
        again = list(range(len(texts))) + list(range(len(gold))) * copies
        vectors = judged[0][1]
        return Lessons([texts[i] for i in again], targets[again], None if vectors is None else vectors[again])

    def _judge(
        self, member: FinetunedEstimator, texts: list[str], folder: Path
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """Give a teacher's logits, and its vectors where the recipe wants them; kept in chunks."""
        with_vectors = self._learner.embedding_weight > 0
        logits, vectors = [], []
        self._setting.progress.stage(f"{folder.name} judges", len(texts))
        for start in range(0, len(texts), CHUNK):
            path = folder / f"{start:07}.safetensors"
            found = read_tensors(path)
            if found is None:
                scores, states = member.logits_and_vectors(texts[start : start + CHUNK], self._learner.precision)
                found = {"logits": torch.from_numpy(scores), "vectors": torch.from_numpy(states)}, {}
                write_tensors(path, found[0] if with_vectors else {"logits": found[0]["logits"]}, {})
            logits.append(found[0]["logits"].numpy())
            if with_vectors:
                vectors.append(found[0]["vectors"].numpy())
            self._setting.progress.advance(len(logits[-1]))
        return np.concatenate(logits), np.concatenate(vectors) if with_vectors else None

    def _start(self, members: list[FinetunedEstimator]) -> None:
        """Make the student: from its encoder, or with the first teacher's weights."""
        learner = self._learner
        self._tokenizer, encoder = load_encoder(learner.encoder, self._setting.base, self._setting.progress)
        self._pad_id = int(self._tokenizer.pad_token_id or 0)
        self._network = SentenceNetwork(encoder, len(self._setting.codebook.names), dropout=learner.dropout)
        if learner.start == "teacher":
            try:
                self._network.load_state_dict(members[0].network.state_dict())
            except RuntimeError as error:
                raise EncoderError(
                    "start: teacher needs a student with the teacher's encoder; their weights do not fit",
                    hint="name the teacher's encoder in the student's recipe, or set start: encoder",
                ) from error
        set_up(encoder, dropout=learner.encoder_dropout, freeze=learner.freeze)

    def _tokenised(self, texts: Sequence[str]) -> list[list[int]]:
        return tokenise(self._tokenizer, texts, self._learner.max_length)

    def _train(self, lessons: Lessons, validation: Labelled, path: Path) -> None:
        """Train for all epochs, from the last checkpoint where there is one; the last epoch's weights stand."""
        learner = self._learner
        ids = self._tokenised(lessons.texts)
        groups = parameter_groups(self._network, learner.learning_rate, learner.head_learning_rate, learner.layer_decay)
        projection = self._projection(lessons)
        if projection is not None:
            groups.append({"params": list(projection.parameters()), "lr": learner.head_learning_rate})
        steps = learner.epochs * -(-len(ids) // learner.batch_size)
        optimiser = Optimiser(groups, steps=steps, warmup=learner.warmup, weight_decay=learner.weight_decay)
        modules = nn.ModuleDict({"network": self._network} | ({"projection": projection} if projection else {}))
        checkpoint = Checkpoint(path, modules, optimiser, learner.checkpoint_minutes)
        state = checkpoint.restore() or Place()
        if state != Place():
            self._setting.progress.say(f"going on from the checkpoint at epoch {state.epoch}, batch {state.batch}")
        self.history = state.history
        for epoch in range(state.epoch, learner.epochs + 1):
            self._setting.progress.stage(f"epoch {epoch} of {learner.epochs}", len(ids))
            rng = np.random.default_rng([self._setting.seed, epoch])
            batches = shuffled_batches([len(row) for row in ids], learner.batch_size, rng)
            self._network.train()
            start = time.perf_counter()
            for number in range(state.batch, len(batches)):
                batch = batches[number]
                loss = self._loss(lessons, ids, batch, projection)
                optimiser.step(loss)
                state.loss += loss.item() * len(batch)
                self._setting.progress.advance(len(batch))
                state.batch = number + 1
                checkpoint.write_if_due(state)
            figures = {
                "train_loss": state.loss / len(ids),
                "val_macro_ap": self._validate(validation),
                "epoch_seconds": time.perf_counter() - start,
            }
            self.history.append(figures)
            state.epoch, state.batch, state.loss = epoch + 1, 0, 0.0
            checkpoint.write(state)
            self._setting.progress.say(
                f"epoch {epoch}: loss {figures['train_loss']:.4f},"
                f" validation macro average precision {figures['val_macro_ap']:.3f}"
            )

    def _projection(self, lessons: Lessons) -> nn.Linear | None:
        if lessons.vectors is None:
            return None
        return nn.Linear(self._network.encoder.config.hidden_size, lessons.vectors.shape[1])

    def _loss(self, lessons: Lessons, ids: list[list[int]], batch: list[int], projection: nn.Linear | None) -> Tensor:
        """Cross-entropy with the target probabilities, and the distance of vectors where it is asked for."""
        with autocast(self._learner.precision):
            pooled = self._network.embed(*tensors([ids[i] for i in batch], self._pad_id))
            logits = self._network.head(self._network.dropout(pooled))
            projected = projection(pooled) if projection is not None else None
        targets = torch.from_numpy(lessons.targets[batch].astype(np.float32))
        loss = nn.functional.binary_cross_entropy_with_logits(logits.float(), targets)
        if projected is not None and lessons.vectors is not None:
            wanted = torch.from_numpy(lessons.vectors[batch].astype(np.float32))
            distance = 1 - nn.functional.cosine_similarity(projected.float(), wanted, dim=1).mean()
            loss = loss + self._learner.embedding_weight * distance
        return loss

    def _validate(self, validation: Labelled) -> float:
        scores = logits_of(self._network, self._tokenised(validation.texts), self._pad_id, self._learner.precision)
        return macro_average_precision(validation.targets, scores)
