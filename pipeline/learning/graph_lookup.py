"""Look up in an ONNX graph who makes a value and who reads it, and open one to watch values of its inside."""

import copy
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import numpy as np
from onnx import TensorProto, helper

from pipeline.ground.errors import ModelError


class Lookup:
    """The nodes and constants of a graph by the names of values."""

    def __init__(self, graph: Any) -> None:
        self.makers: dict[str, Any] = {name: node for node in graph.node for name in node.output}
        self.readers: dict[str, list[Any]] = defaultdict(list)
        for node in graph.node:
            for name in node.input:
                self.readers[name].append(node)
        self.constants: dict[str, Any] = {tensor.name: tensor for tensor in graph.initializer}

    def maker(self, name: str) -> Any:
        """Give the node that makes a value; None for an input or a constant."""
        return self.makers.get(name)

    def only_reader(self, name: str) -> Any:
        """Give the one node that reads a value; None where none or several do."""
        readers = self.readers.get(name, [])
        return readers[0] if len(readers) == 1 else None

    def after(self, node: Any) -> Any:
        """Give the one node that reads what a node makes; None where none or several do, or there is no node."""
        return self.only_reader(node.output[0]) if node is not None else None

    def before_bias(self, node: Any) -> tuple[Any, str]:
        """Give what an Add adds a constant vector to, and the vector's name; None and nothing for another node."""
        if node is None or node.op_type != "Add":
            return None, ""
        for value, name in (tuple(node.input), tuple(reversed(node.input))):
            if name in self.constants and len(self.constants[name].dims) == 1:
                return self.maker(value), name
        return None, ""


def kinds(*nodes: Any) -> list[str]:
    """Give the operators of nodes, nothing for one that is not there."""
    return [node.op_type if node is not None else "" for node in nodes]


def open_watched(model: Any, names: Iterable[str]) -> Any:
    """Open a copy of a model that gives float32 values of its inside, too.

    In one thread, so that sums have one order whatever the machine.
    """
    import onnxruntime

    watched = copy.deepcopy(model)
    watched.graph.output.extend(helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in names)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 3
    return onnxruntime.InferenceSession(watched.SerializeToString(), options, providers=["CPUExecutionProvider"])


def refuse_astray(name: str, numbers: np.ndarray) -> None:
    """Raise `ModelError` where a value of a graph holds a number that is not finite."""
    if not np.isfinite(numbers).all():
        raise ModelError(
            f"{name}: the graph gives no finite numbers on a calibration sentence",
            hint="look at the training's losses: its weights may be no numbers any more",
        )
