"""Step a network's weights: AdamW with linear warm-up and decay, slower for lower layers where asked."""

import warnings
from typing import Any

import torch
from torch import Tensor, nn

from pipeline.ground.errors import ConfigError
from pipeline.learning.network import SentenceNetwork

CLIP = 1.0  # largest gradient norm, the custom for BERT-like encoders (Devlin et al. 2019)


class Optimiser:
    """AdamW over parameter groups, with its schedule; a step clips gradients first."""

    def __init__(self, groups: list[dict[str, Any]], *, steps: int, warmup: float, weight_decay: float) -> None:
        from transformers import get_linear_schedule_with_warmup

        self.steps = 0
        self._parameters = [one for group in groups for one in group["params"]]
        self._adamw = torch.optim.AdamW(groups, weight_decay=weight_decay, fused=True)
        self._schedule = get_linear_schedule_with_warmup(self._adamw, int(warmup * steps), steps)

    def step(self, loss: Tensor) -> None:
        """Take one step down the gradient of `loss`."""
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(self._parameters, CLIP)
        self._adamw.step()
        self._schedule.step()
        self._adamw.zero_grad()
        self.steps += 1

    def moments(self) -> dict[str, Tensor]:
        """Give AdamW's state, named by the parameter's place and the state's name."""
        return {
            f"{place}.{name}": value
            for place, parameter in enumerate(self._parameters)
            for name, value in self._adamw.state[parameter].items()
        }

    def restore(self, moments: dict[str, Tensor], steps: int) -> None:
        """Go to where `moments` were taken, after `steps` steps."""
        for name, value in moments.items():
            place, _, key = name.partition(".")
            parameter = self._parameters[int(place)]
            self._adamw.state[parameter][key] = value.to(parameter.device)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the schedule may step before AdamW here: nothing is skipped
            for _ in range(steps - self.steps):
                self._schedule.step()
        self.steps = steps


def parameter_groups(
    network: SentenceNetwork, learning_rate: float, head_learning_rate: float, layer_decay: float = 1.0
) -> list[dict[str, Any]]:
    """Group what is trained by learning rate: encoder, or each of its layers, and head.

    Raises:
        ConfigError: `layer_decay` is below 1 and the encoder's layers cannot be told apart.
    """
    head = {"params": list(network.head.parameters()), "lr": head_learning_rate}
    if layer_decay == 1.0:
        return [{"params": _trained(network.encoder), "lr": learning_rate}, head]
    layers = getattr(getattr(network.encoder, "encoder", None), "layer", None)
    if layers is None:
        raise ConfigError(
            f"layer_decay needs an encoder with layers in encoder.layer; {type(network.encoder).__name__} has none",
            hint="set layer_decay: 1.0",
        )
    groups: list[dict[str, Any]] = [
        {"params": _trained(layer), "lr": learning_rate * layer_decay ** (len(layers) - 1 - depth)}
        for depth, layer in enumerate(layers)
    ]
    taken = {id(one) for group in groups for one in group["params"]}
    rest = [one for one in _trained(network.encoder) if id(one) not in taken]
    below = [{"params": rest, "lr": learning_rate * layer_decay ** len(layers)}] if rest else []
    return [*below, *groups, head]


def _trained(module: nn.Module) -> list[nn.Parameter]:
    return [one for one in module.parameters() if one.requires_grad]
