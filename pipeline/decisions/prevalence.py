"""Correct the share of sentences that carry a label for the errors the classifier is known to make.

What is known are `Rates`. Given these, the true labels of new sentences are drawn from their posterior (Bayesian
quantification with black-box estimators, Ziegler and Czyż 2024), and the share among them is read off: on a grid where
a label is there or not (10 ms a label), else by data augmentation (40 ms a label where there are three). With two
levels of confidence the rates are sensitivity and specificity, and the correction is that of Rogan and Gladen (1978)
and of Forman's adjusted count (2008), with intervals that let both be uncertain (Lang and Reiczigel 2014). Sentences of
a document err alike, which widens the interval: rates count as from fewer sentences (the design effect of Kish 1965),
and a new document's own rates lie around them.

The interval is about these very sentences, and not about more that their author may write. It holds where the model
errs as it did on its validation documents.
"""

from collections.abc import Sequence

import numpy as np

from pipeline.decisions.rates import Rates, levels
from pipeline.ground.records import Estimate, Prediction, Prevalence

FEWEST = 10  # sentences whose share is corrected; of fewer it can take few values, none of them near the mean
PRIOR = 2.0  # sentences that the share in validation counts for
DRAWS = 1000
STEPS = 30  # of a chain, after as many as these of expectation-maximisation, which cost a tenth:
CLIMBS = 200
SPAN = 16.0  # log-odds either side of an even share that the grid covers
GRID = 48
PASSES = 3  # each a closer grid about what the one before found: enough for a million sentences
NEGLIGIBLE = 16.0  # by how much a log density lies below the highest where it is left out


def prevalence(
    documents: Sequence[Sequence[Prediction]],
    names: Sequence[str],
    cutoffs: Sequence[float | None],
    rates: Rates | None,
) -> tuple[Prevalence, ...]:
    """Give the share of all sentences of documents that carry each label, as counted and as corrected by rates.

    Fewer than `FEWEST` sentences are not corrected.
    """
    sentences = [prediction for document in documents for prediction in document]
    counted = [sum(name in p.labels for p in sentences) / max(len(sentences), 1) for name in names]
    corrected: tuple[Estimate | None, ...] = (None,) * len(names)
    if rates and len(sentences) >= FEWEST:
        probabilities = np.array([[p.probabilities[name] for name in names] for p in sentences])
        corrected = correct(levels(probabilities, cutoffs), [len(document) for document in documents], rates)
    return tuple(
        Prevalence(name, len(sentences), share, estimate)
        for name, share, estimate in zip(names, counted, corrected, strict=True)
    )


def correct(reached: np.ndarray, sizes: Sequence[int], rates: Rates, seed: int = 0) -> tuple[Estimate | None, ...]:
    """Estimate the share of sentences that carry each label, with a 95 % interval, in the order of the labels.

    `reached` is what `levels` gives of one sentence or more, `sizes` how many of them each document has. None for a
    label of which validation had no sentence, or none without it: its rates are not known.
    """
    found: list[Estimate | None] = []
    for column, name in enumerate(rates.counts):
        table = rates.table(name)
        there = np.bincount(reached[:, column], minlength=table.shape[2])
        shares = draw_shares(table, there, effective_documents(sizes), np.random.default_rng(seed))
        known = table.sum(axis=(1, 2)) > 0
        values = range(len(known)) if rates.exclusive else [1]
        found += [_estimate(shares[:, value]) if known[value] and known.sum() > 1 else None for value in values]
    return tuple(found)


def _estimate(shares: np.ndarray) -> Estimate:
    """Join the mean with its interval, which a mean between two counts of few sentences may lie beside."""
    value, (low, high) = float(shares.mean()), map(float, np.quantile(shares, (0.025, 0.975)))
    return Estimate(value, min(low, value), max(high, value))


def effective_documents(sizes: Sequence[int]) -> float:
    """Count documents as if all had one size (Kish 1965): a long one and many tiny ones are little more than one."""
    each = np.asarray(sizes, dtype=float)
    return float(each.sum() ** 2 / (each**2).sum())


def draw_shares(table: np.ndarray, there: np.ndarray, documents: float, rng: np.random.Generator) -> np.ndarray:
    """Draw the shares of true values from their posterior, shape (DRAWS, true values).

    `table` has shape (true values, documents, levels), `there` counts the new sentences by level. Each draw takes
    rates of its own, and shares and true values by these. Where rates tell nothing the prior stands, so that the
    interval is wide.
    """
    rates = np.stack([_draw_rates(counts, documents, rng) for counts in table], axis=2)[:, there > 0]
    counts, seen = there[there > 0], table.sum(axis=(1, 2)) + 1.0
    prior = PRIOR * seen / seen.sum()
    carried = _draw_either(rates, counts, prior, rng) if len(prior) == 2 else _draw_any(rates, counts, prior, rng)
    return np.asarray(carried / counts.sum())


