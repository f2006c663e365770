"""Find the documents in zip archives, and read one: in memory, within limits, each fault with its member."""

import io
import re
import stat
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO, cast

from pipeline.ground.errors import DocumentError
from pipeline.scoring.columns import TableOptions
from pipeline.scoring.items import Failure, Item, path_of, seal, spell
from pipeline.scoring.kinds import Kind, Tally, kind_of
from pipeline.scoring.opened import LARGEST, open_file, read_bounded
from pipeline.scoring.tables import table_items

DEEPEST = 3  # archives within archives; people forward a zip of zips, and nobody goes further
MOST_MEMBERS = 100_000  # members of one archive with all nested ones; a directory of these takes some 80 MB of memory
MOST_BYTES = (
    32 * 2**30
)  # declared bytes of one archive with all nested ones: half a million reports, unpacked in minutes
STEEPEST = 200  # bytes out of one byte in; prose gives 3 to 10, the most repetitive real tables some 100
HARMLESS = 2**20  # bytes below which a member may be packed as tightly as it likes
_DIRECTORY = 16 * 2**20  # bytes of an archive's directory, which zipfile reads in one go
_ENCRYPTED = 0x1
_UNIX = 3
_HEADER = 30  # bytes of a member's own header, without its name
# bzip2 and lzma are refused: zipfile sets no limit to what one step unpacks, and 45 bytes can become 45 million.
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
# All that zipfile has been seen to raise on hostile bytes.
_FAULTS = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    OSError,
    ValueError,
    OverflowError,
)
_UNPACK = "unpack it by hand into a folder, and name the folder"
_BEWARE = "leave it out, unless you know who packed it"


class _Archive(zipfile.ZipFile):
    """An archive that closes its stream."""

    def __init__(self, stream: io.BufferedReader) -> None:
        self._stream = stream
        super().__init__(stream)

    def close(self) -> None:
        super().close()
        self._stream.close()


