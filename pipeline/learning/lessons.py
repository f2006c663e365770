"""Hold what a student learns from, and let its teachers judge texts, which is kept in chunks."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from pipeline.ground.files import hash_json
from pipeline.ground.progress import Progress
from pipeline.learning.checkpoints import VERSION, read_tensors, write_tensors
from pipeline.learning.finetuned import FinetunedEstimator
from pipeline.learning.forward import States

KIND = "judgements"
CHUNK = 2000  # sentences a teacher judges between two writes


@dataclass(frozen=True, slots=True, eq=False)
class Lessons:
    """What the student learns from: texts and target probabilities, shape (n, labels).

    Where they are to be learned, a teacher's sentence vectors, shape (n, width), and the vectors of some of its layers,
    shape (n, layers, width).
    """

    texts: list[str]
    targets: np.ndarray
    vectors: np.ndarray | None = None
    layers: np.ndarray | None = None

    def then(self, more: "Lessons") -> "Lessons":
        """Put further lessons after these."""
        vectors, layers = (
            None if one is None or other is None else np.concatenate([one, other])
            for one, other in ((self.vectors, more.vectors), (self.layers, more.layers))
        )
        return Lessons([*self.texts, *more.texts], np.concatenate([self.targets, more.targets]), vectors, layers)


def judge(
    member: FinetunedEstimator,
    name: str,
    texts: list[str],
    layers: Sequence[int] = (),
    *,
    precision: str,
    cache: Path,
    progress: Progress,
    since: float = 0.0,
) -> States:
    """Give what a teacher makes of texts; a chunk is named by teacher, texts and precision, and by layers, if any.

    Chunks that were kept before `since`, in seconds as `time.time` gives them, are judged anew.
    """
    parts = ["logits", "vectors", *(["layers"] if layers else [])]
    asked = [list(layers)] if layers else []
    found = []
    progress.stage("the teacher judges", len(texts))
    for start in range(0, len(texts), CHUNK):
        some = texts[start : start + CHUNK]
        path = cache / f"{hash_json([VERSION, name, some, precision, *asked])}.safetensors"
        kept = read_tensors(path, KIND, since)
        if kept is None:
            states = member.states(some, precision, layers)
            kept = {part: torch.from_numpy(getattr(states, part)) for part in parts}, {}
            write_tensors(path, KIND, *kept)
        found.append(kept[0])
        progress.advance(len(some))
    return States(**{part: np.concatenate([one[part].numpy() for one in found]) for part in parts})
