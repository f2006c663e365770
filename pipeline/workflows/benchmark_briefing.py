"""Time one document: by a command of its own, as a reader would, and in a folder of many."""

import tempfile
from pathlib import Path

from pipeline.ground.errors import ConfigError, StanceError
from pipeline.ground.paths import Project
from pipeline.ground.progress import Progress
from pipeline.judging.benchmark import Briefed
from pipeline.predict import read_input
from pipeline.workflows.benchmark_programs import count_scored, run_command, stance_score
from pipeline.workflows.benchmark_spec import Benchmark
from pipeline.workflows.benchmark_texts import numbered
from pipeline.workflows.frontier import folder_of

OUTPUT = "scores"


def run_briefing(spec: Benchmark, project: Project, progress: Progress) -> tuple[Briefed, ...]:
    """Time every model, in rounds that each begin with another; a model that is not here drops out with the reason.

    Raises:
        ConfigError: the document is not there.
    """
    asked = spec.briefing
    document = project.root / asked.document
    if not document.is_file():
        raise ConfigError(f"briefing: no such file: {document}", hint="correct `briefing.document`")
    cold: dict[str, list[float]] = {name: [] for name in asked.models}
    reasons: dict[str, str] = {}
    with tempfile.TemporaryDirectory(prefix="stance-briefing-") as place:
        for number in range(asked.runs):
            first = number % len(asked.models)
            progress.say(f"briefing, run {number + 1} of {asked.runs}")
            for name in asked.models[first:] + asked.models[:first]:
                try:
                    command = stance_score(folder_of(name, project), document)
                    cold[name].append(run_command(command, spec.threads, Path(place)).wall)
                except StanceError as error:
                    reasons[name] = error.message
        _copy(document, asked.copies, Path(place) / "copies")
        return tuple(
            Briefed(name, reason=reasons[name])
            if name in reasons
            else _batch(name, cold[name], spec, project, Path(place), progress)
            for name in asked.models
        )


def _copy(document: Path, copies: int, folder: Path) -> None:
    """Write copies that share no sentence: each has the copy's number behind its first word."""
    folder.mkdir()
    reading = read_input(document)
    text = reading.document.text
    for number in range(copies):
        pieces, end = [], 0
        for sentence in reading.sentences:
            pieces += [text[end : sentence.start], numbered(sentence.text, number)]
            end = sentence.end
        said = "".join([*pieces, text[end:]])
        (folder / f"{number:05}{document.suffix}").write_text(said, encoding="utf-8")


def _batch(
    name: str, cold: list[float], spec: Benchmark, project: Project, folder: Path, progress: Progress
) -> Briefed:
    copies = spec.briefing.copies
    progress.say(f"briefing, {copies} copies with {name}")
    output = folder / f"{OUTPUT}-{name.replace('/', '-')}"
    try:
        command = stance_score(folder_of(name, project), "copies", "-o", output)
        wall = run_command(command, spec.threads, folder).wall
    except StanceError as error:
        return Briefed(name, reason=error.message)
    return Briefed(name, tuple(cold), copies, wall, count_scored(output))
