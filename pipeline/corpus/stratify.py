"""Divide groups of documents into parts that resemble each other in labels and sources."""

from collections.abc import Mapping, Sequence

import numpy as np

from pipeline.ground.codebook import Codebook
from pipeline.ground.records import Example

RESTARTS = 64  # orders tried; the most even division wins


def stratified_parts(
    examples: Sequence[Example],
    groups: Mapping[str, str],
    codebook: Codebook,
    shares: Sequence[float],
    seed: int,
) -> dict[str, int]:
    """Assign each document to a part, whole groups together; return document -> part number.

    Each part should hold its share of every column: sentences, label and background counts of each
    source. Groups go, large ones first, to the part that keeps the squared deviation from these
    shares smallest; several seeded orders are tried and the most even division is kept. This is the
    greedy group-wise form of iterative stratification (Sechidis, Tsoumakas and Vlahavas 2011), as in
    scikit-learn's `StratifiedGroupKFold`, for multi-label data and unequal parts. No part stays empty
    where there are at least as many groups as parts.
    """
    names, counts = _group_counts(examples, groups, codebook)
    totals = np.maximum(counts.sum(axis=0), 1)
    weights = counts / totals
    wanted = np.asarray(shares, dtype=float) / sum(shares)
    rng = np.random.default_rng(seed)
    best: tuple[float, np.ndarray] | None = None
    for _ in range(RESTARTS):
        order = np.argsort(-weights.sum(axis=1) + rng.uniform(0, 1e-3 + weights.sum(axis=1).std(), len(names)))
        parts, unevenness = _assign(weights, wanted, order)
        if best is None or unevenness < best[0] - 1e-12:
            best = (unevenness, parts)
    if best is None:
        return {}
    number = dict(zip(names, _fill_empty(best[1], weights, len(wanted)).tolist(), strict=True))
    return {doc: number[group] for doc, group in groups.items()}


def _group_counts(
    examples: Sequence[Example], groups: Mapping[str, str], codebook: Codebook
) -> tuple[list[str], np.ndarray]:
    """Count sentences, labels and background by source for each group; shape (groups, columns)."""
    names = sorted(set(groups.values()))
    row = {name: number for number, name in enumerate(names)}
    sources = sorted({example.source for example in examples})
    kinds = ["sentences", "background", *codebook.names]
    column = {(s, k): number for number, (s, k) in enumerate((s, k) for s in sources for k in kinds)}
    counts = np.zeros((len(names), len(column)))
    for example in examples:
        for kind in ("sentences", *(example.labels or ("background",))):
            counts[row[groups[example.doc]], column[example.source, kind]] += 1
    return names, counts[:, counts.sum(axis=0) > 0]


def _assign(weights: np.ndarray, wanted: np.ndarray, order: np.ndarray) -> tuple[np.ndarray, float]:
    """Assign groups in `order`, each to the part with the greatest need for what it holds."""
    held = np.zeros((len(wanted), weights.shape[1]))
    parts = np.zeros(len(weights), dtype=int)
    for group in order:
        before = ((held / wanted[:, None] - 1) ** 2 * wanted[:, None]).sum(axis=1)
        after = (((held + weights[group]) / wanted[:, None] - 1) ** 2 * wanted[:, None]).sum(axis=1)
        part = int(np.argmin(after - before))
        held[part] += weights[group]
        parts[group] = part
    return parts, float((((held - wanted[:, None]) / wanted[:, None]) ** 2).sum())


def _fill_empty(parts: np.ndarray, weights: np.ndarray, count: int) -> np.ndarray:
    """Give each empty part the lightest group of the part with most groups, as long as one can spare a group."""
    filled = parts.copy()
    for empty in sorted(set(range(count)) - set(parts.tolist())):
        giver = int(np.argmax(np.bincount(filled, minlength=count)))
        spare = np.flatnonzero(filled == giver)
        if len(spare) > 1:
            filled[spare[np.argmin(weights[spare].sum(axis=1))]] = empty
    return filled
