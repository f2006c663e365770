"""Hide words from an encoder, and guess them: what masked-language training puts around it."""

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

BLANKED, REPLACED = 0.8, 0.1  # of the hidden words; the rest stay as they are (Devlin et al. 2019)


class Hider:
    """Hide words of a batch by a tokenizer's vocabulary; special tokens are neither hidden nor drawn."""

    def __init__(self, tokenizer: Any, size: int, share: float, rng: np.random.Generator) -> None:
        self._special = np.array(tokenizer.all_special_ids)
        self._vocabulary = np.setdiff1d(np.arange(min(len(tokenizer), size)), self._special)
        self._mask_id = int(tokenizer.mask_token_id)
        self._share = share
        self._rng = rng

    def hide(self, tokens: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Give the ids to show and where words are to be guessed, both of the shape of `tokens`."""
        ids = tokens.numpy()
        words = mask.numpy().astype(bool) & ~np.isin(ids, self._special)
        hidden = words & (self._rng.random(ids.shape) < self._share)
        draw = self._rng.random(ids.shape)
        replaced = hidden & (draw >= 1 - REPLACED)
        shown = np.where(hidden & (draw < BLANKED), self._mask_id, ids)
        shown[replaced] = self._rng.choice(self._vocabulary, int(replaced.sum()))
        return torch.from_numpy(shown), torch.from_numpy(hidden)


class WordHead(nn.Module):
    """Turn states into one logit for each word, by a layer of its own and the encoder's word vectors."""

    def __init__(self, hidden: int, vocabulary: int, width: int) -> None:
        super().__init__()
        self.transform = nn.Linear(hidden, width)
        self.norm = nn.LayerNorm(width)
        self.bias = nn.Parameter(torch.zeros(vocabulary))

    def forward(self, states: Tensor, words: Tensor) -> Tensor:
        """Give logits, shape (n, vocabulary), from states (n, hidden) and word vectors (vocabulary, width)."""
        turned = self.norm(nn.functional.gelu(self.transform(states)))
        return nn.functional.linear(turned, words, self.bias)
