"""Do an executor's part, with no Spark in it: Arrow batches of items in, batches of sentences or profiles out."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.corpus.unforeseen import failures_named
from pipeline.ground.errors import DocumentError
from pipeline.ground.files import hash_text
from pipeline.ground.records import PLACES, Document, Profile, Reading
from pipeline.scoring.archives import read_item
from pipeline.scoring.columns import DEFAULTS
from pipeline.scoring.items import Failure, Item
from pipeline.scoring.rows import flat_columns, flat_document_columns
from pipeline.scoring.tables import row_item

if TYPE_CHECKING:
    from pyarrow import RecordBatch, Schema

BATCH = 2_000  # sentences in a batch: they are scored together, and their text is in memory at once
ITEM = {
    "position": "bigint",
    **dict.fromkeys(("place", "name", "id", "path"), "string"),
    "members": "array<string>",
    **dict.fromkeys(("text", "title", "date", "source", "reason", "hint"), "string"),
}
SENTENCE = {
    "position": "bigint",
    **dict.fromkeys(("place", "doc", "title", "date", "source"), "string"),
    **dict.fromkeys(("skipped", "index", "page", "paragraph", "start", "end"), "bigint"),
    **dict.fromkeys(("text", "path", "text_sha256", "reason", "hint"), "string"),
}
_TEXTS = ("doc", "text", "model", "path", "text_sha256", "title", "date", "source")
_LISTS = {"labels": "array<string>", "unsure": "array<string>"}


def sentence_types(labels: Sequence[str]) -> dict[str, str]:
    """Give the SQL type of each column of a flat sentence row, in order."""
    known = (
        dict.fromkeys(_TEXTS, "string") | _LISTS | {f"p_{name}": "double" for name in labels} | {"review": "boolean"}
    )
    return {name: known.get(name, "bigint") for name in flat_columns(labels)}


def document_types(labels: Sequence[str]) -> dict[str, str]:
    """Give the SQL type of each column of a flat document row, in order."""
    known = dict.fromkeys(_TEXTS, "string") | {f"share_{name}": "double" for name in labels}
    return {name: known.get(name, "bigint") for name in flat_document_columns(labels)}


def item_row(position: int, item: Item | Failure) -> dict[str, Any]:
    """Lay an item, or what is wrong with it, out as a row of `ITEM`."""
    if isinstance(item, Failure):
        return {"position": position, "place": item.place, "reason": item.reason, "hint": item.hint}
    values = {name: getattr(item, name) for name in ITEM if name not in ("position", "members", "reason", "hint")}
    return {"position": position, "members": list(item.members), **values}


@dataclass(frozen=True, slots=True)
class Reader:
    """Read items into sentences: documents as they are; of a table, cells by role, or records of `columns` by role.

    `encoding` is the one named for documents. A table's cells come as bytes dressed as Latin-1, so that none is lost on
    the way, and are read in the encoding `cells`; where that is None, Spark has read them.
    """

    table: bool = False
    columns: Mapping[str, str] | None = None
    encoding: str | None = None
    cells: str | None = None

    def __call__(self, batches: "Iterable[RecordBatch]") -> "Iterator[RecordBatch]":
        """Turn batches of `ITEM` into batches of `SENTENCE`; what cannot be read is one row with a reason."""
        given = (one for batch in batches for one in batch.to_pylist() if not self._blank(one))
        return _batches((row for one in given for row in self._rows(one)), SENTENCE)

    def _blank(self, row: dict[str, Any]) -> bool:
        """Tell an empty line among JSON lines, which is no document."""
        return self.columns is not None and not _undressed(row["text"], self.cells).strip()

    def _rows(self, row: dict[str, Any]) -> Iterator[dict[str, Any]]:
        item = self._item(row)
        try:
            if isinstance(item, Item):
                with failures_named(item.place):
                    reading = read_through(item, self.encoding)
                yield from _sentences(row["position"], item, reading)
                return
        except DocumentError as error:
            item = Failure(item.place, error.message.removeprefix(f"{item.place}: "), error.hint)
        said = {"place": item.place, "reason": item.reason, "hint": item.hint}
        yield dict.fromkeys(SENTENCE) | {"position": row["position"]} | said

    def _item(self, row: dict[str, Any]) -> Item | Failure:
        place = row["place"]
        if row["reason"] is not None:
            return Failure(place, row["reason"], row["hint"] or "")
        if not self.table:
            fields = {name: row[name] for name in ITEM if name not in ("position", "members", "reason", "hint")}
            return Item(**fields, members=tuple(row["members"] or ()))
        said = {role: _undressed(row[role], self.cells) for role in DEFAULTS}
        cells = said if self.columns is None else _record(place, said["text"], self.columns)
        return cells if isinstance(cells, Failure) else row_item(place, row["name"], cells)


def _undressed(value: Any, encoding: str | None) -> Any:
    """Read a cell of bytes dressed as Latin-1; tell a moment in UTC, as Parquet keeps it; leave all else as it is."""
    if isinstance(value, str) and encoding is not None:
        return value.encode("latin-1").decode(encoding, "surrogateescape")
    return value.astimezone(UTC) if isinstance(value, datetime) and value.tzinfo is not None else value


def read_through(item: Item, encoding: str | None = None) -> Reading:
    """Read an item's document, named by its place.

    Raises:
        DocumentError: it cannot be read, or holds no running prose.
    """
    from pipeline.corpus.readers import parse_document, read_text
    from pipeline.corpus.reading import read, read_given

    if item.text is not None:
        document: Document = read_text(item.text, item.id)
    else:
        raw = _bytes(item)
        document = parse_document(Path(item.place), raw, encoding=encoding, doc_id=item.id, name=item.name)
    said = {name: value for name in ("title", "date", "source") if (value := getattr(item, name))}
    document = replace(document, **said)
    return read(document) if item.text is None else read_given(document)


def profiles(batches: "Iterable[RecordBatch]", labels: Sequence[str]) -> "Iterator[RecordBatch]":
    """Add to counted documents the share of each label, rounded as everywhere."""
    types = document_types(labels)
    counted = (row for batch in batches for row in batch.to_pylist())
    return _batches((_with_shares(row, labels) for row in counted), types)


def _with_shares(row: dict[str, Any], labels: Sequence[str]) -> dict[str, Any]:
    counts = {name: row[f"n_{name}"] for name in labels}
    shares = Profile(row["sentences"], counts, row["background"]).shares
    return row | {f"share_{name}": round(share, PLACES) for name, share in shares.items()}


def _bytes(item: Item) -> bytes:
    try:
        return read_item(item)
    except DocumentError as error:
        if isinstance(error.__cause__, FileNotFoundError):
            raise DocumentError(
                f"{item.place}: an executor finds no {item.path}",
                hint="put the documents where every executor sees them under the same path, as on a shared file system",
            ) from error
        raise


def _record(place: str, line: str, columns: Mapping[str, str]) -> dict[str, Any] | Failure:
    """Give the cells of one JSON line by role."""
    record = _object(place, line)
    return record if isinstance(record, Failure) else {role: record.get(column) for role, column in columns.items()}


def first_keys(batches: "Iterable[RecordBatch]", encoding: str) -> "Iterator[RecordBatch]":
    """Yield the keys of the first JSON object among lines dressed as Latin-1, as a JSON list; nothing without one."""
    from pyarrow import RecordBatch

    lines = (line for batch in batches for line in batch.column(0).to_pylist())
    for line in lines:
        record = _object("", _undressed(line, encoding))
        if not isinstance(record, Failure):
            yield RecordBatch.from_pydict({"keys": [json.dumps(list(record))]})
            return


def _object(place: str, line: str) -> dict[str, Any] | Failure:
    hint = 'each line must be one JSON object, such as {"id": "a", "text": "…"}'
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        return Failure(place, f"not JSON that can be read ({error})", hint)
    if not isinstance(record, dict):
        return Failure(place, f"a JSON {type(record).__name__}, and an object is expected", hint)
    return record


def _sentences(position: int, item: Item, reading: Reading) -> Iterator[dict[str, Any]]:
    document = reading.document
    common = {
        "position": position,
        "place": item.place,
        "doc": document.id,
        "title": document.title,
        "date": document.date,
        "source": document.source,
        "skipped": len(reading.skipped),
        "path": item.place,
        "text_sha256": hash_text(document.text),
        "reason": None,
        "hint": None,
    }
    for sentence in reading.sentences:
        own = {name: getattr(sentence, name) for name in ("index", "page", "paragraph", "start", "end", "text")}
        yield common | own


def _batches(rows: Iterable[dict[str, Any]], types: Mapping[str, str]) -> "Iterator[RecordBatch]":
    from pyarrow import RecordBatch

    schema = _schema(types)
    held: list[dict[str, Any]] = []
    for row in rows:
        held.append(row)
        if len(held) == BATCH:
            yield RecordBatch.from_pylist(held, schema=schema)
            held = []
    if held:
        yield RecordBatch.from_pylist(held, schema=schema)


def _schema(types: Mapping[str, str]) -> "Schema":
    import pyarrow as pa

    arrow = {
        "bigint": pa.int64(),
        "string": pa.string(),
        "double": pa.float64(),
        "boolean": pa.bool_(),
        "array<string>": pa.list_(pa.string()),
    }
    return pa.schema([(name, arrow[kind]) for name, kind in types.items()])
