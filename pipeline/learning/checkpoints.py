"""Keep weights and the state of a training in one file each: safetensors with facts as JSON, written by rename.

A kept file is one of a `kind`, in the `VERSION` of what made it; any other reads as absent.
"""

import json
import os
import tempfile
import time
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from pipeline.ground.errors import StanceError

VERSION = 1  # raise it when a change of code makes kept fits, judgements or checkpoints wrong
STALE = 24 * 3600  # seconds after which a half-written file belongs to no running process


def write_tensors(path: Path, kind: str, tensors: dict[str, Tensor], facts: dict[str, Any]) -> None:
    """Write tensors and facts; readers see the old file or the new, never half.

    Raises:
        StanceError: the file cannot be written: the disk is full, or the folder may not be written to.
    """
    name = ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _sweep(path)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        os.close(handle)
        whole = {key: tensor.detach().cpu().contiguous() for key, tensor in tensors.items()}
        save_file(whole, name, metadata={"facts": json.dumps(facts), "kind": kind, "version": str(VERSION)})
        os.replace(name, path)
    except (SafetensorError, OSError) as error:
        size = sum(tensor.nbytes for tensor in tensors.values()) / 1e6
        raise StanceError(
            f"cannot write {path} ({size:,.0f} MB): {error}",
            hint="make room, or make the folder writable; then run the same command again, and it goes on from here",
        ) from error
    finally:
        if name:
            Path(name).unlink(missing_ok=True)


def read_tensors(path: Path, kind: str, since: float = 0.0) -> tuple[dict[str, Tensor], dict[str, Any]] | None:
    """Read tensors and facts; None where there is no such file, it is damaged, or of another kind or version.

    A file that was written before `since`, in seconds as `time.time` gives them, counts as absent.
    """
    if not path.is_file():
        return None
    try:
        if path.stat().st_mtime < since:
            return None
        with safe_open(str(path), framework="pt") as file:
            said = file.metadata() or {}
            if (said.get("kind"), said.get("version")) != (kind, str(VERSION)):
                return None
            return {key: file.get_tensor(key) for key in file.keys()}, json.loads(said["facts"])  # noqa: SIM118
    except (SafetensorError, KeyError, ValueError, OSError):
        return None


def alike(found: dict[str, Tensor], wanted: dict[str, Tensor]) -> bool:
    """Tell whether tensors have the names and shapes of others."""
    return {k: v.shape for k, v in found.items()} == {k: v.shape for k, v in wanted.items()}


def _sweep(path: Path) -> None:
    """Remove what a killed process left of this file."""
    for left in path.parent.glob(f".{path.name}.*"):
        if time.time() - left.stat().st_mtime > STALE:
            left.unlink(missing_ok=True)
