"""Read documents in a process of its own: items in as JSON lines, readings out as JSON lines.

A hostile file can then at most end or stall this process, and its memory is bounded by the operating system.
Run by `pipeline.scoring.reader`; never by hand.
"""

import ctypes
import json
import os
import resource
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from pipeline.ground.errors import DocumentError, StanceError
from pipeline.ground.records import Document, Reading

PR_SET_PDEATHSIG = 1  # prctl(2)
MEMORY = 3 << 30  # bytes of address space; what a document of the largest size allowed needs, twice over


def main() -> None:
    """Answer each line of standard input with a line, in order."""
    _bound()
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever a library prints stays out of the answers
    answers.write("ready\n")
    answers.flush()
    for line in sys.stdin:
        question = json.loads(line)
        answers.write(json.dumps(answer(question)) + "\n")
        answers.flush()


def _bound() -> None:
    """Limit this process's memory, and end it with its parent where the system can."""
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    most = MEMORY if hard == resource.RLIM_INFINITY else min(MEMORY, hard)
    with suppress(ValueError, OSError):  # some systems do not know this limit
        resource.setrlimit(resource.RLIMIT_AS, (most, hard))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def answer(question: dict[str, Any]) -> dict[str, Any]:
    """Read one item; give its reading with the digest of its bytes, or the reason why it cannot be read."""
    from pipeline.corpus.unforeseen import failures_named
    from pipeline.scoring.items import Item

    item = Item(**{**question["item"], "members": tuple(question["item"]["members"])})
    try:
        with failures_named(item.place):
            return {"reading": read_whole(item, question["encoding"])}
    except StanceError as error:
        return {"reason": error.message, "hint": error.hint}


def read_whole(item: Any, encoding: str | None) -> dict[str, Any]:
    """Read an item through; raise `DocumentError` where that fails."""
    from pipeline.corpus.readers import parse_document, read_text
    from pipeline.corpus.reading import read, read_given
    from pipeline.scoring.archives import read_item
    from pipeline.scoring.items import digest_of

    raw = read_item(item) if item.text is None else item.text.encode("utf-8", "surrogatepass")
    doc_id = item.id or item.place
    if item.text is None:
        document = parse_document(Path(item.place), raw, encoding=encoding, doc_id=doc_id, name=item.name)
    else:
        _refuse_surrogates(item)
        document = read_text(item.text, doc_id)
    reading = read(document) if item.text is None else read_given(document)
    return as_json(reading, item, digest_of(item, raw))


def _refuse_surrogates(item: Any) -> None:
    try:
        item.text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise DocumentError(
            f"{item.place}: holds half a surrogate pair at character {error.start}, and no text",
            hint="write the character itself in UTF-8, or both halves",
        ) from error


def as_json(reading: Reading, item: Any, digest: str) -> dict[str, Any]:
    """Give a reading as JSON holds it; what the item knows of date, title and source comes first."""
    document: Document = reading.document
    return {
        "digest": digest,
        "id": document.id,
        "text": document.text,
        "title": item.title or document.title,
        "date": item.date or document.date,
        "source": item.source or document.source,
        "sentences": [[one.start, one.end, one.page, one.paragraph] for one in reading.sentences],
        "blocks": [
            [str(one.kind), one.start, one.end, one.page, [list(turn) for turn in one.turns]] for one in document.blocks
        ],
        "skipped": [[one.start, one.end, str(one.reason)] for one in reading.skipped],
    }


if __name__ == "__main__":
    main()
