"""Quantised graphs: smaller, close to float32, the same bytes each time, any batch and length."""

import logging
from collections import Counter
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, numpy_helper
from quantising import ROWS, SETTINGS, settings, shrink_tiny, spec_of
from tiny import tiny_sentences

from pipeline.ground.errors import ModelError
from pipeline.inference.graph import OnnxScorer
from pipeline.inference.packed import read_unpacked
from pipeline.inference.session import PACKED, open_graph
from pipeline.learning.quantise_settings import QuantiseSettings

TEXTS = [text for _, text in tiny_sentences()]
EVERY = pytest.mark.parametrize("name", SETTINGS)


@pytest.fixture
def made(floats: Path, tmp_path: Path):
    """Quantise the tiny graph into a folder that can score."""

    def make(chosen: QuantiseSettings, name: str = "made") -> Path:
        folder = tmp_path / name
        shrink_tiny(floats, folder / "model.onnx", chosen)
        (folder / "tokenizer.json").write_bytes((floats / "tokenizer.json").read_bytes())
        return folder

    return make


def logits(folder: Path, texts: list[str] = TEXTS) -> np.ndarray:
    return OnnxScorer(spec_of(folder), folder, exclusive=False).logits(texts)


def graph_of(folder: Path):
    """Read a graph without what it keeps elsewhere."""
    return onnx.load(folder / "model.onnx", load_external_data=False)


def operators(folder: Path) -> Counter[str]:
    return Counter(node.op_type for node in graph_of(folder).graph.node)


@EVERY
def test_logits_stay_close_and_are_not_constant(made, floats, name):
    expected, found = logits(floats), logits(made(settings(name)))
    away = np.abs(found - expected).mean() / expected.std()
    assert found.shape == (len(TEXTS), 3) and found.std() > 0.5 * expected.std()
    assert away < SETTINGS[name][1]
    assert name == "nothing" or away > 0


@EVERY
def test_equal_inputs_give_equal_bytes_and_leave_no_trace_of_the_machine(made, name):
    first, second = ({path.name: path.read_bytes() for path in made(settings(name), n).iterdir()} for n in "ab")
    assert first == second
    model = onnx.load_model_from_string(first["model.onnx"])
    assert not any(part.metadata_props or part.doc_string for part in (model, model.graph, *model.graph.node))
    assert not any(b"/tmp/" in content for content in first.values()) and not model.graph.value_info


@EVERY
def test_any_batch_and_length_is_taken(made, floats, name):
    folder = made(settings(name))
    graph = open_graph(folder, packed=spec_of(folder).packed)
    for batch, length in ((1, 2), (3, 7), (2, 32)):
        feed = {
            "input_ids": np.full((batch, length), 7, dtype=np.int64),
            "attention_mask": np.ones((batch, length), dtype=np.int64),
        }
        found = graph.run(feed)
        assert found.shape == (batch, 3) and np.isfinite(found).all()


@pytest.mark.parametrize("name", [name for name in SETTINGS if name not in ("nothing", "tables")])
def test_no_matrix_or_table_stays_float32(made, name):
    model = graph_of(made(settings(name)))
    steps = ("_step", "_scale", "_scales")
    large = [
        tensor.name
        for tensor in model.graph.initializer
        if tensor.data_type == TensorProto.FLOAT and np.prod(tensor.dims) > 200 and not tensor.name.endswith(steps)
    ]
    assert large == [] and len(model.graph.initializer) > 20


def test_each_format_is_as_small_as_its_bits(made, floats):
    size = {name: (made(settings(name), name) / "model.onnx").stat().st_size for name in SETTINGS}
    graph = onnx.load(floats / "model.onnx").graph
    weights = sum(np.prod(tensor.dims) for tensor in graph.initializer if tensor.data_type == TensorProto.FLOAT)
    nodes = size["nothing"] - 4 * weights
    assert weights > 30_000 and nodes < 40_000
    assert size["tables"] < size["nothing"] - 2.5 * 14_000  # 400 words and 64 positions of 32 numbers
    assert size["rows"] < 1.3 * weights + nodes + 8_000 and size["rows"] < 0.75 * size["nothing"]
    assert size["blocks of four"] < size["blocks of eight"] - 0.4 * 17_000


def test_six_bits_take_three_quarters_of_eight(made):
    eight, six = made(settings("rows"), "eight"), made(settings("six bits"), "six")
    inside = {
        folder: sum(
            len(tensor.raw_data)
            for tensor in graph_of(folder).graph.initializer
            if tensor.data_type in (TensorProto.INT8, TensorProto.UINT8) and "embeddings" not in tensor.name
        )
        for folder in (eight, six)
    }
    packed = np.load(six / PACKED)["packed"].nbytes
    assert inside[eight] > 16_000 and packed == pytest.approx(0.75 * inside[eight], rel=0.01)
    assert inside[six] < 10 and not (eight / PACKED).exists()


