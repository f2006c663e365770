"""Score many documents for `stance score -o`: into a folder that grows, or into one file."""

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.cli.score_reading import AT_HAND, is_document

if TYPE_CHECKING:
    from pipeline.ground.progress import Progress
    from pipeline.predict import Predictor
    from pipeline.workflows.archive import ArchiveRequest, ArchiveResult


def goes_in_parts(
    files: Sequence[str], output: Path, form: str | None, *, as_json: bool, adapt_priors: bool, evidence: bool
) -> bool:
    """Tell what goes through a folder of parts: all but one plain document, or a few whose options need all at once.

    Raises:
        StanceError: an option needs the documents at hand, and these are a folder, table or archive, or too many.
    """
    from pipeline.ground.errors import StanceError

    many = not is_file(output, form) or any(not is_document(file) for file in files)
    if many and adapt_priors:
        raise StanceError(
            "--adapt-priors needs the shares of all documents before the first is decided, and takes plain documents",
            hint="name the documents and a file: stance score A.txt B.txt --adapt-priors -o scores.jsonl",
        )
    if many and evidence:
        raise StanceError(
            "--evidence asks the model about every word, which is too slow for an archive; it takes plain documents",
            hint="name the documents and a file: stance score A.txt B.txt --evidence -o scores.jsonl",
        )
    count = len(set(files))
    if (adapt_priors or evidence) and count > AT_HAND:
        option = "--adapt-priors" if adapt_priors else "--evidence"
        raise StanceError(
            f"{option} takes at most {AT_HAND} documents, which are held in memory, and these are {count:,}",
            hint=f"name fewer, or leave out {option}: any number of documents then goes into {output}",
        )
    many = many or (count > 1 and not adapt_priors and not evidence)
    if many and as_json:
        raise StanceError(
            f"--json prints what is at hand, and these documents go into {output} one after the other",
            hint="leave out --json, or leave out -o",
        )
    return many


def run(predictor: "Predictor", request: "ArchiveRequest", *, to_file: bool, force: bool) -> bool:
    """Score and say what was done; tell whether all could be read."""
    from pipeline.cli.console import note, terminal_progress
    from pipeline.workflows.archive import score_archive, score_to_file

    progress = terminal_progress()
    progress.stage("scoring documents")
    counting = threading.Thread(target=_count, args=(request, progress), daemon=True)
    counting.start()
    try:
        result = (score_to_file if to_file else score_archive)(predictor, request, progress, force=force)
    finally:
        progress.close()
    for fault in result.faults:
        _complain(fault.place, fault.reason, fault.hint)
    more = result.failed - len(result.faults)
    if more:
        note(f"… and {more:,} more")
    for line in said(request, result, to_file=to_file):
        note(line)
    return not result.failed


def _count(request: "ArchiveRequest", progress: "Progress") -> None:
    """Learn in the background how much there is to do, for the time left."""
    from pipeline.ground.errors import StanceError
    from pipeline.workflows.archive import count_items

    try:
        total = count_items(request)
    except (StanceError, OSError, ValueError, ArithmeticError):  # the run itself meets the same, and says it
        return
    if total:
        progress.expect(total)


def _complain(place: str, reason: str, hint: str) -> None:
    said = reason if reason.startswith(place) else f"{place}: {reason}"
    click.echo(click.style("error: ", fg="red", bold=True) + said, err=True)
    if hint:
        click.echo(f"  hint: {hint}", err=True)


def said(request: "ArchiveRequest", result: "ArchiveResult", *, to_file: bool) -> list[str]:
    """Say what a run did, one line for each thing."""
    from pipeline.workflows.archive import errors_of

    output = request.output
    lines = [result.passed.said] if result.passed.said else []
    if result.unchanged and not result.new_documents:
        nothing = "nothing new to score" if result.left_out else "nothing to do"
        lines.append(f"{nothing}: {_many(result.unchanged, 'document')} in {output} unchanged since scored")
    elif result.new_documents or not result.failed:
        unchanged = f"; {_many(result.unchanged, 'document')} unchanged" if result.unchanged else ""
        new = f"{_many(result.new_documents, 'document')}, {_many(result.new_sentences, 'sentence')}"
        lines.append(f"scored {new}{unchanged}")
    if result.left_out:
        lines.append(f"left out {_many(result.left_out, 'row')} that no table has any more")
    if result.failed:
        where = errors_of(output) if to_file else output / "errors.jsonl"
        lines.append(f"{_many(result.failed, 'document')} could not be read; all are listed in {where}")
    if to_file and result.documents:
        lines.append(f"wrote {_many(result.sentences, 'sentence')} to {output}")
    elif result.documents:
        lines.append(f"{output} holds {_many(result.documents, 'document')}, {_many(result.sentences, 'sentence')}:")
        lines.append(f"  {output / 'sentences'}  one row for each sentence")
        lines.append(f"  {output / 'documents'}  one row for each document: its profile")
    return lines


def _many(count: int, thing: str) -> str:
    return f"{count:,} {thing}{'s' * (count != 1)}"


def is_file(output: Path, form: str | None) -> bool:
    """Tell a file by its ending; refuse an ending that is none of ours.

    Raises:
        StanceError: the ending is unknown, or not the format asked for.
    """
    from pipeline.ground.errors import StanceError
    from pipeline.scoring.formats import FORMATS

    ending = output.suffix.lower().removeprefix(".")
    if output.is_dir() or not ending:
        return False
    if ending not in FORMATS:
        raise StanceError(
            f"{output}: the ending {output.suffix!r} is none of {', '.join(f'.{one}' for one in FORMATS)}",
            hint=f"name such a file, or a folder for many documents: -o {output.stem}/",
        )
    if form and form != ending:
        raise StanceError(
            f"{output} is {ending}, and --format says {form}", hint="give one of them, or name a folder with -o"
        )
    return True
