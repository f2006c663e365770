"""Make a run's model the champion of its codebook, if nothing regresses.

The candidate is held against the champion on validation, by size and by speed; test is opened last, and only for
a candidate that all of this let through, for the same lines as on validation. Validation alone would not do: every
candidate was chosen there, and a recipe that learns thresholds there is flattered by it, so the gate would be blind
to the very fault it is for. Test alone would not do either: whoever tries candidates until one passes chooses on
test. So a refusal on validation costs no look at test, and every look by `promote` is counted on the registered model,
by the sentences looked at: a held-out set wears out with the decisions made on it (Blum & Hardt 2015). Looks of people
are not counted: each training reports its test figures, and they are there to be reported, not to choose by.
"""

from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.ground.errors import ModelError, StanceError, TrackingError
from pipeline.ground.files import hash_json
from pipeline.ground.paths import Project
from pipeline.ground.progress import Progress
from pipeline.ground.records import Estimate, Notice
from pipeline.inference.manifest import MANIFEST, read_manifest, verify_files
from pipeline.inference.shelf import find_model
from pipeline.judging.gate import Line, judge_paired, judge_size
from pipeline.judging.kept import KeptAnswers, Part, why_not_paired
from pipeline.judging.paired import MACRO, compare_figures, resample_figures
from pipeline.judging.report import FEW_DOCUMENTS
from pipeline.predict import Predictor
from pipeline.tracking.registry import Registry, Version
from pipeline.tracking.runs import RunReader, RunRecord
from pipeline.tracking.store import MODEL
from pipeline.workflows.promotion_checks import (
    Sample,
    codebook_difference,
    of_champion,
    read_model,
    refuse_without_model,
    sample_of,
    stands_alone,
    time_both,
)
from pipeline.workflows.runs import find_run, usable
from pipeline.workflows.runs_kept import in_words
from pipeline.workflows.shelf import Check


@dataclass(frozen=True, slots=True)
class Wish:
    """Which run is to be champion; `why` is given where it is to be so whatever the comparison says."""

    named: str
    why: str = ""
    dry: bool = False

    @property
    def forced(self) -> bool:
        """Tell whether the comparison is overruled."""
        return bool(self.why)


@dataclass(slots=True)
class Trial:
    """What a candidate was asked, and what came of it; `version` is None where it was not promoted."""

    model: str
    run: RunRecord
    champion: Version | None
    checks: list[Check] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    incomparable: str = ""
    looks: int | None = None
    version: Version | None = None
    forced: bool = False

    @property
    def faults(self) -> list[Check]:
        """List what is wrong with the candidate by itself."""
        return [check for check in self.checks if check.state == "fault"]

    @property
    def regressed(self) -> list[Line]:
        """List the lines that speak against the candidate."""
        return [line for line in self.lines if line.verdict == "regressed"]

    @property
    def uncounted(self) -> list[Line]:
        """List the lines that too few documents stand behind."""
        return [line for line in self.lines if line.verdict == "too few"]

    @property
    def passed(self) -> bool:
        """Tell whether nothing speaks against the candidate so far."""
        return not self.faults and not self.regressed and not self.incomparable

    def delta(self, on: str = "test") -> Estimate | None:
        """Give macro-F1 minus the champion's; None where they were not compared on these sentences."""
        return next((line.difference for line in self.lines if (line.kind, line.on) == (MACRO, on)), None)

    def as_dict(self) -> dict[str, Any]:
        """Give the trial as JSON holds it."""
        return {
            "model": self.model,
            "run": self.run.id,
            "champion": self.champion and {"version": self.champion.number, "run": self.champion.run_id},
            "checks": [{"what": check.what, "state": check.state, "said": check.said} for check in self.checks],
            "lines": [line.as_dict() for line in self.lines],
            "passed": self.passed,
            "incomparable": self.incomparable or None,
            "forced": self.forced,
            "test_looks": self.looks,
            "version": self.version and self.version.number,
        }


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A run's model, loaded, with the sentences it is timed on."""

    folder: Path
    predictor: Predictor
    sample: Sample


@dataclass(slots=True)
class Hall:
    """Where promotions happen: the project, its store, and who listens."""

    project: Project
    reader: RunReader
    registry: Registry
    progress: Progress


