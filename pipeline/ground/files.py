"""Read and write files so that nothing is half-written and every fault names its line."""

import glob
import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from pipeline.ground.errors import ConfigError, StanceError

GENERATOR = "cautious-hope"  # the meta tag by which a page is known as ours, with the kind of page after it
HEAD = 4_000  # characters of a page among which its meta tags stand
LONGEST = 200  # bytes of a name that a temporary name is made of; most systems allow 255
BLOCK = 2**22  # bytes of a file that are hashed at once
DAY = 24 * 3600  # seconds after which a folder half-made belongs to no running process


def sha256_of(path: Path) -> str:
    """Hash a file's bytes; return 64 hex digits.

    `hashlib.file_digest` reads so little at a time that a thread of it waits more for its turn than it hashes.
    """
    digest = hashlib.sha256()
    with path.open("rb", buffering=0) as stream:
        block = memoryview(bytearray(BLOCK))
        while count := stream.readinto(block):
            digest.update(block[:count])
    return digest.hexdigest()


def hash_text(text: str, digits: int = 64) -> str:
    """Hash a text in UTF-8; return the first `digits` hex digits."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:digits]


def hash_json(value: Any, digits: int = 16) -> str:
    """Hash a JSON value in canonical form (sorted keys, no spaces)."""
    return hash_text(json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False), digits)


def read_bytes(path: Path) -> bytes:
    """Read a file whole; raise `StanceError` naming it where that fails."""
    if not path.exists():
        raise StanceError(f"no such file: {path}", hint="check the path; it is relative to the folder you are in")
    if path.is_dir():
        raise StanceError(f"{path} is a folder, and a file is expected", hint=f"name a file in it: ls {path}")
    try:
        return path.read_bytes()
    except OSError as error:
        raise StanceError(f"cannot read {path}: {error.strerror}", hint="check its permissions") from error


def read_utf8(path: Path) -> str:
    """Read a file of ours as UTF-8 text; raise `ConfigError` with the offending byte."""
    try:
        return read_bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"{path}: not UTF-8 (byte {error.object[error.start]:#04x} at position {error.start})",
            hint=f"convert it: iconv -f WINDOWS-1252 -t UTF-8 {path}",
        ) from error


def read_json(path: Path) -> Any:
    """Read a JSON file; raise `ConfigError` naming the line where it is not JSON."""
    try:
        return json.loads(read_utf8(path))
    except json.JSONDecodeError as error:
        raise ConfigError(f"{path}, line {error.lineno}: not JSON ({error.msg})", hint="restore the file") from error
    except RecursionError as error:
        raise ConfigError(f"{path}: JSON nested too deeply to be read", hint="restore the file") from error


def read_jsonl(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (line number, record) for each line that holds one; blank lines are passed over."""
    for number, line in enumerate(read_utf8(path).split("\n"), start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            if "\\u" in line:  # only an escape can name half a surrogate pair; the file itself is UTF-8
                json.dumps(record, ensure_ascii=False).encode("utf-8")
        except json.JSONDecodeError as error:
            raise ConfigError(
                f"{path}, line {number}: not JSON ({error.msg}, column {error.colno})",
                hint="each line must be one JSON object",
            ) from error
        except UnicodeEncodeError as error:
            raise ConfigError(
                f"{path}, line {number}: \\u{ord(error.object[error.start]):04x} is half a surrogate pair, and no text",
                hint="write the character itself in UTF-8, or both halves",
            ) from error
        except RecursionError as error:
            raise ConfigError(
                f"{path}, line {number}: JSON nested too deeply to be read",
                hint="each line must be one JSON object",
            ) from error
        if not isinstance(record, dict):
            raise ConfigError(
                f"{path}, line {number}: a JSON {type(record).__name__}, and an object is expected",
                hint='each line must be one JSON object, such as {"text": "…", "labels": []}',
            )
        yield number, record


def write_text(path: Path, text: str) -> None:
    """Write a text file by rename, so that readers see the old file or the new, never half."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{cut_name(path.name)}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def write_jsonl(path: Path, records: Iterable[dict[str, Any]]) -> None:
    """Write records, one JSON object a line, by rename."""
    write_text(path, "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records))


def write_json(path: Path, value: Any) -> None:
    """Write a JSON value, indented, by rename."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def is_ours(path: Path, kind: str = "") -> bool:
    """Tell whether a file is a page that was written here, and of this kind where one is named; it is no document."""
    wanted = f"{GENERATOR} {kind}" if kind else GENERATOR
    return f'<meta name="generator" content="{wanted}' in head_of(path)


def head_of(path: Path) -> str:
    """Read the beginning of a page; empty for what is no ordinary file or cannot be read."""
    try:
        if not path.is_file():  # opening a pipe would wait for it
            return ""
        with path.open(encoding="utf-8", errors="replace") as stream:
            return stream.read(HEAD)
    except OSError:
        return ""


def look_at(path: Path) -> os.stat_result | None:
    """Look at what lies where a file is to be written; None where nothing does.

    Raises:
        StanceError: it cannot be told, as of a link to itself, a name too long, a folder that nobody may enter.
    """
    try:
        return path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        said = error.strerror if isinstance(error, OSError) else error
        raise StanceError(
            f"cannot write {path}: {said}", hint="name a file with a shorter name, or in a folder you may write to"
        ) from error


def cut_name(name: str, most: int = LONGEST) -> str:
    """Cut a file's name to at most `most` bytes, between characters."""
    held = os.fsencode(name)
    return name if len(held) <= most else held[:most].decode("utf-8", "ignore")


def sweep(target: Path) -> None:
    """Remove what runs killed a day ago or more left beside `target`; a younger folder may be another run's at work."""
    for left in target.parent.glob(f".{glob.escape(target.name)}.*"):
        with suppress(FileNotFoundError):  # another run was quicker
            if left.is_dir() and time.time() - left.stat().st_mtime > DAY:
                shutil.rmtree(left, ignore_errors=True)


@contextmanager
def whole_folder(target: Path) -> Iterator[Path]:
    """Yield a folder to fill; it becomes `target` by one rename, or vanishes if the block fails.

    An older folder at `target` is replaced only after the new one is complete.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    sweep(target)
    staging = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}."))
    try:
        staging.chmod(0o755)
        yield staging
        old = staging.with_name(staging.name + ".old")
        if target.exists():
            os.replace(target, old)
        try:
            os.replace(staging, target)
        except BaseException:
            if old.exists():
                os.replace(old, target)
            raise
        shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
