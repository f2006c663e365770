"""Name the code that made something."""

import subprocess
from pathlib import Path

from pipeline import __version__


def code_version() -> str:
    """Give the package version with the checkout's commit, and `.dirty` where the code differs from it.

    Labels and recipes have fingerprints of their own, and a page of prose changes no figure.
    """
    root, whole = _root(), commit()
    if not whole:
        return __version__
    dirty = ".dirty" if _git(root, "status", "--porcelain", "--", "pipeline", "pyproject.toml") else ""
    return f"{__version__}+{whole[:10]}{dirty}"


def commit() -> str:
    """Give the full hash of the checkout's commit; empty where the package lies in no checkout of its own."""
    root = _root()
    return _git(root, "rev-parse", "HEAD") if (root / ".git").exists() else ""


def _root() -> Path:
    return Path(__file__).resolve().parents[2]


def _git(root: Path, *words: str) -> str:
    """Ask git; an empty answer where there is no git or no checkout."""
    try:
        answer = subprocess.run(["git", "-C", str(root), *words], capture_output=True, text=True, timeout=10)  # noqa: S603, S607
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return answer.stdout.strip() if answer.returncode == 0 else ""
