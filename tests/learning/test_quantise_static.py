"""Fixed steps: observed on calibration sentences, the same from either graph, and no sentence hangs on another."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper
from quantising import SPEC, settings, shrink_tiny
from tiny import tiny_sentences

from pipeline.ground.errors import ModelError
from pipeline.inference.graph import OnnxScorer
from pipeline.learning.quantise import quantise

TEXTS = [text for _, text in tiny_sentences()]
STATIC, ROWS = settings("static"), settings("rows")


@pytest.fixture(scope="module")
def made(floats: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("static")
    shrink_tiny(floats, folder / "model.onnx", STATIC)
    (folder / "tokenizer.json").write_bytes((floats / "tokenizer.json").read_bytes())
    return folder


def constants(folder: Path) -> dict[str, np.ndarray]:
    return {t.name: numpy_helper.to_array(t) for t in onnx.load(folder / "model.onnx").graph.initializer}


def entries(folder: Path) -> list[str]:
    nodes = onnx.load(folder / "model.onnx").graph.node
    return [node.input[0] for node in nodes if node.op_type == "QuantizeLinear"]


def test_a_graph_by_rows_becomes_the_one_that_float32_becomes(floats, made, tmp_path):
    quantise(floats / "model.onnx", tmp_path / "rows.onnx", ROWS)
    feeds = OnnxScorer(SPEC, floats, exclusive=False).feeds(TEXTS)
    quantise(tmp_path / "rows.onnx", tmp_path / "again.onnx", STATIC, feeds)
    assert (tmp_path / "again.onnx").read_bytes() == (made / "model.onnx").read_bytes()


def test_no_sentence_depends_on_those_beside_it(made):
    scorer = OnnxScorer(SPEC, made, exclusive=False)
    together, alone = scorer.logits(TEXTS), np.concatenate([scorer.logits([text]) for text in TEXTS])
    assert together == pytest.approx(alone, abs=1e-4)


def test_every_range_holds_what_calibration_showed_and_nothing_of_the_pads(floats, made, tmp_path):
    """What enters each product is computed here by hand, from the graph by rows that stands before it."""
    quantise(floats / "model.onnx", tmp_path / "rows.onnx", ROWS)
    watched, names = onnx.load(tmp_path / "rows.onnx"), entries(made)
    wanted = [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None) for name in names]
    watched.graph.output.extend(wanted)
    import onnxruntime

    session = onnxruntime.InferenceSession(watched.SerializeToString(), providers=["CPUExecutionProvider"])
    seen = {name: [] for name in names}
    for feed in OnnxScorer(SPEC, floats, exclusive=False).feeds(TEXTS):
        real = feed["attention_mask"].astype(bool)
        for name, value in zip(names, session.run(names, feed), strict=True):
            seen[name].append((value[real] if value.ndim == 3 else value).ravel())
    known = constants(made)
    for name, parts in seen.items():
        step, zero, values = float(known[f"{name}_step"]), int(known[f"{name}_zero"]), np.concatenate(parts)
        assert min(0, values.min()) == pytest.approx(-zero * step, abs=0.51 * step), name
        assert max(0, values.max()) == pytest.approx((255 - zero) * step, abs=0.51 * step), name
    assert len(seen) == 9


def test_pads_widen_no_range(floats, tmp_path):
    plain = list(OnnxScorer(SPEC, floats, exclusive=False).feeds(TEXTS))
    padded = [{name: np.pad(value, ((0, 0), (0, 9))) for name, value in feed.items()} for feed in plain]
    ranges = []
    for name, feeds in (("plain", plain), ("padded", padded)):
        (tmp_path / name).mkdir()
        quantise(floats / "model.onnx", tmp_path / name / "model.onnx", STATIC, feeds)
        known = constants(tmp_path / name)
        ranges.append([float(known[f"{entry}_step"]) for entry in entries(tmp_path / name)])
    assert ranges[0] == pytest.approx(ranges[1], rel=1e-4) and len(ranges[0]) == 9


def test_more_calibration_sentences_never_narrow_a_range(floats, made, tmp_path):
    feeds = OnnxScorer(SPEC, floats, exclusive=False).feeds(TEXTS[:2])
    quantise(floats / "model.onnx", tmp_path / "model.onnx", STATIC, feeds)
    few, all_ = constants(tmp_path), constants(made)
    steps = [(float(few[f"{entry}_step"]), float(all_[f"{entry}_step"])) for entry in entries(made)]
    assert all(one <= more * 1.0001 for one, more in steps) and any(one < more for one, more in steps)


def test_biases_are_added_by_the_products_themselves(made):
    nodes = onnx.load(made / "model.onnx").graph.node
    products = [node for node in nodes if node.op_type == "MatMulIntegerToFloat"]
    known = constants(made)
    assert len(products) == 13 and all(len(node.input) == 7 and known[node.input[6]].ndim == 1 for node in products)
    outputs = {node.output[0] for node in products}
    left = [node for node in nodes if node.op_type == "Add" and outputs & set(node.input)]
    assert all(not set(node.input) & {name for name, value in known.items() if value.ndim == 1} for node in left)


def test_without_sentences_nothing_is_made(floats, tmp_path):
    with pytest.raises(ModelError, match="there are none") as caught:
        quantise(floats / "model.onnx", tmp_path / "model.onnx", STATIC)
    assert "int8-rows" in caught.value.hint and not (tmp_path / "model.onnx").exists()


def test_numbers_that_are_not_finite_are_named(floats, tmp_path):
    model = onnx.load(floats / "model.onnx")
    tensor = next(t for t in model.graph.initializer if t.name.endswith("embeddings.LayerNorm.weight"))
    tensor.CopyFrom(numpy_helper.from_array(np.full_like(numpy_helper.to_array(tensor), np.nan), tensor.name))
    onnx.save(model, tmp_path / "astray.onnx")
    feeds = OnnxScorer(SPEC, floats, exclusive=False).feeds(TEXTS)
    with pytest.raises(ModelError, match="no finite numbers") as caught:
        quantise(tmp_path / "astray.onnx", tmp_path / "model.onnx", STATIC, feeds)
    assert caught.value.hint and not (tmp_path / "model.onnx").exists()


def test_a_static_graph_is_not_quantised_again(floats, made, tmp_path):
    with pytest.raises(ModelError, match="quantised already"):
        shrink_tiny(made, tmp_path / "model.onnx", STATIC)


def test_weights_of_six_bits_get_no_fixed_steps(floats, tmp_path):
    (tmp_path / "six").mkdir()
    shrink_tiny(floats, tmp_path / "six" / "model.onnx", settings("six bits"))
    feeds = OnnxScorer(SPEC, floats, exclusive=False).feeds(TEXTS)
    with pytest.raises(ModelError, match="quantised already"):
        quantise(tmp_path / "six" / "model.onnx", tmp_path / "model.onnx", STATIC, feeds)
    assert not (tmp_path / "model.onnx").exists()