class _Guarded(io.BufferedReader):
    """A stream that refuses to read very much at once."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is None or size < 0:  # the end of the file, where zipfile looks for the directory's place
            return super().read(_DIRECTORY)
        if size > _DIRECTORY:
            raise DocumentError(f"its directory is longer than {_DIRECTORY:,} bytes, which is the most that is read")
        return super().read(size)


@dataclass(slots=True)
class _Budget:
    """What is left to one archive and all archives in it."""

    members: int
    size: int


@dataclass(frozen=True, slots=True)
class _Spot:
    """Where an archive lies: its file, the way into it, and how messages name it."""

    path: str
    place: str
    ways: tuple[str, ...] = ()


def archive_items(path: Path, place: str, options: TableOptions, tally: Tally) -> Iterator[Item | Failure]:
    """Yield the documents and table rows of an archive in its own order, and what is wrong with the rest.

    Documents are not unpacked; tables and nested archives are, in memory. Hidden members and those of other kinds
    are counted in `tally`.
    """
    try:
        archive = _open(open_file(path))
    except DocumentError as error:
        yield Failure(place, error.message, error.hint or _UNPACK)
        return
    with archive:
        yield from _Search(options, tally, _Budget(MOST_MEMBERS, MOST_BYTES)).members(archive, _Spot(seal(path), place))


@dataclass(frozen=True, slots=True)
class _Search:
    options: TableOptions
    tally: Tally
    budget: _Budget

    def members(self, archive: _Archive, spot: _Spot) -> Iterator[Item | Failure]:
        infos = [info for info in archive.infolist() if not info.is_dir()]
        self.budget.members -= len(infos)
        if self.budget.members < 0:
            yield Failure(spot.place, f"holds more than {MOST_MEMBERS:,} members, the most that is read", _UNPACK)
            return
        overlapping = _overlapping(infos)
        left = Counter(_name(info) for info in infos)
        for number, info in enumerate(infos, 1):
            name = _name(info)
            left[name] -= 1
            if self._passed_over(name):
                continue
            place = f"{spot.place}!{_safe(name)}"
            if left[name]:
                fault = "another member further on has the same name, and stands for both"
                yield Failure(f"{place} (member {number})", fault, "give each a name of its own")
            elif info.header_offset in overlapping:
                yield Failure(place, "its bytes are another member's too, as in a zip bomb", _BEWARE)
            elif fault := _fault(info):
                yield Failure(place, fault, _hint(info))
            elif (self.budget.size - info.file_size) < 0:
                yield Failure(place, f"with it the archive unpacks to more than {MOST_BYTES:,} bytes", _UNPACK)
            else:
                self.budget.size -= info.file_size
                yield from self._member(archive, info, spot, place)

    def _passed_over(self, name: str) -> bool:
        """Count a hidden member, or one of another kind, and tell that it is one."""
        parts = re.split(r"[/\\]", name)
        if any(part == "__MACOSX" or (part.startswith(".") and part not in (".", "..")) for part in parts):
            self.tally.hidden += 1
            return True
        if kind_of(name) is None:
            self.tally.pass_over(name)
            return True
        return False

    def _member(self, archive: _Archive, info: zipfile.ZipInfo, spot: _Spot, place: str) -> Iterator[Item | Failure]:
        name, ways, kind = _name(info), (*spot.ways, info.filename), kind_of(_name(info))
        if kind is Kind.DOCUMENT:
            yield Item(place, spell(name.rsplit("/", 1)[-1]), id=place, path=spot.path, members=ways)
            return
        if kind is Kind.ARCHIVE and len(ways) >= DEEPEST:
            yield Failure(place, f"archives are nested deeper than {DEEPEST} here", _UNPACK)
            return
        try:
            stream = io.BytesIO(_unpacked(archive, info, place))
            if kind is Kind.TABLE:
                yield from table_items(stream, name, place, self.options, self.tally.ends)
                return
            with _open(stream) as inner:
                yield from self.members(inner, _Spot(spot.path, place, ways))
        except DocumentError as error:
            yield Failure(place, error.message.removeprefix(f"{place}: "), error.hint or _UNPACK)


def read_item(item: Item) -> bytes:
    """Read the bytes of an item: its file, its member of an archive, or its text in UTF-8.

    Raises:
        DocumentError: it is no ordinary file, cannot be read, is damaged, or holds more than `LARGEST` bytes.
    """
    if item.text is not None:
        return item.text.encode("utf-8")
    path = path_of(item)
    if item.members:
        archive = _shelved(path, item.members[:-1], _stamp(path))
        return _unpacked(archive, _named(archive, item.members[-1], item.place), item.place)
    with open_file(path) as stream:
        try:
            return read_bounded(cast(BinaryIO, stream), item.place, LARGEST)
        except OSError as error:
            raise DocumentError(f"{item.place}: cannot be read ({error.strerror})", hint="copy it anew") from error


# Members come one after another, and an archive's directory is long to read.
@lru_cache(maxsize=DEEPEST)
def _shelved(path: Path, ways: tuple[str, ...], stamp: tuple[int, ...]) -> _Archive:
    """Open an archive, or one nested in it, and keep it open for the members after; `stamp` tells a changed file."""
    if not ways:
        return _open(open_file(path))
    outer, shown = _shelved(path, ways[:-1], stamp), spell("!".join((path.as_posix(), *ways)))
    return _open(io.BytesIO(_unpacked(outer, _named(outer, ways[-1], shown), shown)))


def _stamp(path: Path) -> tuple[int, ...]:
    try:
        facts = path.stat()
    except (OSError, ValueError) as error:
        raise DocumentError(f"{spell(path.as_posix())}: no longer there", hint="start again") from error
    return facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtime_ns


def _open(raw: io.FileIO | io.BytesIO) -> _Archive:
    """Open an archive on a stream, which is closed with it."""
    stream = _Guarded(cast(io.RawIOBase, raw))
    try:
        return _Archive(stream)
    except UnicodeDecodeError as error:
        stream.close()
        raise DocumentError("a member's name is marked as UTF-8 and is not", hint=_UNPACK) from error
    except _FAULTS as error:
        stream.close()
        raise DocumentError(f"no zip archive, or a damaged one ({error})", hint="download or copy it anew") from error
    except DocumentError:
        stream.close()
        raise


def _named(archive: _Archive, name: str, shown: str) -> zipfile.ZipInfo:
    try:
        return archive.getinfo(name)
    except KeyError as error:
        raise DocumentError(f"{shown}: no longer in the archive", hint="start again") from error


def _unpacked(archive: _Archive, info: zipfile.ZipInfo, shown: str) -> bytes:
    """Unpack one member in memory; what it declares is checked first, and what comes out is counted."""
    if fault := _fault(info):
        raise DocumentError(f"{shown}: {fault}", hint=_hint(info))
    try:
        with archive.open(info) as stream:
            return read_bounded(cast(BinaryIO, stream), shown, min(LARGEST, info.file_size))
    except _FAULTS as error:
        raise DocumentError(
            f"{shown}: damaged in the archive ({error or type(error).__name__})", hint="download or copy it anew"
        ) from error


def _fault(info: zipfile.ZipInfo) -> str:
    """Say why a member is not to be unpacked; empty where it may be."""
    if info.flag_bits & _ENCRYPTED:
        return "encrypted with a password"
    if info.compress_type not in _METHODS:
        return f"packed by method {info.compress_type}; stored (0) and deflate (8) are read"
    if info.create_system == _UNIX and stat.S_ISLNK(info.external_attr >> 16):
        return "a link to another file, and a file is expected"
    if info.file_size > LARGEST:
        return f"unpacks to {info.file_size:,} bytes; at most {LARGEST:,} are read"
    if _explodes(info):
        return (
            f"{info.compress_size:,} bytes unpack to {info.file_size:,}, more than {STEEPEST} times as many: a zip bomb"
        )
    return ""


def _explodes(info: zipfile.ZipInfo) -> bool:
    return info.file_size > max(HARMLESS, STEEPEST * info.compress_size)


def _hint(info: zipfile.ZipInfo) -> str:
    return _BEWARE if _explodes(info) else _UNPACK


def _overlapping(infos: list[zipfile.ZipInfo]) -> set[int]:
    """Give the header offsets of members that share bytes with another: no packer makes such, zip bombs do."""
    shared: set[int] = set()
    reach, owner = -1, -1
    for info in sorted(infos, key=lambda one: one.header_offset):
        if info.header_offset < reach:
            shared |= {owner, info.header_offset}
        end = info.header_offset + _HEADER + info.compress_size
        if end > reach:
            reach, owner = end, info.header_offset
    return shared


def _name(info: zipfile.ZipInfo) -> str:
    """Give a member's name; older packers write UTF-8 without saying so, and zipfile takes that for code page 437."""
    if info.flag_bits & 0x800:
        return info.filename
    try:
        return info.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return info.filename


def _safe(name: str) -> str:
    r"""Spell a member's name so that no one who joins it to a folder leaves it: `\/etc/a.txt`, `\../a.txt`."""
    parts = [f"\\{part}" if part in (".", "..") else part for part in spell(name).split("/")]
    return ("\\" if name.startswith("/") else "") + "/".join(parts)
