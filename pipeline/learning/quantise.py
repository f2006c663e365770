"""Turn an exported float32 graph into a smaller one that onnxruntime runs by itself.

A part is named by its module in the network: a table by its own weight, a matrix (whose weight the exporter has
transposed and renamed) by the bias added to its product.
"""

import tempfile
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from pipeline.ground.config import did_you_mean
from pipeline.ground.errors import ModelError
from pipeline.inference.packed import packed_file
from pipeline.inference.session import PACKED
from pipeline.learning.graph_files import quiet, read_graph, whole, write_whole
from pipeline.learning.prune import prune
from pipeline.learning.quantise_rows import to_rows
from pipeline.learning.quantise_settings import FINER_THAN, STATIC, QuantiseSettings
from pipeline.learning.quantise_static import Feed, fix_steps, is_by_rows
from pipeline.learning.tokens_first import lay_tokens_first

SMALL = 2_000  # numbers; a smaller table gains nothing, and may matter much (MPNet's 384 position biases)
LARGEST = {"int8-rows": 127, STATIC: 127, "int6-rows": 31}
REDUCED = 63


@dataclass(frozen=True, slots=True)
class Part:
    """A weight that can be made smaller, the one node that reads it, and the module it belongs to."""

    module: str
    node: str
    weight: str


@dataclass(frozen=True, slots=True)
class Parts:
    """What a graph holds: matrices, tables, and large weights in a form that is neither."""

    matrices: tuple[Part, ...]
    tables: tuple[Part, ...]
    others: tuple[str, ...]

    @property
    def modules(self) -> list[str]:
        """Name every module a pattern can mean."""
        return [*(part.module for part in (*self.matrices, *self.tables)), *self.others]


def quantise(source: Path, target: Path, settings: QuantiseSettings, feeds: Iterable[Feed] = ()) -> dict[str, int]:
    """Write `target`, the graph of `source` with smaller weights; equal inputs give equal bytes.

    With `prune` they do on one machine with as many threads: numpy's sums hang on both in their last digits.
    Weights of six bits are written beside it, as `packed.npy`. What was counted on the way is given back: with `prune`,
    the neurons that went and those left.

    `source` is a float32 graph as `export_network` writes it; inputs, outputs and their shapes stay what they are.
    `int8-static` observes `feeds`, inputs of the graph, and takes a graph by 8-bit rows, too, whose integers it keeps,
    but for what `prune` refits.

    Raises:
        ModelError: `source` is no float32 ONNX graph, holds weights in another form, or has no module that a pattern
            means, or nothing that could be pruned; there are no `feeds` to observe; `target` cannot be written.
    """
    packed: dict[str, np.ndarray] = {}
    counted: dict[str, int] = {}
    with quiet():
        model = read_graph(source)
        if settings.matrices != STATIC or not is_by_rows(model.graph):
            model, packed = _smaller(_plain(whole(model, source)), settings, source)
        _tidy(model)
        if settings.matrices == STATIC:
            counted = _make_static(model, settings, list(feeds))
    write_whole(target, model.SerializeToString(deterministic=True))
    if packed:
        write_whole(target.with_name(PACKED), packed_file(packed))
    return counted


def _make_static(model: Any, settings: QuantiseSettings, feeds: Sequence[Feed]) -> dict[str, int]:
    """Turn a graph by rows, in place, into one of fixed steps, which needs fewer passes over its values."""
    counted: dict[str, int] = {}
    if settings.prune is not None:
        counted["neurons_pruned"], counted["neurons_left"] = prune(
            model, feeds, settings.prune, REDUCED if settings.reduce_range else LARGEST[STATIC]
        )
    fix_steps(model, feeds)
    lay_tokens_first(model)
    _tidy(model)
    return counted


