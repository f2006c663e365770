"""Write rows as Parquet, JSON lines or CSV, some thousand at a time; a table always has the same columns."""

import csv
import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Literal, get_args

from pipeline.scoring.rows import flat_columns, flat_document_columns, flatten

Format = Literal["parquet", "jsonl", "csv"]
FORMATS: tuple[Format, ...] = get_args(Format)
Kind = Literal["sentences", "documents"]
CHUNK = 4096  # rows of a Parquet row group while it is filled
FORMULA = (
    "=",
    "+",
    "-",
    "@",
    "\t",
    "\r",
    "\n",
    "＝",
    "＋",
    "－",
    "＠",
)  # what opens a formula in a spreadsheet (OWASP)
BLANK = " \ufeff\u200b"  # what a spreadsheet passes over before a formula
BOM = "\ufeff"  # without it, spreadsheets take UTF-8 for another encoding
_INTEGERS = {"index": "int32", "page": "int32", "paragraph": "int32", "start": "int64", "end": "int64"}


def write_rows(path: Path, kind: Kind, form: Format, labels: Sequence[str], rows: Iterable[dict[str, Any]]) -> int:
    """Write nested rows of one kind to a file; give how many there were."""
    writers: dict[Format, Callable[[Path, Kind, Sequence[str], Iterable[dict[str, Any]]], int]] = {
        "parquet": _parquet,
        "jsonl": _jsonl,
        "csv": _csv,
    }
    return writers[form](path, kind, labels, rows)


def write_file(path: Path, kind: Kind, form: Format, labels: Sequence[str], rows: Iterable[dict[str, Any]]) -> int:
    """Write a whole table by rename, so that readers see the old file or the new, never half."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f".half-{os.getpid()}-{path.name}")
    try:
        count = write_rows(half, kind, form, labels, rows)
        os.replace(half, path)
    finally:
        half.unlink(missing_ok=True)
    return count


def columns(kind: Kind, labels: Sequence[str]) -> tuple[str, ...]:
    """Name the columns of a table of this kind, in order."""
    return (flat_columns if kind == "sentences" else flat_document_columns)(labels)


def schema(kind: Kind, labels: Sequence[str]) -> Any:
    """Give the Arrow schema of a table of this kind."""
    import pyarrow as pa

    words = pa.list_(pa.field("element", pa.string()))
    types = {name: getattr(pa, kind_of)() for name, kind_of in _INTEGERS.items()}
    types |= {f"p_{name}": pa.float64() for name in labels} | {f"share_{name}": pa.float64() for name in labels}
    types |= {name: pa.int64() for name in ("sentences", "background", "skipped", *(f"n_{one}" for one in labels))}
    types |= {"labels": words, "unsure": words}
    types["review"] = pa.bool_() if kind == "sentences" else pa.int64()
    return pa.schema([(name, types.get(name, pa.string())) for name in columns(kind, labels)])


def _parquet(path: Path, kind: Kind, labels: Sequence[str], rows: Iterable[dict[str, Any]]) -> int:
    import pyarrow as pa
    import pyarrow.parquet as pq

    form, count = schema(kind, labels), 0
    with pq.ParquetWriter(path, form, compression="zstd") as writer:
        for chunk in _chunks(rows):
            flat = [flatten(row, labels) for row in chunk]
            writer.write_table(pa.Table.from_pylist(flat, schema=form))
            count += len(flat)
    return count


def _jsonl(path: Path, _kind: Kind, _labels: Sequence[str], rows: Iterable[dict[str, Any]]) -> int:
    count = 0
    with path.open("w", encoding="utf-8") as stream:
        for row in rows:
            stream.write(json.dumps(row, ensure_ascii=False) + "\n")
            count += 1
    return count


def _csv(path: Path, kind: Kind, labels: Sequence[str], rows: Iterable[dict[str, Any]]) -> int:
    count = 0
    with path.open("w", encoding="utf-8", newline="") as stream:
        stream.write(BOM)
        writer = csv.writer(stream)
        writer.writerow(columns(kind, labels))
        for row in rows:
            writer.writerow([_cell(value) for value in flatten(row, labels).values()])
            count += 1
    return count


def _cell(value: Any) -> Any:
    """Write lists with bars between, truth in words, and text so that no spreadsheet takes it for a formula."""
    if isinstance(value, list):
        return "|".join(value)
    if isinstance(value, bool):
        return str(value).lower()
    return safe_cell(value) if isinstance(value, str) else value


def safe_cell(text: str) -> str:
    """Put an apostrophe before a text that a spreadsheet would run as a formula (OWASP, CSV injection)."""
    return f"'{text}" if text.lstrip(BLANK).startswith(FORMULA) or text.startswith(FORMULA) else text


def _chunks(rows: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    rest = iter(rows)
    while chunk := list(islice(rest, CHUNK)):
        yield chunk


def join_files(parts: Sequence[Path], target: Path, kind: Kind, form: Format, labels: Sequence[str]) -> None:
    """Put files of one kind and format one after the other into one file."""
    if form == "parquet":
        _join_parquet(parts, target, schema(kind, labels))
        return
    with target.open("wb") as out:
        for number, part in enumerate(parts):
            with part.open("rb") as stream:
                if number and form == "csv":
                    stream.readline()
                while block := stream.read(1 << 20):
                    out.write(block)


def _join_parquet(parts: Sequence[Path], target: Path, form: Any) -> None:
    import pyarrow.parquet as pq

    with pq.ParquetWriter(target, form, compression="zstd") as writer:
        for part in parts:
            with pq.ParquetFile(part) as file:
                for batch in file.iter_batches(CHUNK):
                    writer.write_batch(batch)
