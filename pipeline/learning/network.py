"""Put an encoder and a linear head together: token ids in, one logit for each label out."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn


class SentenceNetwork(nn.Module):
    """Mean-pool the encoder's last layer over tokens (Reimers and Gurevych 2019), then one linear layer.

    `normalise` scales the pooled vector to length 1, as all-MiniLM's sentence embeddings are. With `between`, the
    id of a separator, only tokens between the first and the second separator are pooled.
    """

    def __init__(
        self, encoder: Any, labels: int, *, dropout: float = 0.0, normalise: bool = False, between: int | None = None
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(encoder.config.hidden_size, labels)
        self.normalise = normalise
        self.between = between

    @property
    def device(self) -> torch.device:
        """Say where the weights lie, and so where token ids must go."""
        return self.head.weight.device

    def embed(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Give sentence vectors, shape (batch, hidden), from ids and mask of shape (batch, tokens)."""
        return self.embed_layers(input_ids, attention_mask, ())[0]

    def embed_layers(
        self, input_ids: Tensor, attention_mask: Tensor, layers: Sequence[int]
    ) -> tuple[Tensor, list[Tensor]]:
        """Give sentence vectors as `embed` does, and of the same pass the tokens' mean state after each of `layers`.

        Layers are counted from 1; each gives a tensor of shape (batch, hidden), of no fixed length.
        """
        asked = {"output_hidden_states": True} if layers else {}
        found = self.encoder(input_ids=input_ids, attention_mask=attention_mask, **asked)
        pooling = attention_mask
        if self.between is not None:
            separators = input_ids == self.between
            pooling = attention_mask * ((separators.cumsum(dim=1) == 1) & ~separators)
        pooled = _mean(found.last_hidden_state, pooling)
        below = [_mean(found.hidden_states[layer], pooling) for layer in layers]
        return nn.functional.normalize(pooled, dim=1) if self.normalise else pooled, below

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Give logits, shape (batch, labels)."""
        logits: Tensor = self.head(self.dropout(self.embed(input_ids, attention_mask)))
        return logits


def _mean(states: Tensor, pooling: Tensor) -> Tensor:
    """Average states, shape (batch, tokens, hidden), over the tokens that `pooling` marks."""
    mask = pooling.unsqueeze(-1).to(states.dtype)
    return (states * mask).sum(dim=1) / mask.sum(dim=1)


def set_up(encoder: Any, *, dropout: float | None, freeze: str) -> None:
    """Set an encoder's own dropout (None leaves it), and leave its word vectors untrained where asked.

    Without dropout torch 2.13 takes its fused attention, whose backward pass in bfloat16 is slower on a CPU than the
    plain one's, so the plain one is asked for.
    """
    if dropout == 0:
        encoder.set_attn_implementation("eager")
    if dropout is not None:
        for module in encoder.modules():
            if isinstance(module, nn.Dropout):
                module.p = dropout
    if freeze == "embeddings":
        encoder.get_input_embeddings().requires_grad_(False)
