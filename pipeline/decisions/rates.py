"""Keep how often a classifier errs: at which level of confidence validation sentences arrived, by their true labels."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from pydantic import Field, ValidationError, model_validator

from pipeline.ground.config import Strict
from pipeline.ground.errors import ModelError

FACT = "rates"  # the entry of a manifest's facts
LEVELS = 4  # of confidence in a label: on validation, intervals are a tenth narrower than with two, and six mislead
ONE = "one of the labels"
DIGITS = 6


class Rates(Strict):
    """How many validation sentences reached each level of confidence, by document and true labels.

    `counts` holds, under each label, one line for each document: the sentences without the label at each level,
    then those with it, `"17 2 0 0 | 0 0 1 3"`. Where exactly one label stands there is one entry, ONE, whose lines
    have a group for each true label, and whose levels are the labels decided. `means` are the mean probabilities of
    sentences without and with each label. `folds` says how often decisions were learned again, each time without the
    documents that they then judged; 0: the decisions had seen none of them, or there were too few to do so.
    """

    counts: dict[str, tuple[str, ...]]
    means: dict[str, tuple[float, float]]
    folds: int = Field(ge=0)

    @model_validator(mode="after")
    def _counts_fit(self) -> "Rates":
        """Refuse lines that are no counts, or not of the shape that the labels ask for."""
        exclusive = list(self.counts) == [ONE]
        if not exclusive and list(self.counts) != list(self.means):
            raise ValueError(f"counts are for {', '.join(self.counts)}, means for {', '.join(self.means)}")
        values, depth = (len(self.means),) * 2 if exclusive else (2, LEVELS)
        for name, lines in self.counts.items():
            groups = [[group.split() for group in line.split("|")] for line in lines]
            if not groups or any([len(group) for group in line] != [depth] * values for line in groups):
                raise ValueError(f"counts of {name}: {values} groups of {depth} numbers are expected in every line")
            if not all(word.isdecimal() for line in groups for group in line for word in group):
                raise ValueError(f"counts of {name}: whole numbers are expected")
        return self

    @property
    def exclusive(self) -> bool:
        """Tell whether exactly one label stands."""
        return ONE in self.counts

    def table(self, name: str) -> np.ndarray:
        """Give one entry of the counts as numbers, shape (true values, documents, levels)."""
        lines = [[list(map(int, group.split())) for group in line.split("|")] for line in self.counts[name]]
        return np.array(lines, dtype=float).transpose(1, 0, 2)

    def of_label(self, column: int, name: str) -> np.ndarray:
        """Count one label's sentences by (without it, with it) and (not given, given); shape (2, 2)."""
        if self.exclusive:
            whole, cut = self.table(ONE).sum(axis=1), np.arange(len(self.means)) == column
            return np.array([[whole[a][:, b].sum() for b in (~cut, cut)] for a in (~cut, cut)])
        whole = self.table(name).sum(axis=1)
        return np.stack([whole[:, : LEVELS // 2].sum(axis=1), whole[:, LEVELS // 2 :].sum(axis=1)], axis=1)


def levels(probabilities: np.ndarray, cutoffs: Sequence[float | None]) -> np.ndarray:
    """Sort calibrated probabilities, shape (n, labels), into levels of confidence, int of the same shape.

    Levels 2 and 3 are those at which a label is given. Where the largest probability decides, the result has shape
    (n, 1) and holds the place of the label decided.
    """
    given = [cut for cut in cutoffs if cut is not None]
    if len(given) < len(cutoffs):
        return np.asarray(probabilities.argmax(axis=1)[:, None])
    columns = [np.digitize(p, (cut / 4, cut, (1 + cut) / 2)) for p, cut in zip(probabilities.T, given, strict=True)]
    return np.stack(columns, axis=1)


def count_rates(
    probabilities: np.ndarray,
    reached: np.ndarray,
    gold: np.ndarray,
    documents: Sequence[str],
    names: Sequence[str],
    folds: int = 0,
) -> Rates:
    """Count what `levels` gave by true label and document; probabilities and gold have shape (n, labels)."""
    exclusive = reached.shape[1] < gold.shape[1]
    true = gold.argmax(axis=1)[:, None] if exclusive else gold.astype(int)
    values, depth = (len(names), len(names)) if exclusive else (2, LEVELS)
    which, place = np.unique(np.array(documents), return_inverse=True)
    counts = {}
    for column, name in enumerate([ONE] if exclusive else names):
        table = np.zeros((len(which), values, depth), dtype=int)
        np.add.at(table, (place, true[:, column], reached[:, column]), 1)
        counts[name] = tuple(" | ".join(" ".join(map(str, group)) for group in document) for document in table)
    means = {name: _means(p, carries > 0) for name, p, carries in zip(names, probabilities.T, gold.T, strict=True)}
    return Rates(counts=counts, means=means, folds=folds)


def _means(probabilities: np.ndarray, carries: np.ndarray) -> tuple[float, float]:
    """Average a label's probabilities over sentences without it and with it; the middle where there are none."""
    without, having = (float(probabilities[side].mean()) if side.any() else 0.5 for side in (~carries, carries))
    return round(without, DIGITS), round(having, DIGITS)


def read_rates(facts: dict[str, Any], names: Sequence[str], model: str) -> Rates | None:
    """Read the error rates among a manifest's facts; None where an older training left none.

    Raises:
        ModelError: they are malformed, or for other labels.
    """
    if FACT not in facts:
        return None
    again = "measure them again: stance models rates MODEL"
    try:
        rates = Rates.model_validate(facts[FACT])
    except ValidationError as error:
        said = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise ModelError(f"{model}: its error rates cannot be used ({said})", hint=again) from error
    if list(rates.means) != list(names):
        raise ModelError(
            f"{model}: its error rates are for {', '.join(rates.means)}, the model for {', '.join(names)}", hint=again
        )
    return rates
