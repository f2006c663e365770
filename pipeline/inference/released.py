"""Find the released models; imports nothing that takes time, so that scoring can begin with one."""

from dataclasses import dataclass
from pathlib import Path

from pipeline.ground.errors import ConfigError
from pipeline.ground.paths import Project, find_project, packaged_models

ACCURATE, FAST = SHIPPED = ("accurate", "fast")  # the default, and the one for `--fast`


@dataclass(frozen=True, slots=True)
class Shelved:
    """A model folder: `released` in the checkout, released in the installed `package`, or `trained` here."""

    name: str
    where: str
    folder: Path


def project_here() -> Project | None:
    """Find the project the user stands in; None where there is none."""
    try:
        return find_project()
    except ConfigError:
        return None


def released_models() -> list[Shelved]:
    """List released models, those of the checkout before those of the installed package."""
    project = project_here()
    shelves = {"released": project.released} if project else {}
    return [
        Shelved(folder.name, where, folder)
        for where, shelf in (shelves | {"package": packaged_models()}).items()
        for folder in model_folders(shelf)
    ]


def shipped_folders() -> dict[str, Path]:
    """Give the folder of each released model by its name."""
    return {model.name: model.folder for model in reversed(released_models())}


def model_folders(shelf: Path) -> list[Path]:
    """List the folders on a shelf; what is half-written has a name with a dot before it."""
    if not shelf.is_dir():
        return []
    return sorted(path for path in shelf.iterdir() if path.is_dir() and not path.name.startswith((".", "_")))
