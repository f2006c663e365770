"""Multiply in 8-bit integers, token by token: the formats `int8-rows` and `int6-rows`.

Each token's vector x becomes round(127 x / max |x|), each column of a matrix 8-bit or 6-bit integers with a step of
its own; onnxruntime multiplies the integers, and the two steps turn the sums into float32 again (token-wise and
channel-wise steps: Yao et al. 2022, ZeroQuant). Integers of six bits are kept beside the graph
(`pipeline.inference.packed`), which names them as external data, and they stay numbers from 0 to 63 around a zero of
32, so that whoever loads them has nothing to add.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from pipeline.inference.packed import ZERO
from pipeline.inference.session import PACKED

ONE = 127  # the integer of a token's largest value
MIDDLE = 128  # the integer of 0 in an unsigned token
TINY = 1e-12  # the largest value of a token that is all 0
SHARES = tuple(share / 20 for share in range(20, 11, -1))  # of the largest weight, tried as a column's range


def to_rows(graph: Any, largest: Mapping[str, int], six: Iterable[str] = ()) -> dict[str, np.ndarray]:
    """Rewrite MatMul nodes in place: `largest` gives each node's largest integer weight, `six` those of 6 bits.

    The latter's integers are external data of the graph; they are returned by initializer.
    """
    weights = {tensor.name: tensor for tensor in graph.initializer}
    six, nodes, quantised = set(six), [], set()
    elsewhere: dict[str, np.ndarray] = {}
    for node in graph.node:
        if node.name not in largest:
            nodes.append(node)
            continue
        entry, weight = node.input
        if entry not in quantised:
            quantised.add(entry)
            nodes += _quantise_tokens(entry)
        integers, step = quantise_columns(numpy_helper.to_array(weights[weight]), largest[node.name])
        graph.initializer.append(numpy_helper.from_array(step, f"{weight}_step"))
        name = f"{weight}_integers"
        if node.name in six:
            elsewhere[name] = integers
            graph.initializer.append(_elsewhere(name, integers.shape))
        else:
            graph.initializer.append(numpy_helper.from_array(integers, name))
        nodes += _multiply(entry, weight, node.output[0], node.name in six)
    del graph.node[:]
    graph.node.extend(nodes)
    graph.initializer.extend(_constants())
    return elsewhere


def quantise_columns(matrix: np.ndarray, largest: int) -> tuple[np.ndarray, np.ndarray]:
    """Give integers in [-largest, largest], int8 of the matrix's shape (K, N), and each column's step, float32 (N,).

    Of nine ranges for a column, the one with the least squared error is taken: a single large weight is cut off.
    """
    top = np.abs(matrix).max(axis=0)
    best, step = np.full(top.shape, np.inf), np.ones_like(top)
    for share in SHARES:
        tried = np.where(top > 0, top * np.float32(share) / largest, 1).astype(np.float32)
        error = ((_round(matrix, tried, largest) * tried - matrix) ** 2).sum(axis=0)
        step, best = np.where(error < best, tried, step), np.minimum(error, best)
    return _round(matrix, step, largest).astype(np.int8), step


def _round(matrix: np.ndarray, step: np.ndarray, largest: int) -> np.ndarray:
    return np.asarray(np.clip(np.rint(matrix / step), -largest, largest))


def _elsewhere(name: str, shape: tuple[int, ...]) -> Any:
    """Name int8 weights that whoever loads the graph hands over.

    The place is no file's: of a file, onnxruntime would take the first bytes where nobody hands anything over.
    """
    tensor = TensorProto(name=name, data_type=TensorProto.INT8, dims=shape, data_location=TensorProto.EXTERNAL)
    tensor.external_data.add(key="location", value=f"{PACKED}/{name}")
    return tensor


def _quantise_tokens(entry: str) -> list[Any]:
    """Write the nodes that turn float32 tokens (..., K) into uint8 with a middle of 128, and keep each one's range."""
    return [
        helper.make_node("Abs", [entry], [f"{entry}_size"]),
        helper.make_node("ReduceMax", [f"{entry}_size", "rows.last"], [f"{entry}_most"], keepdims=1),
        helper.make_node("Max", [f"{entry}_most", "rows.tiny"], [f"{entry}_range"]),
        helper.make_node("Div", [entry, f"{entry}_range"], [f"{entry}_unit"]),
        helper.make_node("QuantizeLinear", [f"{entry}_unit", "rows.step", "rows.middle"], [f"{entry}_integers"]),
    ]


def _multiply(entry: str, weight: str, output: str, packed: bool) -> list[Any]:
    inputs = [f"{entry}_integers", f"{weight}_integers", "rows.step", f"{weight}_step", "rows.middle"]
    inputs += ["rows.zero"] if packed else []
    return [
        helper.make_node("MatMulIntegerToFloat", inputs, [f"{output}_unit"], domain="com.microsoft"),
        helper.make_node("Mul", [f"{output}_unit", f"{entry}_range"], [output]),
    ]


def _constants() -> list[Any]:
    """Give the numbers that all the nodes share."""
    values: dict[str, Any] = {
        "last": np.array([-1], dtype=np.int64),
        "tiny": np.float32(TINY),
        "step": np.float32(1 / ONE),
        "middle": np.uint8(MIDDLE),
        "zero": np.int8(ZERO),
    }
    return [numpy_helper.from_array(np.asarray(value), f"rows.{name}") for name, value in values.items()]
