"""Line up runs that answered the same sentences, and tell which differences from a baseline are real."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pipeline.ground.errors import StanceError, TrackingError
from pipeline.ground.records import Estimate, Notice
from pipeline.judging.compare import Difference, holm
from pipeline.judging.kept import KeptAnswers, Part, why_not_paired
from pipeline.judging.paired import MACRO, Aspect, Figures, Paired, compare_figures, resample_figures
from pipeline.judging.records import Report
from pipeline.judging.report import FEW_DOCUMENTS, judge
from pipeline.tracking.registry import CHAMPION, Registry
from pipeline.tracking.runs import RunReader, RunRecord
from pipeline.workflows.runs import find_run_of, newest_runs, recipe_key, usable

COSTS = ("train_seconds", "sentences_per_second", "model_megabytes")


@dataclass(frozen=True, slots=True)
class Wish:
    """What a user asks to be compared; empty fields leave the choice to us."""

    named: tuple[str, ...] = ()
    experiment: str | None = None
    baseline: str | None = None
    part: Part = "validation"
    apart: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """One line: a run, or the runs of one recipe at several seeds, with means over them.

    `against` compares it with the baseline, aspect by aspect; `delta` is its macro-F1, told real among all lines.
    Both are empty for the baseline itself.
    """

    name: str
    runs: tuple[RunRecord, ...]
    macro_f1: Estimate
    labels: dict[str, dict[str, float | None]]
    sources: dict[str, float]
    costs: dict[str, float | None]
    delta: Difference | None = None
    against: tuple[Paired, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Give the line as JSON holds it."""
        delta = self.delta and self.delta.estimate.as_dict() | {"p": self.delta.p, "real": self.delta.real}
        return {
            "name": self.name,
            "runs": [{"id": run.id, "name": run.name, "model": run.model_id or None} for run in self.runs],
            "macro_f1": self.macro_f1.as_dict(),
            "labels": self.labels,
            "sources": self.sources,
            **self.costs,
            "delta": delta,
            "against_baseline": [one.as_dict() for one in self.against],
        }


