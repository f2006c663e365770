"""`stance score`: score documents, sentence by sentence."""

import glob
import shlex
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from pipeline.ground.errors import StanceError
    from pipeline.ground.records import Reading, ScoredDocument
    from pipeline.predict import Predictor

EPILOG = """\b
Example:
  stance score briefing.md -o scores.jsonl
"""
FORMATS = ("parquet", "jsonl", "csv")
AT_HAND = 200  # documents that are printed without -o


@click.command("score", epilog=EPILOG)
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
    adapt_priors: bool,
    encoding: str | None,
    engine: str,
    master: str | None,
    **columns: str | None,
) -> None:
    """Score each sentence of FILES: probabilities, labels, profile.

    FILES are .txt, .md, .html, .pdf, .docx, .eml; tables (.csv, .jsonl, .parquet)
    with a text column; folders, patterns, .zip archives of these; - is standard
    input. With -o FOLDER any number of them (stance score archive/ -o scores/): a
    run that was killed goes on where it stopped, and what is unchanged since it was
    scored is left alone; pandas, DuckDB and Spark read the folder. Without -o,
    one document prints every sentence; several print one profile each.

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
    predictor = _load(model, fast)
    if output and _is_archive(files, output, form, adapt_priors):
        from pipeline.cli.score_archive import is_file, run
        from pipeline.scoring.columns import TableOptions
        from pipeline.workflows.archive import ArchiveRequest

        to_file = is_file(output, form)
        kind: Any = output.suffix.lower()[1:] if to_file else form or "parquet"
        request = ArchiveRequest(files, output, kind, TableOptions(**options))
        run(predictor, request, to_file=to_file, force=force)
        return
    _at_hand(predictor, files, output, options, as_json, adapt_priors)


def _refuse_pairs(given: dict[str, Any]) -> None:
    """Raise a usage error for options that do not go together."""
    context = click.get_current_context()
    output, spark = given["output"], given["engine"] == "spark"
    faults = {
        "--fast and --model name two models; give one of them": given["fast"] and given["model"],
        "--master is for --engine spark": given["master"] and not spark,
        "--engine spark writes a folder; name one with -o": spark and not output,
        "--format is for the tables that -o names": given["form"] and not output,
        "--force is for the folder that -o names": given["force"] and not output,
        "--json prints, and -o FOLDER does not; give one of them": given["as_json"] and output and not output.suffix,
        "--adapt-priors is not for --engine spark": spark and given["adapt_priors"],
        "--force is not for --engine spark, whose folder must be new": spark and given["force"],
        "--engine spark writes a folder, and --format says of what": spark and output and output.suffix,
    }
    for fault, there in faults.items():
        if there:
            raise click.UsageError(fault, context)


def _refuse_output(files: tuple[str, ...], output: Path | None) -> None:
    """Raise `StanceError` where the output would replace a document, or something that is no file."""
    from pipeline.ground.errors import StanceError

    if output is None or not output.exists() or output.is_dir():
        return
    same = output.resolve() in {Path(file).resolve() for file in files}
    if same or not output.is_file():
        raise StanceError(
            f"{output} is {'one of the documents' if same else 'no ordinary file'}; it is left as it is",
            hint="name another file or a folder with -o, or print the lines with --json",
        )


def _is_archive(files: tuple[str, ...], output: Path, form: str | None, adapt_priors: bool) -> bool:
    """Tell what goes through the folder of parts: a folder as output, or more than plain documents as input."""
    from pipeline.cli.score_archive import is_file
    from pipeline.ground.errors import StanceError

    many = not is_file(output, form) or any(not _is_document(file) for file in files)
    if many and adapt_priors:
        raise StanceError(
            "--adapt-priors needs the shares of all documents before the first is decided, and takes plain documents",
            hint="name the documents and a file: stance score A.txt B.txt --adapt-priors -o scores.jsonl",
        )
    return many


def _is_document(name: str) -> bool:
    from pipeline.scoring.kinds import Kind, kind_of

    path = Path(name)
    return (
        name != "-"
        and not path.is_dir()
        and kind_of(path.name) not in (Kind.ARCHIVE, Kind.TABLE)
        and not (glob.has_magic(name) and not path.exists())
    )


def _at_hand(
    predictor: "Predictor",
    files: tuple[str, ...],
    output: Path | None,
    options: dict[str, str | None],
    as_json: bool,
    adapt_priors: bool,
) -> None:
    """Score a few documents in memory, write them if asked, and show them."""
    from pipeline.cli.app import complain
    from pipeline.cli.console import results

    readings, faults = _read(files, options)
    scored = _score(predictor, readings, adapt_priors)
    if output and scored:
        _write(output, scored, predictor.classes_)
    with results():
        _show(predictor, scored, as_json)
    for fault in faults:
        complain(fault)
    if faults:
        raise SystemExit(2)


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


def _load(model: Path | None, fast: bool) -> "Predictor":
    from pipeline.predict import Predictor

    return Predictor.load(_choose(model, fast))


def _read(files: tuple[str, ...], options: dict[str, str | None]) -> tuple[list["Reading"], list["StanceError"]]:
    """Read what can be read; keep what is said of the rest."""
    from pipeline.ground.errors import DocumentError
    from pipeline.predict import read_input

    readings: list[Reading] = []
    faults: list[StanceError] = []
    for file in files:
        try:
            if _is_document(file):
                readings.append(read_input(Path(file), encoding=options["encoding"]))
            else:
                _read_many(file, options, readings, faults)
        except DocumentError as error:
            faults.append(error)
    return readings, faults


def _read_many(
    file: str, options: dict[str, str | None], readings: list["Reading"], faults: list["StanceError"]
) -> None:
    """Read what a folder, pattern, archive, table or standard input holds; refuse too much of it."""
    from pipeline.cli.console import note
    from pipeline.ground.errors import DocumentError, StanceError
    from pipeline.scoring.columns import TableOptions
    from pipeline.scoring.inputs import find_items
    from pipeline.scoring.items import Failure, Passed
    from pipeline.scoring.reader import read_items
    from pipeline.workflows.archive import nothing_in

    found = list(islice(find_items([file], TableOptions(**options)), AT_HAND + 2))
    if len(found) > AT_HAND + 1:
        raise StanceError(
            f"{file} holds more than {AT_HAND} documents, too many to print",
            hint=f"give a folder for the scores: stance score {shlex.quote(file)} -o scores/",
        )
    for passed in (one for one in found if isinstance(one, Passed)):
        note(passed.said)
    if all(isinstance(one, Passed) for one in found):
        raise nothing_in((file,))
    for one in read_items((one for one in found if not isinstance(one, Passed)), options["encoding"]):
        if isinstance(one, Failure):
            said = one.reason if one.reason.startswith(one.place) else f"{one.place}: {one.reason}"
            faults.append(DocumentError(said, hint=one.hint))
        else:
            readings.append(one.reading)


def _score(predictor: "Predictor", readings: list["Reading"], adapt_priors: bool) -> list["ScoredDocument"]:
    """Score each document by itself or, where probabilities are adapted, all together."""
    from pipeline.cli.console import say_notice

    if not (adapt_priors and readings):
        return [predictor.judge(reading) for reading in readings]
    scored, notice = predictor.judge_together(readings)
    say_notice(notice)
    return scored


def _write(output: Path, scored: list["ScoredDocument"], labels: tuple[str, ...]) -> None:
    from pipeline.cli.console import note
    from pipeline.ground.errors import StanceError
    from pipeline.scoring.formats import write_file
    from pipeline.scoring.rows import sentence_rows

    rows = (row for document in scored for row in sentence_rows(document))
    kind: Any = output.suffix.lower()[1:]
    try:
        count = write_file(output.resolve(), "sentences", kind, labels, rows)
    except OSError as error:
        raise StanceError(
            f"cannot write {output}: {error.strerror}", hint="name a file in a folder you may write to"
        ) from error
    note(f"wrote {count} sentences to {output}")


def _show(predictor: "Predictor", scored: list["ScoredDocument"], as_json: bool) -> None:
    """Print JSON lines, one document's sentences, or several documents' profiles."""
    if as_json:
        import json

        from pipeline.scoring.rows import sentence_rows

        for document in scored:
            for row in sentence_rows(document):
                click.echo(json.dumps(row, ensure_ascii=False))
        return
    from pipeline.cli.console import note, stdout_console
    from pipeline.reports.scores import document_table, profiles_table

    console = stdout_console()
    plain = [document.predictions for document in scored if document.priors is None]
    shares = predictor.prevalence(*plain) if plain else ()
    if shares and not any(one.corrected for one in shares):
        note("shares are not corrected: the model does not know its error rates (stance models rates MODEL)")
    if len(scored) == 1:
        console.print(document_table(scored[0], predictor.codebook, shares))
    elif scored:
        console.print(profiles_table(scored, predictor.codebook, shares))