def promote(wish: Wish, codebook: str, hall: Hall) -> Trial:
    """Hold a run against the champion and, where nothing regresses or it is forced, move the alias to it.

    `codebook` names the registered model in whose terms `champion` is understood. With `wish.dry` test stays closed
    and nothing is written.

    Raises:
        TrackingError: the run is unknown, unfinished, keeps no answers or carries no model, or is champion already.
        ModelError: the model is damaged, or its codebook is not the champion's.
    """
    run, notices = find_run(wish.named, hall.reader.runs(), hall.registry, codebook)
    usable(hall.reader, run, "promoted")
    _verify_named(wish.named, run)
    refuse_without_model(hall.reader, run)
    with ExitStack() as stack:
        folder = stack.enter_context(hall.reader.artifact(run, MODEL))
        manifest = read_model(folder, run)
        champion = hall.registry.champion(manifest.codebook.name)
        if champion is not None and champion.run_id == run.id:
            raise TrackingError(
                f"run {run.said} is the champion already, version {champion.number} of {champion.model}",
                hint="see how it came: stance models history",
            )
        trial = Trial(manifest.codebook.name, run, champion, notices=notices)
        answers = hall.reader.answers(run, "validation")
        candidate = Candidate(folder, Predictor.load(folder), sample_of(hall.project, answers))
        trial.checks = stands_alone(run, candidate.predictor, answers, candidate.sample, hall.project)
        if champion is not None:
            try:
                _compare(trial, champion, candidate, wish, hall, stack)
            except StanceError as error:
                if not wish.forced:
                    raise
                trial.incomparable = error.message
        if not wish.dry:
            _conclude(trial, wish, folder, hall)
    return trial


def _verify_named(named: str, run: RunRecord) -> None:
    """Refuse a model folder that is no longer what it was when its run made it."""
    try:
        folder = find_model(Path(named))
    except ModelError:
        return
    manifest = read_manifest(folder) if (folder / MANIFEST).is_file() else None
    if manifest is not None and manifest.id == run.model_id:
        verify_files(folder, manifest)


def _compare(trial: Trial, champion: Version, candidate: Candidate, wish: Wish, hall: Hall, stack: ExitStack) -> None:
    """Add the lines of the comparison; test comes last, and only where nothing regressed before it."""
    with of_champion(trial.run):
        run = hall.reader.run(champion.run_id)
        refuse_without_model(hall.reader, run)
        place = stack.enter_context(hall.reader.artifact(run, MODEL))
        manifest, own = read_model(place, run), candidate.predictor.manifest
    if said := codebook_difference(own.codebook, manifest.codebook):
        raise ModelError(
            f"run {trial.run.said} has another codebook than the champion, and their figures do not compare: {said}",
            hint=f"begin anew with this one: stance models promote {trial.run.short} --force --why TEXT",
        )
    trial.lines += _answers_compared(trial, run, "validation", hall.reader)
    trial.lines.append(judge_size(manifest.size / 1e6, own.size / 1e6))
    trial.lines.append(time_both(Predictor.load(place), candidate.predictor, candidate.sample, hall.progress))
    trial.incomparable = _too_few(trial)
    if not wish.dry and (trial.passed or wish.forced):
        trial.lines += _answers_compared(trial, run, "test", hall.reader)
        sentences = [answer.place for answer in hall.reader.answers(trial.run, "test").sentences]
        trial.looks = hall.registry.count_look(trial.model, hash_json(sentences, 8))
        trial.incomparable = _too_few(trial)


def _too_few(trial: Trial) -> str:
    """Say where macro-F1 itself stands on too few documents: then nothing was compared; empty where it does not."""
    on = [line.on for line in trial.uncounted if line.kind == MACRO]
    return f"under {FEW_DOCUMENTS} documents stand behind macro-F1 on {' and '.join(on)}" if on else ""


def _answers_compared(trial: Trial, champion: RunRecord, part: Part, reader: RunReader) -> list[Line]:
    mine = reader.answers(trial.run, part)
    with of_champion(trial.run):
        theirs = reader.answers(champion, part)
    if why := why_not_paired(mine, theirs):
        raise TrackingError(
            f"run {trial.run.said} and the champion, {champion.said}, cannot be compared: {why}",
            hint=f"train the champion's recipe on the labels of now, and promote it first: {champion.again}",
        )
    return lines_between(mine, theirs)


