"""Open what may be hostile: ordinary files only, never a pipe or device, and no more bytes than a stated number."""

import io
import os
import stat
from pathlib import Path
from typing import BinaryIO

from pipeline.ground.errors import DocumentError
from pipeline.scoring.items import spell

LARGEST = 256 * 2**20  # bytes of one document; the longest scanned reports are about half of that
_CHUNK = 2**20
_KINDS = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFDIR: "a folder",
}


def what_is(mode: int) -> str:
    """Name what a mode belongs to; empty for an ordinary file."""
    return "" if stat.S_ISREG(mode) else _KINDS.get(stat.S_IFMT(mode), "no ordinary file")


def open_file(path: Path) -> io.FileIO:
    """Open an ordinary file for reading; raise `DocumentError` for anything else, without waiting for a pipe."""
    shown = spell(path.as_posix())
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
    except (OSError, ValueError) as error:
        raise DocumentError(f"{shown}: {why(error)}", hint="see who may read it: ls -l") from error
    # It was looked at before, and may have been exchanged for a pipe since.
    if odd := what_is(os.fstat(handle).st_mode):
        os.close(handle)
        raise DocumentError(f"{shown}: {odd}, and a file is expected", hint="name an ordinary file")
    return io.FileIO(handle, "rb", closefd=True)


def read_bounded(stream: BinaryIO, shown: str, largest: int) -> bytes:
    """Read a stream to its end in small steps; raise `DocumentError` once it gives more than `largest` bytes."""
    buffer = bytearray()
    while chunk := stream.read(_CHUNK):
        buffer += chunk
        if len(buffer) > largest:
            raise DocumentError(
                f"{shown}: longer than {largest:,} bytes, which is the most that is read of one document",
                hint="cut it into parts, or take pictures out of it",
            )
    return bytes(buffer)


def why(error: OSError | ValueError) -> str:
    """Say in plain words what the system says of a file."""
    if isinstance(error, FileNotFoundError):
        return "no such file or folder"
    if isinstance(error, PermissionError):
        return "permission denied"
    return f"cannot be read ({(error.strerror or 'no reason given') if isinstance(error, OSError) else error})"