def _draw_any(rates: np.ndarray, counts: np.ndarray, prior: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw how many sentences have each true value, by a chain for each draw of rates.

    A chain from the prior would be long in leaving it where rates tell little. So each begins at what expectation-
    maximisation finds with the counts weighted at random (weighted-likelihood bootstrap, Newton and Raftery 1994).
    """
    weighted = counts.sum() * _dirichlet(np.broadcast_to(counts.astype(float), (DRAWS, len(counts))), rng)
    shares = np.broadcast_to(prior / prior.sum(), (DRAWS, len(prior)))
    for _ in range(CLIMBS):
        shares = prior + (weighted[:, None] @ _chances(rates, shares))[:, 0]
        shares /= shares.sum(axis=1, keepdims=True)
    for _ in range(STEPS):
        carried = _divide(counts, _chances(rates, shares), rng)
        shares = _dirichlet(prior + carried, rng)
    return carried


def _draw_either(rates: np.ndarray, counts: np.ndarray, prior: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw how many sentences have each of two true values: the share from its posterior on a grid, then these.

    The grid is in log-odds; shares beyond its ends weigh there as the prior has them, and are as good as 0 or 1.
    """
    low, high = np.full((DRAWS, 1), -SPAN), np.full((DRAWS, 1), SPAN)
    rows = np.arange(DRAWS)
    for _ in range(PASSES):
        odds = low + (high - low) * np.linspace(0, 1, GRID)
        density = _log_density(odds, rates, counts, prior)
        density -= density.max(axis=1, keepdims=True)
        kept, width, ends = density > -NEGLIGIBLE, (high - low)[:, 0] / (GRID - 1), (low <= -SPAN, high >= SPAN)
        first, last = kept.argmax(axis=1), GRID - 1 - kept[:, ::-1].argmax(axis=1)
        low, high = (odds[rows, place.clip(0, GRID - 1)][:, None] for place in (first - 1, last + 1))
    weights = np.exp(density) * width[:, None]
    weights[:, 0] += np.where(ends[0][:, 0], np.exp(density[:, 0]) / prior[1], 0)
    weights[:, -1] += np.where(ends[1][:, 0], np.exp(density[:, -1]) / prior[0], 0)
    reached = weights.cumsum(axis=1)
    place = (reached < rng.random((DRAWS, 1)) * reached[:, -1:]).sum(axis=1)
    drawn = odds[rows, place] + width * (rng.random(DRAWS) - 0.5)
    shares = 1 / (1 + np.exp(np.stack([drawn, -drawn], axis=1)))
    return _divide(counts, _chances(rates, shares), rng)


def _log_density(odds: np.ndarray, rates: np.ndarray, counts: np.ndarray, prior: np.ndarray) -> np.ndarray:
    """Give the log posterior density of log-odds, shape (DRAWS, GRID), but for a constant."""
    times = np.exp(odds)
    found = prior[1] * odds - (prior.sum() + counts.sum()) * np.log1p(times)
    for level, count in enumerate(counts):
        without, having = rates[:, level, :1], rates[:, level, 1:]
        found += count * np.log(np.maximum(without + having * times, 1e-300))
    return np.asarray(found)


def _chances(rates: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Give the chances of true values at each level, shape (DRAWS, levels, true values), by Bayes' rule."""
    chances = np.maximum(rates * shares[:, None], 1e-300)
    return np.asarray(chances / chances.sum(axis=2, keepdims=True))


def _divide(counts: np.ndarray, chances: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Divide the sentences of all levels among true values, shape (DRAWS, true values)."""
    if chances.shape[2] > 2:
        return np.asarray(rng.multinomial(counts, chances).sum(axis=1))
    having = rng.binomial(counts, chances[:, :, 1]).sum(axis=1)
    return np.stack([counts.sum() - having, having], axis=1)


def _draw_rates(counts: np.ndarray, documents: float, rng: np.random.Generator) -> np.ndarray:
    """Draw how new sentences of one true value fall into levels, from its counts (documents, levels)."""
    alike = likeness(counts)
    sizes = counts.sum(axis=1)
    design = 1 + max(0.0, float((sizes**2).sum() / max(sizes.sum(), 1)) - 1) * alike
    believed = counts.sum(axis=0) / design + 1 / counts.shape[1]
    pooled = _dirichlet(np.broadcast_to(believed, (DRAWS, counts.shape[1])), rng)
    return pooled if alike == 0 else _dirichlet(pooled * (1 / alike - 1) * documents, rng)


def likeness(counts: np.ndarray) -> float:
    """Estimate how alike sentences of one document fall into levels, from 0 (as chance has it) to 1.

    The intraclass correlation by analysis of variance (Fleiss, Levin and Paik 2003, ch. 15), pooled over levels, of
    counts (documents, levels); 0 with fewer than two documents that hold any.
    """
    counts = counts[counts.sum(axis=1) > 0]
    sizes, whole = counts.sum(axis=1), counts.sum()
    if len(counts) < 2 or whole <= len(counts):
        return 0.0
    shares, mean = counts / sizes[:, None], counts.sum(axis=0) / whole
    between = float((sizes[:, None] * (shares - mean) ** 2).sum() / (len(counts) - 1))
    within = float((counts * (1 - shares)).sum() / (whole - len(counts)))
    size = float((whole - (sizes**2).sum() / whole) / (len(counts) - 1))
    spread = between + (size - 1) * within
    return float(np.clip((between - within) / spread, 0.0, 0.99)) if spread > 0 else 0.0


def _dirichlet(alphas: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw one row of shares for each row of alphas; where all are too small to tell, the largest takes all."""
    drawn = rng.standard_gamma(np.maximum(alphas, 1e-9))
    sums = drawn.sum(axis=1, keepdims=True)
    largest = np.eye(alphas.shape[1])[alphas.argmax(axis=1)]
    return np.asarray(np.where(sums > 0, drawn / np.where(sums > 0, sums, 1.0), largest))
