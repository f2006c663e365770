"""Score with PySpark: executors read documents and judge them by the MLflow pyfunc; Parquet, CSV or JSONL come out."""

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal

from pipeline.ground.errors import StanceError
from pipeline.ground.files import whole_folder
from pipeline.ground.records import PLACES
from pipeline.inference.manifest import read_manifest
from pipeline.scoring.columns import TableOptions
from pipeline.scoring.formats import BLANK, BOM, FORMULA
from pipeline.scoring.rows import SPREAD
from pipeline.scoring.spark_rows import SENTENCE, document_types, profiles, sentence_types
from pipeline.scoring.spark_session import spark_session
from pipeline.scoring.spark_tables import find_spark_items, is_uri

ERRORS, SENTENCES, DOCUMENTS = "errors.jsonl", "sentences", "documents"
LIST_SEPARATOR = "|"  # between the labels in a cell of a CSV file, as in the local engine
DECIMALS = "0.0" + "#" * (PLACES - 1)  # as Python writes them; Spark alone would write 0.0001 as 1.0E-4


@dataclass(frozen=True, slots=True)
class SparkRequest:
    """What Spark is to score: a table or folder with a model folder, into a folder that is not there yet.

    `source` and `output` are paths, which driver and executors must see alike, or URIs that Spark knows. Without a
    master the active session serves, else all cores of this machine; without `parts` their number is chosen.
    """

    model: Path
    source: str
    output: str
    form: Literal["parquet", "csv", "jsonl"] = "parquet"
    master: str | None = None
    columns: TableOptions = field(default_factory=TableOptions)
    parts: int | None = None


@dataclass(frozen=True, slots=True)
class SparkResult:
    """What came of it: how many sentences of how many documents were judged, how many could not be read, and where."""

    model: str
    output: str
    sentences: int
    documents: int
    failures: int


def score_with_spark(request: SparkRequest, say: Callable[[str], None]) -> SparkResult:
    """Score, and write `sentences/`, `documents/` and `errors.jsonl` into the output folder, in the order of the input.

    The columns are those of `flat_columns` and `flat_document_columns`; JSON lines nest by label, as `sentence_rows`
    and `document_row` do. A document that cannot be read is a line of `errors.jsonl` and stops nothing. A folder on
    this machine appears whole or not at all.

    Raises:
        ModelError: the model folder cannot be used.
        DocumentError: there is no such input, or no column with the text.
        MissingExtra: pyspark, mlflow or Java is not installed.
        StanceError: the output is there already, or Spark fails.
    """
    from pipeline.tracking.pyfunc import save_pyfunc, spark_udf

    manifest = read_manifest(request.model)
    labels = manifest.codebook.names
    _refuse_there(request.output)
    with spark_session(request.master, say) as spark, tempfile.TemporaryDirectory(prefix="stance-pyfunc-") as beside:
        judge = spark_udf(spark, save_pyfunc(request.model, Path(beside) / "pyfunc"))
        items = find_spark_items(spark, request.source, request.columns, request.parts)
        say(f"scoring up to {items.count:,} documents in {items.parts:,} parts")
        sentences = items.frame.mapInArrow(items.reader, _schema(SENTENCE))
        # A document that cannot be read has no text; a full stop in its place keeps it on the one way through.
        texts = spark.sql("SELECT *, coalesce(text, '.') AS said FROM {sentences}", sentences=sentences)
        scored = texts.withColumn("judged", judge("said")).persist()
        try:
            with _folder(request.output) as folder:
                counts = _write(spark, scored, labels, folder, request.form)
        finally:
            scored.unpersist()
    return SparkResult(manifest.id, request.output, **counts)


def _write(spark: Any, scored: Any, labels: Sequence[str], folder: str, form: str) -> dict[str, int]:
    """Write the three parts; the first to be written makes the executors score, the others read what they kept."""
    good = scored.where("reason IS NULL")
    own = [f"{'' if name in SENTENCE else 'judged.'}`{name}` AS `{name}`" for name in sentence_types(labels)]
    _save(good.selectExpr(*own), f"{folder}/{SENTENCES}", form, sentence_types(labels), labels)
    _save(_documents(spark, good, labels), f"{folder}/{DOCUMENTS}", form, document_types(labels), labels)
    failed = scored.where("reason IS NOT NULL").orderBy("position").select("place", "reason", "hint")
    _save_errors(failed, folder)
    [counts] = spark.sql(
        "SELECT count_if(reason IS NULL) AS sentences, count_if(reason IS NOT NULL) AS failures, "
        "count(DISTINCT if(reason IS NULL, position, NULL)) AS documents FROM {scored}",
        scored=scored,
    ).collect()
    return dict(counts.asDict())


