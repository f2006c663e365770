"""Judge each part of the sentences by itself: one source, one genre."""

import numpy as np

from pipeline.judging.metrics import count
from pipeline.judging.records import Judged, SliceScores


def slice_scores(judged: Judged) -> dict[str, dict[str, SliceScores]]:
    """Score every value of every slice, values in alphabetical order; sentences without a value are left out."""
    groups = np.array(judged.groups)
    return {
        name: {
            value: _score(judged, groups, np.array([other == value for other in row]))
            for value in sorted(set(row) - {""})
        }
        for name, row in judged.slices.items()
    }


def _score(judged: Judged, groups: np.ndarray, inside: np.ndarray) -> SliceScores:
    """Score the sentences where `inside` (n,) holds.

    Macro-F1 is the mean over the labels that are gold or predicted in the slice: a source that never hopes
    should not drag the mean to 0. So slices with different labels present do not compare by macro-F1 alone.
    """
    counts = count(judged.gold[inside], judged.predicted[inside])
    present = counts.tp + counts.fp + counts.fn > 0
    return SliceScores(
        n=int(inside.sum()),
        documents=len(set(groups[inside])),
        macro_f1=float(counts.f1[present].mean()) if present.any() else None,
        f1={
            name: float(f1) if there else None
            for name, f1, there in zip(judged.labels, counts.f1, present, strict=True)
        },
    )
