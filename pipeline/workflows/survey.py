"""Say what experiments there are, and how far each has come."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from pipeline.ground.errors import ConfigError
from pipeline.ground.paths import Project
from pipeline.workflows.spec import Spec, load_spec

EXPERIMENTS = "experiments"


@dataclass(frozen=True, slots=True)
class Listed:
    """A specification as a listing shows it; `fault` says why it cannot be read."""

    path: Path
    spec: Spec | None
    fault: str = ""


class Named(Protocol):
    """A piece of an experiment, as people call it."""

    @property
    def name(self) -> str:
        """Name the piece for people."""


@dataclass(frozen=True, slots=True)
class Progressed:
    """The steps of an experiment that are done with the inputs of now, those still to do, and what is not here.

    `notes` say what else is known by now.
    """

    done: tuple[Named, ...]
    to_do: tuple[Named, ...]
    absent: dict[str, str] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)


def list_specs(project: Project) -> list[Listed]:
    """Read every specification of the project and of folders within; a faulty one is listed with its fault.

    Raises:
        ConfigError: there is no folder of experiments.
    """
    folder = project.root / EXPERIMENTS
    if not folder.is_dir():
        raise ConfigError(f"no folder {folder}", hint="specifications are YAML files in experiments/")
    listed = []
    for path in [*sorted(folder.glob("*.yaml")), *sorted(folder.glob("*/*.yaml"))]:
        try:
            listed.append(Listed(path, load_spec(path, project.models)[0]))
        except ConfigError as error:
            listed.append(Listed(path, None, error.message))
    return listed
