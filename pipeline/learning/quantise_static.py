"""Fix the steps of what matrices multiply, once and for all texts: the format `int8-static`.

A graph of `int8-rows` looks for the largest value of every token before it multiplies (Abs, ReduceMax, Max), divides by
it (Div), and multiplies each product by it afterwards (Mul): five operations of which none is arithmetic of the model.
Here the range of each matrix's input is observed on calibration sentences (static quantisation with min-max
calibration, as onnxruntime calls it; Jacob et al. 2018, CVPR), the five are taken out of the graph, and a bias that
follows is added where the integers become float32 again. A value beyond the range is cut off. No sentence's result
depends on another's.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from pipeline.ground.errors import ModelError
from pipeline.learning.graph_lookup import open_watched, refuse_astray

Feed = Mapping[str, np.ndarray]
PRODUCT = "MatMulIntegerToFloat"
BIAS = 6  # the place of the bias among that operator's inputs
TOP = 255  # of an unsigned 8-bit integer


def is_by_rows(graph: Any) -> bool:
    """Tell whether `to_rows` made 8-bit products of this graph, and none of them has been given a fixed step."""
    elsewhere = any(tensor.data_location == TensorProto.EXTERNAL for tensor in graph.initializer)  # those of 6 bits
    return not elsewhere and any(node.op_type == PRODUCT and node.input[2] == "rows.step" for node in graph.node)


def fix_steps(model: Any, feeds: Iterable[Feed]) -> None:
    """Give the products of a graph by rows fixed steps, in place, from what `feeds` make of their inputs.

    `feeds` are inputs of the graph, batch by batch, with their `attention_mask` of shape (batch, tokens): what pads
    hold is not observed. A graph without such products stays as it is.

    Raises:
        ModelError: `feeds` is empty, or a number of the graph is not finite on them.
    """
    entries = [node.input[0].removesuffix("_integers") for node in model.graph.node if node.op_type == PRODUCT]
    if not entries:
        return
    ranges = _observe(model, tuple(dict.fromkeys(entries)), feeds)
    graph = model.graph
    for entry, (low, high) in ranges.items():
        step = np.float32((high - low) / TOP if high > low else 1)
        zero = np.uint8(np.clip(np.rint(-low / step), 0, TOP))
        graph.initializer.append(numpy_helper.from_array(np.asarray(step), f"{entry}_step"))
        graph.initializer.append(numpy_helper.from_array(np.asarray(zero), f"{entry}_zero"))
    measured = {f"{entry}_{part}" for entry in ranges for part in ("size", "most", "range", "unit")}
    nodes = [made for node in graph.node for made in _fixed(node, measured)]
    nodes = _with_biases(nodes, {tensor.name for tensor in graph.initializer if len(tensor.dims) == 1})
    del graph.node[:]
    graph.node.extend(nodes)


def _observe(model: Any, entries: tuple[str, ...], feeds: Iterable[Feed]) -> dict[str, tuple[float, float]]:
    """Give the smallest and the largest number of each entry, 0 among them."""
    session = open_watched(model, entries)
    ranges = dict.fromkeys(entries, (0.0, 0.0))
    seen = 0
    for feed in feeds:
        mask = feed["attention_mask"].astype(bool)
        for name, value in zip(entries, session.run(list(entries), dict(feed)), strict=True):
            tokens = value[mask] if value.ndim == 3 else value  # (batch, tokens, K), or a vector for each text
            refuse_astray(name, tokens)
            low, high = ranges[name]
            ranges[name] = min(low, float(tokens.min())), max(high, float(tokens.max()))
        seen += len(mask)
    if not seen:
        raise ModelError(
            "int8-static observes calibration sentences, and there are none",
            hint="label training documents, or quantise by rows (matrices: int8-rows)",
        )
    return ranges


def _fixed(node: Any, measured: set[str]) -> list[Any]:
    """Give what takes a node's place: nothing for one that measures a token or multiplies by what was measured."""
    name = node.output[0]
    if name in measured or (node.op_type == "Mul" and measured & set(node.input)):
        return []
    if node.op_type == "QuantizeLinear" and node.input[0] in measured:
        entry = name.removesuffix("_integers")
        return [helper.make_node("QuantizeLinear", [entry, f"{entry}_step", f"{entry}_zero"], [name])]
    if node.op_type == PRODUCT:
        entry = node.input[0].removesuffix("_integers")
        inputs = [node.input[0], node.input[1], f"{entry}_step", node.input[3], f"{entry}_zero", *node.input[5:]]
        return [helper.make_node(PRODUCT, inputs, [name.removesuffix("_unit")], domain=node.domain)]
    return [node]


def _with_biases(nodes: list[Any], vectors: set[str]) -> list[Any]:
    """Let each product add the constant vector that is added to it and to nothing else."""
    readers = Counter(name for node in nodes for name in node.input)
    products = {node.output[0]: node for node in nodes if node.op_type == PRODUCT and readers[node.output[0]] == 1}
    kept = []
    for node in nodes:
        product = next((products[name] for name in node.input if name in products), None)
        bias = next((name for name in node.input if name in vectors), None)
        if node.op_type != "Add" or product is None or bias is None:
            kept.append(node)
            continue
        product.input.extend([""] * (BIAS - len(product.input)))
        product.input.append(bias)
        product.output[0] = node.output[0]
    return kept