def _smaller(model: Any, settings: QuantiseSettings, source: Path) -> tuple[Any, dict[str, np.ndarray]]:
    """Give the model made smaller, and what of its weights is packed."""
    parts = _find(model.graph)
    _check(parts, settings, source)
    model, packed = _shrink_matrices(model, parts.matrices, settings)
    if settings.embeddings == "int8":
        _shrink_tables(model.graph, [part for part in parts.tables if not _means(settings.keep, part.module)])
    return model, packed


def _plain(model: Any) -> Any:
    """Write each Gemm as MatMul and Add, so that there is one kind of matrix; give each node a name."""
    from onnxruntime.quantization.onnx_model import ONNXModel

    graph = ONNXModel(model)
    graph.replace_gemm_with_matmul()
    graph.clean_initializers()
    for node in graph.model.graph.node:
        node.name = node.name or f"makes_{node.output[0]}"
    return graph.model


def _find(graph: Any) -> Parts:
    weights = {t.name: t for t in graph.initializer if t.data_type == TensorProto.FLOAT and len(t.dims) > 1}
    names = {tensor.name for tensor in graph.initializer}
    readers: dict[str, list[Any]] = defaultdict(list)
    for node in graph.node:
        for name in node.input:
            readers[name].append(node)
    matrices, tables, others = [], [], []
    for name, tensor in weights.items():
        use = _use(tensor, readers[name])
        if use == "matrix":
            [reader] = readers[name]
            matrices.append(Part(_module(reader, name, readers, names), reader.name, name))
        elif np.prod(tensor.dims) < SMALL:
            continue
        elif use == "table":
            tables.append(Part(name.removesuffix(".weight"), readers[name][0].name, name))
        else:
            others.append(name)
    return Parts(tuple(matrices), tuple(tables), tuple(others))


def _use(tensor: Any, readers: list[Any]) -> str:
    """Tell what a weight is to the one node that reads it: `matrix`, `table`, or neither."""
    if len(readers) != 1 or len(tensor.dims) != 2:
        return ""
    [node] = readers
    if node.op_type == "MatMul" and node.input[1] == tensor.name:
        return "matrix"
    rows = next((attribute.i for attribute in node.attribute if attribute.name == "axis"), 0) == 0
    return "table" if node.op_type == "Gather" and node.input[0] == tensor.name and rows else ""


def _module(node: Any, weight: str, readers: dict[str, list[Any]], constants: set[str]) -> str:
    """Name a matrix by the bias added to its product; by its weight where no bias is its own."""
    added = [name for reader in readers[node.output[0]] if reader.op_type == "Add" for name in reader.input]
    biases = [name for name in added if name in constants and len(readers[name]) == 1]
    name = biases[0].removesuffix(".bias") if len(biases) == 1 else weight
    return name.removesuffix("_Transposed").removesuffix(".weight")


def _means(patterns: tuple[str, ...], module: str) -> bool:
    return any(fnmatchcase(module, pattern) for pattern in patterns)


def _check(parts: Parts, settings: QuantiseSettings, source: Path) -> None:
    """Refuse patterns that mean nothing, and large weights that would stay float32 unseen."""
    for field in ("keep", "finer"):
        for pattern in getattr(settings, field):
            if not any(fnmatchcase(module, pattern) for module in parts.modules):
                raise ModelError(
                    f"{field}: {pattern!r} names no module of {source}", hint=did_you_mean(pattern, parts.modules)
                )
    hidden = [name for name in parts.others if not _means(settings.keep, name)]
    if hidden:
        raise ModelError(
            f"{source}: weights neither of a matrix nor of an embedding table: {', '.join(hidden)}",
            hint="name them in `keep` to leave them at float32",
        )


