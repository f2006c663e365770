"""Let a long training go on from its last checkpoint, as if it had never stopped."""

import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from torch import nn

from pipeline.learning.checkpoints import alike, read_tensors, write_tensors
from pipeline.learning.optimiser import Optimiser

KIND = "checkpoint"


@dataclass(slots=True)
class Place:
    """Where a training stands: the epoch (from 1) and the batch to do next, and what was seen so far."""

    epoch: int = 1
    batch: int = 0
    loss: float = 0.0
    history: list[dict[str, float]] = field(default_factory=list)


class Checkpoint:
    """Hold one training's weights, AdamW's moments, schedule and torch's generator in a file.

    One that was written before `since`, in seconds as `time.time` gives them, is none to go on from.
    """

    def __init__(
        self, path: Path, modules: nn.ModuleDict, optimiser: Optimiser, minutes: float, since: float = 0.0
    ) -> None:
        self._path = path
        self._modules = modules
        self._optimiser = optimiser
        self._seconds = 60 * minutes
        self._since = since
        self._last = time.monotonic()

    def write_if_due(self, place: Place) -> None:
        """Write a checkpoint if the last one is old enough."""
        if time.monotonic() - self._last >= self._seconds:
            self.write(place)

    def write(self, place: Place, *, last: bool = False) -> None:
        """Write a checkpoint by rename; the last one needs no moments, which are twice the size of the weights."""
        weights = {f"weights.{name}": tensor for name, tensor in self._modules.state_dict().items()}
        moments = {} if last else {f"moments.{name}": tensor for name, tensor in self._optimiser.moments().items()}
        facts = {"place": asdict(place), "steps": self._optimiser.steps}
        write_tensors(self._path, KIND, weights | moments | _generators(), facts)
        self._last = time.monotonic()

    def restore(self) -> Place | None:
        """Set everything to where the checkpoint left it; None where there is none that can be read."""
        found = read_tensors(self._path, KIND, self._since)
        if found is None or not alike(_under("weights.", found[0]), self._modules.state_dict()):
            return None
        kept, facts = found
        self._modules.load_state_dict(_under("weights.", kept))
        self._optimiser.restore(_under("moments.", kept), facts["steps"])
        torch.set_rng_state(kept["generator"])
        if "generator.cuda" in kept:
            torch.cuda.set_rng_state(kept["generator.cuda"])
        return Place(**facts["place"])


def _generators() -> dict[str, torch.Tensor]:
    """Give the states of torch's generators: the processor's, and the GPU's where there is one."""
    states = {"generator": torch.get_rng_state()}
    return states | {"generator.cuda": torch.cuda.get_rng_state()} if torch.cuda.is_available() else states


def _under(prefix: str, tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
