"""Lay what is to be scored out as a Spark frame of items, in order and in parts of like size."""

import json
import math
import re
from dataclasses import dataclass, replace
from functools import partial
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote

from pipeline.ground.errors import DocumentError
from pipeline.scoring.columns import TableOptions, choose_columns
from pipeline.scoring.delimited import Header, read_header
from pipeline.scoring.inputs import find_items
from pipeline.scoring.items import Failure, Item, path_of, seal, spell
from pipeline.scoring.lines import Lines
from pipeline.scoring.spark_rows import ITEM, Reader, first_keys, item_row

DELIMITED = {".csv": None, ".tsv": "\t"}  # None: as the header says
RECORDS = (".jsonl", ".ndjson")
TABLES = (*DELIMITED, *RECORDS, ".parquet")
PER_PART = 2_000  # documents in a part, so that a lost executor costs minutes
_CORRUPT = "_corrupt_record"
_LOST = "�"  # what a decoder puts where bytes are no characters
_HEAD_LINES, _HEAD_BYTES = 32, 2**20  # lines of a file's head, and bytes of each
_LATIN = "ISO-8859-1"  # a character for each byte
_WIDE = {"utf-16": "UTF-16", "utf-16-le": "UTF-16LE", "utf-16-be": "UTF-16BE", "utf-32": "UTF-32"}  # as Spark says
_SHIFTED = ("iso2022", "hz")  # a byte such as the comma's may be half a character
_CUTS = '\t\r\n",;|'  # what cuts a table into cells


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
        if suffix == ".parquet":
            return _parquet(spark, source, options)
        return _delimited(spark, source, DELIMITED[suffix], options)
    except DocumentError as error:
        raise DocumentError(f"{source}: {error.message}", hint=error.hint) from error


def _parquet(spark: Any, source: str, options: TableOptions) -> Items:
    """Read Parquet: a column for each role, of the type it has, which Python writes as text."""
    frame = spark.read.parquet(_spelled(source))
    types = dict(frame.dtypes)
    chosen = choose_columns(frame.columns, options)
    if types[chosen["text"]] != "string":
        raise DocumentError(
            f"the column {chosen['text']!r} is of type {types[chosen['text']]}, and text is expected",
            hint="name another: --text-column NAME",
        )
    cells = {
        role: _dressed(_quoted(column)) if types[column] == "string" else _quoted(column)
        for role, column in chosen.items()
    }
    return _numbered(spark, frame, source, Reader(table=True, cells="utf-8"), cells)


def _delimited(spark: Any, source: str, delimiter: str | None, options: TableOptions) -> Items:
    """Read delimited text as its header says: a row of another width than the header is a bad one."""
    place = _spelled(source)
    header = _header(spark, place, delimiter, options)
    encoding = _bytewise(header.encoding)
    chosen = {role: header.names.index(column) for role, column in choose_columns(header.names, options).items()}
    settings = {
        "header": True,
        "multiLine": True,  # a quoted cell may hold line breaks; so one file is read in one piece
        "sep": header.delimiter,
        "escape": '"',
        "encoding": _LATIN if encoding else _WIDE[header.encoding],
        "columnPruning": False,  # else the width of a row goes unnoticed
        "columnNameOfCorruptRecord": _CORRUPT,
        "maxCharsPerColumn": -1,
    } | ({"lineSep": header.end} if header.end else {})  # else line breaks within quotes are made alike
    schema = "".join(f"c{number} STRING, " for number in range(len(header.names))) + f"{_CORRUPT} STRING"
    frame = spark.read.options(**settings).schema(schema).csv(place)
    cells = {role: f"c{number}" for role, number in chosen.items()}
    lost = "FALSE" if encoding else " OR ".join(f"contains({cell}, '{_LOST}')" for cell in cells.values())
    cells["reason"] = (
        f"CASE WHEN {_CORRUPT} IS NOT NULL THEN 'the row has more or fewer cells than the header' "
        f"WHEN {lost} THEN 'holds bytes that are no characters of its encoding (--encoding names another)' END"
    )
    return _numbered(spark, frame, source, Reader(table=True, cells=encoding), cells)


def _header(spark: Any, place: str, delimiter: str | None, options: TableOptions) -> Header:
    """Read the header of a table, which all of its files must share, as the local engine does."""
    files = spark.read.text(place).inputFiles()
    places = [place] if len(files) < 2 else [_literally(unquote(file)) for file in files]
    heads = [head for head in (_head(spark, one) for one in places) if head.strip()]
    found = {read_header(BytesIO(head), options, delimiter) for head in heads or [b""]}
    if len(found) > 1:
        raise DocumentError(
            "its files have not all the same columns, delimiter, encoding and line ends",
            hint="score them one by one, or write them alike",
        )
    return found.pop()


def _head(spark: Any, place: str) -> bytes:
    """Give the bytes of a file's first lines, without a UTF-8 byte-order mark."""
    cut = f"substring(CAST(value AS BINARY), 1, {_HEAD_BYTES}) AS line"
    lines = spark.read.option("lineSep", "\n").text(place).selectExpr(cut).limit(_HEAD_LINES)
    return b"\n".join(bytes(row.line) for row in lines.collect())


def _bytewise(encoding: str) -> str | None:
    """Give the encoding to read cells in that Spark has cut at bytes; None where Spark must know characters to cut.

    Raises:
        DocumentError: commas and quotes are other bytes in it than in ASCII, and Spark does not know it.
    """
    name = "utf-8" if encoding == "utf-8-sig" else encoding
    if name in _WIDE:
        return None
    if name.startswith(_SHIFTED) or _CUTS.encode(name) != _CUTS.encode("ascii"):
        raise DocumentError(f"Spark reads no table in {name}", hint="convert it to UTF-8: iconv; or --engine local")
    return name


def _records(spark: Any, source: str, options: TableOptions) -> Items:
    """Read JSON lines as lines; the executors parse them, so that a bad line is one row with a reason.

    The first object tells the columns; where there is none, every line is a bad one.
    """
    place = _spelled(source)
    lines = Lines(BytesIO(_head(spark, place)), options.encoding, newline="\n")
    encoding = _bytewise(lines.encoding)
    if encoding is None:
        raise DocumentError(f"Spark reads no JSON lines in {lines.encoding}", hint="convert the file to UTF-8: iconv")
    frame = spark.read.option("lineSep", "\n").text(place).selectExpr(f"{_dressed('value')} AS value")
    first = frame.mapInArrow(partial(first_keys, encoding=encoding), "keys STRING").limit(1).collect()
    columns = choose_columns(json.loads(first[0]["keys"]), options) if first else {}
    return _numbered(spark, frame, source, Reader(table=True, columns=columns, cells=encoding), {"text": "value"})


def _dressed(cell: str) -> str:
    """Write a string's bytes as Latin-1, one character each: Spark does not ask whether they are UTF-8."""
    return f"decode(CAST({cell} AS BINARY), '{_LATIN}')"


def _numbered(spark: Any, frame: Any, source: str, reader: Reader, cells: dict[str, str]) -> Items:
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
    return Items(numbered.selectExpr(*columns), reader, before)


def _spelled(source: str) -> str:
    """Write a path so that Spark takes it for one file of this machine: no other file system, no pattern."""
    if is_uri(source):
        return source
    return _literally(f"file://{Path(source).resolve()}")


def _literally(place: str) -> str:
    return re.sub(r"([\\*?\[\]{}])", r"\\\1", place)


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"
