"""Stand-in for `pipeline.scoring.inputs`, `columns` and `tables` until they are merged: the little that Spark needs.

Replace `TableOptions` and `choose_columns` by those of `columns`, `find_items` by that of `inputs`, `row_item` by that
of `tables`, and `read_item` by that of `archives`; names and meanings are the same.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.corpus.readers import EXTENSIONS
from pipeline.ground.config import did_you_mean
from pipeline.ground.errors import DocumentError
from pipeline.scoring.items import Failure, Item

ROLES = {
    "text": ("text", "sentence", "content", "body"),
    "id": ("id", "doc", "document"),
    "date": ("date",),
    "source": ("source",),
    "title": ("title",),
}


@dataclass(frozen=True, slots=True)
class TableOptions:
    """Which columns of a table hold what; where one is not named, the first of `ROLES` that is there is taken."""

    text_column: str | None = None
    id_column: str | None = None
    date_column: str | None = None
    source_column: str | None = None
    title_column: str | None = None
    encoding: str | None = None


def choose_columns(columns: Sequence[str], options: TableOptions) -> dict[str, str]:
    """Give the column of each role that has one; raise `DocumentError` where a named one or the text is absent."""
    found = {}
    for role, usual in ROLES.items():
        named = getattr(options, f"{role}_column")
        if named is not None and named not in columns:
            raise DocumentError(
                f"no column is called {named!r}; its columns: {', '.join(columns)}",
                hint=f"--{role}-column: {did_you_mean(named, list(columns))}",
            )
        chosen = named or next((name for name in usual if name in columns), None)
        if chosen is None and role == "text":
            raise DocumentError(
                f"no column is called {', '.join(usual)}; its columns: {', '.join(columns)}",
                hint="name the one with the text: --text-column NAME",
            )
        if chosen is not None:
            found[role] = chosen
    return found


def find_items(folder: Path) -> Iterator[Item | Failure]:
    """Yield the documents of a folder and the folders in it, in the order of their places."""
    paths = (path for path in folder.rglob("*") if path.suffix.lower() in EXTENSIONS and path.is_file())
    for path in sorted(paths, key=lambda one: one.relative_to(folder).as_posix()):
        place = path.relative_to(folder)
        yield Item(place.as_posix(), path.name, id=place.with_suffix("").as_posix(), path=str(path))


def row_item(place: str, name: str, cells: Mapping[str, Any]) -> Item | Failure:
    """Make an item of a table's row, whose `cells` are keyed by role."""
    text = cells.get("text")
    said = {role: "" if cells.get(role) is None else str(cells[role]).strip() for role in ROLES}
    fault = ""
    if not said["text"]:
        fault = "the text is empty"
    elif not isinstance(text, str):
        fault = f"the text is a {type(text).__name__}, and characters are expected"
    elif any("\0" in value or "\\ud" in ascii(value) for value in said.values()):
        fault = "holds what is no character"
    if fault:
        return Failure(place, fault, "mend the row, or leave it out")
    identity = said["id"] or place
    return Item(place, name, identity, text=text, title=said["title"], date=said["date"], source=said["source"])


def read_item(item: Item) -> bytes:
    """Read the bytes of an item's file; raise `DocumentError` where that fails."""
    try:
        return Path(item.path or "").read_bytes()
    except OSError as error:
        raise DocumentError(f"{item.place}: cannot be read ({error.strerror})", hint=f"ls -l {item.path}") from error
