"""`stance score`: score documents, sentence by sentence."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from pipeline.ground.errors import StanceError
    from pipeline.ground.records import Reading, ScoredDocument
    from pipeline.predict import Predictor

EPILOG = """\b
Example:
  stance score briefing.md -o scores.jsonl
"""


@click.command("score", epilog=EPILOG)
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--model",
    type=click.Path(path_type=Path),
    help="Model folder [default: the released one, or the one trained last].",
)
@click.option("--fast", is_flag=True, help="Use the small and quick released model.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write one JSON line for each sentence here.")
@click.option("--json", "as_json", is_flag=True, help="Print the JSON lines instead of a table.")
@click.option("--adapt-priors", is_flag=True, help="Adapt to the label shares of FILES, estimated from all of them.")
@click.option("--encoding", help="Encoding of the files [default: UTF-8, or what a page declares].")
def command(
    files: tuple[Path, ...],
    model: Path | None,
    fast: bool,
    output: Path | None,
    as_json: bool,
    adapt_priors: bool,
    encoding: str | None,
) -> None:
    """Score each sentence of FILES (.txt, .md, .html, .pdf, .docx, .eml): probabilities, labels, profile.

    One file prints every sentence; several print one profile each. A file that
    cannot be read is named, the others are scored, and the exit code is 2.
    A question mark behind a probability says that the decision deserves a look.
    """
    from pipeline.cli.app import complain
    from pipeline.cli.console import results

    if fast and model:
        raise click.UsageError("--fast and --model name two models; give one of them", click.get_current_context())
    predictor = _load(model, fast)
    readings, faults = _read(files, encoding)
    scored = _score(predictor, readings, adapt_priors)
    if output and scored:
        _write(output, scored)
    with results():
        _show(predictor, scored, as_json)
    for fault in faults:
        complain(fault)
    if faults:
        raise SystemExit(2)


def _load(model: Path | None, fast: bool) -> "Predictor":
    """Load the model named or chosen, and say which."""
    from pipeline.cli.console import note, say_notice
    from pipeline.inference.shelf import choose_model
    from pipeline.predict import Predictor

    folder, notices, said = choose_model(model, fast)
    for notice in notices:
        say_notice(notice)
    if said:
        note(said)
    return Predictor.load(folder)


def _read(files: tuple[Path, ...], encoding: str | None) -> tuple[list["Reading"], list["StanceError"]]:
    """Read what can be read; keep what is said of the rest."""
    from pipeline.ground.errors import DocumentError
    from pipeline.predict import read_input

    readings: list[Reading] = []
    faults: list[StanceError] = []
    for file in files:
        try:
            readings.append(read_input(file, encoding=encoding))
        except DocumentError as error:
            faults.append(error)
    return readings, faults


def _score(predictor: "Predictor", readings: list["Reading"], adapt_priors: bool) -> list["ScoredDocument"]:
    """Score each document by itself or, where probabilities are adapted, all together."""
    from pipeline.cli.console import say_notice

    if not (adapt_priors and readings):
        return [predictor.judge(reading) for reading in readings]
    scored, notice = predictor.judge_together(readings)
    say_notice(notice)
    return scored


def _write(output: Path, scored: list["ScoredDocument"]) -> None:
    from pipeline.cli.console import note
    from pipeline.ground.errors import StanceError
    from pipeline.ground.files import write_jsonl
    from pipeline.scoring.rows import sentence_rows

    documents = {Path(document.reading.document.path).resolve() for document in scored}
    if output.resolve() in documents or (output.exists() and not output.is_file()):
        raise StanceError(
            f"{output} is {'one of the documents' if output.is_file() else 'no ordinary file'}; it is left as it is",
            hint="name another file with -o, or print the lines with --json",
        )
    rows = [row for document in scored for row in sentence_rows(document)]
    try:
        write_jsonl(output.resolve(), rows)
    except OSError as error:
        raise StanceError(
            f"cannot write {output}: {error.strerror}", hint="name a file in a folder you may write to"
        ) from error
    note(f"wrote {len(rows)} sentences to {output}")


def _show(predictor: "Predictor", scored: list["ScoredDocument"], as_json: bool) -> None:
    """Print JSON lines, one document's sentences, or several documents' profiles."""
    if as_json:
        import json

        from pipeline.scoring.rows import sentence_rows

        for document in scored:
            for row in sentence_rows(document):
                click.echo(json.dumps(row, ensure_ascii=False))
        return
    from pipeline.cli.console import stdout_console
    from pipeline.reports.scores import document_table, profiles_table

    console = stdout_console()
    if len(scored) == 1:
        console.print(document_table(scored[0], predictor.codebook))
    elif scored:
        console.print(profiles_table(scored, predictor.codebook))
