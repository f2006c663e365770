"""`stance score`: score documents, sentence by sentence."""

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipeline.cli.score_archive import goes_in_parts, is_file, run
from pipeline.cli.score_reading import Options, read_and_load
from pipeline.cli.score_report import (
    ScoreCommand,
    Wanted,
    check_page,
    make_report,
    refuse_many,
    refuse_read,
    report_again,
)

if TYPE_CHECKING:
    from pipeline.ground.records import Reading, ScoredDocument
    from pipeline.predict import Predictor

EPILOG = """\b
Example:
  stance score briefing.md -o scores.jsonl
"""
FORMATS = ("parquet", "jsonl", "csv")


@click.command("score", cls=ScoreCommand, epilog=EPILOG)
@click.argument("files", nargs=-1, required=True)
@click.option(
    "--model",
    type=click.Path(path_type=Path),
    help="Model folder [default: the released one, or the one trained last].",
)
@click.option("--fast", is_flag=True, help="Use the small and quick released model.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Folder, or .parquet, .jsonl or .csv file.")
@click.option("--format", "form", type=click.Choice(FORMATS), help="Format of the tables in a folder [parquet].")
@click.option("--force", is_flag=True, help="Score anew what a folder already holds.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON lines instead of a table.")
@click.option("--report", metavar="[FILE.html]", help="Write a page to read as well [DOCUMENT-report.html].")
@click.option(
    "--evidence/--no-evidence",
    default=None,
    help="Name the words that carried each label, in JSON lines (slower); leave them out of a report.",
)
@click.option("--adapt-priors", is_flag=True, help="Adapt to the label shares of FILES, estimated from all of them.")
@click.option("--encoding", help="Encoding of the files [default: UTF-8, or what a page declares].")
@click.option("--text-column", metavar="NAME", help="Column of a table that holds the text [text].")
@click.option("--id-column", metavar="NAME", help="Column that names the document [id].")
@click.option("--date-column", metavar="NAME", help="Column with its date [date].")
@click.option("--source-column", metavar="NAME", help="Column with its source [source].")
@click.option("--title-column", metavar="NAME", help="Column with its title [title].")
@click.option("--engine", type=click.Choice(("local", "spark")), default="local", help="What runs it [local].")
@click.option("--master", metavar="URL", help="Spark's master [local[*], or what spark-submit says].")
def command(
    files: tuple[str, ...],
    model: Path | None,
    fast: bool,
    output: Path | None,
    form: str | None,
    force: bool,
    as_json: bool,
    report: str | None,
    evidence: bool | None,
    adapt_priors: bool,
    encoding: str | None,
    engine: str,
    master: str | None,
    **columns: str | None,
) -> None:
    """Score each sentence of FILES: probabilities, labels, profile.

    FILES are .txt, .md, .html, .pdf, .docx, .eml; tables (.csv, .jsonl, .parquet)
    with a text column; folders, patterns, .zip archives of these; - is standard
    input. With -o FOLDER or FILE any number of them
    (stance score archive/ -o scores/): a run that was killed goes on where it
    stopped, and what is unchanged since it was scored is left alone; pandas, DuckDB
    and Spark read the folder. Without -o, one document prints every sentence;
    several print one profile each. With --report one page shows the text with its
    labels, for up to 200 documents.

    What cannot be read is named, the others are scored, and the exit code is 2.
    A question mark behind a probability says that the decision deserves a look.
    """
    _refuse_pairs(locals())
    _refuse_output(files, output)
    options = {"encoding": encoding, **columns}
    if engine == "spark":
        from pipeline.cli.score_spark import run_spark

        run_spark(files, output, form, master, _choose(model, fast), options)
        return
    page = None if report is None else check_page(report, files, output)
    _begin(model, fast)
    folder = _choose(model, fast)
    wanted = None if report is None else Wanted(files, page, folder, evidence=evidence is not False)
    in_rows = bool(evidence) and _words_in_rows(output, as_json)
    asked = {"as_json": as_json, "adapt_priors": adapt_priors, "evidence": in_rows}
    if output and goes_in_parts(files, output, form, **asked):
        fine = _into_parts(_load(folder), files, output, form, options, wanted, force=force)
    else:
        fine = _at_hand(folder, files, output, options, wanted, **asked)
    if not fine:
        raise SystemExit(2)


