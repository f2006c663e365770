"""Resample every figure two models are held against each other by: macro-F1, labels, sources, calibration.

The draws are those of `compare`: whole documents, the same for all models (paired cluster bootstrap), and each
model's seeds; the macro-F1 of both files agrees to the last digit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from pipeline.ground.records import Estimate
from pipeline.judging.bootstrap import Tallies, counted_labels, draw_weights, tally, with_interval
from pipeline.judging.compare import RESAMPLES, Resampled, check_same, two_sided
from pipeline.judging.paired_calibration import calibration
from pipeline.judging.records import Judged

MACRO, LABEL, SOURCE, ECE, BRIER = "macro_f1", "f1", "source_macro_f1", "ece", "brier"


@dataclass(frozen=True, slots=True)
class Aspect:
    """What is compared: macro-F1, a label's F1, calibration error or Brier score, or the macro-F1 of one source."""

    kind: str
    name: str = ""

    @property
    def higher_is_better(self) -> bool:
        """Tell which way is up."""
        return self.kind not in (ECE, BRIER)


@dataclass(frozen=True, slots=True)
class Paired:
    """One aspect of two models, and `a` minus `b` on the same documents; `documents` can tell something of it.

    `difference` is that of `a` and `b`, but for calibration errors, where it is without what chance adds to them.
    """

    aspect: Aspect
    a: float
    b: float
    difference: Estimate
    p: float
    documents: int

    def as_dict(self) -> dict[str, object]:
        """Give the comparison as JSON holds it."""
        named = {"kind": self.aspect.kind, "name": self.aspect.name or None, "a": self.a, "b": self.b}
        return named | {"difference": self.difference.as_dict(), "p": self.p, "documents": self.documents}


Figures = dict[Aspect, Resampled]


def resample_figures(
    models: Mapping[str, Sequence[Judged]], resamples: int = RESAMPLES, seed: int = 0
) -> dict[str, Figures]:
    """Draw documents and seeds for all models together; each model has one `Judged` for each seed.

    Sources are those the first names, so that one renamed between two runs stays one line.

    Raises:
        ValueError: two models do not hold the same sentences, gold and documents in the same order.
    """
    everything = [judged for runs in models.values() for judged in runs]
    check_same(everything)
    if not everything:
        return {}
    slices = everything[0].slices
    rng = np.random.default_rng(seed)
    weights = draw_weights(len(set(everything[0].groups)), resamples, rng).astype(float)
    found = {}
    for name, runs in models.items():
        several = weights.shape[1] > 1
        chosen = rng.integers(len(runs), size=(resamples, max(1, len(runs) - 1))) if several else None
        found[name] = _over_seeds([_figures(replace(run, slices=slices), weights) for run in runs], chosen)
    return found


def compare_figures(a: Figures, b: Figures, judged: Judged) -> list[Paired]:
    """Compare two models aspect by aspect; `judged` says which documents stand behind each."""
    found = []
    for aspect in a:
        one, other = a[aspect], b[aspect]
        apart = one.drawn - other.drawn
        difference = with_interval(one.value - other.value, apart)
        behind = _documents(judged, aspect)
        found.append(Paired(aspect, one.plain, other.plain, difference, two_sided(apart), behind))
    return found


def _over_seeds(runs: Sequence[Figures], chosen: np.ndarray | None) -> Figures:
    """Average figures over seeds, and in each resample over the seeds drawn for it."""
    found = {}
    for aspect in runs[0]:
        value, plain = (float(np.mean([getattr(run[aspect], name) for run in runs])) for name in ("value", "plain"))
        drawn = np.stack([run[aspect].drawn for run in runs], axis=1)
        if chosen is not None:
            drawn = drawn[np.arange(len(drawn))[:, None], chosen]
        found[aspect] = Resampled(value, drawn.mean(axis=1), plain)
    return found


def _figures(judged: Judged, weights: np.ndarray) -> Figures:
    """Give every figure of one run, and the same in each resample of documents."""
    sums = tally(judged)
    nothing = np.full(len(weights), np.nan)
    alone = weights.shape[1] < 2
    whole, drawn = Tallies.unpack(sums.sum(axis=0)), Tallies.unpack(weights @ sums)
    counted = counted_labels(whole.counts.support, drawn.counts.support)
    macro = float(whole.counts.f1.mean())
    figures = {Aspect(MACRO): Resampled(macro, nothing if alone else drawn.macro_f1(counted))}
    label_f1 = np.where(drawn.counts.support > 0, drawn.counts.f1, np.nan)
    for column, label in enumerate(judged.labels):
        f1 = float(whole.counts.f1[column])
        figures[Aspect(LABEL, label)] = Resampled(f1, nothing if alone else label_f1[:, column])
    for source, rows in _sources(judged).items():
        part = _source_macro(sums[rows], weights[:, rows])
        if part is not None:
            figures[Aspect(SOURCE, source)] = part
    for column, label in enumerate(judged.labels):
        for kind, found in zip((ECE, BRIER), calibration(judged, column, weights), strict=True):
            figures[Aspect(kind, label)] = replace(found, drawn=nothing) if alone else found
    return figures


def _source_macro(sums: np.ndarray, weights: np.ndarray) -> Resampled | None:
    """Average F1 over the labels that are gold in a source, so that two models average over the same; None for none."""
    whole = Tallies.unpack(sums.sum(axis=0))
    present = whole.counts.support > 0
    if not present.any():
        return None
    value = float(whole.counts.f1[present].mean())
    if len(sums) < 2:
        return Resampled(value, np.full(len(weights), np.nan))
    drawn = Tallies.unpack(weights @ sums)
    return Resampled(value, drawn.macro_f1(present & (drawn.counts.support > 0)))


def _sources(judged: Judged) -> dict[str, np.ndarray]:
    """Tell which documents, by place among their sorted names, belong to each source; one source for each document."""
    if "source" not in judged.slices:
        return {}
    source_of = dict(zip(judged.groups, judged.slices["source"], strict=True))
    by_document = np.array([source_of[name] for name in np.unique(np.array(judged.groups))])
    return {source: np.flatnonzero(by_document == source) for source in sorted(set(by_document) - {""})}


def _documents(judged: Judged, aspect: Aspect) -> int:
    """Count the documents that can tell something of an aspect."""
    groups = np.array(judged.groups)
    if aspect.kind == SOURCE:
        return len(_sources(judged)[aspect.name])
    if aspect.kind == LABEL:
        return len(set(groups[judged.gold[:, judged.labels.index(aspect.name)] == 1]))
    return len(set(groups))
