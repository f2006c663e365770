"""Make what the tests of `stance models quantise` share: settings, a recipe that asks for them, bytes to compare."""

from pathlib import Path

import yaml

ROWS = {"matrices": "int8-rows", "embeddings": "int8", "reduce_range": True}
STATIC = {"matrices": "int8-static", "embeddings": "int8", "reduce_range": True, "calibration": 20}


def asked(path: Path, quantise: dict) -> Path:
    """Write into a recipe how to quantise."""
    recipe = yaml.safe_load(path.read_text()) | {"quantise": quantise}
    path.write_text(yaml.safe_dump(recipe))
    return path


def bytes_of(folder: Path) -> dict[str, bytes]:
    """Read every file below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
