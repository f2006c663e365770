"""Teach a small network what a large one says, on labelled and unlabelled sentences."""

import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from pipeline.decisions.decisions import sigmoid
from pipeline.ground.files import hash_json
from pipeline.inference.manifest import OnnxSpec
from pipeline.learning.augment import copies_to_judge
from pipeline.learning.batches import shuffled_batches, tokenise
from pipeline.learning.checkpoints import VERSION
from pipeline.learning.device import autocast, gpu_errors, gpu_facts, prepare, tensors, training_device
from pipeline.learning.encoders import fingerprint, load_encoder
from pipeline.learning.estimators import Labelled, Setting
from pipeline.learning.export import export_network
from pipeline.learning.finetuned import FinetunedEstimator
from pipeline.learning.forward import logits_of, macro_average_precision
from pipeline.learning.learners import DistilledLearner, FinetunedLearner, SeedsLearner
from pipeline.learning.lessons import Lessons, judge
from pipeline.learning.nearness import check_layers, distance, projections_for
from pipeline.learning.network import SentenceNetwork, set_up
from pipeline.learning.optimiser import Optimiser, parameter_groups
from pipeline.learning.recipes import Recipe
from pipeline.learning.resume import Checkpoint, Place
from pipeline.learning.seeds import SeedsEstimator, weights_cache
from pipeline.learning.unlabelled_reading import told_of, unlabelled_for


