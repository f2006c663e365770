"""Say which part of the install a step needs, before it starts."""

import importlib
import importlib.util

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


def need_training(verb: str) -> None:
    """Look for every library a training uses, before it starts; importing them is left to who needs them."""
    for module in (
        "sklearn",
        "scipy",
        "matplotlib",
        "mlflow",
        "datasets",
        "torch",
        "transformers",
        "onnx",
        "onnxscript",
    ):
        if importlib.util.find_spec(module) is None:
            raise MissingExtra(
                f"{verb} needs {DISTRIBUTIONS.get(module, module)}", hint="pip install 'cautious-hope[train]'"
            )
