"""Say on what machine a figure was measured."""

import os
import platform
from pathlib import Path


def describe_machine() -> str:
    """Name processor, cores and Python, as a reader of a timing needs them."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    flags = ""
    if cpuinfo.is_file():
        lines = cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines()
        names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
        model = names[0] if names else model
        flags = " with AMX" if any("amx_bf16" in line for line in lines) else ""
    return f"{model}{flags}, {os.cpu_count()} cores, Python {platform.python_version()}"