class DistilledEstimator:
    """A student that learns a teacher's probabilities (Hinton et al. 2015), with checkpoints."""

    def __init__(self, learner: DistilledLearner, teacher: Recipe, setting: Setting) -> None:
        self.history: list[dict[str, float]] = []
        self.facts: dict[str, Any] = {}
        self._learner = learner
        self._teacher = teacher
        self._setting = setting

    def fit(self, train: Labelled, validation: Labelled) -> "DistilledEstimator":
        """Fit the teacher, let it judge every text, train the student; what was done before is read back."""
        with gpu_errors():
            return self._fit(train, validation)

    def _fit(self, train: Labelled, validation: Labelled) -> "DistilledEstimator":
        unlabelled = unlabelled_for(self._learner.unlabelled, self._setting)
        self.facts = told_of(unlabelled)
        prepare(self._setting.seed, self._setting.threads)
        self.facts |= gpu_facts(training_device())
        check_layers(self._learner, self._teacher, self._setting.base, self._setting.progress)
        self._start()  # before the teacher, so that a student that cannot be is found at once
        members = self._fit_teacher(train, validation)
        names = [member.fit_hash(train, validation) for member in members]
        texts = [*train.texts, *unlabelled.texts]
        lessons = self._lessons(members, names, texts, train.targets)
        copies, gold = self._copies(texts, lessons, train.targets)
        if copies:  # in chunks of their own, so that those of the originals are kept
            lessons = lessons.then(self._lessons(members, names, copies, gold))
            texts += copies
        if self._learner.start != "encoder":
            self._network.load_state_dict(soup(members if self._learner.start == "soup" else members[:1]))
        members.clear()  # the teachers' weights are not needed any more
        prepare(self._setting.seed, self._setting.threads)
        self._train(lessons, validation, self._work(names, texts, train.targets) / "student.safetensors")
        return self

    def predict_proba(self, texts: Sequence[str]) -> np.ndarray:
        """Give raw probabilities, shape (n, labels), in float32 as the exported graph does."""
        return sigmoid(logits_of(self._network, self._tokenised(texts), self._pad_id, "float32"))

    def save(self, folder: Path) -> OnnxSpec:
        """Write encoder and head as one graph."""
        return export_network(self._network, self._tokenizer, folder, self._learner.max_length)

    def _work(self, teachers: list[str], texts: list[str], gold: np.ndarray) -> Path:
        """Name the folder of this training by everything it depends on but the code, whose part is `VERSION`."""
        learner = self._learner.model_dump(mode="json", exclude={"checkpoint_minutes", "teacher"})
        encoder = fingerprint(self._learner.encoder, self._setting.base, self._setting.progress)
        told = [self._setting.seed, self._setting.threads, *gpu_facts(self._network.device).values()]
        name = hash_json([VERSION, learner, encoder, told, teachers, texts, gold.tolist()])
        return weights_cache(self._setting.base).parent / "distillation" / name

    def _fit_teacher(self, train: Labelled, validation: Labelled) -> list[FinetunedEstimator]:
        setting = replace(self._setting, seed=self._teacher.seed)
        members = _members(self._teacher, setting)
        for number, member in enumerate(members, start=1):
            setting.progress.say(f"teacher {number} of {len(members)}")
            member.fit(train, validation)
        fits = {f"seed-{member.facts.get('seed')}": member.facts for member in members}
        self.facts["teacher"] = {"recipe": self._teacher.name, "recipe_hash": self._teacher.hash, "fits": fits}
        return members

    def _lessons(
        self, members: list[FinetunedEstimator], names: list[str], texts: list[str], gold: np.ndarray
    ) -> Lessons:
        """Let each teacher judge each text; mix in the labels where there are any."""
        learner, layers = self._learner, self._learner.layers
        ask = partial(
            judge,
            precision=learner.precision,
            cache=weights_cache(self._setting.base).parent / "judgements",
            progress=self._setting.progress,
            since=self._setting.since,
        )
        first = ask(members[0], names[0], texts, layers.of_teacher if layers else ())
        judged = [first, *(ask(member, name, texts) for member, name in zip(members[1:], names[1:], strict=True))]
        targets = np.mean([sigmoid(states.logits) for states in judged], axis=0)
        share = learner.gold_weight
        targets[: len(gold)] = share * gold + (1 - share) * targets[: len(gold)]
        again = list(range(len(texts))) + list(range(len(gold))) * (learner.labelled_copies - 1)
        vectors = first.vectors[again] if learner.embedding_weight > 0 else None
        below = None if first.layers is None else first.layers[again]
        return Lessons([texts[i] for i in again], targets[again], vectors, below)

    def _copies(self, texts: list[str], lessons: Lessons, gold: np.ndarray) -> tuple[list[str], np.ndarray]:
        """Give altered copies, those of labelled sentences first, and the labels of these."""
        settings, labelled = self._learner.augment, len(gold)
        if settings is None:
            return [], gold[:0]
        judged, seed = lessons.targets[labelled : len(texts)], self._setting.seed
        copies = copies_to_judge(texts, gold, judged, settings, self._setting.codebook, seed)
        known = copies.among(labelled)
        unknown = len(copies.texts) - len(known)
        self.facts["altered_copies"] = {"labelled": len(known), "unlabelled": unknown}
        self._setting.progress.say(f"altered copies: {len(known)} of labelled sentences, {unknown} of unlabelled ones")
        return copies.texts, gold[known]

    def _start(self) -> None:
        """Load the student's encoder afresh."""
        learner = self._learner
        self._tokenizer, encoder = load_encoder(learner.encoder, self._setting.base, self._setting.progress)
        self._pad_id = int(self._tokenizer.pad_token_id or 0)
        network = SentenceNetwork(encoder, len(self._setting.codebook.names), dropout=learner.dropout)
        self._network = network.to(training_device())
        set_up(encoder, dropout=learner.encoder_dropout, freeze=learner.freeze)
        self._groups()

    def _groups(self) -> list[dict[str, Any]]:
        learner = self._learner
        return parameter_groups(self._network, learner.learning_rate, learner.head_learning_rate, learner.layer_decay)

    def _tokenised(self, texts: Sequence[str]) -> list[list[int]]:
        return tokenise(self._tokenizer, texts, self._learner.max_length)

    def _train(self, lessons: Lessons, validation: Labelled, path: Path) -> None:
        """Train for all epochs, from the last checkpoint where there is one; the last epoch's weights stand."""
        learner = self._learner
        ids = self._tokenised(lessons.texts)
        groups = self._groups()
        projections = projections_for(lessons, self._network.encoder.config.hidden_size).to(self._network.device)
        if projections:
            groups.append({"params": list(projections.parameters()), "lr": learner.head_learning_rate})
        steps = learner.epochs * -(-len(ids) // learner.batch_size)
        optimiser = Optimiser(groups, steps=steps, warmup=learner.warmup, weight_decay=learner.weight_decay)
        modules = nn.ModuleDict({"network": self._network, **projections})
        checkpoint = Checkpoint(path, modules, optimiser, learner.checkpoint_minutes, self._setting.since)
        state = checkpoint.restore() or Place()
        if state.epoch > learner.epochs:
            self._setting.progress.say("the student was trained before, its weights are read from the last checkpoint")
        elif state != Place():
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
                loss = self._loss(lessons, ids, batch, projections)
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
            checkpoint.write(state, last=epoch == learner.epochs)
            self._setting.progress.say(
                f"epoch {epoch}: loss {figures['train_loss']:.4f},"
                f" validation macro average precision {figures['val_macro_ap']:.3f}"
            )

    def _loss(self, lessons: Lessons, ids: list[list[int]], batch: list[int], projections: nn.ModuleDict) -> Tensor:
        """Cross-entropy with the target probabilities, and the distance of vectors where it is asked for."""
        device, learner = self._network.device, self._learner
        with autocast(learner.precision, device):
            asked = learner.layers.of_student if learner.layers else ()
            batched = tensors([ids[i] for i in batch], self._pad_id, device)
            pooled, states = self._network.embed_layers(*batched, asked)
            logits = self._network.head(self._network.dropout(pooled))
            drawn = []  # to what, and how strongly
            if lessons.vectors is not None:
                drawn.append((projections["projection"](pooled), lessons.vectors, learner.embedding_weight))
            if learner.layers and lessons.layers is not None:
                drawn.append((projections["layers"](states), lessons.layers, learner.layers.weight))
        targets = torch.from_numpy(lessons.targets[batch].astype(np.float32)).to(device)
        loss = nn.functional.binary_cross_entropy_with_logits(logits.float(), targets)
        for found, wanted, weight in drawn:
            loss = loss + weight * distance(found, wanted[batch])
        return loss

    def _validate(self, validation: Labelled) -> float:
        scores = logits_of(self._network, self._tokenised(validation.texts), self._pad_id, self._learner.precision)
        return macro_average_precision(validation.targets, scores)


def soup(members: Sequence[FinetunedEstimator]) -> dict[str, Tensor]:
    """Give the mean of networks' weights; what is no floating-point number is the first one's.

    Fits that began with one encoder lie close enough together for their mean to be as good as their ensemble
    (Wortsman et al. 2022, ICML).
    """
    states = [member.network.state_dict() for member in members]
    return {
        name: torch.stack([state[name].double() for state in states]).mean(dim=0).to(first.dtype)
        if first.is_floating_point()
        else first.clone()
        for name, first in states[0].items()
    }


def _members(teacher: Recipe, setting: Setting) -> list[FinetunedEstimator]:
    """Make a teacher's estimators, whose weights are kept."""
    learner = teacher.learner
    if isinstance(learner, FinetunedLearner):
        return [FinetunedEstimator(learner, setting, keep=weights_cache(setting.base))]
    inner = next(iter(teacher.members.values())).learner
    if isinstance(learner, SeedsLearner) and isinstance(inner, FinetunedLearner):
        return list(SeedsEstimator(learner, inner, setting).members.values())
    raise TypeError(f"a teacher of kind {learner.kind}")
