"""Say what more labels would bring: the figures along growing training sets, and the power law through them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from pipeline.ground.records import Estimate
from pipeline.judging.bootstrap import RESAMPLES, Tallies, counted_labels, resample, tally, with_interval
from pipeline.judging.power_law import Law, fit_law, fit_laws, gain
from pipeline.judging.records import Judged
from pipeline.judging.report import FEW_DOCUMENTS

VISIBLE = 0.0005  # a smaller gain is printed as 0.000
FAR = 2.0  # times the present sentences; beyond it nothing near has been seen
FEW_SEEDS = 3


@dataclass(frozen=True, slots=True)
class Trial:
    """One training on a share, judged on the test sentences, which are the same in every trial."""

    seed: int
    share: float
    sentences: int
    documents: int
    judged: Judged


@dataclass(frozen=True, slots=True)
class Size:
    """How much a share holds: means over seeds, since whole documents never divide evenly."""

    share: float
    sentences: float
    documents: float


@dataclass(frozen=True, slots=True)
class Expectation:
    """The fitted F1 with `more` sentences, and its gain over the fitted F1 at the present ones."""

    more: int
    total: float
    times: float
    f1: float
    gain: Estimate

    @property
    def far(self) -> bool:
        """Tell whether it lies beyond twice the present sentences."""
        return self.times > FAR

    @property
    def flat(self) -> bool:
        """Tell whether the fitted curve has levelled off."""
        return self.gain.value < VISIBLE

    @property
    def informative(self) -> bool:
        """Tell whether the interval of the gain stays clear of none at all."""
        return not self.flat and self.gain.low is not None and self.gain.low >= VISIBLE


@dataclass(frozen=True, slots=True)
class Track:
    """One figure along the shares; `by_seed` has shape (shares, seeds), `values` are means over the seeds.

    `missed` is the last share's mean minus what a law through the smaller shares expects there; None with fewer
    than four shares.
    """

    name: str
    kind: Literal["macro", "label", "source"]
    values: tuple[Estimate, ...]
    by_seed: tuple[tuple[float, ...], ...]
    law: Law
    expectations: tuple[Expectation, ...]
    missed: float | None


@dataclass(frozen=True, slots=True)
class Study:
    """What the trials of one recipe say; the first track is macro-F1, then labels in codebook order, then sources."""

    sizes: tuple[Size, ...]
    seeds: tuple[int, ...]
    tracks: tuple[Track, ...]
    notes: tuple[str, ...]

    def of(self, kind: str) -> list[Track]:
        """List the tracks of one kind."""
        return [track for track in self.tracks if track.kind == kind]


@dataclass(frozen=True, slots=True)
class Line:
    """A recipe's study, and what made it."""

    recipe: str
    study: Study
    made_by: dict[str, str]


@dataclass(frozen=True, slots=True)
class Curve:
    """All recipes of a learning curve, judged on the same test sentences."""

    lines: tuple[Line, ...]
    labels: tuple[str, ...]
    test_sentences: int
    test_documents: int


@dataclass(frozen=True, slots=True, eq=False)
class _Values:
    """F1 of each figure: `seen` of shape (figures, seeds, shares), `drawn` of (resamples, figures, shares)."""

    seen: np.ndarray
    drawn: np.ndarray


def study(trials: Sequence[Trial], expect: Sequence[int], resamples: int = RESAMPLES, seed: int = 0) -> Study:
    """Average over seeds, put intervals to it, fit the law, and say what `expect` more sentences would bring.

    Each resample draws test documents, the same for every trial, and seeds, the same for every share. One seed
    fewer is drawn than there are, which keeps the variance of their mean unbiased (Rao & Wu 1988). The law is
    fitted again in each, with the means' distances from it redrawn as well.

    Raises:
        ValueError: the trials are no full grid of seeds and shares, or were not judged on the same sentences.
    """
    grid = _grid(trials)
    first = grid[0][0].judged
    names, sources = _names(first)
    values = _measure(grid, sources, resamples, seed)
    sizes = tuple(_size([row[place] for row in grid]) for place in range(len(grid[0])))
    tracks = tuple(
        _track(name, kind, sizes, values.seen[k], values.drawn[:, k], expect)
        for k, (kind, name) in enumerate(names)
        if np.isfinite(values.seen[k]).all()
    )
    seeds = tuple(row[0].seed for row in grid)
    return Study(sizes, seeds, tracks, _notes(first, seeds, sizes, sources))


def _grid(trials: Sequence[Trial]) -> list[list[Trial]]:
    """Sort trials into rows of one seed, shares rising."""
    seeds = list(dict.fromkeys(trial.seed for trial in trials))
    grid = [sorted((t for t in trials if t.seed == seed), key=lambda trial: trial.share) for seed in seeds]
    if len({tuple(trial.share for trial in row) for row in grid}) != 1:
        raise ValueError("every seed must have the same shares, and there must be a trial")
    first = trials[0].judged
    for judged in (trial.judged for trial in trials):
        same = (judged.labels, judged.texts, judged.groups) == (first.labels, first.texts, first.groups)
        if not same or not np.array_equal(judged.gold, first.gold):
            raise ValueError("only trials judged on the same sentences, gold and documents make a curve")
    return grid


def _names(judged: Judged) -> tuple[list[tuple[Literal["macro", "label", "source"], str]], dict[str, np.ndarray]]:
    """Name the figures, and tell for each source which documents (sorted by name) are its own."""
    documents = np.unique(np.array(judged.groups))
    home = dict(zip(judged.groups, judged.slices["source"], strict=True))
    names = sorted(set(home.values()) - {""})
    sources = {name: np.array([home[str(doc)] == name for doc in documents]) for name in names}
    figures: list[tuple[Literal["macro", "label", "source"], str]] = [("macro", "macro-F1")]
    return [*figures, *(("label", name) for name in judged.labels), *(("source", name) for name in names)], sources


