"""Small archives of invented briefings, and what a folder of scores holds, in an order that can be compared."""

import json
from pathlib import Path

import pyarrow.parquet as pq

from pipeline.ground.progress import Progress
from pipeline.scoring import reading_child
from pipeline.scoring.items import Failure, Item
from pipeline.scoring.reader import outcome
from pipeline.workflows.archive import ArchiveRequest, ArchiveResult, score_archive

TALK = "The talks in round {0} gave both sides peace. The fleet must strike in case {0}. Nothing else was said of it."
BROKEN = b"\xff\xfe\x00broken"


def write_archive(folder: Path, documents: int = 24) -> Path:
    """Write short briefings, two of which cannot be read."""
    folder.mkdir(parents=True)
    for number in range(documents):
        text = " ".join(TALK.format(f"{number}-{part}") for part in range(1 + number % 4))
        (folder / f"brief-{number:02}.txt").write_text(text + "\n")
    (folder / "broken.txt").write_bytes(BROKEN)
    (folder / "empty.txt").write_bytes(b"")
    return folder


def read_here(items, encoding=None, seconds=0.0):
    """Read items in this process: what the reading child does, without its start."""
    for item in items:
        if isinstance(item, Failure):
            yield item
            continue
        assert isinstance(item, Item)
        yield outcome(item, json.loads(json.dumps(reading_child.answer({"item": as_json(item), "encoding": encoding}))))


def as_json(item: Item) -> dict:
    return {name: getattr(item, name) for name in item.__dataclass_fields__}


def run(predictor, folder: Path, output: Path, **changes) -> ArchiveResult:
    """Score a folder in small parts."""
    named, force = changes.pop("named", (str(folder),)), changes.pop("force", False)
    request = ArchiveRequest(named, output, **({"part": 12} | changes))
    return score_archive(predictor, request, Progress(), force=force)


def contents(output: Path) -> dict[str, list[str]]:
    """Give the rows of each kind and the errors, as sorted lines."""
    found = {}
    for kind in ("sentences", "documents"):
        rows = []
        for path in sorted((output / kind).iterdir()):
            if path.suffix == ".parquet":
                rows += [json.dumps(row, sort_keys=True) for row in pq.read_table(path).to_pylist()]
            else:
                skipped = 1 if path.suffix == ".csv" else 0
                rows += path.read_text(encoding="utf-8-sig").splitlines()[skipped:]
        found[kind] = sorted(rows)
    errors = output / "errors.jsonl"
    found["errors"] = sorted(errors.read_text().splitlines()) if errors.exists() else []
    return found
