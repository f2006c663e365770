"""Learn calibration and thresholds from probabilities the model gave to sentences it had not seen."""

from typing import Literal

import numpy as np

from pipeline.decisions.decisions import EDGE, Decisions, logit, sigmoid, softmax
from pipeline.decisions.review import learn_review
from pipeline.decisions.settings import DecisionSettings
from pipeline.ground.codebook import Codebook


def learn_decisions(
    raw: np.ndarray,
    gold: np.ndarray,
    codebook: Codebook,
    settings: DecisionSettings,
    learned_from: Literal["out-of-fold", "validation"],
) -> Decisions:
    """Fit decisions on raw probabilities and gold labels, both of shape (n, labels)."""
    if codebook.exclusive:
        return _exclusive(raw, gold, codebook, settings, learned_from)
    fits = [(1.0, 0.0)] * gold.shape[1]
    if settings.calibration == "sigmoid":
        fits = [fit_sigmoid(raw[:, i], gold[:, i]) for i in range(gold.shape[1])]
    slopes, intercepts = (tuple(column) for column in zip(*fits, strict=True))
    calibrated = raw if settings.calibration == "none" else sigmoid(logit(raw) * slopes + np.asarray(intercepts))
    thresholds, notes = [], []
    for i, name in enumerate(codebook.names):
        threshold, note = choose_threshold(calibrated[:, i], gold[:, i], settings)
        thresholds.append(threshold)
        notes += [f"{name}: {note}"] if note else []
    review, said = learn_review(calibrated, gold, settings.review_error, codebook.names, exclusive=False)
    return Decisions(
        labels=codebook.names,
        choice=codebook.choice,
        calibration=settings.calibration,
        slopes=slopes,
        intercepts=intercepts,
        thresholds=tuple(thresholds),
        objective=settings.stated,
        learned_from=learned_from,
        sentences=len(gold),
        notes=(*notes, *said),
        priors=_shares(gold),
        review=review,
    )


def _exclusive(
    raw: np.ndarray,
    gold: np.ndarray,
    codebook: Codebook,
    settings: DecisionSettings,
    learned_from: Literal["out-of-fold", "validation"],
) -> Decisions:
    """Fit one temperature; the largest probability decides."""
    slope = fit_temperature(raw, gold) if settings.calibration == "sigmoid" else 1.0
    calibrated = softmax(slope * np.log(np.clip(raw, EDGE, None))) if settings.calibration == "sigmoid" else raw
    review, notes = learn_review(calibrated, gold, settings.review_error, codebook.names, exclusive=True)
    return Decisions(
        labels=codebook.names,
        choice="one",
        calibration="temperature" if settings.calibration == "sigmoid" else "none",
        slopes=(slope,) * len(codebook.names),
        intercepts=(0.0,) * len(codebook.names),
        thresholds=None,
        objective="the largest probability",
        learned_from=learned_from,
        sentences=len(gold),
        notes=tuple(notes),
        priors=_shares(gold),
        review=review,
    )


def _shares(gold: np.ndarray) -> tuple[float, ...]:
    """Give the share of sentences that carry each label."""
    return tuple(float(share) for share in gold.mean(axis=0))


def fit_sigmoid(raw: np.ndarray, gold: np.ndarray) -> tuple[float, float]:
    """Fit slope and intercept of Platt scaling on log-odds, with Platt's smoothed targets (Platt 1999).

    Return the identity (1, 0) where scores do not vary or a higher score does not mean more of the label.
    """
    from scipy.optimize import minimize

    scores = logit(raw)
    if np.ptp(scores) < EDGE:
        return 1.0, 0.0
    positives = float(gold.sum())
    targets = np.where(gold > 0, (positives + 1) / (positives + 2), 1 / (len(gold) - positives + 2))

    def loss(parameters: np.ndarray) -> tuple[float, np.ndarray]:
        z = parameters[0] * scores + parameters[1]
        residual = sigmoid(z) - targets
        value = np.mean(np.logaddexp(0, z) - targets * z)
        return float(value), np.array([np.mean(residual * scores), np.mean(residual)])

    found = minimize(loss, np.array([1.0, 0.0]), jac=True, method="L-BFGS-B")
    slope, intercept = (float(value) for value in found.x)
    return (slope, intercept) if slope > 0 else (1.0, 0.0)


def fit_temperature(raw: np.ndarray, gold: np.ndarray) -> float:
    """Fit the inverse temperature that minimises log loss (Guo et al. 2017)."""
    from scipy.optimize import minimize_scalar

    logs = np.log(np.clip(raw, EDGE, None))

    def loss(log_slope: float) -> float:
        chances = softmax(np.exp(log_slope) * logs)
        return float(-np.mean(np.log(np.clip((chances * gold).sum(axis=1), EDGE, None))))

    return float(np.exp(minimize_scalar(loss, bounds=(-3.0, 3.0), method="bounded").x))


def choose_threshold(probabilities: np.ndarray, gold: np.ndarray, settings: DecisionSettings) -> tuple[float, str]:
    """Choose one label's threshold; return it with a note where the wish could not be met.

    Candidates lie midway between neighbouring probabilities, so that no sentence sits on the edge.
    """
    if settings.objective == "fixed":
        return settings.threshold, ""
    if not gold.any():
        return 0.5, "no positive sentence to learn a threshold from; 0.5 stands"
    if settings.objective == "expected-f1":
        return expected_f1_threshold(probabilities), ""
    values = np.unique(probabilities)
    midway = (values[1:] + values[:-1]) / 2
    # Between two neighbouring floats there is no midpoint; the upper one divides them as well.
    candidates = np.concatenate([[values[0] / 2], np.where(midway > values[:-1], midway, values[1:])])
    order = np.sort(probabilities[gold > 0])
    hits = len(order) - np.searchsorted(order, candidates)
    taken = len(probabilities) - np.searchsorted(np.sort(probabilities), candidates)
    precision, f1 = hits / taken, 2 * hits / (taken + len(order))
    if settings.objective == "macro-f1":
        return _nearest_half(candidates[f1 >= f1.max() - 1e-12]), ""
    reached = precision >= settings.floor
    if reached.any():
        best_recall = reached & (hits == hits[reached].max())
        return float(candidates[best_recall][-1]), ""
    best = _nearest_half(candidates[precision >= precision.max() - 1e-12])
    return best, f"no threshold reaches precision {settings.floor:g}; the best, {precision.max():.2f}, stands"


def expected_f1_threshold(probabilities: np.ndarray) -> float:
    """Give the threshold with the greatest expected F1 of one label, from calibrated probabilities, shape (n,).

    The best sentences to take are the k most probable, with expected F1 of 2 sum_k p / (k + sum p), and the best
    cut is half the F1 it reaches (Lipton, Elkan and Naryanaswamy 2014): never above 0.5.
    """
    falling = np.sort(probabilities)[::-1]
    taken = np.arange(1, len(falling) + 1)
    return max(EDGE, float((np.cumsum(falling) / (taken + falling.sum())).max()))


def _nearest_half(candidates: np.ndarray) -> float:
    return float(candidates[np.argmin(np.abs(candidates - 0.5))])
