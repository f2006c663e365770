"""Read an ONNX graph and write one, quietly, by rename."""

import logging
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import onnx
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from onnx import TensorProto

from pipeline.ground.errors import ModelError

INTEGERS = (TensorProto.INT8, TensorProto.UINT8, TensorProto.INT4, TensorProto.UINT4)
AGAIN = "make it with `stance train`, or export the network again"


def read_graph(path: Path) -> Any:
    """Read a model.

    Raises:
        ModelError: the file cannot be read, or is no ONNX graph.
    """
    try:
        model = onnx.load_model_from_string(path.read_bytes())
    except OSError as error:
        raise ModelError(f"cannot read {path}: {error.strerror}", hint="check the path") from error
    except DecodeError as error:
        raise ModelError(f"{path} is not an ONNX graph", hint=AGAIN) from error
    if not model.graph.node:
        raise ModelError(f"{path} is not an ONNX graph: it holds no node", hint=AGAIN)
    return model


def whole(model: Any, path: Path) -> Any:
    """Refuse a graph whose weights are integers already, or lie elsewhere."""
    for tensor in model.graph.initializer:
        if tensor.data_type in INTEGERS:
            raise ModelError(f"{path} is quantised already ({tensor.name})", hint="start from the float32 graph")
        if tensor.data_location == TensorProto.EXTERNAL:
            raise ModelError(f"{path} keeps its weights in another file", hint=AGAIN)
    return model


def write_whole(target: Path, content: bytes) -> None:
    """Write by rename; nothing is left behind where that fails."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(content)
            os.chmod(name, 0o644)
            os.replace(name, target)
        finally:
            Path(name).unlink(missing_ok=True)
    except OSError as error:
        raise ModelError(f"cannot write {target}: {error.strerror}", hint="check the folder and its space") from error


@contextmanager
def quiet() -> Iterator[None]:
    """Keep the library's progress out of our output, and its log set-up (at import) out of the process."""
    root, silent, before = logging.getLogger(), logging.NullHandler(), logging.root.manager.disable
    root.addHandler(silent)
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)
        root.removeHandler(silent)