def _measure(grid: list[list[Trial]], sources: dict[str, np.ndarray], resamples: int, seed: int) -> _Values:
    """Give every figure as measured, and as resampled with the mean taken over the drawn seeds."""
    stack = np.stack([tally(trial.judged) for row in grid for trial in row])  # (trials, documents, columns)
    masks = np.stack([np.ones(stack.shape[1], dtype=bool), *sources.values()])
    parts = masks[:, None, :, None] * stack[None]  # (masks, trials, documents, columns)
    whole = parts.sum(axis=2)
    flat = np.moveaxis(parts, 2, 0).reshape(stack.shape[1], -1)
    support = Tallies.unpack(whole).counts.support[:, :1]
    shape = (len(grid), len(grid[0]))
    seen = _figures(whole, support).reshape(-1, *shape)
    drawn = _figures(resample(flat, resamples, seed).reshape(resamples, *whole.shape), support)
    enough = masks.sum(axis=1) >= 2  # a single document has nothing to draw from
    enough = np.concatenate([enough[:1], np.repeat(enough[:1], seen.shape[0] - len(masks)), enough[1:]])
    drawn = np.where(enough[:, None], drawn, np.nan).reshape(resamples, -1, *shape)
    return _Values(seen, np.einsum("rs,rksp->rkp", _seed_weights(len(grid), resamples, seed), drawn))


def _figures(sums: np.ndarray, support: np.ndarray) -> np.ndarray:
    """Turn sums (..., masks, trials, columns) into F1 (..., figures, trials); NaN where there is no gold sentence.

    Macro-F1 of all documents is as in `bootstrap`; that of a source averages the labels that have gold there.
    """
    tallies = Tallies.unpack(sums)
    there = tallies.counts.support > 0
    counted = counted_labels(support, tallies.counts.support)
    macro = tallies.macro_f1(counted)[..., :1, :]
    labels = np.where(there, tallies.counts.f1, np.nan)[..., 0, :, :]
    sources = tallies.macro_f1(there)[..., 1:, :]
    return np.concatenate([macro, np.moveaxis(labels, -1, -2), sources], axis=-2)


def _seed_weights(seeds: int, resamples: int, seed: int) -> np.ndarray:
    """Draw the weight of each seed in each resample; shape (resamples, seeds), rows sum to 1."""
    draws = max(seeds - 1, 1)
    rng = np.random.default_rng([seed, 1])
    return np.asarray(rng.multinomial(draws, np.full(seeds, 1 / seeds), size=resamples) / draws)


def _size(trials: list[Trial]) -> Size:
    sentences, documents = (float(np.mean([getattr(t, what) for t in trials])) for what in ("sentences", "documents"))
    return Size(trials[0].share, sentences, documents)


def _track(
    name: str,
    kind: Literal["macro", "label", "source"],
    sizes: Sequence[Size],
    seen: np.ndarray,
    drawn: np.ndarray,
    expect: Sequence[int],
) -> Track:
    """Put one figure's intervals, law and expectations together."""
    n = np.array([size.sentences for size in sizes])
    mean = seen.mean(axis=0)
    law = fit_law(n, mean)
    missed = float(mean[-1] - fit_law(n[:-1], mean[:-1]).f1(n[-1])) if len(n) > 3 else None
    redrawn = fit_laws(n, law.f1(n) + drawn - mean + _shaken(mean - law.f1(n), len(drawn)))
    more_of = {more: with_interval(law.gain(n[-1], more), gain(redrawn, n[-1], more)) for more in expect}
    expectations = tuple(
        Expectation(more, float(n[-1] + more), float(1 + more / n[-1]), float(law.f1(n[-1] + more)), expected)
        for more, expected in more_of.items()
    )
    values = tuple(with_interval(float(value), column) for value, column in zip(mean, drawn.T, strict=True))
    return Track(name, kind, values, tuple(map(tuple, seen.T.tolist())), law, expectations, missed)


def _shaken(residuals: np.ndarray, resamples: int) -> np.ndarray:
    """Give a law's residuals (shares,) random signs in each resample, widened for the law's three numbers.

    The wild bootstrap (Wu 1986): luck that all seeds share, such as what the last share happens to add, shows
    only in how far the means lie from the law.
    """
    signs = np.random.default_rng(0).choice((-1.0, 1.0), size=(resamples, len(residuals)))
    return np.asarray(signs * residuals * np.sqrt(len(residuals) / max(len(residuals) - 3, 1)))


def _notes(
    judged: Judged, seeds: Sequence[int], sizes: Sequence[Size], sources: dict[str, np.ndarray]
) -> tuple[str, ...]:
    """Say what a reader of the figures must know and cannot see in them."""
    notes = []
    if len(seeds) < FEW_SEEDS:
        told = "nothing" if len(seeds) == 1 else "little"
        notes.append(f"seeds run: {len(seeds)}; the intervals tell {told} of which documents were drawn for training")
    if len(sizes) == 3:
        notes.append("three shares, and a law of three numbers: nothing is left over to check the fit")
    place = np.array(judged.groups)
    holding = {n: len(set(place[g == 1].tolist())) for n, g in zip(judged.labels, judged.gold.T, strict=True)}
    holding |= {name: int(own.sum()) for name, own in sources.items()}
    few = [f"{name} ({number})" for name, number in holding.items() if number < FEW_DOCUMENTS]
    if few:
        notes.append(f"few test documents, intervals not to be trusted: {', '.join(few)}")
    return tuple(notes)
