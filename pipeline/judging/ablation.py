"""Say what training options are worth: figures of out-of-fold answers, and each variant's difference to the base.

Every resample draws the same documents for all variants, and seeds as `compare` does; what stands among all
variants is told by Holm's step-down, for average precision and for F1 each by itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.decisions.decisions import EDGE
from pipeline.decisions.learn import learn_decisions
from pipeline.decisions.settings import DecisionSettings
from pipeline.ground.codebook import Codebook
from pipeline.ground.records import Estimate
from pipeline.judging.bootstrap import CHUNK_CELLS, draw_weights
from pipeline.judging.compare import RESAMPLES, Difference, Resampled, differences, holm, resample_models
from pipeline.judging.metrics import average_precision, ratio
from pipeline.judging.records import Judged
from pipeline.judging.report import flat_metrics, judge


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """What a variant said at one seed, folds pooled: `raw` probabilities (n, L), and what was decided of them."""

    raw: np.ndarray
    judged: Judged


@dataclass(frozen=True, slots=True)
class Worth:
    """A variant's headline figures, means over seeds, and their differences to the base; None for the base itself."""

    macro_ap: Estimate
    macro_f1: Estimate
    ap_gain: Difference | None = None
    f1_gain: Difference | None = None


def cross_fit(
    raw: np.ndarray, gold: np.ndarray, fold: np.ndarray, codebook: Codebook, settings: DecisionSettings
) -> tuple[np.ndarray, np.ndarray]:
    """Calibrate and decide each fold as the others teach; give probabilities and 0/1 decisions.

    `raw`, `gold` and what is given have shape (n, L), `fold` (n,). So no sentence helps to choose its own threshold.
    """
    probabilities, predicted = np.zeros(raw.shape), np.zeros(raw.shape, dtype=np.int8)
    for held in (fold == number for number in np.unique(fold)):
        decisions = learn_decisions(raw[~held], gold[~held], codebook, settings, "out-of-fold")
        probabilities[held] = decisions.calibrate(raw[held])
        predicted[held] = decisions.decide(probabilities[held])
    return probabilities, predicted


def ablation_figures(trial: Trial) -> dict[str, float]:
    """Give every figure of a trial by name, as `flat_metrics` names them, with `macro_ap`, `mean_ece` and `log_loss`.

    Average precision is of the raw probabilities, since calibration differs from fold to fold and would shuffle
    the ranks between them; everything else is of the calibrated ones.
    """
    judged = trial.judged
    flat = flat_metrics(judge(judged, resamples=1))
    limits = {f"{name}_{end}" for name in ("macro_f1", "micro_f1", "exact_match") for end in ("low", "high")}
    known = {name: value for name, value in flat.items() if name not in limits}  # of a single resample, so none
    precision = {f"ap_{name}": value for name, value in label_precision(trial).items()}
    ece = float(np.mean([flat[f"ece_{name}"] for name in judged.labels]))
    means = {"macro_ap": macro_precision(trial), "mean_ece": ece, "log_loss": log_loss(judged)}
    return known | precision | means


def label_precision(trial: Trial) -> dict[str, float]:
    """Give the average precision of each label that stands in the gold."""
    gold = trial.judged.gold
    by_label = {
        name: average_precision(gold[:, column], trial.raw[:, column])
        for column, name in enumerate(trial.judged.labels)
    }
    return {name: value for name, value in by_label.items() if value is not None}


def macro_precision(trial: Trial) -> float:
    """Give the mean average precision over the labels that stand in the gold; 0 where none does."""
    return float(np.mean(list(label_precision(trial).values()) or [0.0]))


def log_loss(judged: Judged) -> float:
    """Give the mean negative log-likelihood in nats: of each label by itself, or of the one label carried."""
    sure = np.clip(judged.probabilities, EDGE, 1 - EDGE)
    of_gold = np.where(judged.gold == 1, sure, 1.0 if judged.exclusive else 1 - sure)
    return float(-np.log(of_gold).sum() / (len(sure) if judged.exclusive else sure.size))