@dataclass(frozen=True, slots=True)
class RunsCompared:
    """All lines, the best macro-F1 first; `why` says how the baseline was chosen."""

    part: Part
    entries: tuple[Entry, ...]
    baseline: str
    why: str
    labels: tuple[str, ...]
    sentences: int
    documents: int
    notices: tuple[Notice, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Give the comparison as JSON holds it."""
        about = {"part": self.part, "sentences": self.sentences, "documents": self.documents}
        chosen = {"baseline": self.baseline, "baseline_chosen": self.why}
        return about | chosen | {"labels": list(self.labels), "runs": [entry.as_dict() for entry in self.entries]}


@dataclass(slots=True)
class Table:
    """What is read from the store before anything is computed."""

    wish: Wish
    reader: RunReader
    registry: Registry
    model: str
    runs: list[RunRecord]
    answers: dict[str, KeptAnswers] = field(default_factory=dict)
    notices: list[Notice] = field(default_factory=list)

    def find(self, named: str, experiment: str | None = None) -> RunRecord:
        """Find a run, of one experiment where that is named, and keep what is to be said of it."""
        run, said = find_run_of(experiment, named, self.runs, self.registry, self.model)
        self.notices += said
        usable(self.reader, run, "compared")
        return run

    def read(self, run: RunRecord) -> KeptAnswers:
        """Read a run's answers once."""
        if run.id not in self.answers:
            self.answers[run.id] = self.reader.answers(run, self.wish.part)
        return self.answers[run.id]


def compare_runs(wish: Wish, reader: RunReader, registry: Registry, model: str) -> RunsCompared:
    """Compare runs by the answers they keep; `model` is the registered model whose champion is the baseline.

    Raises:
        TrackingError: a run is unknown, did not finish, keeps no answers, or was judged on other sentences.
    """
    within = reader.runs(wish.experiment)
    table = Table(wish, reader, registry, model, within if wish.experiment is None else reader.runs())
    named = [table.find(name, wish.experiment) for name in wish.named]
    runs = list({run.id: run for run in named}.values()) or _by_default(table, within)
    baseline, why = _baseline(table, runs)
    if baseline is not None and baseline.id not in {run.id for run in runs}:
        runs.append(baseline)
    first = baseline or runs[0]
    for run in runs:
        if said := why_not_paired(table.read(first), table.read(run)):
            raise TrackingError(
                f"{first.said} and {run.said} cannot be compared: {said}",
                hint=f"train the older one again on the labels of now, such as: {first.again}",
            )
    groups = _groups(runs, baseline, apart=wish.apart)
    judged = {name: [table.read(run).as_judged() for run in of] for name, of in groups.items()}
    name, flattered = (
        next((name for name, of in groups.items() if baseline and [run.id for run in of] == [baseline.id]), None),
        False,
    )
    if name is None:
        name, why, flattered = _best_by_validation(groups, wish.part)
    figures = resample_figures(judged)
    against = {one: compare_figures(figures[one], figures[name], judged[name][0]) for one in groups if one != name}
    deltas = _deltas(against, name, flattered=flattered)
    entries = [
        _entry(one, of, [judge(run, resamples=1) for run in judged[one]], figures[one], deltas.get(one), against)
        for one, of in groups.items()
    ]
    entries.sort(key=lambda entry: -entry.macro_f1.value)
    some = judged[name][0]
    return RunsCompared(
        wish.part, tuple(entries), name, why, some.labels, len(some.texts), len(set(some.groups)), tuple(table.notices)
    )


def _by_default(table: Table, within: Sequence[RunRecord]) -> list[RunRecord]:
    """Choose runs nobody named; those that keep no answers, or were judged on other sentences, are left out."""
    runs, said = newest_runs(within, table.wish.experiment)
    table.notices += said
    kept: list[RunRecord] = []
    for run in runs:
        try:
            answers = table.read(run)
        except StanceError as error:
            table.notices.append(Notice(f"left out: {error.message}", error.hint))
            continue
        why = why_not_paired(table.read(kept[0]), answers) if kept else ""
        if why:
            table.notices.append(Notice(f"left out: {run.said}: {why}", f"train it again: {run.again}"))
        else:
            kept.append(run)
    if not kept:
        raise TrackingError(
            f"no finished run of {runs[0].experiment!r} keeps answers that could be compared",
            hint=f"train one again: {runs[0].again}",
        )
    return kept


def _baseline(table: Table, runs: Sequence[RunRecord]) -> tuple[RunRecord | None, str]:
    """Find the run all others are held against; None where the best by validation is to serve."""
    if table.wish.baseline:
        return table.find(table.wish.baseline), "named"
    if table.registry.champion(table.model) is None:
        return None, ""
    try:
        champion = table.find(CHAMPION)
        why = why_not_paired(table.read(champion), table.read(runs[0]))
    except StanceError as error:
        table.notices.append(Notice(f"the champion is left out: {error.message}", error.hint))
        return None, ""
    if why:
        table.notices.append(Notice(f"the champion is left out: {why}", f"train it again: {champion.again}"))
        return None, ""
    return champion, f"the champion of {table.model}"


def _best_by_validation(groups: Mapping[str, Sequence[RunRecord]], part: Part) -> tuple[str, str, bool]:
    """Choose the line with the best mean macro-F1 on validation; say why, and whether that flatters it on `part`.

    The best of many is partly the luckiest on the sentences it was chosen on, so on validation no difference from it
    can be called real. Where no line has a figure there (peers have none), the first serves.
    """
    known = {
        name: float(np.mean([run.metrics["val_macro_f1"] for run in of]))
        for name, of in groups.items()
        if all("val_macro_f1" in run.metrics for run in of)
    }
    if not known:
        return next(iter(groups)), "the newest, since none has figures on validation", False
    best, why = max(known, key=lambda name: known[name]), "the best by macro-F1 on validation"
    flattered = part == "validation" and len(groups) > 1
    if flattered:
        why += ", chosen on the sentences judged here, so that no difference is called real; name another by --baseline"
    return best, why, flattered


def _groups(runs: Sequence[RunRecord], baseline: RunRecord | None, *, apart: bool) -> dict[str, tuple[RunRecord, ...]]:
    """Put runs of one recipe on the same labels together, one for each seed, seeds in order.

    The baseline stands by itself, since it is one model.
    """
    keys: dict[tuple[str, ...], list[RunRecord]] = {}
    for run in runs:
        alone = apart or (baseline is not None and run.id == baseline.id) or not run.recipe
        key = (
            (run.id,)
            if alone
            else (recipe_key(run), *(run.tags.get(tag, "") for tag in ("data_fingerprint", "codebook")))
        )
        while run.seed in {one.seed for one in keys.get(key, [])}:
            key = (*key, "again")
        keys.setdefault(key, []).append(run)
    named: dict[str, tuple[RunRecord, ...]] = {}
    recipes = [of[0].recipe for of in keys.values() if len(of) > 1]
    for of in keys.values():
        name = of[0].name
        if len(of) > 1:
            seeds = ", ".join(sorted((run.seed for run in of), key=lambda seed: (len(seed), seed)))
            name = f"{of[0].recipe} seeds {seeds}"
            name = f"{name} ({of[0].short})" if recipes.count(of[0].recipe) > 1 else name
        elif sum(run.name == name for run in runs) > 1:
            name = of[0].said
        named[name] = tuple(sorted(of, key=lambda run: (len(run.seed), run.seed)))
    return named


def _deltas(against: Mapping[str, Sequence[Paired]], baseline: str, *, flattered: bool) -> dict[str, Difference]:
    """Give each line's macro-F1 minus the baseline's; real is what stands among these differences (Holm 1979).

    From a baseline that was chosen on these sentences none is real, and none on so few documents that every resample
    may agree by chance (decision 20).
    """
    few = False
    found = []
    for name, paired in against.items():
        [macro] = [one for one in paired if one.aspect == Aspect(MACRO)]
        found.append(Difference(name, baseline, macro.difference, macro.p))
        few = macro.documents < FEW_DOCUMENTS
    tested = found if flattered or few else holm(found)
    return {difference.a: difference for difference in tested}


def _entry(
    name: str,
    runs: tuple[RunRecord, ...],
    reports: Sequence[Report],
    figures: Figures,
    delta: Difference | None,
    against: Mapping[str, list[Paired]],
) -> Entry:
    labels = {
        label: {
            "f1": _mean([report.labels[label].f1.value for report in reports]),
            "average_precision": _mean([report.labels[label].average_precision for report in reports]),
            "brier": _mean([report.labels[label].brier for report in reports]),
            "ece": _mean([report.labels[label].ece for report in reports]),
        }
        for label in reports[0].labels
    }
    sources = {aspect.name: one.value for aspect, one in figures.items() if aspect.kind == "source_macro_f1"}
    costs = {cost: _mean([run.metrics.get(cost) for run in runs]) for cost in COSTS}
    macro = figures[Aspect(MACRO)].estimate
    return Entry(name, runs, macro, labels, sources, costs, delta, tuple(against.get(name, ())))


def _mean(values: Sequence[float | None]) -> float | None:
    """Average what is known; None where nothing is."""
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None
