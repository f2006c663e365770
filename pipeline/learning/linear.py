"""Fit logistic regression heads: one for each label, or one over all where exactly one is carried."""

from typing import Any

import numpy as np

from pipeline.decisions.decisions import logit


class LinearHead:
    """Weights of shape (labels, features) and intercepts of shape (labels,)."""

    def __init__(self, coef: np.ndarray, intercept: np.ndarray) -> None:
        self.coef = coef
        self.intercept = intercept


def fit_head(features: Any, targets: np.ndarray, *, exclusive: bool, c: float, balanced: bool, seed: int) -> LinearHead:
    """Fit on features (n, f), dense or sparse, and targets (n, labels); L2 penalty of strength 1 / c."""
    weight = "balanced" if balanced else None
    if exclusive:
        return _softmax_head(features, targets, c, weight, seed)
    rows = [_one_label(features, targets[:, i], c, weight, seed) for i in range(targets.shape[1])]
    return LinearHead(np.vstack([row[0] for row in rows]), np.array([row[1] for row in rows]))


def _one_label(features: Any, target: np.ndarray, c: float, weight: str | None, seed: int) -> tuple[np.ndarray, float]:
    """Fit one binary model; a label that always or never stands gets its smoothed share as intercept."""
    from sklearn.linear_model import LogisticRegression

    if target.min() == target.max():
        share = (target.sum() + 1) / (len(target) + 2)
        return np.zeros(features.shape[1]), float(logit(np.array(share)))
    model = LogisticRegression(C=c, class_weight=weight, solver="liblinear", random_state=seed, max_iter=1000)
    model.fit(features, target)
    return model.coef_[0], float(model.intercept_[0])


def _softmax_head(features: Any, targets: np.ndarray, c: float, weight: str | None, seed: int) -> LinearHead:
    """Fit one multinomial model; a class never seen gets an intercept that keeps it near zero."""
    from sklearn.linear_model import LogisticRegression

    classes = targets.argmax(axis=1)
    coef = np.zeros((targets.shape[1], features.shape[1]))
    intercept = np.full(targets.shape[1], -10.0)
    seen = np.unique(classes)
    if len(seen) == 1:
        intercept[seen[0]] = 0.0
        return LinearHead(coef, intercept)
    model = LogisticRegression(C=c, class_weight=weight, max_iter=2000, random_state=seed)
    model.fit(features, classes)
    if len(seen) == 2:  # scikit-learn keeps one row for two classes
        coef[seen[1]], intercept[seen] = model.coef_[0], (0.0, float(model.intercept_[0]))
    else:
        coef[seen], intercept[seen] = model.coef_, model.intercept_
    return LinearHead(coef, intercept)
