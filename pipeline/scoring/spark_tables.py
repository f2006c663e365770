"""Lay what is to be scored out as a Spark frame of items, in order and in parts of like size."""

import math
import re
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from pipeline.ground.errors import DocumentError
from pipeline.scoring.columns import TableOptions, choose_columns
from pipeline.scoring.inputs import find_items
from pipeline.scoring.items import Failure, Item, path_of, seal, spell
from pipeline.scoring.spark_rows import ITEM, Reader, item_row, record_keys

DELIMITED = {".csv": ",", ".tsv": "\t"}
RECORDS = (".jsonl", ".ndjson")
TABLES = (*DELIMITED, *RECORDS, ".parquet")
PER_PART = 2_000  # documents in a part, so that a lost executor costs minutes
_CORRUPT = "_corrupt_record"
_LOST = "�"  # what a decoder puts where bytes are no characters


@dataclass(frozen=True, slots=True)
class Items:
    """A frame with the columns of `ITEM`, who reads it, how many rows it has at most, and in how many parts it lies."""

    frame: Any
    reader: Reader
    count: int
    parts: int = 0


def is_uri(place: str) -> bool:
    """Tell `hdfs://…`, `s3a://…` or `file:///…` from a path."""
    return re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", place) is not None


def find_spark_items(spark: Any, source: str, options: TableOptions, parts: int | None) -> Items:
    """Find the rows of a table (Parquet, CSV, TSV, JSON lines; a path or a URI) or the documents of a folder.

    Raises:
        DocumentError: there is no such table or folder, nothing in it, or no column with the text.
    """
    suffix = PurePosixPath(source).suffix.lower()
    if not is_uri(source) and not Path(source).exists():
        raise DocumentError(f"no such file or folder: {source}", hint="check the path; the driver must see it")
    if suffix in TABLES:
        found = _table(spark, source, suffix, options)
    elif not is_uri(source) and Path(source).is_dir():
        found = _folder(spark, source, options)
    else:
        raise DocumentError(
            f"{source}: Spark scores a table ({', '.join(TABLES)}) or a folder of documents",
            hint="name the folder that holds it; or score one document with --engine local",
        )
    if not found.count:
        raise DocumentError(f"{source}: there is nothing in it to score", hint="name a table or folder with texts")
    usual = max(2 * spark.sparkContext.defaultParallelism, math.ceil(found.count / PER_PART))
    return _divided(found, min(found.count, parts or usual))


def _divided(items: Items, number: int) -> Items:
    """Divide items into parts of consecutive rows, each in order."""
    part = f"CAST(least({number} - 1, position * {number} DIV {items.count}) AS int) AS part"
    frame = items.frame.selectExpr("*", part)
    ordered = frame.repartitionById(number, "part").sortWithinPartitions("position").drop("part")
    return replace(items, frame=ordered, parts=number)


def _folder(spark: Any, folder: str, options: TableOptions) -> Items:
    """List documents here, as `find_items` does, and let the executors open them under the same paths."""
    found = [one for one in find_items([folder], options) if isinstance(one, Item | Failure)]
    rows = [item_row(position, _absolute(item)) for position, item in enumerate(found)]
    schema = ", ".join(f"`{name}` {kind}" for name, kind in ITEM.items())
    values = [tuple(row.get(name) for name in ITEM) for row in rows]
    return Items(spark.createDataFrame(values, schema), Reader(encoding=options.encoding), len(rows))


def _absolute(item: Item | Failure) -> Item | Failure:
    """Write an item's path so that it opens from any folder: executors work elsewhere."""
    if isinstance(item, Failure) or item.path is None:
        return item
    return replace(item, path=seal(path_of(item).absolute()))


def _table(spark: Any, source: str, suffix: str, options: TableOptions) -> Items:
    try:
        if suffix in RECORDS:
            return _records(spark, source, options)
        return _cells(spark, source, suffix, options)
    except DocumentError as error:
        raise DocumentError(f"{source}: {error.message}", hint=error.hint) from error


