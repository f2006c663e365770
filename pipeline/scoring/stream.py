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


@dataclass(slots=True)
class _Window:
    """Sentences begun together: their digests, whose they are, and the rows to come of those that are new.

    Others are remembered, or under way in a window begun before, which is gathered before.
    """

    texts: list[str]
    keys: list[bytes]
    owners: list["_Open"]
    sizes: list[int]
    new: dict[bytes, int] = field(default_factory=dict)
    known: dict[bytes, np.ndarray] = field(default_factory=dict)
    before: dict[bytes, "_Window"] = field(default_factory=dict)
    pending: Pending | None = None
    rows: np.ndarray | None = None

    def row(self, key: bytes) -> np.ndarray:
        """Give the row of a sentence, once this window and those before it are gathered."""
        if key in self.known:
            return self.known[key]
        window = self.before.get(key, self)
        assert window.rows is not None  # noqa: S101 - windows are gathered in their order
        row: np.ndarray = window.rows[window.new[key]]
        return row


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
                windows.append(_begin(predictor, waiting, memory, windows))
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
                windows.append(_begin(predictor, waiting, memory, windows))
                waiting, held = [], 0
                while len(windows) >= UNDER_WAY:
                    _gather(predictor, windows.popleft(), memory)
                    yield from _finished(predictor, line)
    if waiting:
        windows.append(_begin(predictor, waiting, memory, windows))
    while windows:
        _gather(predictor, windows.popleft(), memory)
    yield from _finished(predictor, line)


def _begin(
    predictor: Predictor, waiting: Sequence[tuple[_Open, list[str]]], memory: _Memory, windows: Iterable[_Window]
) -> _Window:
    """Begin the sentences that nobody remembers and no window has under way, each once."""
    texts = [text for _, part in waiting for text in part]
    keys = [blake2b(" ".join(text.split()).encode("utf-8"), digest_size=16).digest() for text in texts]
    under_way = {key: window for window in windows for key in window.new}
    begun = _Window(texts, keys, [owner for owner, _ in waiting], [len(part) for _, part in waiting])
    fresh: list[str] = []
    for key, text in zip(keys, texts, strict=True):
        if key in begun.new or key in begun.known or key in begun.before:
            continue
        row = memory.get(key)
        if row is not None:
            begun.known[key] = row
        elif key in under_way:
            begun.before[key] = under_way[key]
        else:
            begun.new[key] = len(fresh)
            fresh.append(text)
    begun.pending = predictor.begin_raw(fresh)
    return begun


def _gather(predictor: Predictor, window: _Window, memory: _Memory) -> None:
    """Wait for a window's rows, decide on them together, and hand the predictions to their documents."""
    assert window.pending is not None  # noqa: S101 - `_begin` made it
    window.rows = window.pending()
    for key, place in window.new.items():
        memory.keep(key, window.rows[place])
    predictions = predictor.decided(window.texts, np.array([window.row(key) for key in window.keys]))
    window.before.clear()  # else each would hold the one before it, to the first
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
