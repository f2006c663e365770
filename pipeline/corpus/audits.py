"""Read the records of re-readings: which labels were judged again, and what came of it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.corpus.load import Corpus
from pipeline.ground.codebook import Codebook
from pipeline.ground.errors import LabelError
from pipeline.ground.files import read_jsonl

FOLDER = "audit"
SHAPE = (
    '{"doc": "id", "start": 0, "end": 42, "sha256": "16 hex digits", "found_by": ["cleanlab"],'
    ' "before": [], "reread": [], "after": []}'
)


@dataclass(frozen=True, slots=True)
class Reread:
    """A sentence judged again, blind to its labels; where `reread` differs from `before`, `ruling` decided `after`."""

    doc: str
    start: int
    end: int
    sha256: str
    found_by: tuple[str, ...]
    before: tuple[str, ...]
    reread: tuple[str, ...]
    after: tuple[str, ...]
    ruling: str = ""

    @property
    def adjudicated(self) -> bool:
        """Tell whether the blind reading differed, so that somebody had to decide."""
        return self.reread != self.before

    @property
    def changed(self) -> bool:
        """Tell whether the labels were changed."""
        return self.after != self.before


def read_audits(corpus: Corpus, labels_dir: Path) -> list[Reread]:
    """Read every record in `audit/` of a labels folder, files by name; none where there is no folder.

    Raises:
        LabelError: a record is malformed, speaks of no labelled sentence, or its outcome is not the label of now;
            all at once, by file and line.
    """
    now = {(a.doc, a.start, a.end): a for annotations in corpus.annotations.values() for a in annotations}
    last: dict[tuple[str, int, int], tuple[Reread, str]] = {}
    records, faults = [], []
    for path in sorted((labels_dir / FOLDER).glob("*.jsonl")):
        for number, record in read_jsonl(path):
            where = f"{path}, line {number}"
            try:
                read = _read_one(record, corpus.codebook, where)
            except LabelError as error:
                faults.append(error.message)
                continue
            records.append(read)
            last[read.doc, read.start, read.end] = (read, where)
    for span, (read, where) in last.items():
        annotation = now.get(span)
        if annotation is None or annotation.sha256 != read.sha256:
            faults.append(f"{where}: no labelled sentence of {read.doc!r} has this span and hash")
        elif annotation.labels != read.after:
            faults.append(f"{where}: `after` is {list(read.after)}, and the label of now is {list(annotation.labels)}")
    if faults:
        more = f"\n  and {len(faults) - 20} more" if len(faults) > 20 else ""
        raise LabelError("\n".join(faults[:20]) + more, hint=f"a record is {SHAPE}; `after` must be the label of now")
    return records


def _read_one(record: dict[str, Any], codebook: Codebook, where: str) -> Reread:
    for name, kind in (("doc", str), ("start", int), ("end", int), ("sha256", str), ("found_by", list)):
        if not isinstance(record.get(name), kind):
            raise LabelError(f"{where}: `{name}` must be a {kind.__name__}, got {record.get(name)!r}", hint=SHAPE)
    before, reread, after = (codebook.check(record.get(n), f"{where}, {n}") for n in ("before", "reread", "after"))
    read = Reread(
        doc=record["doc"],
        start=record["start"],
        end=record["end"],
        sha256=record["sha256"],
        found_by=tuple(map(str, record["found_by"])),
        before=before,
        reread=reread,
        after=after,
        ruling=str(record.get("ruling", "")),
    )
    if read.adjudicated and not read.ruling:
        raise LabelError(f"{where}: the readings differ, and no `ruling` says what decided", hint=SHAPE)
    if read.changed and not read.adjudicated:
        raise LabelError(f"{where}: both readings agree, and `after` differs from them", hint=SHAPE)
    return read
