"""Read lines of text of bounded length, in the encoding named, marked, or UTF-8."""

import codecs
import io
from collections.abc import Iterator
from typing import BinaryIO

from pipeline.corpus.webpage import text_encoding
from pipeline.ground.errors import DocumentError
from pipeline.scoring.columns import LONGEST

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class Lines:
    """The lines of a stream with their ends; counts them, and refuses to hold very many characters for one record.

    A byte that is no character becomes a lone surrogate, so that only its own row is lost.
    """

    def __init__(self, stream: BinaryIO, encoding: str | None, *, newline: str) -> None:
        self._text = io.TextIOWrapper(
            io.BufferedReader(stream),  # type: ignore[type-var] # any stream will do at run time
            _encoding(stream, encoding),
            errors="surrogateescape",
            newline=newline,
        )
        self.number = 0
        self.ended = False
        self.held = 0  # characters since the record began
        self._cut = False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._read()
        if not line:
            self.ended = True
            raise StopIteration
        self.number += 1
        self.held += len(line)
        if self.held > LONGEST:
            raise TooLong(self.number)
        return line

    def skip_rest(self) -> None:
        """Leave out what is left of a line that is too long."""
        while self._cut and self._read():
            pass

    @property
    def encoding(self) -> str:
        """Give the encoding in which the stream is read, by Python's name."""
        return self._text.encoding

    def detach(self) -> None:
        """Let go of the stream without closing it."""
        self._text.detach().detach()

    def _read(self) -> str:
        try:
            line = self._text.readline(LONGEST + 1)
        except UnicodeError as error:
            raise DocumentError(
                f"line {self.number + 1}: not {self._text.encoding.upper()} from here on ({error.reason})"
                if isinstance(error, UnicodeDecodeError)
                else f"not {self._text.encoding.upper()} ({error})",
                hint="name its encoding: --encoding windows-1252",
            ) from error
        self._cut = bool(line) and not line.endswith("\n")
        return line


class TooLong(DocumentError):
    """A line or record exceeds `LONGEST` characters."""

    def __init__(self, line: int) -> None:
        super().__init__(
            f"line {line}: longer than {LONGEST:,} characters, the most that is held of one record",
            hint="cut the text into parts",
        )
        self.line = line


def _encoding(stream: BinaryIO, named: str | None) -> str:
    head = stream.read(4)
    stream.seek(0)
    marked = next((name for mark, name in _MARKS if head.startswith(mark)), None)
    known = None if named is None else text_encoding(named)
    if named is not None and known is None:
        raise DocumentError(
            f"unknown encoding {named!r}; allowed: utf-8, utf-16, windows-1252 and others Python knows",
            hint="--encoding windows-1252",
        )
    # As for documents: a file may carry a mark although the user says utf-8, and the mark is no text.
    return marked if marked and known in (None, "utf-8") else known or "utf-8"
