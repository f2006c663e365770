"""Score with Spark for `stance score --engine spark`."""

from pathlib import Path
from typing import Any

import click


def run_spark(
    files: tuple[str, ...],
    output: Path | None,
    form: str | None,
    master: str | None,
    model: Path,
    options: dict[str, str | None],
) -> None:
    """Score one table or folder, say what was done, and exit 2 where something could not be read."""
    from pipeline.cli.console import note
    from pipeline.scoring.columns import TableOptions
    from pipeline.scoring.spark import SparkRequest, score_with_spark

    if len(files) != 1:
        raise click.UsageError("--engine spark takes one table or one folder", click.get_current_context())
    kind: Any = form or "parquet"
    request = SparkRequest(model, files[0], _place(output), kind, master, TableOptions(**options))
    result = score_with_spark(request, note)
    note(f"scored {result.documents:,} documents, {result.sentences:,} sentences, with {result.model}")
    note(f"  {result.output}/sentences  one row for each sentence")
    note(f"  {result.output}/documents  one row for each document: its profile")
    if result.failures:
        note(f"{result.failures:,} documents could not be read; all are listed in {result.output}/errors.jsonl")
        raise SystemExit(2)


def _place(output: Path | None) -> str:
    """Give the output as typed: `Path` takes one of the two slashes of `hdfs://` away."""
    said = str(output)
    scheme, colon, rest = said.partition(":/")
    return f"{scheme}://{rest}" if colon and scheme.isalnum() and len(scheme) > 1 else said
