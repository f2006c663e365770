"""Draw growing shares of the training documents, each inside the next, for a learning curve."""

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from pipeline.corpus.duplicates import document_groups
from pipeline.corpus.stratify import stratified_parts
from pipeline.ground.codebook import Codebook
from pipeline.ground.errors import SplitError
from pipeline.ground.records import Example

LEAST_DOCUMENTS = 2
WHOLE = 1 - 1e-9  # a share from here on is everything
HINT = "raise the smallest share, or label more documents"


def growing_shares(
    examples: Sequence[Example], codebook: Codebook, shares: Sequence[float], seed: int, pinned: Collection[str] = ()
) -> dict[float, tuple[Example, ...]]:
    """Give the examples of each share, in their own order; `shares` rise within (0, 1], and 1.0 is everything.

    The documents are divided once into the steps between the shares, near-duplicates together, each step
    stratified by source and label; a share is the union of its steps. Another seed draws other documents.
    Documents in `pinned` stand outside the weighing and join at a step drawn by chance, so that a text absent
    on one machine does not move the others; one that repeats another document follows it.

    Raises:
        SplitError: a share holds fewer than two documents, or no sentence of a label.
    """
    groups = document_groups(examples)
    steps = np.diff([0.0, *shares, *([] if shares[-1] >= WHOLE else [1.0])])
    free = [example for example in examples if example.doc not in pinned]
    weighed = {example.doc: groups[example.doc] for example in free}
    place = stratified_parts(free, weighed, codebook, steps.tolist(), seed)
    step_of = _with_pinned(groups, {groups[doc]: step for doc, step in place.items()}, steps, seed)
    drawn = {
        share: tuple(example for example in examples if step_of[example.doc] <= number)
        for number, share in enumerate(shares)
    }
    for share, part in drawn.items():
        _check(part, share, seed, codebook)
    return drawn


def _with_pinned(groups: Mapping[str, str], place: Mapping[str, int], steps: np.ndarray, seed: int) -> dict[str, int]:
    """Give every document its step: its group's, or for groups of pinned documents one drawn as large as it is."""
    rng = np.random.default_rng([seed, 1])
    alone = sorted(set(groups.values()) - set(place))
    drawn = {group: int(rng.choice(len(steps), p=steps / steps.sum())) for group in alone}
    return {doc: {**place, **drawn}[group] for doc, group in groups.items()}


def _check(part: Sequence[Example], share: float, seed: int, codebook: Codebook) -> None:
    """Raise `SplitError` where a share is too small to learn every label from."""
    documents = len({example.doc for example in part})
    if documents < LEAST_DOCUMENTS:
        noun = "document" if documents == 1 else "documents"
        raise SplitError(
            f"share {share:g} (seed {seed}) holds {documents} {noun}, and training wants {LEAST_DOCUMENTS} or more",
            hint=HINT,
        )
    seen = {name for example in part for name in example.labels}
    if lacking := [name for name in codebook.names if name not in seen]:
        raise SplitError(
            f"share {share:g} (seed {seed}): none of its {len(part)} sentences carries {', '.join(lacking)}", hint=HINT
        )
