"""Lay a graph's values out by tokens first, (tokens, batch, width), so that attention need not transpose them.

An exported graph keeps (batch, tokens, width), and copies queries, keys and values into (batch, heads, tokens, width
of a head) before it multiplies them. onnxruntime's FusedMatMul takes values whose first dimension is the tokens as
they lie (`transBatchA`, `transBatchB`). The sums keep their order, so results stay the same to the last bit; a MiniLM
in 8-bit integers saves some 2 % of its time. The attention is that which transformers calls eager, in which encoders
without dropout are trained here; torch's fused one is exported as other nodes, and stays as it is.
"""

import copy
from dataclasses import dataclass
from typing import Any

import numpy as np
from onnx import helper, numpy_helper

from pipeline.learning.graph_lookup import Lookup, kinds
from pipeline.learning.quantise_static import PRODUCT

SINGLY = ("LayerNormalization", "QuantizeLinear", PRODUCT, "MatMul", "Gelu", "Add")  # each token by itself
BY_HEADS = [0, 2, 1, 3]  # from (batch, tokens, heads, width) and back
OF_KEYS = [0, 2, 3, 1]
SWAP = [1, 0, 2]
JOINED = "heads.joined"


@dataclass(frozen=True, slots=True)
class Attention:
    """The nodes of one attention that are written anew."""

    splits: tuple[Any, ...]  # the Reshapes of queries, keys and values into heads
    turns: tuple[Any, ...]  # their Transposes
    scores: Any  # queries times keys
    scaled: Any
    context: Any  # weights times values
    joined: Any  # the Transpose that brings a token's heads together
    merged: Any  # the Reshape that follows it
    scale: float
    width: int  # of a head

    def written_anew(self) -> dict[str, list[Any]]:
        """Give what stands for each of these nodes, by the old one's output."""
        query, key, value = (node.output[0] for node in self.splits)
        turned = {"transB": 1, "transBatchA": 1, "transBatchB": 1, "alpha": self.scale}
        made = [_reshape(node, f"heads.{self.width}") for node in self.splits]
        made.append(_product([query, key], self.scaled.output, **turned))
        made.append(_product([self.context.input[0], value], self.context.output, transBatchB=1))
        made.append(helper.make_node("Transpose", self.joined.input, self.joined.output, perm=[2, 0, 1, 3]))
        made.append(_reshape(self.merged, JOINED))
        return {node.output[0]: [] for node in (*self.turns, self.scores)} | {node.output[0]: [node] for node in made}


def lay_tokens_first(model: Any) -> bool:
    """Rewrite a graph in place from its first layer normalisation on; whatever else reads a value gets it turned back.

    A graph without such attention in reach, or that gives a value from its inside out, stays as it is: False.
    """
    graph, lookup = model.graph, Lookup(model.graph)
    attentions = [found for node in graph.node if node.op_type == "Softmax" and (found := _attention(node, lookup))]
    start = next((node.input[0] for node in graph.node if node.op_type == "LayerNormalization"), "")
    if not attentions or start not in lookup.makers:
        return False
    anew = {name: nodes for attention in attentions for name, nodes in attention.written_anew().items()}
    merged = {attention.merged.output[0] for attention in attentions}
    laid: dict[str, str] = {}  # a value of the graph: the name under which its tokens come first
    turned: dict[str, str] = {start: start}  # the same: the name under which its sentences do
    nodes: list[Any] = []
    for node in graph.node:
        name = node.output[0]
        if name in anew:
            nodes += [_reading(made, laid) for made in anew[name]]
            laid |= {name: name} if name in merged else {}
        elif _singly(node, laid, lookup):
            nodes.append(_reading(node, laid))
            laid[name] = name
        else:
            wanted = [one for one in dict.fromkeys(node.input) if one in laid and one not in turned]
            turned |= {one: f"{one}_by_sentence" for one in wanted}
            nodes += [_transpose(laid[one], turned[one]) for one in wanted]
            nodes.append(_reading(node, turned))
        if name == start:
            laid[start] = f"{start}_by_token"
            nodes.append(_transpose(start, laid[start]))
    within = all(split.input[0] in laid for attention in attentions for split in attention.splits)
    if not within or any(output.name in laid or output.name in anew for output in graph.output):
        return False
    shapes = {f"heads.{one.width}": [0, 0, -1, one.width] for one in attentions} | {JOINED: [0, 0, -1]}
    graph.initializer.extend(numpy_helper.from_array(np.array(shape), name) for name, shape in shapes.items())
    nodes = [copy.deepcopy(node) for node in nodes]
    del graph.node[:]
    graph.node.extend(nodes)
    return True


