"""Read items ahead in a child process that may fail: one that stalls, crashes or eats memory costs one document."""

import json
import os
import queue
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import IO, Any

from pipeline.corpus.readers import TEXTS
from pipeline.ground.errors import DocumentError, StanceError
from pipeline.ground.records import Block, BlockKind, Document, Reading, Sentence, Skipped, SkipReason
from pipeline.scoring.items import Failure, Item

COMMAND = (
    sys.executable,
    "-P",
    "-m",  # -P: no module of the folder one works in
    "pipeline.scoring.reading_child",
)
AHEAD = 4  # files under way in the child beside the one that is scored
ROWS_AHEAD = 64  # rows of a table, while they are short
SHORT = 20_000  # characters
FIELDS = tuple(field.name for field in fields(Item))
SECONDS = 120.0  # a document may take to read; the largest allowed take a quarter of that
SECONDS_HERE = 20.0  # a short text may take, which takes some hundredths


@dataclass(frozen=True, slots=True)
class Read:
    """An item that was read, with the sha256 of its bytes."""

    item: Item
    digest: str
    reading: Reading


def read_items(
    items: Iterable[Item | Failure], encoding: str | None = None, seconds: float = SECONDS
) -> Iterator[Read | Failure]:
    """Yield what each item was read as, in order; a failure passes through, and what cannot be read becomes one."""
    reader = _Reader(encoding, seconds)
    waiting: deque[Item | Failure] = deque()
    try:
        for item in items:
            waiting.append(item)
            if isinstance(item, Item):
                reader.ask(item)
            while len(waiting) > (AHEAD if _is_large(item) else ROWS_AHEAD):
                yield _next(waiting, reader)
        while waiting:
            yield _next(waiting, reader)
    finally:
        reader.close()


def read_here(item: Item, encoding: str | None = None, seconds: float = SECONDS_HERE) -> Read | Failure:
    """Read an item in this process, as the child does; in the main thread, for so many seconds at most."""
    from pipeline.scoring.reading_child import answer

    late = DocumentError(f"{item.place}: {_late(seconds)}", hint=_way_out(item))
    with _deadline(seconds, late):
        return outcome(item, answer({"item": {name: getattr(item, name) for name in FIELDS}, "encoding": encoding}))


