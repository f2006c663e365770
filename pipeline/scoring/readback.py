"""Read a part's rows back as nested rows, so that a part can be written again without some of its documents."""

import csv
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from pipeline.scoring.formats import BLANK, FORMULA, Format
from pipeline.scoring.rows import SPREAD


def read_rows(path: Path, form: Format, labels: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yield the nested rows of a table that `write_rows` wrote."""
    if form == "jsonl":
        with path.open(encoding="utf-8") as stream:
            yield from (json.loads(line) for line in stream)
        return
    flat = _parquet(path) if form == "parquet" else _csv(path)
    yield from (nest(row, labels) for row in flat)


def nest(flat: dict[str, Any], labels: Sequence[str]) -> dict[str, Any]:
    """Undo `pipeline.scoring.rows.flatten`."""
    row = dict(flat)
    for key, short in SPREAD.items():
        if f"{short}_{labels[0]}" in row:
            row[key] = {name: row.pop(f"{short}_{name}") for name in labels}
    return row


def _parquet(path: Path) -> Iterator[dict[str, Any]]:
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches():
            yield from batch.to_pylist()


def _csv(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        csv.field_size_limit(1 << 30)
        for row in csv.DictReader(stream):
            yield {name: _value(name, cell, sentence="index" in row) for name, cell in row.items()}


def _value(name: str, cell: str, *, sentence: bool) -> Any:
    """Give a cell its type again, by the name of its column."""
    reader: dict[str, Callable[[str], Any]] = {"labels": _words, "unsure": _words}
    reader |= dict.fromkeys(("index", "page", "paragraph", "start", "end"), int)
    reader |= dict.fromkeys(("sentences", "background", "skipped"), int)
    reader["review"] = (lambda text: text == "true") if sentence else int
    prefix = name.partition("_")[0]
    spread: dict[str, Callable[[str], Any]] = {"p": float, "share": float, "n": int}
    kind = reader.get(name) or spread.get(prefix) or _text
    if cell == "" and kind is not _text and name != "labels":
        return None
    return kind(cell)


def _words(cell: str) -> list[str]:
    return cell.split("|") if cell else []


def _text(cell: str) -> str:
    shorn = cell[1:].lstrip(BLANK)
    return cell[1:] if cell.startswith("'") and (shorn.startswith(FORMULA) or cell[1:].startswith(FORMULA)) else cell
