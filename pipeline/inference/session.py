"""Open a graph in onnxruntime; `begin` does so before anything else of a model is read.

To open MPNet takes as long as to import pydantic and read a manifest and a document, needs none of them, and happens
outside Python, so on another core. Hence this module imports none of them either.
"""

from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from pipeline.ground.errors import ModelError
from pipeline.ground.machine import allowed_threads

GRAPH = "model.onnx"
PACKED = "packed.npy"
_begun: dict[Path, "Future[Any]"] = {}


def begin(folder: Path) -> None:
    """Begin to open the graph of a folder that is likely to be loaded next; nothing is said of one that has none."""
    if not _is_there(folder / GRAPH):
        return
    # Here, since modules whose imports go round in circles, as numpy's do, fail where two threads import them at once.
    import onnxruntime  # noqa: F401

    import pipeline.inference.packed  # noqa: F401

    packed = _is_there(folder / PACKED)
    pool = ThreadPoolExecutor(1, thread_name_prefix="open")
    _begun[_key(folder, packed)] = pool.submit(_open, folder, packed)
    pool.shutdown(wait=False)


def open_graph(folder: Path, *, packed: bool) -> Any:
    """Give a session of one thread for `model.onnx`, with the weights in `packed.npy`; one begun earlier, if any.

    Raises:
        ModelError: onnxruntime cannot load the graph.
        ValueError: `packed.npy` holds no packed weights.
        OSError: it cannot be read.
        StanceError: what the environment says of threads is no number.
    """
    begun = _begun.pop(_key(folder, packed), None)
    if begun is not None and begun.exception() is None:
        return begun.result()
    try:
        return _open(folder, packed)
    except graph_faults() as error:
        from pipeline.inference.manifest import way_back

        said = f"{folder / GRAPH}: onnxruntime cannot load it ({str(error)[:200]})"
        raise ModelError(said, hint=way_back(folder)) from error


def _is_there(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name too long, a folder that nobody may enter
        return False


def _key(folder: Path, packed: bool) -> Path:
    return folder.resolve() / (PACKED if packed else GRAPH)


def _open(folder: Path, packed: bool) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    if packed:
        from pipeline.inference.packed import read_unpacked

        weights = read_unpacked(folder / PACKED, allowed_threads())
        values = [onnxruntime.OrtValue.ortvalue_from_numpy(weight) for weight in weights.values()]
        options.add_external_initializers(list(weights), values)
    return onnxruntime.InferenceSession(str(folder / GRAPH), options, providers=["CPUExecutionProvider"])


def graph_faults() -> tuple[type[Exception], ...]:
    """List what onnxruntime raises; its exceptions share no base of their own."""
    import onnxruntime

    state = vars(onnxruntime.capi.onnxruntime_pybind11_state)
    return tuple(kind for kind in state.values() if isinstance(kind, type) and issubclass(kind, Exception))