def weigh_up(variants: Mapping[str, Sequence[Trial]], resamples: int = RESAMPLES, seed: int = 0) -> dict[str, Worth]:
    """Compare variants with the first of them, the base; each has one trial for each seed.

    Raises:
        ValueError: two variants were not judged on the same sentences.
    """
    f1 = resample_models(
        {name: [trial.judged for trial in trials] for name, trials in variants.items()}, resamples, seed
    )
    ap = resample_precision(variants, resamples, seed)
    ap_gains, f1_gains = gains(ap), gains(f1)
    return {
        name: Worth(ap[name].estimate, f1[name].estimate, ap_gains.get(name), f1_gains.get(name)) for name in variants
    }


def gains(resampled: Mapping[str, Resampled]) -> dict[str, Difference]:
    """Give every later figure minus the first, by name; real is what stands among all of them (Holm, 5 %)."""
    base, *others = resampled
    found = [differences({name: resampled[name], base: resampled[base]})[0] for name in others]
    return {difference.a: difference for difference in holm(found)}


def resample_precision(
    variants: Mapping[str, Sequence[Trial]], resamples: int = RESAMPLES, seed: int = 0
) -> dict[str, Resampled]:
    """Draw documents and seeds for all variants together, as `resample_models` does, for macro average precision."""
    rng = np.random.default_rng(seed)
    groups = next(iter(variants.values()))[0].judged.groups
    names, place = np.unique(np.array(groups), return_inverse=True)
    weights = draw_weights(len(names), resamples, rng).astype(float)
    found = {}
    for name, trials in variants.items():
        by_seed = np.stack([drawn_precision(trial, place, weights) for trial in trials], axis=1)
        chosen = rng.integers(len(trials), size=(resamples, max(1, len(trials) - 1)))
        drawn = by_seed[np.arange(resamples)[:, None], chosen].mean(axis=1)
        value = float(np.mean([macro_precision(trial) for trial in trials]))
        found[name] = Resampled(value, drawn if len(names) > 1 else np.full(resamples, np.nan))
    return found


def drawn_precision(trial: Trial, place: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Give macro average precision in each resample, shape (resamples,); NaN where no gold label was drawn.

    `place` (n,) numbers each sentence's document, `weights` (resamples, documents) counts how often it is drawn.
    A label without gold in a resample is left out of its mean there.
    """
    columns = zip(trial.judged.gold.T, trial.raw.T, strict=True)
    by_label = np.stack([_weighted_precision(gold, scores, place, weights) for gold, scores in columns])
    known = np.isfinite(by_label)
    total = np.where(known, by_label, 0.0).sum(axis=0)
    return np.where(known.any(axis=0), ratio(total, known.sum(axis=0)), np.nan)


def _weighted_precision(gold: np.ndarray, scores: np.ndarray, place: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Give one label's average precision with each document counted as often as it is drawn.

    Only where a gold sentence stands is precision asked, and there it is a sum over documents: how many of their
    sentences, and of their gold ones, score at least as high. So a resample is one row of a matrix product.
    """
    order = np.argsort(-scores, kind="stable")
    descending, gold, place = -scores[order], gold[order].astype(bool), place[order]
    ends = np.searchsorted(descending, descending[gold], side="right") - 1  # ties enter together
    owned = np.zeros((weights.shape[1], len(gold)))
    owned[place, np.arange(len(gold))] = 1
    seen, hits = owned.cumsum(axis=1)[:, ends], (owned * gold).cumsum(axis=1)[:, ends]
    found = np.full(len(weights), np.nan)
    rows = max(1, CHUNK_CELLS // max(1, len(ends)))
    for start in range(0, len(weights), rows):
        drawn = weights[start : start + rows]
        times = drawn[:, place[gold]]
        total = times.sum(axis=1)
        sums = (times * ratio(drawn @ hits, drawn @ seen)).sum(axis=1)
        found[start : start + rows] = np.where(total > 0, ratio(sums, total), np.nan)
    return found
