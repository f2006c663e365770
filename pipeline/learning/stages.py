"""Prepare an encoder before its classifier is trained: by pairs of like labels, or by hidden words."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from pipeline.ground.errors import ConfigError
from pipeline.ground.progress import Progress
from pipeline.learning.batches import shuffled_batches, tokenise
from pipeline.learning.device import autocast, tensors
from pipeline.learning.estimators import Labelled
from pipeline.learning.masking import Hider, WordHead
from pipeline.learning.network import SentenceNetwork
from pipeline.learning.optimiser import Optimiser
from pipeline.learning.stage_settings import ContrastiveSettings, MaskedSettings


def contrast(
    encoder: Any,
    tokenizer: Any,
    labelled: Labelled,
    settings: ContrastiveSettings,
    *,
    precision: str,
    seed: int,
    progress: Progress,
) -> list[float]:
    """Train an encoder in place so that sentences of like label sets lie close; return each epoch's mean loss.

    Supervised contrastive learning (Khosla et al. 2020) on mean-pooled vectors of length 1, pairs weighed by the
    Jaccard index of their label sets, as Lin et al. (2023, Findings of ACL) do for several labels.
    """
    ids = tokenise(tokenizer, labelled.texts, settings.max_length)
    targets = torch.from_numpy(labelled.targets.astype(np.float32))
    pad_id = int(tokenizer.pad_token_id or 0)
    with _apart(encoder, seed) as device:
        network = SentenceNetwork(encoder, targets.shape[1])

        def loss_of(batch: list[int]) -> Tensor | None:
            likeness = label_likeness(targets[batch], settings.background)
            if not likeness.any():
                return None
            tokens, mask = tensors([ids[i] for i in batch], pad_id)
            with autocast(precision, device):
                pooled = network.embed(tokens.to(device), mask.to(device))
            return contrastive_loss(pooled.float(), likeness.to(device), settings.temperature)

        groups = [{"params": _trained(encoder), "lr": settings.learning_rate}]
        return _epochs("contrastive", ids, groups, loss_of, settings, seed, progress)


def label_likeness(targets: Tensor, background: float) -> Tensor:
    """Give the Jaccard index of each pair of label sets, shape (n, n), from 0/1 rows of shape (n, labels).

    Two empty sets count `background`; nothing is paired with itself.
    """
    sizes = targets.sum(dim=1)
    shared = targets @ targets.T
    likeness = shared / (sizes[:, None] + sizes[None, :] - shared).clamp(min=1)
    empty = sizes == 0
    likeness[empty[:, None] & empty[None, :]] = background
    return likeness.fill_diagonal_(0)


def contrastive_loss(vectors: Tensor, likeness: Tensor, temperature: float) -> Tensor:
    """Give the mean loss of the sentences that have a like one, which must be one at least.

    A sentence's loss is the mean over its like ones of `likeness` times the negative log of the share that their
    similarity has among its similarities to all others. `vectors` has shape (n, hidden), `likeness` (n, n).
    """
    vectors = nn.functional.normalize(vectors, dim=1)
    itself = torch.eye(len(vectors), dtype=torch.bool, device=vectors.device)
    scores = (vectors @ vectors.T / temperature).masked_fill(itself, -torch.inf)
    logs = scores.log_softmax(dim=1).masked_fill(itself, 0.0)
    alike = (likeness > 0).sum(dim=1)
    losses = -(likeness * logs).sum(dim=1)[alike > 0] / alike[alike > 0]
    return losses.mean()


def masked_language(
    encoder: Any,
    tokenizer: Any,
    texts: Sequence[str],
    settings: MaskedSettings,
    *,
    precision: str,
    seed: int,
    progress: Progress,
) -> list[float]:
    """Train an encoder in place to guess hidden words (Devlin et al. 2019); return each epoch's mean loss.

    The head that guesses begins fresh, shares its output weights with the encoder's word vectors, and is dropped
    afterwards. Without any text nothing happens but a line of news.

    Raises:
        ConfigError: the tokenizer has no mask token.
    """
    if tokenizer.mask_token_id is None:
        raise ConfigError(
            "masked-language training needs a mask token, and the encoder's tokenizer has none",
            hint="take the stage `masked` out of the recipe, or name a BERT-like encoder",
        )
    if not texts:
        progress.say("masked-language training left out: there is no unlabelled text")
        return []
    ids = tokenise(tokenizer, texts, settings.max_length)
    pad_id = int(tokenizer.pad_token_id or 0)
    words = encoder.get_input_embeddings().weight
    hider = Hider(tokenizer, len(words), settings.share, np.random.default_rng([seed, 1]))
    with _apart(encoder, seed) as device:
        head = WordHead(encoder.config.hidden_size, *words.shape).to(device)

        def loss_of(batch: list[int]) -> Tensor | None:
            tokens, mask = tensors([ids[i] for i in batch], pad_id)
            shown, hidden = hider.hide(tokens, mask)
            if not hidden.any():
                return None
            with autocast(precision, device):
                states = encoder(input_ids=shown.to(device), attention_mask=mask.to(device)).last_hidden_state
                guesses = head(states[hidden.to(device)], words)
            return nn.functional.cross_entropy(guesses.float(), tokens[hidden].to(device))

        groups = [
            {"params": _trained(encoder), "lr": settings.learning_rate},
            {"params": list(head.parameters()), "lr": settings.head_learning_rate},
        ]
        return _epochs("masked-language", ids, groups, loss_of, settings, seed, progress)


@contextmanager
def _apart(encoder: nn.Module, seed: int) -> Iterator[torch.device]:
    """Train with random numbers of one's own: generator and mode are afterwards as before; yield the device."""
    device, training = next(encoder.parameters()).device, encoder.training
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(seed)
        encoder.train()
        try:
            yield device
        finally:
            encoder.train(training)


def _trained(module: nn.Module) -> list[nn.Parameter]:
    return [one for one in module.parameters() if one.requires_grad]


def _epochs(
    name: str,
    ids: list[list[int]],
    groups: list[dict[str, Any]],
    loss_of: Callable[[list[int]], Tensor | None],
    settings: ContrastiveSettings | MaskedSettings,
    seed: int,
    progress: Progress,
) -> list[float]:
    """Take one step a batch, but for batches without a loss; return each epoch's mean loss."""
    rng = np.random.default_rng(seed)
    steps = settings.epochs * -(-len(ids) // settings.batch_size)
    optimiser = Optimiser(groups, steps=steps, warmup=settings.warmup, weight_decay=settings.weight_decay)
    means = []
    for epoch in range(1, settings.epochs + 1):
        progress.stage(f"{name} epoch {epoch} of {settings.epochs}", len(ids))
        total, taken = 0.0, 0
        for batch in shuffled_batches([len(row) for row in ids], settings.batch_size, rng):
            loss = loss_of(batch)
            if loss is not None:
                optimiser.step(loss)
                total, taken = total + loss.item() * len(batch), taken + len(batch)
            progress.advance(len(batch))
        means.append(total / max(taken, 1))
        progress.say(f"{name} epoch {epoch}: loss {means[-1]:.3f}")
    return means