@contextmanager
def _deadline(seconds: float, late: DocumentError) -> Iterator[None]:
    """Raise `late` after so many seconds; no thread but the main one can be told, and regular expressions listen."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def ring(*_: object) -> None:
        raise late

    before, left = signal.signal(signal.SIGALRM, ring), signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, *left)
        signal.signal(signal.SIGALRM, before)


def _late(seconds: float) -> str:
    return f"took longer than {seconds:g} s to read"


def _way_out(item: Item) -> str:
    plain = item.text is not None or Path(item.name).suffix.lower() in TEXTS
    return "look at it, and split it" if plain else "look at the file; save its text as .txt"


def as_error(failure: Failure) -> DocumentError:
    """Say a failure as an error, which begins with its place."""
    named = failure.reason.startswith(failure.place)
    return DocumentError(failure.reason if named else f"{failure.place}: {failure.reason}", hint=failure.hint)


def _is_large(item: Item | Failure) -> bool:
    return isinstance(item, Item) and (item.text is None or len(item.text) > SHORT)


def _next(waiting: "deque[Item | Failure]", reader: "_Reader") -> Read | Failure:
    first = waiting.popleft()
    return reader.answer() if isinstance(first, Item) else first


class _Reader:
    """Ask a child process; start another where it ended, and ask again what it had not begun."""

    def __init__(self, encoding: str | None, seconds: float) -> None:
        self._encoding = encoding
        self._seconds = seconds
        self._asked: deque[Item] = deque()
        self._child = _Child()

    def ask(self, item: Item) -> None:
        """Pass an item on."""
        self._asked.append(item)
        self._child.send(self._question(item))

    def answer(self) -> Read | Failure:
        """Wait for the outcome of the item asked first."""
        item = self._asked[0]
        fault = self._wait(item)
        self._asked.popleft()
        if isinstance(fault, Read | Failure):
            return fault
        self._again()
        return Failure(item.place, f"{item.place}: {fault}", _way_out(item))

    def _wait(self, item: Item) -> Read | Failure | str:
        """Give the outcome; words where the child ended or took too long."""
        if not self._child.ready:
            self._child.start(self._seconds)
        line = self._child.line(self._seconds)
        if line is None:
            return _late(self._seconds)
        if not line:
            return f"the process that read it ended ({self._child.end()})"
        return outcome(item, json.loads(line))

    def _again(self) -> None:
        self._child.stop()
        self._child = _Child()
        for item in self._asked:
            self._child.send(self._question(item))

    def _question(self, item: Item) -> str:
        return json.dumps({"item": {name: getattr(item, name) for name in FIELDS}, "encoding": self._encoding})

    def close(self) -> None:
        """End the child."""
        self._child.stop()


class _Child:
    """A reading process, its pipes, and a thread that fills the one it reads."""

    def __init__(self) -> None:
        self._said = _scratch()
        self._process = subprocess.Popen(  # noqa: S603 - our own module, no word of the user's in it
            COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._said, env=_environment()
        )
        self.ready = False
        self._rest = bytearray()
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        threading.Thread(target=self._feed, daemon=True).start()

    def send(self, line: str) -> None:
        """Queue a line; a full pipe holds up the thread and not the caller."""
        self._lines.put(line)

    def _feed(self) -> None:
        stream = self._process.stdin
        while stream is not None and (line := self._lines.get()) is not None:
            try:
                stream.write(line.encode("ascii") + b"\n")
                stream.flush()
            except (BrokenPipeError, ValueError):  # the child has ended, which its reader notices
                return

    def start(self, seconds: float) -> None:
        """Wait until the process can read; raise `StanceError` with what it said where it cannot."""
        if self.line(seconds) != "ready":
            self._process.kill()
            self._process.wait()
            self._said.seek(0)
            said = self._said.read().decode("utf-8", "replace").strip().splitlines() or ["it said nothing"]
            raise StanceError(
                f"the process that reads documents cannot start: {said[-1]}",
                hint="try it: python -P -m pipeline.scoring.reading_child; or is ulimit -v too low?",
            )
        self.ready = True

    def line(self, seconds: float) -> str | None:
        """Give the next line; empty where the child has ended, None where it takes longer."""
        stream, deadline, seen = self._process.stdout, time.monotonic() + seconds, 0
        assert stream is not None  # noqa: S101 - asked for when it was started
        while (at := self._rest.find(b"\n", seen)) < 0:
            seen = len(self._rest)
            ready, _, _ = select.select([stream], [], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                return None
            chunk = os.read(stream.fileno(), 1 << 20)
            if not chunk:
                return ""
            self._rest += chunk
        line = bytes(self._rest[:at])
        del self._rest[: at + 1]
        return line.decode("ascii")

    def end(self) -> str:
        """Say how the child ended."""
        code = self._process.wait(timeout=10)
        return f"signal {-code}" if code < 0 else f"exit code {code}"

    def stop(self) -> None:
        """Kill the child and close its pipes."""
        self._lines.put(None)
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                try:
                    stream.close()
                except BrokenPipeError:  # a line was still on its way to the child
                    continue
        self._said.close()


def _scratch() -> IO[bytes]:
    """Open a file for what the child says; where there is no room for one, it is not kept."""
    try:
        return tempfile.TemporaryFile()
    except OSError:
        return open(os.devnull, "w+b")  # noqa: PTH123 - no path of ours


def _environment() -> dict[str, str]:
    """Let the child import this very package, wherever it lies, and no other Python settings change."""
    import pipeline

    root = str(Path(pipeline.__file__).parents[1])
    before = os.environ.get("PYTHONPATH", "")
    return os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, [root, before])), "PYTHONWARNINGS": "ignore"}


def outcome(item: Item, answer: dict[str, Any]) -> Read | Failure:
    """Turn the child's answer back into records."""
    if "reason" in answer:
        return Failure(item.place, answer["reason"], answer["hint"])
    told = answer["reading"]
    text = told["text"]
    blocks = tuple(
        Block(BlockKind(kind), start, end, page, tuple((at, number) for at, number in turns))
        for kind, start, end, page, turns in told["blocks"]
    )
    document = Document(
        told["id"], text, blocks, source=told["source"], title=told["title"], path=item.place, date=told["date"]
    )
    sentences = tuple(
        Sentence(document.id, index, start, end, text[start:end], page, paragraph)
        for index, (start, end, page, paragraph) in enumerate(told["sentences"])
    )
    skipped = tuple(Skipped(start, end, SkipReason(why), text[start:end]) for start, end, why in told["skipped"])
    return Read(item, told["digest"], Reading(document, sentences, skipped))
