"""Judge a model by a behavioural suite: what each capability passes, and how far probabilities move."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.corpus.claims import KINDS, Case, Chapter, Directional, Invariant, Minimum, Suite
from pipeline.judging.verdicts import BehaviourReport, CapabilityScores, Failure, Shift, Tally


@dataclass(frozen=True, slots=True, eq=False)
class _Outcome:
    """What came of a case; `shifts` of shape (variants, L) for an invariant one."""

    case: Case
    capability: str
    failure: Failure | None
    shifts: np.ndarray | None = None


@dataclass(frozen=True, slots=True, eq=False)
class _Answers:
    """A model's answers by sentence."""

    labels: tuple[str, ...]
    probabilities: dict[str, np.ndarray]
    decided: dict[str, np.ndarray]

    def names(self, text: str) -> tuple[str, ...]:
        return tuple(name for name, on in zip(self.labels, self.decided[text], strict=True) if on)

    def probability(self, text: str, label: str) -> float:
        return float(self.probabilities[text][self.labels.index(label)])


def judge_behaviour(suite: Suite, probabilities: np.ndarray, decided: np.ndarray) -> BehaviourReport:
    """Judge answers to `suite.texts`: probabilities and 0/1 decisions, both of shape (texts, L).

    Raises `ValueError` where a shape or a value is not as stated.
    """
    texts, labels = suite.texts, suite.codebook.names
    _check(probabilities, decided, (len(texts), len(labels)))
    answers = _Answers(labels, dict(zip(texts, probabilities, strict=True)), dict(zip(texts, decided, strict=True)))
    outcomes = [_try(chapter, case, answers) for chapter, case in suite.placed()]
    failures = [outcome.failure for outcome in outcomes if outcome.failure]
    return BehaviourReport(
        total=_tally(outcomes),
        kinds=_by_kind(outcomes),
        capabilities={
            chapter.capability: _capability(
                chapter, [o for o in outcomes if o.capability == chapter.capability], labels
            )
            for chapter in suite.chapters
        },
        failures=tuple(sorted(failures, key=lambda failure: -failure.miss)),
    )


def _check(probabilities: np.ndarray, decided: np.ndarray, shape: tuple[int, int]) -> None:
    for name, matrix in (("probabilities", probabilities), ("decided", decided)):
        if matrix.shape != shape:
            raise ValueError(f"{name} has shape {matrix.shape}, and {shape} (texts, labels) is expected")
    if not ((probabilities >= 0) & (probabilities <= 1)).all():
        raise ValueError("probabilities hold values outside [0, 1]")
    if not np.isin(decided, (0, 1)).all():
        raise ValueError("decided holds values other than 0 and 1")


def _try(chapter: Chapter, case: Case, answers: _Answers) -> _Outcome:
    """Hold one claim against the answers."""
    if isinstance(case, Minimum):
        return _Outcome(case, chapter.capability, _try_minimum(chapter, case, answers))
    if isinstance(case, Directional):
        return _Outcome(case, chapter.capability, _try_directional(chapter, case, answers))
    if not isinstance(case, Invariant):
        raise TypeError(f"no such kind of case: {type(case).__name__}")
    base = answers.probabilities[case.text]
    shifts = np.abs(np.array([answers.probabilities[other] for other in case.others]) - base)
    return _Outcome(case, chapter.capability, _try_invariant(chapter, case, answers, shifts), shifts)


def _try_minimum(chapter: Chapter, case: Minimum, answers: _Answers) -> Failure | None:
    names = answers.names(case.text)
    misses = {name: 1 - answers.probability(case.text, name) for name in case.has if name not in names}
    misses |= {name: answers.probability(case.text, name) for name in case.lacks if name in names}
    if not misses:
        return None
    claims = {"has": case.has, "lacks": case.lacks}
    wrong = ", ".join(f"{name} {answers.probability(case.text, name):.2f}" for name in misses)
    return Failure(
        case=case.id,
        capability=chapter.capability,
        kind=case.kind,
        text=case.text,
        other="",
        expected="; ".join(f"{verb} {', '.join(labels)}" for verb, labels in claims.items() if labels),
        got=f"{_listed(names)} (wrong: {wrong})",
        miss=max(misses.values()),
    )


