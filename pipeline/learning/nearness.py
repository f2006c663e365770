"""Draw a student's vectors to a teacher's: of sentences, and of the layers below."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from pipeline.ground.errors import ConfigError
from pipeline.ground.progress import Progress
from pipeline.learning.encoders import count_layers
from pipeline.learning.learners import DistilledLearner, FinetunedLearner
from pipeline.learning.lessons import Lessons
from pipeline.learning.recipes import Recipe


class LayerProjections(nn.Module):
    """One linear map for each pair of layers, from the student's width to the teacher's."""

    def __init__(self, pairs: int, width: int, teacher_width: int) -> None:
        super().__init__()
        self.maps = nn.ModuleList(nn.Linear(width, teacher_width) for _ in range(pairs))

    def forward(self, states: list[Tensor]) -> Tensor:
        """Give projected states, shape (batch, pairs, teacher's width), from one tensor (batch, width) a pair."""
        return torch.stack([one(state) for one, state in zip(self.maps, states, strict=True)], dim=1)


def projections_for(lessons: Lessons, width: int) -> nn.ModuleDict:
    """Make what maps a student's vectors, `width` wide, to those of its lessons; empty where these have none."""
    made: dict[str, nn.Module] = {}
    if lessons.vectors is not None:
        made["projection"] = nn.Linear(width, lessons.vectors.shape[1])
    if lessons.layers is not None:
        made["layers"] = LayerProjections(lessons.layers.shape[1], width, lessons.layers.shape[2])
    return nn.ModuleDict(made)


def distance(found: Tensor, wanted: np.ndarray) -> Tensor:
    """Give the mean cosine distance of vectors along the last axis: half the squared one of vectors of length 1."""
    target = torch.from_numpy(wanted.astype(np.float32)).to(found.device)
    return 1 - nn.functional.cosine_similarity(found.float(), target, dim=-1).mean()


def check_layers(learner: DistilledLearner, teacher: Recipe, base: Path, progress: Progress) -> None:
    """Read from both encoders' configurations whether they have the layers that a recipe pairs.

    Raises:
        ConfigError: a layer is asked for that the student's or the teacher's encoder does not have.
    """
    if learner.layers is None:
        return
    first = next(part.learner for part in teacher.parts if isinstance(part.learner, FinetunedLearner))
    faults = []
    sides = (("student", learner, learner.layers.of_student), ("teacher", first, learner.layers.of_teacher))
    for side, one, asked in sides:
        there = count_layers(one.encoder, base, progress)
        if asked[-1] > there:
            faults.append(f"layer {asked[-1]} of the {side} is asked for, and its encoder has {there}")
    if faults:
        raise ConfigError(
            f"learner.layers.pairs: {'; '.join(faults)}", hint="layers are counted from 1, as [student, teacher]"
        )
