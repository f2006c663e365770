"""Score a stream of documents: windows of sentences go to the model while the next ones are read and tokenised."""

from collections import OrderedDict, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b

import numpy as np

from pipeline.ground.records import Prediction, ScoredDocument
from pipeline.inference.graph import Pending
from pipeline.predict import Predictor
from pipeline.scoring.items import Failure
from pipeline.scoring.reader import Read

WINDOW = 1024  # sentences sorted by length and batched together
LONGEST_LINE = 8192  # documents and failures that wait behind one whose window is not full
UNDER_WAY = 3  # windows begun and not yet gathered: one runs, one waits, one is gathered
REMEMBERED = 1 << 16  # sentences whose scores are kept, so that what recurs is computed once


@dataclass(frozen=True, slots=True)
class Scored:
    """A document as judged, with what it was read from."""

    read: Read
    scored: ScoredDocument


@dataclass(slots=True)
class _Open:
    """A document whose sentences are under way."""

    read: Read
    missing: int
    predictions: list[Prediction] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Window:
    """Sentences begun together: their digests, whose they are, and the rows to come of those not remembered."""

    texts: list[str]
    keys: list[bytes]
    owners: list["_Open"]
    sizes: list[int]
    new: dict[bytes, int]
    known: dict[bytes, np.ndarray]
    pending: Pending


class _Memory:
    """Raw rows of the sentences met last, by digest; the oldest go first."""

    def __init__(self) -> None:
        self._rows: OrderedDict[bytes, np.ndarray] = OrderedDict()

    def get(self, key: bytes) -> np.ndarray | None:
        return self._rows.get(key)

    def keep(self, key: bytes, row: np.ndarray) -> None:
        self._rows[key] = row
        if len(self._rows) > REMEMBERED:
            self._rows.popitem(last=False)


def score_stream(predictor: Predictor, stream: Iterable[Read | Failure]) -> Iterator[Scored | Failure]:
    """Yield each document judged, in order, and failures in their places; equal sentences are computed once.

    At most a few windows and the documents they belong to are in memory.
    """
    memory, windows = _Memory(), deque[_Window]()
    line: deque[_Open | Failure] = deque()
    waiting: list[tuple[_Open, list[str]]] = []
    held = 0
    for one in stream:
        if isinstance(one, Failure):
            line.append(one)
            if len(line) > LONGEST_LINE and waiting:
                windows.append(_begin(predictor, waiting, memory))
                waiting, held = [], 0
                while windows:
                    _gather(predictor, windows.popleft(), memory)
            yield from _finished(predictor, line)
            continue
        document = _Open(one, len(one.reading.sentences))
        line.append(document)
        for first in range(0, document.missing, WINDOW):
            part = one.reading.sentences[first : first + WINDOW]
            waiting.append((document, [sentence.text for sentence in part]))
            held += len(part)
            if held >= WINDOW:
                windows.append(_begin(predictor, waiting, memory))
                waiting, held = [], 0
                while len(windows) >= UNDER_WAY:
                    _gather(predictor, windows.popleft(), memory)
                    yield from _finished(predictor, line)
    if waiting:
        windows.append(_begin(predictor, waiting, memory))
    while windows:
        _gather(predictor, windows.popleft(), memory)
    yield from _finished(predictor, line)


def _begin(predictor: Predictor, waiting: Sequence[tuple[_Open, list[str]]], memory: _Memory) -> _Window:
    """Begin the sentences nobody remembers, each once."""
    texts = [text for _, part in waiting for text in part]
    keys = [blake2b(" ".join(text.split()).encode("utf-8"), digest_size=16).digest() for text in texts]
    new: dict[bytes, int] = {}
    known: dict[bytes, np.ndarray] = {}
    fresh: list[str] = []
    for key, text in zip(keys, texts, strict=True):
        if key in new or key in known:
            continue
        row = memory.get(key)
        if row is None:
            new[key] = len(fresh)
            fresh.append(text)
        else:
            known[key] = row
    owners, sizes = [owner for owner, _ in waiting], [len(part) for _, part in waiting]
    return _Window(texts, keys, owners, sizes, new, known, predictor.begin_raw(fresh))


def _gather(predictor: Predictor, window: _Window, memory: _Memory) -> None:
    """Wait for a window's rows, decide on them together, and hand the predictions to their documents."""
    rows = window.pending()
    for key, place in window.new.items():
        memory.keep(key, rows[place])
    found = [window.known[key] if key in window.known else rows[window.new[key]] for key in window.keys]
    predictions = predictor.decided(window.texts, np.array(found))
    first = 0
    for owner, size in zip(window.owners, window.sizes, strict=True):
        owner.predictions += predictions[first : first + size]
        owner.missing -= size
        first += size


def _finished(predictor: Predictor, line: "deque[_Open | Failure]") -> Iterator[Scored | Failure]:
    """Yield from the head of the line what is complete."""
    while line and (isinstance(line[0], Failure) or not line[0].missing):
        first = line.popleft()
        yield first if isinstance(first, Failure) else _judged(predictor, first)


def _judged(predictor: Predictor, document: _Open) -> Scored:
    return Scored(document.read, predictor.profiled(document.read.reading, document.predictions))
