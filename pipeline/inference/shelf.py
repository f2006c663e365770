"""Find the model to score with where the user names none."""

from pathlib import Path

from pipeline.ground.errors import ModelError
from pipeline.ground.records import Notice
from pipeline.inference.manifest import MANIFEST, read_manifest


def latest_model(trained: Path) -> tuple[Path, list[Notice]]:
    """Return the model folder trained last, and a notice for each folder passed over; raise `ModelError` for none."""
    found: dict[Path, str] = {}
    faults: list[ModelError] = []
    for path in sorted(trained.glob(f"*/{MANIFEST}")):
        if path.parent.name.startswith("."):
            continue
        try:
            found[path.parent] = read_manifest(path.parent).created
        except ModelError as error:
            faults.append(error)
    if not found:
        said = "".join(f"; passed over: {fault.message}" for fault in faults)
        raise ModelError(f"no model in {trained}{said}", hint="train one: stance train models/minilm.yaml")
    return max(found, key=lambda folder: found[folder]), [
        Notice(f"passed over: {fault.message}", fault.hint) for fault in faults
    ]