def _shrink_matrices(
    model: Any, matrices: tuple[Part, ...], settings: QuantiseSettings
) -> tuple[Any, dict[str, np.ndarray]]:
    """Rewrite the matrices, each in its format; give those that are packed apart."""
    packed: dict[str, np.ndarray] = {}
    nodes: dict[str, list[str]] = defaultdict(list)
    for part in matrices:
        if not _means(settings.keep, part.module):
            finer = _means(settings.finer, part.module)
            nodes[FINER_THAN[settings.matrices] if finer else settings.matrices].append(part.node)
    if settings.matrices == "int8-dynamic":
        return _dynamic(model, nodes["int8-dynamic"], bool(settings.reduce_range)), packed
    if settings.matrices in LARGEST:
        largest = LARGEST | (dict.fromkeys(("int8-rows", STATIC), REDUCED) if settings.reduce_range else {})
        sizes = {node: largest[name] for name in nodes for node in nodes[name]}
        packed = to_rows(model.graph, sizes, nodes["int6-rows"])
        _import_contrib(model)
    for name in ("int8-weights", "int4-weights"):
        if nodes[name]:
            model = _blockwise(model, nodes[name], 8 if name == "int8-weights" else 4, settings)
    return model, packed


def _dynamic(model: Any, nodes: list[str], reduce_range: bool) -> Any:
    from onnxruntime.quantization import quantize_dynamic

    if not nodes:  # the library would take that for all
        return model
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        quantize_dynamic(
            model,
            path,
            op_types_to_quantize=["MatMul"],
            per_channel=True,
            reduce_range=reduce_range,
            nodes_to_quantize=nodes,
        )
        return onnx.load(path)


def _blockwise(model: Any, nodes: list[str], bits: int, settings: QuantiseSettings) -> Any:
    from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer

    quantizer = MatMulNBitsQuantizer(
        model,
        bits=bits,
        block_size=settings.block_size,
        accuracy_level=settings.accuracy_level,
        nodes_to_exclude=[node.name for node in model.graph.node if node.name not in nodes],
        op_types_to_quantize=("MatMul",),
    )
    quantizer.process()
    return quantizer.model.model


def _shrink_tables(graph: Any, tables: list[Part]) -> None:
    """Store each row as int8 with a step of its own, and turn back only the rows that are looked up."""
    weights, chosen = {tensor.name: tensor for tensor in graph.initializer}, {part.node: part for part in tables}
    nodes = []
    for node in graph.node:
        if node.name not in chosen:
            nodes.append(node)
            continue
        [name, ids], output = node.input, node.output[0]
        table = numpy_helper.to_array(weights[name])
        step = np.abs(table).max(axis=1, keepdims=True) / np.float32(127)
        step[step == 0] = 1
        graph.initializer.append(numpy_helper.from_array(np.rint(table / step).astype(np.int8), f"{name}_integers"))
        graph.initializer.append(numpy_helper.from_array(step, f"{name}_step"))
        nodes += [
            helper.make_node("Gather", [f"{name}_integers", ids], [f"{output}_integers"], axis=0),
            helper.make_node("Gather", [f"{name}_step", ids], [f"{output}_step"], axis=0),
            helper.make_node("Cast", [f"{output}_integers"], [f"{output}_units"], to=TensorProto.FLOAT),
            helper.make_node("Mul", [f"{output}_units", f"{output}_step"], [output]),
        ]
    del graph.node[:]
    graph.node.extend(nodes)


def _import_contrib(model: Any) -> None:
    if not any(opset.domain == "com.microsoft" for opset in model.opset_import):
        model.opset_import.append(helper.make_opsetid("com.microsoft", 1))


def _tidy(model: Any) -> None:
    """Drop weights nobody reads, shapes onnxruntime infers itself, and all that could differ from run to run."""
    graph = model.graph
    used = {name for node in graph.node for name in node.input}
    kept = [tensor for tensor in graph.initializer if tensor.name in used]
    del graph.initializer[:], graph.value_info[:]
    graph.initializer.extend(kept)
    for part in (model, graph, *graph.node, *graph.initializer):
        part.ClearField("metadata_props")
        part.ClearField("doc_string")
