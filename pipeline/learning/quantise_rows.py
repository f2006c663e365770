"""Multiply in 8-bit integers, token by token: the formats `int8-rows` and `int6-rows`.

Each token's vector x becomes round(127 x / max |x|), each column of a matrix 8-bit or 6-bit integers with a step of
its own; onnxruntime multiplies the integers, and the two steps turn the sums into float32 again (token-wise and
channel-wise steps: Yao et al. 2022, ZeroQuant). Six bits are packed four numbers into three bytes, and unpacked by
the graph itself, once, when onnxruntime loads it and folds its constants: they stay numbers from 0 to 63 around a zero
of 32, since every step in wider integers would cost a second and half a gigabyte of loading.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from pipeline.ground.errors import ModelError

ONE = 127  # the integer of a token's largest value
MIDDLE = 128  # the integer of 0 in an unsigned token
ZERO = 32  # the integer of 0 in a 6-bit weight as it is packed
TINY = 1e-12  # the largest value of a token that is all 0
SHARES = tuple(share / 20 for share in range(20, 11, -1))  # of the largest weight, tried as a column's range
SHIFTS = ("two", "four", "six")


def to_rows(graph: Any, largest: Mapping[str, int], packed: Iterable[str] = ()) -> None:
    """Rewrite MatMul nodes in place: `largest` gives each node's largest integer weight, `packed` those of 6 bits."""
    weights = {tensor.name: tensor for tensor in graph.initializer}
    packed, nodes, quantised = set(packed), [], set()
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
        if node.name in packed:
            graph.initializer.append(numpy_helper.from_array(pack(integers, weight), f"{weight}_packed"))
            nodes += _unpack(weight)
        else:
            graph.initializer.append(numpy_helper.from_array(integers, f"{weight}_integers"))
        nodes += _multiply(entry, weight, node.output[0], node.name in packed)
    del graph.node[:]
    graph.node.extend(nodes)
    graph.initializer.extend(_constants())


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


def pack(integers: np.ndarray, name: str = "matrix") -> np.ndarray:
    """Pack integers in [-32, 31], shape (K, N), four to three bytes: uint8 of shape (3 K / 4, N)."""
    if len(integers) % 4:
        raise ModelError(
            f"{name} has {len(integers)} rows, and 6-bit weights are packed by four",
            hint="name its module in `keep` or `finer`",
        )
    low, high = np.split((integers + ZERO).astype(np.uint8), [3 * len(integers) // 4])
    parts = np.concatenate([high & 3, high >> 2 & 3, high >> 4])
    return np.asarray(low | parts << 6, dtype=np.uint8)


def _unpack(weight: str) -> list[Any]:
    """Write the nodes that undo `pack`; all their inputs are constants."""
    name = f"{weight}_packed"

    def node(kind: str, inputs: list[str], *outputs: str, **attributes: Any) -> Any:
        return helper.make_node(kind, [_of(name, i) for i in inputs], [_of(name, o) for o in outputs], **attributes)

    return [
        node("BitwiseAnd", ["", "rows.63"], "low"),
        node("BitShift", ["", "rows.six"], "top", direction="RIGHT"),
        node("Split", ["top"], "first", "second", "third", axis=0, num_outputs=3),
        node("BitShift", ["second", "rows.two"], "second_up", direction="LEFT"),
        node("BitShift", ["third", "rows.four"], "third_up", direction="LEFT"),
        node("BitwiseOr", ["first", "second_up"], "half"),
        node("BitwiseOr", ["half", "third_up"], "high"),
        node("Concat", ["low", "high"], "all", axis=0),
        helper.make_node("Cast", [f"{name}_all"], [f"{weight}_integers"], to=TensorProto.INT8),
    ]


def _of(name: str, part: str) -> str:
    if part.startswith("rows."):
        return part
    return f"{name}_{part}" if part else name


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
        "63": np.uint8(63),
        "two": np.uint8(2),
        "four": np.uint8(4),
        "six": np.uint8(6),
        "zero": np.int8(ZERO),
    }
    return [numpy_helper.from_array(np.asarray(value), f"rows.{name}") for name, value in values.items()]
