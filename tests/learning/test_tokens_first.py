"""Tokens first: the same bits from fewer copies, and a graph that is another thing stays as it is."""

from collections import Counter
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import helper, numpy_helper
from quantising import SPEC, export_tiny, settings
from tiny import tiny_sentences

from pipeline.inference.graph import OnnxScorer, pad
from pipeline.learning.quantise import quantise
from pipeline.learning.quantise_static import fix_steps
from pipeline.learning.tokens_first import lay_tokens_first

FEEDS = [
    pad([[2, 7, 9, 11, 3]], 0),
    pad([[2, 5, 3], [2, 8, 9, 30, 31, 3], [2, 3]], 0),
    pad([[2, 8, 3]] * 7, 0, 8),
    pad([list(range(2, 30)), [4, 5, 6]], 0),
]


@pytest.fixture(scope="module")
def static(encoder_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> onnx.ModelProto:
    """Make a graph with fixed steps, tokens still second."""
    folder = tmp_path_factory.mktemp("floats")
    export_tiny(encoder_folder, folder, "eager")
    quantise(folder / "model.onnx", folder / "rows.onnx", settings("rows"))
    model = onnx.load(folder / "rows.onnx")
    fix_steps(model, OnnxScorer(SPEC, folder, exclusive=False).feeds([text for _, text in tiny_sentences()]))
    return model


@pytest.fixture
def plain(static: onnx.ModelProto) -> onnx.ModelProto:
    return copied(static)


def copied(model: onnx.ModelProto) -> onnx.ModelProto:
    other = onnx.ModelProto()
    other.CopyFrom(model)
    return other


def answers(model: onnx.ModelProto) -> list[list[np.ndarray]]:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return [session.run(None, feed) for feed in FEEDS]


def same_bits(one: onnx.ModelProto, other: onnx.ModelProto) -> bool:
    pairs = zip(answers(one), answers(other), strict=True)
    return all(np.array_equal(a, b) for first, second in pairs for a, b in zip(first, second, strict=True))


def transposes(model: onnx.ModelProto) -> int:
    return Counter(node.op_type for node in model.graph.node)["Transpose"]


def node_of(model: onnx.ModelProto, kind: str) -> onnx.NodeProto:
    return next(node for node in model.graph.node if node.op_type == kind)


def test_the_same_bits_come_of_one_transpose_an_attention_instead_of_four(plain):
    laid = copied(plain)
    assert lay_tokens_first(laid)
    layers = Counter(node.op_type for node in plain.graph.node)["Softmax"]
    assert transposes(plain) == 4 * layers and transposes(laid) == layers + 2  # on the way in and on the way out
    assert same_bits(plain, laid)


def test_what_the_command_makes_is_laid_out_so(static, encoder_folder, tmp_path):
    export_tiny(encoder_folder, tmp_path, "eager")
    feeds = OnnxScorer(SPEC, tmp_path, exclusive=False).feeds([text for _, text in tiny_sentences()])
    quantise(tmp_path / "model.onnx", tmp_path / "made.onnx", settings("static"), feeds)
    made = onnx.load(tmp_path / "made.onnx")
    assert transposes(made) < transposes(static) and same_bits(made, static)


def test_matrices_left_at_float32_keep_their_bits(encoder_folder, tmp_path):
    export_tiny(encoder_folder, tmp_path, "eager")
    kept = settings("static", keep=["*.intermediate.*", "*.self.query"])
    feeds = OnnxScorer(SPEC, tmp_path, exclusive=False).feeds([text for _, text in tiny_sentences()])
    quantise(tmp_path / "model.onnx", tmp_path / "made.onnx", kept, feeds)
    quantise(tmp_path / "model.onnx", tmp_path / "rows.onnx", settings("rows", keep=kept.keep))
    plain = onnx.load(tmp_path / "rows.onnx")
    fix_steps(plain, OnnxScorer(SPEC, tmp_path, exclusive=False).feeds([text for _, text in tiny_sentences()]))
    made = onnx.load(tmp_path / "made.onnx")
    assert transposes(made) < transposes(plain) and same_bits(made, plain)


def test_whatever_else_reads_a_value_gets_its_sentences_first(plain):
    """A node that knows nothing of the layout looks along the tokens of a value within."""
    value = [node for node in plain.graph.node if node.op_type == "LayerNormalization"][1].output[0]
    axes = numpy_helper.from_array(np.array([1]), "along_tokens")
    plain.graph.initializer.append(axes)
    plain.graph.node.append(helper.make_node("ReduceMax", [value, "along_tokens"], ["largest"], keepdims=0))
    plain.graph.node.append(helper.make_node("ReduceMin", [value, "along_tokens"], ["smallest"], keepdims=0))
    for name in ("largest", "smallest"):
        plain.graph.output.append(helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None))
    laid = copied(plain)
    assert lay_tokens_first(laid) and same_bits(plain, laid)
    assert answers(laid)[1][1].shape[0] == 3


def _add_scores_to_outputs(model):
    name = node_of(model, "Softmax").output[0]
    model.graph.output.append(helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None))


def _give_a_laid_value_out(model):
    name = node_of(model, "Gelu").output[0]
    model.graph.output.append(helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None))


def _give_scores_out(model):
    name = node_of(model, "MatMul").output[0]
    model.graph.output.append(helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None))


def _leave_the_width_of_a_head_open(model):
    model.graph.initializer.append(numpy_helper.from_array(np.array([0, 0, -1, 16]), "shape"))
    for node in model.graph.node:
        if node.op_type == "Reshape":
            node.input[1] = "shape"


def _turn_keys_another_way(model):
    for node in model.graph.node:
        if node.op_type == "Transpose":
            node.attribute[0].ints[:] = [0, 2, 1, 3] if list(node.attribute[0].ints) == [0, 2, 3, 1] else [2, 0, 1, 3]


def _read_the_queries_elsewhere(model):
    for product in [node for node in model.graph.node if node.op_type == "MatMul"]:
        model.graph.node.append(helper.make_node("Shape", [product.input[0]], [f"shape of {product.output[0]}"]))


def _begin_with_no_normalisation(model):
    for node in model.graph.node:
        if node.op_type == "LayerNormalization":
            node.op_type, node.domain = "SkipLayerNormalization", "elsewhere"


@pytest.mark.parametrize(
    "change",
    [
        _give_a_laid_value_out,
        _give_scores_out,
        _leave_the_width_of_a_head_open,
        _turn_keys_another_way,
        _read_the_queries_elsewhere,
        _begin_with_no_normalisation,
    ],
)
def test_a_graph_that_is_another_thing_stays_as_it_is(plain, change):
    change(plain)
    before = plain.SerializeToString(deterministic=True)
    assert not lay_tokens_first(plain) and plain.SerializeToString(deterministic=True) == before


def test_weights_of_attention_may_be_looked_at(plain):
    _add_scores_to_outputs(plain)
    laid = copied(plain)
    assert lay_tokens_first(laid) and same_bits(plain, laid)


def test_attention_that_is_exported_as_other_nodes_stays_as_it_is(encoder_folder, tmp_path):
    export_tiny(encoder_folder, tmp_path, "sdpa")
    quantise(tmp_path / "model.onnx", tmp_path / "rows.onnx", settings("rows"))
    plain = onnx.load(tmp_path / "rows.onnx")
    fix_steps(plain, OnnxScorer(SPEC, tmp_path, exclusive=False).feeds([text for _, text in tiny_sentences()]))
    before = plain.SerializeToString(deterministic=True)
    assert not lay_tokens_first(plain) and plain.SerializeToString(deterministic=True) == before
