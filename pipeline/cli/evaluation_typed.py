"""Write the command that makes a report of `stance evaluate` again."""

import shlex
from pathlib import Path


def typed(models: tuple[Path, ...], kind: str, output: Path, **options: Path | int | None) -> str:
    """Write the command for a report of one kind, such as `--behaviour`; an option that is None was not given."""
    from pipeline.ground.paths import shown

    parts = ["stance", "evaluate", *map(shown, models), kind]
    for name, value in options.items():
        if value is not None:
            parts += [f"--{name}", shown(value) if isinstance(value, Path) else str(value)]
    return shlex.join([*parts, "-o", shown(output)])
