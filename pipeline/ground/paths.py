"""Find the project's folders from where the user stands, without doing work at import."""

import os
from dataclasses import dataclass
from pathlib import Path

from pipeline.ground.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Project:
    """The folders of one checkout."""

    root: Path

    @property
    def labels(self) -> Path:
        """Hold the codebook, sources, annotations and splits."""
        return self.root / "labels"

    @property
    def models(self) -> Path:
        """Hold the recipes."""
        return self.root / "models"

    @property
    def trained(self) -> Path:
        """Hold model folders made here; git ignores it."""
        return self.models / "trained"

    @property
    def released(self) -> Path:
        """Hold the model folders we ship."""
        return self.models / "released"


def find_project(beside: Path | None = None) -> Project:
    """Find the checkout: the nearest folder upwards with `labels/codebook.yaml`, or the package's own.

    Where there is none and a labels folder is named (`beside`), the current folder serves.
    """
    here = Path.cwd()
    package = Path(__file__).resolve().parents[2]
    for folder in (here, *here.parents, package):
        if (folder / "labels" / "codebook.yaml").is_file():
            return Project(folder)
    if beside is not None:
        return Project(here)
    raise ConfigError(
        f"no labels/codebook.yaml in {here} or above it",
        hint="run the command inside a checkout of cautious-hope, or name a labels folder (see --help)",
    )


def packaged_models() -> Path:
    """Name the folder of released models inside an installed package; in a checkout there is none."""
    return Path(__file__).resolve().parents[1] / "released"


def text_path(labels_dir: Path) -> list[Path]:
    """List the folders where a user's own copies of texts may lie: `STANCE_TEXTS`, then `texts/` of the labels."""
    named = [Path(part) for part in os.environ.get("STANCE_TEXTS", "").split(os.pathsep) if part]
    return [*named, labels_dir / "texts"]


def shown(path: Path) -> str:
    """Write a path as short as it can be from where the user stands."""
    here = Path.cwd()
    whole = path.resolve()
    return str(whole.relative_to(here)) if whole.is_relative_to(here) else str(path)