def _cells(spark: Any, source: str, suffix: str, options: TableOptions) -> Items:
    """Read Parquet or delimited text: a column for each role; a row of another width than the header is a bad one."""
    parquet = suffix == ".parquet"
    frame = spark.read.parquet(_spelled(source)) if parquet else _delimited(spark, source, suffix, options)
    types = dict(frame.dtypes)
    chosen = choose_columns([name for name in frame.columns if parquet or name != _CORRUPT], options)
    if types[chosen["text"]] != "string":
        raise DocumentError(
            f"the column {chosen['text']!r} is of type {types[chosen['text']]}, and text is expected",
            hint="name another: --text-column NAME",
        )
    cells = {role: f"CAST({_quoted(column)} AS STRING)" for role, column in chosen.items()}
    reason = "CAST(NULL AS STRING)"
    if not parquet:
        lost = " OR ".join(f"contains({cell}, '{_LOST}')" for cell in cells.values())
        reason = (
            f"CASE WHEN {_CORRUPT} IS NOT NULL THEN 'the row has more or fewer cells than the header' "
            f"WHEN {lost} THEN 'holds bytes that are no characters of its encoding (--encoding names another)' END"
        )
    return _numbered(spark, frame, source, Reader(table=True), cells | {"reason": reason})


def _delimited(spark: Any, source: str, suffix: str, options: TableOptions) -> Any:
    settings = {
        "header": True,
        "multiLine": True,  # a quoted cell may hold line breaks; so one file is read in one piece
        "sep": DELIMITED[suffix],
        "escape": '"',
        "encoding": options.encoding or "UTF-8",
        "columnPruning": False,  # else the width of a row goes unnoticed
        "columnNameOfCorruptRecord": _CORRUPT,
        "maxCharsPerColumn": -1,
    }
    place = _spelled(source)
    header = spark.read.options(**settings).csv(place).columns
    schema = ", ".join(f"{_quoted(name)} STRING" for name in (*header, _CORRUPT))
    return spark.read.options(**settings).schema(schema).csv(place)


def _records(spark: Any, source: str, options: TableOptions) -> Items:
    """Read JSON lines as lines; the executors parse them, so that a bad line is one row with a reason."""
    if (options.encoding or "utf-8").lower().replace("_", "-") not in ("utf-8", "utf8"):
        raise DocumentError(f"Spark reads JSON lines in UTF-8, not {options.encoding}", hint="convert the file: iconv")
    frame = spark.read.option("lineSep", "\n").text(_spelled(source))
    first = spark.sql("SELECT value FROM {lines} WHERE trim(value) LIKE '{{%' LIMIT 1", lines=frame).collect()
    columns = choose_columns(record_keys(first[0].value) if first else [], options)
    cells = {
        "text": "CASE WHEN is_valid_utf8(value) THEN value END",
        "reason": "CASE WHEN NOT is_valid_utf8(value) THEN 'the line is not UTF-8' END",
    }
    return _numbered(spark, frame, source, Reader(table=True, columns=columns), cells, "trim(value) != ''")


def _numbered(spark: Any, frame: Any, source: str, reader: Reader, cells: dict[str, str], where: str = "TRUE") -> Items:
    """Number rows from 1 in the order of the table, and name them by it.

    Spark numbers rows only within the parts it reads; the rows of the parts before are counted and added.
    """
    marked = spark.sql("SELECT *, monotonically_increasing_id() AS _mark FROM {rows}", rows=frame)
    counted = spark.sql(
        "SELECT shiftright(_mark, 33) AS part, count(*) AS rows FROM {marked} GROUP BY 1 ORDER BY 1", marked=marked
    ).collect()
    name, before, offsets = source if is_uri(source) else spell(Path(source).as_posix()), 0, []
    for row in counted:
        offsets.append((row["part"], before, name))
        before += row["rows"]
    known = spark.createDataFrame(offsets, "_part bigint, _before bigint, _name string")
    own = {
        "position": "_number - 1",
        "place": "concat(_name, '#', _number)",
        "name": "regexp_extract(_name, '[^/]*$', 0)",
    } | cells
    columns = [f"{own.get(column, f'CAST(NULL AS {kind})')} AS `{column}`" for column, kind in ITEM.items()]
    numbered = spark.sql(
        "SELECT /*+ BROADCAST(known) */ *, _before + (_mark & 8589934591) + 1 AS _number "
        "FROM {marked} marked JOIN {known} known ON shiftright(_mark, 33) = _part",
        marked=marked,
        known=known,
    )
    return Items(numbered.where(where).selectExpr(*columns), reader, before)


def _spelled(source: str) -> str:
    """Write a path so that Spark takes it for one file of this machine: no other file system, no pattern."""
    if is_uri(source):
        return source
    return "file://" + re.sub(r"([\\*?\[\]{}])", r"\\\1", str(Path(source).resolve()))


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"