def _try_invariant(chapter: Chapter, case: Invariant, answers: _Answers, shifts: np.ndarray) -> Failure | None:
    names = answers.names(case.text)
    changed = [row for row, other in enumerate(case.others) if answers.names(other) != names]
    if not changed:
        return None
    worst = max(changed, key=lambda row: float(shifts[row].max()))
    column = int(shifts[worst].argmax())
    label, other = answers.labels[column], case.others[worst]
    before, after = answers.probability(case.text, label), answers.probability(other, label)
    return Failure(
        case=case.id,
        capability=chapter.capability,
        kind=case.kind,
        text=case.text,
        other=other,
        expected=f"labels stay: {_listed(names)}",
        got=f"{_listed(answers.names(other))} ({label} {before:.2f} to {after:.2f});"
        f" {len(changed)} of {len(case.others)} variants change",
        miss=float(shifts[worst, column]),
    )


def _try_directional(chapter: Chapter, case: Directional, answers: _Answers) -> Failure | None:
    before, after = (answers.probability(text, case.label) for text in case.texts)
    moved = after - before if case.moves == "up" else before - after
    if moved >= case.by:
        return None
    return Failure(
        case=case.id,
        capability=chapter.capability,
        kind=case.kind,
        text=case.text,
        other=case.changed,
        expected=f"{case.label} {case.moves} by {case.by:.2f} or more",
        got=f"{case.label} {before:.2f} to {after:.2f}",
        miss=min(case.by - moved, 1.0),
    )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) or "none"


def _tally(outcomes: Sequence[_Outcome]) -> Tally:
    return Tally(len(outcomes), sum(outcome.failure is None for outcome in outcomes))


def _by_kind(outcomes: Sequence[_Outcome]) -> dict[str, Tally]:
    """Tally each kind that there is, in the order of the kinds."""
    sorted_out = {kind: [outcome for outcome in outcomes if outcome.case.kind == kind] for kind in KINDS}
    return {kind: _tally(some) for kind, some in sorted_out.items() if some}


def _capability(chapter: Chapter, outcomes: Sequence[_Outcome], labels: tuple[str, ...]) -> CapabilityScores:
    shifts = [outcome.shifts for outcome in outcomes if outcome.shifts is not None]
    return CapabilityScores(_tally(outcomes), _by_kind(outcomes), _shift(shifts, labels), chapter.bar)


def _shift(shifts: Sequence[np.ndarray], labels: Iterable[str]) -> Shift | None:
    """Average (variants, L) shifts within each case, then over the cases."""
    if not shifts:
        return None
    means = np.array([case.mean(axis=0) for case in shifts]).mean(axis=0)
    largest = np.array([case.max(axis=0) for case in shifts]).max(axis=0)
    return Shift(
        cases=len(shifts),
        mean_by_label=dict(zip(labels, map(float, means), strict=True)),
        largest_by_label=dict(zip(labels, map(float, largest), strict=True)),
    )


def behaviour_metrics(report: BehaviourReport) -> dict[str, float]:
    """Give the figures as name and number, such as `behaviour/<capability>/pass_rate`, one name per column."""
    flat = {"behaviour/pass_rate": report.total.pass_rate, "behaviour/cases": float(report.total.cases)}
    for name, scores in report.capabilities.items():
        flat[f"behaviour/{name}/pass_rate"] = scores.total.pass_rate
        if scores.shift:
            flat[f"behaviour/{name}/mean_shift"] = scores.shift.mean
            flat[f"behaviour/{name}/largest_shift"] = scores.shift.largest
            for label, shift in scores.shift.mean_by_label.items():
                flat[f"behaviour/{name}/mean_shift_{label}"] = shift
    return flat
