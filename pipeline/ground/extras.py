"""Say which part of the install a step needs, before it starts."""

import importlib

from pipeline.ground.errors import MissingExtra

DISTRIBUTIONS = {"sklearn": "scikit-learn"}


def need(module: str, extra: str, verb: str) -> None:
    """Import `module`; raise `MissingExtra` with the pip command for `extra` where that fails."""
    try:
        importlib.import_module(module)
    except ImportError as error:
        reason = "" if isinstance(error, ModuleNotFoundError) and error.name == module else f" ({error})"
        raise MissingExtra(
            f"{verb} needs {DISTRIBUTIONS.get(module, module)}{reason}",
            hint=f"pip install 'cautious-hope[{extra}]'",
        ) from error