def _attention(softmax: Any, lookup: Lookup) -> Attention | None:
    """Give the attention around a Softmax; None where what stands there is another thing."""
    context = lookup.after(softmax)
    joined = lookup.after(context)
    merged = lookup.after(joined)
    scaled: Any = lookup.maker(softmax.input[0])
    if kinds(scaled) == ["Add"]:  # of the mask
        scaled = next((node for node in map(lookup.maker, scaled.input) if kinds(node) == ["Mul"]), scaled)
    scores: Any = lookup.maker(scaled.input[0]) if kinds(scaled) == ["Mul"] else None
    if kinds(scores, context, joined, merged) != ["MatMul", "MatMul", "Transpose", "Reshape"]:
        return None
    turns = tuple(map(lookup.maker, (*scores.input, context.input[1])))
    splits = tuple(lookup.maker(turn.input[0]) if turn is not None else None for turn in turns)
    scale = lookup.constants.get(scaled.input[1])
    if kinds(*turns, *splits) != ["Transpose"] * 3 + ["Reshape"] * 3 or scale is None:
        return None
    widths = {_last(split, lookup) for split in splits}
    if (
        [_perm(node) for node in (*turns, joined)] != [BY_HEADS, OF_KEYS, BY_HEADS, BY_HEADS]
        or context.input[0] != softmax.output[0]
        or None in map(lookup.after, (*splits, *turns, scores, scaled))
        or len(scale.dims) > 0
        or len(widths) != 1
        or min(widths) < 1
        or _last(merged, lookup) != -1
    ):
        return None
    factor = float(numpy_helper.to_array(scale))
    return Attention(splits, turns, scores, scaled, context, joined, merged, factor, widths.pop())


def _perm(node: Any) -> list[int]:
    """Give the order of dimensions that a Transpose makes; none where it does not say."""
    return next((list(one.ints) for one in node.attribute if one.name == "perm"), [])


def _last(reshape: Any, lookup: Lookup) -> int:
    """Give the last number of a shape that is put together of sizes and constants; 0 where it is not."""
    shape = lookup.maker(reshape.input[1])
    last = lookup.constants.get(shape.input[-1]) if kinds(shape) == ["Concat"] else None
    return int(numpy_helper.to_array(last).ravel()[-1]) if last is not None else 0


def _singly(node: Any, laid: dict[str, str], lookup: Lookup) -> bool:
    """Tell whether a node does to each token of values laid out so what hangs on that token alone."""
    values = [name for name in node.input if name and name not in lookup.constants]
    if node.op_type not in SINGLY or not values or any(name not in laid for name in values):
        return False
    weight = node.input[1] if node.op_type in (PRODUCT, "MatMul") else ""
    others = [name for name in node.input if name in lookup.constants and name != weight]
    most = 0 if node.op_type == "QuantizeLinear" else 1
    last = next((one.i for one in node.attribute if one.name == "axis"), -1) == -1
    return (
        all(len(lookup.constants[name].dims) <= most for name in others)
        and (not weight or (weight in lookup.constants and len(lookup.constants[weight].dims) == 2))
        and (last or node.op_type != "LayerNormalization")
    )


def _reading(node: Any, names: dict[str, str]) -> Any:
    """Give a node that reads values by other names."""
    node = copy.deepcopy(node)
    node.input[:] = [names.get(name, name) for name in node.input]
    return node


def _transpose(value: str, output: str) -> Any:
    return helper.make_node("Transpose", [value], [output], perm=SWAP)


def _reshape(node: Any, shape: str) -> Any:
    return helper.make_node("Reshape", [node.input[0], shape], node.output)


def _product(inputs: list[str], output: Any, **attributes: Any) -> Any:
    return helper.make_node("FusedMatMul", inputs, output, domain="com.microsoft", **attributes)
