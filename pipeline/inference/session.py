"""Open a graph in onnxruntime; `begin` does so before anything else of a model is read.

To open MPNet takes as long as to import pydantic and read a manifest and a document, needs none of them, and happens
outside Python, so on another core. Hence this module imports none of them either.
"""

from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.ground.errors import ModelError
from pipeline.ground.machine import allowed_threads

if TYPE_CHECKING:
    import numpy as np

GRAPH = "model.onnx"
PACKED = "packed.npy"
_Stamps = tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Graph:
    """A session, and the weights it was handed, which live as long: onnxruntime may read them where they are."""

    session: Any
    weights: Mapping[str, "np.ndarray"]

    def run(self, feed: Mapping[str, "np.ndarray"]) -> "np.ndarray":
        """Give the graph's output for its inputs."""
        output: np.ndarray = self.session.run(None, dict(feed))[0]
        return output


@dataclass(frozen=True, slots=True)
class _Begun:
    """A graph that is being opened, and which files those were."""

    stamps: _Stamps
    graph: "Future[Graph]"


_begun: dict[Path, _Begun] = {}


def begin(folder: Path) -> None:
    """Begin to open the graph of a folder that is likely to be loaded next; nothing is said of one that has none."""
    packed = _is_there(folder / PACKED)
    if not _is_there(folder / GRAPH):
        return
    # Here, since modules whose imports go round in circles, as numpy's do, fail where two threads import them at once.
    import onnxruntime  # noqa: F401

    import pipeline.inference.packed  # noqa: F401

    try:
        stamps = _stamps(folder, packed)
    except OSError:  # gone since; whoever loads the folder says so
        return
    pool = ThreadPoolExecutor(1, thread_name_prefix="begun")
    _begun[folder.resolve()] = _Begun(stamps, pool.submit(_open, folder, packed))
    pool.shutdown(wait=False)


def open_graph(folder: Path, *, packed: bool) -> Graph:
    """Open `model.onnx`, with the weights in `packed.npy`, in a session of one thread.

    One that was begun is taken, once, if its files are still the same.

    Raises:
        ModelError: onnxruntime cannot load the graph.
        ValueError: `packed.npy` holds no packed weights.
        OSError: it cannot be read.
        StanceError: what the environment says of threads is no number.
    """
    begun = _begun.pop(folder.resolve(), None)
    try:
        if begun is not None and begun.stamps == _stamps(folder, packed):
            return begun.graph.result()
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


def _stamps(folder: Path, packed: bool) -> _Stamps:
    """Tell the files of a graph from others of their names."""
    facts = [(folder / name).stat() for name in (GRAPH, *([PACKED] if packed else []))]
    return tuple((one.st_dev, one.st_ino, one.st_size, one.st_mtime_ns) for one in facts)


def _open(folder: Path, packed: bool) -> Graph:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    weights: dict[str, np.ndarray] = {}
    if packed:
        from pipeline.inference.packed import read_unpacked

        weights = read_unpacked(folder / PACKED, allowed_threads())
        values = [onnxruntime.OrtValue.ortvalue_from_numpy(weight) for weight in weights.values()]  # no copies
        options.add_external_initializers(list(weights), values)
    session = onnxruntime.InferenceSession(str(folder / GRAPH), options, providers=["CPUExecutionProvider"])
    return Graph(session, weights)


def graph_faults() -> tuple[type[Exception], ...]:
    """List what onnxruntime raises; its exceptions share no base of their own."""
    import onnxruntime

    state = vars(onnxruntime.capi.onnxruntime_pybind11_state)
    return tuple(kind for kind in state.values() if isinstance(kind, type) and issubclass(kind, Exception))
