"""What quantisation refuses: no graph, a quantised one, a place it cannot write to, settings that mean nothing."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from pydantic import ValidationError
from quantising import ROWS, SETTINGS, settings, shrink_tiny

from pipeline.ground.errors import ModelError
from pipeline.inference.session import open_graph
from pipeline.learning.quantise import quantise
from pipeline.learning.quantise_settings import QuantiseSettings


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"", "holds no node"), (b"<html>no model</html>", "not an ONNX graph"), (None, "cannot read")],
    ids=["empty", "html", "missing"],
)
def test_a_source_that_is_no_graph_is_refused(tmp_path, content, said):
    source = tmp_path / "model.onnx"
    if content is not None:
        source.write_bytes(content)
    with pytest.raises(ModelError, match=said) as caught:
        quantise(source, tmp_path / "out.onnx", ROWS)
    assert caught.value.hint and not (tmp_path / "out.onnx").exists()


def test_a_truncated_graph_is_refused(floats, tmp_path):
    whole = (floats / "model.onnx").read_bytes()
    (tmp_path / "cut.onnx").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ModelError, match="not an ONNX graph"):
        quantise(tmp_path / "cut.onnx", tmp_path / "out.onnx", ROWS)


@pytest.mark.parametrize("name", [name for name in SETTINGS if name != "nothing"])
def test_a_quantised_graph_is_not_quantised_again(floats, tmp_path, name):
    source = tmp_path / "model.onnx"
    shrink_tiny(floats, source, settings(name))
    with pytest.raises(ModelError, match="quantised already") as caught:
        quantise(source, tmp_path / "again.onnx", ROWS)
    assert "float32" in caught.value.hint


def test_a_target_that_cannot_be_written_is_named_and_nothing_is_left(floats, tmp_path):
    (tmp_path / "file").write_text("in the way")
    (tmp_path / "folder.onnx").mkdir()
    for target in (tmp_path / "file" / "model.onnx", tmp_path / "folder.onnx"):
        with pytest.raises(ModelError, match=f"cannot write {target}") as caught:
            quantise(floats / "model.onnx", target, ROWS)
        assert caught.value.hint
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder.onnx"]


def test_a_pattern_that_means_nothing_is_refused_with_the_nearest_name(floats, tmp_path):
    for chosen in (settings("rows", keep=("haed",)), settings("six and eight", finer=("*.atention.*",))):
        with pytest.raises(ModelError, match="names no module") as caught:
            quantise(floats / "model.onnx", tmp_path / "out.onnx", chosen)
        assert caught.value.hint
    with pytest.raises(ModelError) as caught:
        quantise(floats / "model.onnx", tmp_path / "out.onnx", settings("rows", keep=("haed",)))
    assert caught.value.hint == "did you mean 'head'?"


def test_weights_in_another_form_are_not_left_at_float32_unseen(tmp_path):
    """A weight behind a Transpose would stay float32; the message names it, and `keep` allows it."""
    weight = numpy_helper.from_array(np.ones((64, 64), dtype=np.float32), "hidden")
    nodes = [helper.make_node("Transpose", ["hidden"], ["turned"]), helper.make_node("MatMul", ["x", "turned"], ["y"])]
    [x, y] = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 64]) for name in "xy"]
    graph = helper.make_graph(nodes, "g", [x], [y], [weight])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)]), tmp_path / "model.onnx")
    with pytest.raises(ModelError, match="hidden") as caught:
        quantise(tmp_path / "model.onnx", tmp_path / "out.onnx", ROWS)
    assert "keep" in caught.value.hint
    quantise(tmp_path / "model.onnx", tmp_path / "out.onnx", ROWS.model_copy(update={"keep": ("hidden",)}))


def test_six_bits_take_a_matrix_of_any_size(tmp_path):
    for rows, columns in ((30, 8), (5, 3)):
        weight = numpy_helper.from_array(np.eye(rows, columns, dtype=np.float32), "odd")
        [x, y] = [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, size])
            for name, size in (("x", rows), ("y", columns))
        ]
        graph = helper.make_graph([helper.make_node("MatMul", ["x", "odd"], ["y"], name="m")], "g", [x], [y], [weight])
        onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)]), tmp_path / "whole.onnx")
        quantise(tmp_path / "whole.onnx", tmp_path / "model.onnx", settings("six bits"))
        numbers = np.linspace(-1, 1, rows, dtype=np.float32)[None]
        found = open_graph(tmp_path, packed=True).run({"x": numbers})
        assert found == pytest.approx(numbers[:, :columns], abs=0.05)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"matrices": "int8-rows"}, "int8-rows needs `reduce_range`"),
        ({"matrices": "int4-weights", "accuracy_level": 4}, "int4-weights needs `block_size`"),
        ({"matrices": "int8-weights", "block_size": 32}, "int8-weights needs `accuracy_level`"),
        ({"matrices": "int6-rows", "reduce_range": True}, "`reduce_range` goes with"),
        ({"matrices": "int8-static", "reduce_range": True}, "int8-static needs `calibration`"),
        ({"matrices": "int8-static", "calibration": 9}, "int8-static needs `reduce_range`"),
        ({"matrices": "int8-rows", "reduce_range": True, "calibration": 9}, "`calibration` goes with int8-static"),
        ({"matrices": "int6-rows", "finer": ["*"]}, "int6-rows needs `reduce_range`"),
        ({"matrices": "float32", "block_size": 32}, "`block_size` goes with"),
        ({"matrices": "int8-rows", "reduce_range": True, "finer": ["*"]}, "`finer` goes with"),
        ({"matrices": "int4-weights", "accuracy_level": 4, "block_size": 48}, "block_size"),
        ({"matrices": "int2"}, "matrices"),
        ({"matrices": "float32", "kept": ["head"]}, "kept"),
    ],
)
def test_settings_that_do_not_fit_together_are_refused(given, said):
    with pytest.raises(ValidationError, match=said):
        QuantiseSettings.model_validate({"embeddings": "int8"} | given)


def test_the_settings_are_read_without_torch_or_onnx():
    import subprocess
    import sys

    code = (
        "import sys, pipeline.learning.quantise_settings;"
        "sys.exit(any(name in sys.modules for name in ('torch', 'onnx', 'onnxruntime')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
