"""Say on what machine a figure was measured."""

import os
import platform
from pathlib import Path

from pipeline.ground.errors import StanceError

THREADS = "STANCE_THREADS"  # the variable that says how many threads one model may use


def describe_machine(gpu: str = "") -> str:
    """Name processor, cores and Python, as a reader of a timing needs them, and the GPU that did the work, if any."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    flags = ""
    if cpuinfo.is_file():
        lines = cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines()
        names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
        model = names[0] if names else model
        flags = " with AMX" if any("amx_bf16" in line for line in lines) else ""
    said = f"{model}{flags}, {os.cpu_count()} cores, Python {platform.python_version()}"
    return f"{said}, {gpu}" if gpu else said


def allowed_threads() -> int:
    """Give the threads one model may use: what `STANCE_THREADS` says, or one for each core it may run on.

    Raises:
        StanceError: the variable holds no whole number from 1 up.
    """
    said = os.environ.get(THREADS)
    if not said:
        return len(os.sched_getaffinity(0))
    if not said.isdecimal() or int(said) < 1:
        raise StanceError(f"{THREADS} is {said!r}, and a whole number from 1 up is expected", hint=f"unset {THREADS}")
    return int(said)