def _refuse_pairs(given: dict[str, Any]) -> None:
    """Raise a usage error for options that do not go together."""
    context = click.get_current_context()
    output, spark, report = given["output"], given["engine"] == "spark", given["report"] is not None
    faults = {
        "--fast and --model name two models; give one of them": given["fast"] and given["model"],
        "--master is for --engine spark": given["master"] and not spark,
        "--engine spark writes a folder; name one with -o": spark and not output,
        "--format is for the tables that -o names": given["form"] and not output,
        "--force is for the folder that -o names": given["force"] and not output,
        "--json prints, and -o FOLDER does not; give one of them": given["as_json"] and output and not output.suffix,
        "--evidence is not for --engine spark": spark and given["evidence"],
        "--evidence is written as JSON lines: add --json, or -o FILE.jsonl": given["evidence"]
        and not _words_in_rows(output, given["as_json"])
        and (not report or given["as_json"]),  # a report shows words, and rows beside it need none
        "--adapt-priors is not for --engine spark": spark and given["adapt_priors"],
        "--report reads documents that are at hand, and --engine spark scores where they lie": report and spark,
        "--no-evidence is for --report": given["evidence"] is False and not report,
        "--force is not for --engine spark, whose folder must be new": spark and given["force"],
        "--engine spark writes a folder, and --format says of what": spark and output and output.suffix,
    }
    for fault, there in faults.items():
        if there:
            raise click.UsageError(fault, context)


def _words_in_rows(output: Path | None, as_json: bool) -> bool:
    """Tell whether the rows go where the words that carried labels have a place."""
    return output.suffix.lower() == ".jsonl" if output else as_json


def _refuse_output(files: tuple[str, ...], output: Path | None) -> None:
    """Raise `StanceError` where the output would replace a document, or something that is no file."""
    if output is None:
        return
    from pipeline.ground.errors import StanceError
    from pipeline.ground.files import look_at
    from pipeline.workflows.archive import errors_of

    facts = look_at(output)
    if facts and stat.S_ISDIR(facts.st_mode):
        return
    documents = {os.path.realpath(file) for file in files if os.path.lexists(file)}
    named = next((path for path in (output, errors_of(output)) if os.path.realpath(path) in documents), None)
    if named or (facts and not stat.S_ISREG(facts.st_mode)):
        said = f"{named} is one of the documents" if named else f"{output} is no ordinary file"
        raise StanceError(
            f"{said}; it is left as it is",
            hint="name another file or a folder with -o, or print the lines with --json",
        )


def _into_parts(
    predictor: "Predictor",
    files: tuple[str, ...],
    output: Path,
    form: str | None,
    options: Options,
    wanted: Wanted | None,
    *,
    force: bool,
) -> bool:
    """Score into a folder of parts, or a file by way of one, and make the report if asked; tell whether all went."""
    from pipeline.scoring.columns import TableOptions
    from pipeline.workflows.archive import ArchiveRequest, errors_of

    to_file = is_file(output, form)
    kind: Any = output.suffix.lower()[1:] if to_file else form or "parquet"
    beside = wanted.outside if wanted else ()
    written = (output, errors_of(output), *beside) if to_file else (output, *beside)
    if wanted:
        refuse_many(files, options, written)
    request = ArchiveRequest(files, output, kind, TableOptions(**options), beside=beside)
    fine = run(predictor, request, to_file=to_file, force=force)
    made = report_again(predictor, wanted, options, written) if wanted else True
    return fine and made


