"""Say which decisions deserve a human eye, with a promise on those that are let pass.

Split conformal prediction within each true value of each label (Mondrian: Vovk, Gammerman and Shafer 2005, 4.5;
Angelopoulos and Bates 2023). A decision is let pass where only the value decided conforms with what was seen of
held-out sentences, and is marked where the other value conforms as well.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from pydantic import Field

from pipeline.ground.config import Strict


class Review(Strict):
    """Where a label's decision is marked for review; conformal quantiles of calibrated probabilities.

    The promise, where any subset is allowed, for each label: of the sentences that carry it, at most the share
    `error` is missed without a mark; of those that do not, at most `error_absent` is given it without a mark.
    `error_absent` is set so that such false alarms number at most `error` times the carriers. Where exactly one
    label stands: of all sentences, at most the share `error` gets a wrong label without a mark.

    The promise is for the mean over new sentences that are exchangeable with those it was learned from. Sentences of
    one document are not independent, and texts of another making are not exchangeable: there it is approximate.

    `lowest[i]` is the least probability at which *label i is carried* conforms, `highest[i]` the greatest at which
    *it is not* conforms; `highest` and `error_absent` are None where exactly one label stands.
    """

    error: float = Field(gt=0, lt=0.5)
    error_absent: tuple[float, ...] | None
    lowest: tuple[float, ...]
    highest: tuple[float, ...] | None

    def unsure(self, probabilities: np.ndarray, decided: np.ndarray) -> np.ndarray:
        """Tell which decisions to mark; all of shape (n, labels), the result bool.

        Where exactly one label stands, the rivals of an unsure sentence are marked: every label that conforms, or
        the one decided where none does.
        """
        carried = probabilities >= np.asarray(self.lowest)
        if self.highest is None:
            return _rivals(carried, decided > 0)
        return np.where(decided > 0, probabilities <= np.asarray(self.highest), carried)


def _rivals(carried: np.ndarray, decided: np.ndarray) -> np.ndarray:
    """Mark the labels that conform, unless it is the one decided and no other."""
    sure = (carried == decided).all(axis=1, keepdims=True)
    return np.asarray(~sure & (carried | (~carried.any(axis=1, keepdims=True) & decided)))


def learn_review(
    calibrated: np.ndarray, gold: np.ndarray, error: float, names: Sequence[str], *, exclusive: bool
) -> tuple[Review, list[str]]:
    """Learn quantiles from calibrated probabilities and gold, both (n, labels), and what is to be noted.

    Calibration, although fitted on the same sentences, does not spoil the promise where any subset is allowed: it
    keeps each label's order, and the quantiles use nothing but order.
    """
    if exclusive:
        lowest = lower_quantile(calibrated[gold > 0], error)
        notes = [] if lowest > 0 else [_too_few("the labels", len(gold), error)]
        return Review(error=error, error_absent=None, lowest=(lowest,) * len(names), highest=None), notes
    columns: list[dict[str, Any]] = []
    notes = []
    for name, p, carries in zip(names, calibrated.T, gold.T > 0, strict=True):
        carriers, others = int(carries.sum()), int((~carries).sum())
        absent = min(error, error * carriers / others) if others else error
        low, high = lower_quantile(p[carries], error), upper_quantile(p[~carries], absent)
        columns.append({"lowest": low, "highest": high, "error_absent": absent})
        if low <= 0 or high >= 1:
            notes.append(_too_few(name, carriers if low <= 0 else others, error))
    packed = {key: tuple(column[key] for column in columns) for key in ("lowest", "highest", "error_absent")}
    return Review(error=error, **packed), notes


def lower_quantile(scores: np.ndarray, error: float) -> float:
    """Give the k-th smallest score, k = floor(error (n + 1)): a new score lies below it with chance at most `error`.

    Give 0 where k is 0: too few scores to rule anything out.
    """
    k = _rank(len(scores), error)
    return float(np.sort(scores)[k - 1]) if k else 0.0


def upper_quantile(scores: np.ndarray, error: float) -> float:
    """Give the k-th greatest score, k as for `lower_quantile`; 1 where k is 0."""
    k = _rank(len(scores), error)
    return float(np.sort(scores)[-k]) if k else 1.0


def _rank(count: int, error: float) -> int:
    return int(np.floor(error * (count + 1) + 1e-9))  # 0.1 * 30 is a little less than 3


def _too_few(what: str, count: int, error: float) -> str:
    return f"{what}: too few sentences ({count}) to promise an error of {error:g}; more than needed is marked"
