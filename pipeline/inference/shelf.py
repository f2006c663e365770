"""Find the model to score with where the user names none."""

from pathlib import Path

from pipeline.ground.errors import ModelError
from pipeline.inference.manifest import MANIFEST, read_manifest


def latest_model(trained: Path) -> Path:
    """Return the model folder trained last; raise `ModelError` where there is none."""
    folders = sorted(path.parent for path in trained.glob(f"*/{MANIFEST}") if not path.parent.name.startswith("."))
    if not folders:
        raise ModelError(f"no model in {trained}", hint="train one: stance train models/minilm.yaml")
    return max(folders, key=lambda folder: read_manifest(folder).created)
