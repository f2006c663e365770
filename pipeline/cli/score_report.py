"""Write a report beside scores: `stance score … --report [FILE.html]`."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.cli.score_reading import AT_HAND, Options

if TYPE_CHECKING:
    from pipeline.ground.records import ScoredDocument
    from pipeline.predict import Predictor
    from pipeline.workflows.briefing import Rows

OPTION = "--report"
ENDINGS = (".html", ".htm")
UNNAMED = Path("stance-report.html")
NARROW = "name fewer: stance score archive/2026-* --report 2026.html"


class ScoreCommand(click.Command):
    """Take a word after `--report` as its value only where it names a page; any other is a document."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Give each bare `--report` an empty value, and leave what follows it to be a document."""
        end = args.index("--") if "--" in args else len(args)
        if sum(word == OPTION or word.startswith(f"{OPTION}=") for word in args[:end]) > 1:
            raise click.UsageError(f"{OPTION} is given twice, and one report is written; give it once", ctx)
        named = [
            f"{OPTION}=" if word == OPTION and at < end and not (at + 1 < end and _names_page(args[at + 1])) else word
            for at, word in enumerate(args)
        ]
        return super().parse_args(ctx, named)


def _names_page(word: str) -> bool:
    return not word.startswith("-") and word.lower().endswith(ENDINGS)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A report that was asked for; `path` is None where no file was named."""

    files: tuple[str, ...]
    path: Path | None
    folder: Path
    evidence: bool

    @property
    def outside(self) -> tuple[Path, ...]:
        """Name the file that is written and must not be read as a document."""
        return (self.path or UNNAMED,)


def check_page(report: str, files: Sequence[str], output: Path | None) -> Path | None:
    """Give the file that a report was asked for, None where none was named; refuse what cannot be, before any work.

    Raises:
        StanceError: it would replace a document, the scores, or a file that is no report.
    """
    from pipeline.ground.errors import StanceError
    from pipeline.scoring.inputs import reports_among
    from pipeline.workflows.briefing import refuse_output

    if not report:
        return None
    if not _names_page(report):
        context = click.get_current_context()
        raise click.UsageError(f"{OPTION} names an .html file, and {report!r} is none", context)
    path = Path(report)
    place, passed = os.path.realpath(path), reports_among(files)
    if output and place == os.path.realpath(output):
        raise StanceError(
            f"{path} is named for the scores and for the report", hint="name another file with -o or with --report"
        )
    if place in {os.path.realpath(file) for file in files if file not in passed}:
        raise StanceError(
            f"{path} is one of the documents; it is left as it is", hint="name another file for the report"
        )
    refuse_output(path)
    return path


def refuse_many(files: Sequence[str], options: Options, outside: Sequence[Path]) -> None:
    """Raise `StanceError` before any work where more is named than one report can hold, or what is read only once."""
    from pipeline.ground.errors import StanceError
    from pipeline.scoring.columns import TableOptions
    from pipeline.scoring.inputs import find_items
    from pipeline.scoring.items import Passed

    if "-" in files:
        raise StanceError(
            "standard input is read once, and a report beside -o reads the documents again",
            hint="leave out -o, or save the text: cat > text.txt",
        )
    found = (one for one in find_items(files, TableOptions(**options), outside=outside) if not isinstance(one, Passed))
    if sum(1 for _ in islice(found, AT_HAND + 1)) > AT_HAND:
        raise StanceError(f"a report holds at most {AT_HAND} documents, and these are more", hint=NARROW)


def refuse_read(count: int) -> None:
    """Raise `StanceError` before any is scored where more documents were read than one report can hold."""
    from pipeline.ground.errors import StanceError

    if count > AT_HAND:
        raise StanceError(f"a report holds at most {AT_HAND} documents, and these are {count:,}", hint=NARROW)


def report_again(predictor: "Predictor", wanted: Wanted, options: Options, outside: Sequence[Path]) -> bool:
    """Read and score again what went into a folder, for the report; what cannot be read has been told already."""
    from pipeline.cli.console import terminal_progress
    from pipeline.cli.score_reading import read_named

    readings, _ = read_named(wanted.files, options, outside)
    progress, scored = terminal_progress(), []
    try:
        progress.stage("scoring for the report, documents", len(readings))
        for reading in readings:
            scored.append(predictor.judge(reading))
            progress.advance()
    finally:
        progress.close()
    return make_report(predictor, wanted, scored)


def make_report(
    predictor: "Predictor", wanted: Wanted, scored: Sequence["ScoredDocument"], found: "list[Rows] | None" = None
) -> bool:
    """Write the report and say where it is; say it, too, where it cannot be written, and give False.

    `found` holds the words that carried labels where they have been sought already.
    """
    from pipeline.cli.app import complain
    from pipeline.cli.console import note, terminal_progress
    from pipeline.ground.errors import StanceError
    from pipeline.workflows.briefing import BriefingRequest, report_name, write_briefing

    if not scored:
        note("no report: there is nothing to report on")
        return False
    path = wanted.path or report_name(scored)
    request, progress = BriefingRequest(scored, wanted.folder, path, wanted.evidence, found), terminal_progress()
    try:
        write_briefing(predictor, request, progress)
    except StanceError as error:
        progress.close()
        complain(error)
        return False
    finally:
        progress.close()
    note(f"wrote the report of {len(scored)} document{'s' * (len(scored) != 1)} to {path}")
    return True