def test_every_format_uses_the_operators_it_promises(made):
    wanted = {
        "dynamic": {"MatMulInteger": 13},
        "rows": {"MatMulIntegerToFloat": 13, "QuantizeLinear": 9},  # query, key and value share their tokens
        "static": {"MatMulIntegerToFloat": 13, "QuantizeLinear": 9, "Abs": 0, "ReduceMax": 0, "Div": 1},
        "six bits": {"MatMulIntegerToFloat": 13, "BitwiseAnd": 0},
        "six and eight": {"MatMulIntegerToFloat": 13, "BitwiseAnd": 0},
        "blocks of eight": {"MatMulNBits": 13},
        "four and eight": {"MatMulNBits": 13},
    }
    for name, counts in wanted.items():
        found = operators(made(settings(name), name))
        assert {kind: found[kind] for kind in counts} == counts, name


def test_weights_of_six_bits_lie_beside_the_graph_which_needs_them(made):
    for name, matrices in (("six bits", 13), ("six and eight", 5)):
        folder = made(settings(name), name)
        elsewhere = {t.name: tuple(t.dims) for t in graph_of(folder).graph.initializer if t.external_data}
        weights = read_unpacked(folder / PACKED, threads=2)
        assert len(elsewhere) == matrices and elsewhere == {one: weight.shape for one, weight in weights.items()}
        with pytest.raises(ModelError, match="onnxruntime cannot load it"):
            open_graph(folder, packed=False)


def test_six_bits_score_as_the_same_integers_within_the_graph_do(made):
    folder = made(settings("six bits"))
    model = graph_of(folder)
    weights = read_unpacked(folder / PACKED, threads=1)
    inside = [numpy_helper.from_array(weight, name) for name, weight in weights.items()]
    for tensor in [t for t in model.graph.initializer if t.external_data]:
        model.graph.initializer.remove(tensor)
    model.graph.initializer.extend(inside)
    whole = folder.parent / "whole"
    whole.mkdir()
    onnx.save(model, whole / "model.onnx")
    (whole / "tokenizer.json").write_bytes((folder / "tokenizer.json").read_bytes())
    assert np.array_equal(logits(whole), logits(folder))


def test_a_sentence_by_rows_does_not_depend_on_its_batch(made):
    folder = made(ROWS)
    together, alone = logits(folder), np.concatenate([logits(folder, [text]) for text in TEXTS])
    assert together == pytest.approx(alone, abs=1e-4)


@pytest.mark.parametrize("name", ["dynamic", "rows", "static", "six bits", "blocks of eight", "blocks of four"])
def test_what_is_kept_stays_as_it_was(made, floats, name):
    keep = ("head", "*.layer.1.*", "*.position_embeddings")
    model = graph_of(made(settings(name, keep=keep)))
    before = {t.name: t for t in onnx.load(floats / "model.onnx").graph.initializer}
    floats_left = {
        t.name: numpy_helper.to_array(t) for t in model.graph.initializer if len(t.dims) == 2 and not t.external_data
    }
    positions = "encoder.embeddings.position_embeddings.weight"
    assert np.array_equal(floats_left[positions], numpy_helper.to_array(before[positions]))
    head = numpy_helper.to_array(before["head.weight"]).T
    assert any(np.array_equal(weight, head) for weight in floats_left.values())
    constant = {t.name for t in model.graph.initializer}
    matmuls = [node for node in model.graph.node if node.op_type == "MatMul" and node.input[1] in constant]
    assert len(matmuls) == 7  # six of the second layer, and the head


def test_everything_kept_is_the_graph_itself(made, floats):
    for name in ("dynamic", "rows", "static", "six bits", "blocks of four"):
        found = logits(made(settings(name, keep=("*",), embeddings="float32"), name))
        assert found == pytest.approx(logits(floats), abs=1e-4)


def test_finer_matrices_bring_the_logits_closer(made, floats):
    expected = logits(floats)
    for name, more in (("six bits", {"reduce_range": False}), ("blocks of four", {})):
        coarse, fine = settings(name), settings(name, finer=("*",), **more)
        away = [
            np.abs(logits(made(chosen, f"{name} {i}")) - expected).mean() for i, chosen in enumerate((coarse, fine))
        ]
        assert away[1] < 0.5 * away[0], name


def test_the_library_says_nothing_and_sets_up_no_log(made, capfd):
    root = logging.getLogger()
    before = (root.level, list(root.handlers), logging.root.manager.disable)
    made(settings("dynamic"), "a")
    made(settings("four and eight"), "b")
    assert (root.level, list(root.handlers), logging.root.manager.disable) == before
    assert capfd.readouterr() == ("", "")
