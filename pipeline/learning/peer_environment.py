"""Make the environment a peer's program runs in: complete or not at all, once for each set of requirements."""

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

from pipeline.ground.errors import PeerError
from pipeline.ground.files import hash_json, write_text
from pipeline.ground.progress import Progress
from pipeline.learning.learners import PeerLearner

READY = ".ready"  # written last, so an environment without it was never finished
NOISE = "WARNING: Location"  # pip's word for a local index that lacks a package


def environment(learner: PeerLearner, base: Path, progress: Progress | None = None) -> Path:
    """Return the interpreter of a peer's environment, made in `<base>/../.cache/peers` where it is not there.

    Without requirements it is the interpreter that runs us.

    Raises:
        PeerError: the environment cannot be made; the message ends with pip's last lines.
    """
    if not learner.requirements:
        return Path(sys.executable)
    folder = cache(base) / f"{learner.program}-{_hash(learner)}"
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not ((folder / READY).is_file() and python.exists()):
        _make(folder, python, learner, progress or Progress())
    return python


def cache(base: Path) -> Path:
    """Say where environments and logs of peers lie, for recipes in the folder `base`."""
    return base.resolve().parent / ".cache" / "peers"


def _hash(learner: PeerLearner) -> str:
    return hash_json([list(learner.requirements), platform.python_version(), sys.base_prefix], 12)


def _make(folder: Path, python: Path, learner: PeerLearner, progress: Progress) -> None:
    """Install torch first and alone, so that the index's CPU build is taken and nothing later replaces it."""
    progress.say(f"making the environment of the {learner.program} peer in {folder}")
    log = folder.with_name(folder.name + ".log")
    try:
        shutil.rmtree(folder, ignore_errors=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        log.unlink(missing_ok=True)
        _run([sys.executable, "-m", "venv", str(folder)], log, learner)
        torch = [one for one in learner.requirements if one.startswith("torch==")]
        for wanted in (torch, list(learner.requirements)):
            if wanted:
                _run([str(python), "-m", "pip", "install", "--no-input", *wanted], log, learner)
        write_text(folder / READY, "\n".join(learner.requirements) + "\n")
    except OSError as error:
        raise PeerError(
            f"no environment can be made for the {learner.program} peer: {error}",
            hint=f"{folder.parent} must be a folder that can be written to",
        ) from error


def _run(command: list[str], log: Path, learner: PeerLearner) -> None:
    """Run one step of the making, its output at the log's end."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    with log.open("ab") as stream:
        ended = subprocess.run(  # noqa: S603 - pip of our own environment, requirements of a recipe
            command, stdout=stream, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, env=kept, check=False
        )
    if ended.returncode:
        raise PeerError(
            f"the environment of the {learner.program} peer cannot be made: {' '.join(command[1:4])} ended with"
            f" {ended.returncode}\n{tail(log)}",
            hint=f"the whole log is {log}; with a package index in reach, run the same command again,"
            " or correct `requirements` in the recipe",
        )


def tail(log: Path, lines: int = 6) -> str:
    """Give a log's last lines that say something, each indented."""
    said = [line.rstrip() for line in log.read_text(encoding="utf-8", errors="replace").splitlines()]
    return "\n".join(f"  {line}" for line in [s for s in said if s and not s.startswith(NOISE)][-lines:])