def _documents(spark: Any, good: Any, labels: Sequence[str]) -> Any:
    """Count for each document the sentences with each label, none, or a doubt."""
    once = "position, doc, path, title, date, source, skipped, text_sha256, judged.model"
    counts = "".join(f", sum(int(array_contains(judged.labels, '{name}'))) AS `n_{name}`" for name in labels)
    more = "sum(int(size(judged.labels) = 0)) AS background, sum(int(judged.review)) AS review"
    # Label names are of letters, digits, hyphens and underscores.
    counted = spark.sql(
        f"SELECT {once}, count(*) AS sentences{counts}, {more} FROM {{good}} GROUP BY {once}",  # noqa: S608
        good=good,
    )
    schema = _schema(document_types(labels))
    return counted.orderBy("position").mapInArrow(partial(profiles, labels=tuple(labels)), schema)


def _save(frame: Any, place: str, form: str, types: Mapping[str, str], labels: Sequence[str]) -> None:
    if form == "csv":
        # The mark stands before the first column's name, and so at the beginning of each file.
        marks = [BOM, *[""] * len(types)]
        flat = [
            f"{_cell(name, kind)} AS `{mark}{name}`" for mark, (name, kind) in zip(marks, types.items(), strict=False)
        ]
        # Spark would cut off what stands before a formula, and an apostrophe would be missing.
        whole = {"ignoreLeadingWhiteSpace": False, "ignoreTrailingWhiteSpace": False}
        frame.selectExpr(*flat).write.options(header=True, escape='"', emptyValue="", **whole).csv(place)
    elif form == "jsonl":
        frame.selectExpr(*_nested(types, labels)).write.option("ignoreNullFields", False).json(place)
    else:
        frame.write.parquet(place)


def _nested(types: Mapping[str, str], labels: Sequence[str]) -> list[str]:
    """Nest probabilities, counts and shares by label, where the local engine has them among the columns."""
    held = {key: short for key, short in SPREAD.items() if f"{short}_{labels[0]}" in types}
    spread = {f"{short}_{label}" for short in held.values() for label in labels}
    columns = []
    for name in types:
        if name not in spread:
            columns.append(f"`{name}`")
        if name in ("labels", "sentences"):
            columns += [_structure(key, short, labels) for key, short in held.items()]
    return columns


def _structure(key: str, short: str, labels: Sequence[str]) -> str:
    fields = ", ".join(f"'{label}', `{short}_{label}`" for label in labels)
    return f"named_struct({fields}) AS `{key}`"


def _cell(name: str, kind: str) -> str:
    """Write a column as the local engine does: lists with bars between, no cell that a spreadsheet would run."""
    if kind.startswith("array"):
        return f"array_join(`{name}`, '{LIST_SEPARATOR}')"
    if kind == "double":
        return f"format_number(`{name}`, '{DECIMALS}')"
    if kind != "string":
        return f"`{name}`"
    marks = ", ".join(map(_literal, FORMULA))
    runs = f"left(trim(LEADING {_literal(BLANK)} FROM `{name}`), 1) IN ({marks}) OR left(`{name}`, 1) IN ({marks})"
    return f"if({runs}, concat('\\'', `{name}`), `{name}`)"


def _literal(text: str) -> str:
    codes = "".join(f"\\u{ord(one):04x}" for one in text)
    return f"'{codes}'"


def _save_errors(failed: Any, folder: str) -> None:
    """Write one file on this machine; on another file system Spark writes a folder of that name."""
    if not folder.startswith("file://"):
        failed.coalesce(1).write.json(f"{folder}/{ERRORS}")
        return
    with (Path(folder.removeprefix("file://")) / ERRORS).open("w", encoding="utf-8") as stream:
        for row in failed.toLocalIterator(prefetchPartitions=True):
            stream.write(json.dumps(row.asDict(), ensure_ascii=False) + "\n")


@contextmanager
def _folder(output: str) -> Iterator[str]:
    """Yield the URI to write to; a folder on this machine is filled beside its place and then renamed."""
    if is_uri(output):
        yield output.rstrip("/")
        return
    with whole_folder(Path(output).resolve()) as staging:
        yield f"file://{staging}"


def _refuse_there(output: str) -> None:
    if not is_uri(output) and Path(output).exists() and (not Path(output).is_dir() or any(Path(output).iterdir())):
        raise StanceError(f"{output} is there already", hint="name another folder, or remove this one")


def _schema(types: Mapping[str, str]) -> str:
    return ", ".join(f"`{name}` {kind}" for name, kind in types.items())