def lines_between(mine: KeptAnswers, theirs: KeptAnswers) -> list[Line]:
    """Judge a candidate's answers against a champion's on one part."""
    judged = {"mine": [mine.as_judged()], "theirs": [theirs.as_judged()]}
    figures = resample_figures(judged)
    return judge_paired(compare_figures(figures["mine"], figures["theirs"], judged["mine"][0]), mine.part)


def _conclude(trial: Trial, wish: Wish, folder: Path, hall: Hall) -> None:
    """Promote, or note on the run that it was refused."""
    against = f"version {trial.champion.number}" if trial.champion else "none"
    if not trial.passed and not wish.forced:
        reasons = [check.what for check in trial.faults] + [title(line) for line in trial.regressed]
        reasons += [trial.incomparable] if trial.incomparable else []
        hall.reader.tag(trial.run, {"promotion": f"refused against {against}: {', '.join(reasons)}"})
        return
    trial.forced = wish.forced and not trial.passed
    delta, run = trial.delta(), trial.run
    tags = {
        "model_id": run.model_id,
        "recipe": run.recipe,
        "seed": run.seed,
        "codebook": run.tags.get("codebook", ""),
        "macro_f1": _macro_f1(run),
        "compared_with": against,
        "delta_to_champion": in_words(delta) if delta else "",
        "forced": str(trial.forced).lower(),
        "why": wish.why or _passed_why(trial),
    }
    tags |= {"overruled": "; ".join(_overruled(trial))} if trial.forced else {}
    tags = {name: value for name, value in tags.items() if value}
    compared = trial.champion.number if trial.champion else None
    trial.version = hall.registry.promote(trial.model, run.id, folder, tags, _description(trial, tags), compared)
    said = {"promotion": f"{trial.model} version {trial.version.number}"}
    hall.reader.tag(run, said | ({"promotion_forced": wish.why} if trial.forced else {}))


def _passed_why(trial: Trial) -> str:
    """Say why a candidate passed, and which lines had too few documents to count."""
    if trial.champion is None:
        return "the first"
    uncounted = ", ".join(title(line) for line in trial.uncounted)
    return "nothing regressed" + (f"; not counted, with too few documents: {uncounted}" if uncounted else "")


def _macro_f1(run: RunRecord) -> str:
    """Write a run's own macro-F1 on test with its interval, as far as the run has them."""
    names = ("macro_f1", "macro_f1_low", "macro_f1_high")
    known = [f"{run.metrics[name]:.3f}" for name in names if name in run.metrics]
    return f"{known[0]} [{known[1]}, {known[2]}]" if len(known) == len(names) else "".join(known[:1])


def _overruled(trial: Trial) -> list[str]:
    """Name what was overruled."""
    alone = [f"{check.what}: {check.said}" for check in trial.faults]
    return [*alone, *([trial.incomparable] if trial.incomparable else []), *(title(one) for one in trial.regressed)]


def title(line: Line) -> str:
    """Name a line for people."""
    word = {"macro_f1": "macro-F1", "f1": "F1", "source_macro_f1": "macro-F1 of", "ece": "ECE"}.get(line.kind, "")
    if not word:
        return {"megabytes": "size, MB", "speed": "sentences/s"}[line.kind]
    return " ".join(part for part in (word, line.name, f"on {line.on}" if line.on else "") if part)


def _description(trial: Trial, tags: dict[str, str]) -> str:
    """Say for the MLflow page what this version is and how it came."""
    run, score = trial.run, tags.get("macro_f1", "unknown")
    lines = [f"{run.model_id}, macro-F1 {score} on test. Run: {run.name}, `{run.id}`."]
    if "delta_to_champion" in tags:
        lines.append(f"Against {tags['compared_with']}: {tags['delta_to_champion']}.")
    how = f"**Forced**, since {tags['why']}. Overruled: {tags.get('overruled')}." if trial.forced else tags["why"] + "."
    return "\n\n".join([*lines, how])
