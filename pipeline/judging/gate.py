"""Tell whether a candidate may take a champion's place: what counts as a regression, line by line.

A line has regressed where the candidate is worse by more than the tolerance *and* the evidence says that it is
worse at all: for figures of sentences, the 95 % interval of the paired difference leaves out 0; for speed, it was
slower in every round. What too few documents stand behind is shown and not counted; where that is macro-F1 itself,
nothing was compared, and the candidate does not pass by it. Lines are not corrected for
their number: a gate that stops a sound model once too often costs a `--force --why`, one that lets a worse model
through costs every reader.

Differences of expected calibration error are without what chance adds to each (`paired_calibration`): plain figures
would refuse a calibrated model for telling sentences apart better than a calibrated champion.

Expected calibration error alone favours a model that says the same of every sentence (the floor has 0.002). So a
label whose error grew is excused where its Brier score, which is proper (Gneiting & Raftery 2007), got better beyond
doubt: the probabilities are then closer to the truth than before.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from pipeline.ground.records import Estimate
from pipeline.judging.paired import BRIER, ECE, LABEL, MACRO, SOURCE, Aspect, Paired
from pipeline.judging.report import FEW_DOCUMENTS

Verdict = Literal["better", "holds", "regressed", "excused", "too few"]
SIZE, SPEED = "megabytes", "speed"


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How much worse a candidate may be, and why so much; up to `free` MB, or from `free` sentences/s, cost is none."""

    amount: float
    reason: str
    free: float | None = None


TOLERANCES: dict[str, Tolerance] = {
    MACRO: Tolerance(0.01, "twice the standard deviation over seeds that the leaderboard shows (up to 0.006)"),
    LABEL: Tolerance(0.02, "one label has a third of the evidence, so its figure moves more"),
    SOURCE: Tolerance(0.03, "a source has few documents, and one of them moves its figure by about so much"),
    ECE: Tolerance(0.01, "shares of labels are read in whole per cent, and this is one of them"),
    SIZE: Tolerance(1.25, "times the champion's; up to 10 MB no download or memory notices", free=10.0),
    SPEED: Tolerance(1.25, "times the champion's seconds; from 1,000 sentences/s reading documents is slower", 1_000.0),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One criterion: what champion and candidate have, how they differ, what is allowed, and the verdict.

    `on` names the sentences it was judged on; for size and speed, `difference` is a ratio of candidate to champion.
    """

    kind: str
    name: str
    on: str
    champion: float
    candidate: float
    difference: Estimate
    verdict: Verdict

    @property
    def tolerance(self) -> float:
        """Give how much is allowed."""
        return TOLERANCES[self.kind].amount

    @property
    def free(self) -> bool:
        """Tell whether the candidate costs so little that nothing is asked of it."""
        limit = TOLERANCES[self.kind].free
        if limit is None:
            return False
        return self.candidate <= limit if self.kind == SIZE else self.candidate >= limit

    def as_dict(self) -> dict[str, Any]:
        """Give the line as JSON holds it."""
        value = {name: getattr(self, name) for name in ("kind", "name", "on", "champion", "candidate", "verdict")}
        return value | {"difference": self.difference.as_dict(), "tolerance": self.tolerance, "free": self.free}


def judge_paired(paired: Sequence[Paired], on: str) -> list[Line]:
    """Judge the aspects of a candidate (`a`) against a champion (`b`), answered on the same sentences.

    Brier scores excuse, and are no lines themselves.
    """
    verdicts = {one.aspect: _verdict(one) for one in paired}
    for aspect, verdict in verdicts.items():
        if aspect.kind == ECE and verdict == "regressed" and verdicts.get(Aspect(BRIER, aspect.name)) == "better":
            verdicts[aspect] = "excused"
    return [
        Line(one.aspect.kind, one.aspect.name, on, one.b, one.a, one.difference, verdicts[one.aspect])
        for one in paired
        if one.aspect.kind in TOLERANCES
    ]


def _verdict(one: Paired) -> Verdict:
    low, high = one.difference.low, one.difference.high
    if one.documents < FEW_DOCUMENTS or low is None or high is None:
        return "too few"
    gain, worst, best = one.difference.value, low, high
    if not one.aspect.higher_is_better:
        gain, worst, best = -gain, -high, -low
    allowed = TOLERANCES.get(one.aspect.kind)
    if allowed and best < 0 and -gain > allowed.amount:
        return "regressed"
    return "better" if worst > 0 else "holds"


def judge_size(champion: float, candidate: float) -> Line:
    """Judge the sizes of two models in MB."""
    allowed, ratio = TOLERANCES[SIZE], candidate / champion
    line = Line(SIZE, "", "", champion, candidate, Estimate(ratio), "better" if ratio < 1 else "holds")
    return replace(line, verdict="regressed") if ratio > allowed.amount and not line.free else line


def judge_speed(champion: Sequence[float], candidate: Sequence[float], sentences: int) -> Line:
    """Judge the seconds of rounds in which both models scored the same sentences, one after the other.

    The ratio is the median over rounds, with the smallest and the largest of them.
    """
    allowed = TOLERANCES[SPEED]
    ratios = np.asarray(candidate, dtype=float) / np.asarray(champion, dtype=float)
    ratio = Estimate(float(np.median(ratios)), float(ratios.min()), float(ratios.max()))
    speeds = [sentences / float(np.median(seconds)) for seconds in (champion, candidate)]
    slower = ratio.value > allowed.amount and ratios.min() > 1
    line = Line(SPEED, "", "", speeds[0], speeds[1], ratio, "better" if ratios.max() < 1 else "holds")
    return replace(line, verdict="regressed") if slower and not line.free else line