def _at_hand(
    folder: Path,
    files: tuple[str, ...],
    output: Path | None,
    options: Options,
    wanted: Wanted | None,
    *,
    as_json: bool,
    adapt_priors: bool,
    evidence: bool,
) -> bool:
    """Score a few documents in memory, write them and their report if asked, and show them; tell whether all went."""
    from pipeline.cli.app import complain
    from pipeline.cli.console import results
    from pipeline.cli.score_rows import rows_of, words_of, write_rows

    beside = wanted.outside if wanted else ()
    meanwhile = (lambda: None) if output or as_json else _import_shown
    predictor, readings, faults = read_and_load(lambda: _load(folder), files, options, beside, meanwhile)
    if wanted:
        refuse_read(len(readings))
    scored = _score(predictor, readings, adapt_priors)
    found = words_of(predictor, scored) if evidence and (output or as_json) else None
    rows = rows_of(scored, found) if output or as_json else []
    if output and scored:
        write_rows(output, rows, predictor.classes_)
    # Before the scores are shown, whose reader may leave: stance score … --report | head
    made = make_report(predictor, wanted, scored, found) if wanted else True
    with results():
        _show(predictor, scored, rows if as_json else None)
    for fault in faults:
        complain(fault)
    return made and not faults


def _begin(model: Path | None, fast: bool) -> None:
    """Begin to open the graph that will be scored with, before it is known whether all else is as it should be."""
    from pipeline.inference.released import ACCURATE, FAST, shipped_folders
    from pipeline.inference.session import begin

    shipped = shipped_folders()
    named = model and not os.path.lexists(model) and shipped.get(str(model))
    folder = named or model or shipped.get(FAST if fast else ACCURATE) or shipped.get(FAST)
    if folder:
        begin(folder)


def _choose(model: Path | None, fast: bool) -> Path:
    """Choose the model named or the default, and say which."""
    from pipeline.cli.console import note, say_notice
    from pipeline.inference.shelf import choose_model

    folder, notices, said = choose_model(model, fast)
    for notice in notices:
        say_notice(notice)
    if said:
        note(said)
    return folder


def _load(folder: Path) -> "Predictor":
    from pipeline.predict import Predictor

    return Predictor.load(folder)


def _score(predictor: "Predictor", readings: list["Reading"], adapt_priors: bool) -> list["ScoredDocument"]:
    """Score each document by itself or, where probabilities are adapted, all together."""
    from pipeline.cli.console import say_notice

    if not (adapt_priors and readings):
        return [predictor.judge(reading) for reading in readings]
    scored, notice = predictor.judge_together(readings)
    say_notice(notice)
    return scored


def _import_shown() -> None:
    """Import what a table of sentences needs, before there is one."""
    import numpy.ma  # noqa: F401 - which numpy's quantiles import when first asked for

    import pipeline.reports.scores  # noqa: F401


def _show(predictor: "Predictor", scored: list["ScoredDocument"], rows: list[dict[str, Any]] | None) -> None:
    """Print the rows as JSON lines; without rows one document's sentences, or several documents' profiles."""
    if rows is not None:
        import json

        for row in rows:
            click.echo(json.dumps(row, ensure_ascii=False))
        return
    from pipeline.cli.console import note, stdout_console
    from pipeline.decisions.prevalence import FEWEST
    from pipeline.reports.scores import document_table, profiles_table

    console = stdout_console()
    plain = [document.predictions for document in scored if document.priors is None]
    shares = predictor.prevalence(*plain) if plain else ()
    if shares and shares[0].sentences >= FEWEST and not any(one.corrected for one in shares):
        note("shares are not corrected: the model does not know its error rates (stance models rates MODEL)")
    if len(scored) == 1:
        console.print(document_table(scored[0], predictor.codebook, shares))
    elif scored:
        console.print(profiles_table(scored, predictor.codebook, shares))
