"""Pruning: what others can make up for goes, what they cannot stays, and the loss is within what was allowed."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import helper, numpy_helper
from quantising import SPEC, settings, shrink_tiny
from tiny import tiny_sentences

from pipeline.ground.errors import ModelError
from pipeline.inference.graph import OnnxScorer
from pipeline.learning import prune as pruning
from pipeline.learning.prune import find_blocks, prune
from pipeline.learning.quantise import quantise
from pipeline.learning.quantise_settings import QuantiseSettings

TEXTS = [text for _, text in tiny_sentences()]
STATIC, ROWS = settings("static"), settings("rows")
NEURONS, LARGEST = 64, 127


@pytest.fixture(autouse=True)
def small_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pruning, "TILE", 4)


@pytest.fixture(scope="module")
def feeds(floats: Path) -> list[dict[str, np.ndarray]]:
    return list(OnnxScorer(SPEC, floats, exclusive=False).feeds(TEXTS))


@pytest.fixture
def rows(floats: Path, tmp_path: Path) -> onnx.ModelProto:
    quantise(floats / "model.onnx", tmp_path / "rows.onnx", ROWS)
    return onnx.load(tmp_path / "rows.onnx")


def copied(model: onnx.ModelProto) -> onnx.ModelProto:
    other = onnx.ModelProto()
    other.CopyFrom(model)
    return other


def tensors(model: onnx.ModelProto) -> dict[str, onnx.TensorProto]:
    return {tensor.name: tensor for tensor in model.graph.initializer}


def widths(model: onnx.ModelProto) -> list[int]:
    return [tensors(model)[block.first_bias].dims[0] for block in find_blocks(model.graph)]


def values(model: onnx.ModelProto, feeds: list[dict[str, np.ndarray]], name: str) -> np.ndarray:
    """Give a value's tokens, pads left out, or the logits as they are."""
    watched = copied(model)
    watched.graph.output.append(helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None))
    session = onnxruntime.InferenceSession(watched.SerializeToString(), providers=["CPUExecutionProvider"])
    found = [session.run([name], feed)[0] for feed in feeds]
    masks = [feed["attention_mask"].astype(bool) for feed in feeds]
    return np.concatenate([one[mask] if one.ndim == 3 else one for one, mask in zip(found, masks, strict=True)])


def logits(model: onnx.ModelProto, feeds: list[dict[str, np.ndarray]]) -> np.ndarray:
    return values(model, feeds, "logits")


def doubled(model: onnx.ModelProto) -> onnx.ModelProto:
    """Let the second half of each block's neurons be the first half again."""
    model = copied(model)
    for block in find_blocks(model.graph):
        for name in block.constants[:3]:
            tensor = tensors(model)[name]
            half = numpy_helper.to_array(tensor)[..., : NEURONS // 2]
            tensor.CopyFrom(numpy_helper.from_array(np.concatenate([half, half], axis=-1), name))
    return model


def test_neurons_that_are_there_twice_go_once_and_nothing_is_lost(rows, feeds):
    before = doubled(rows)
    after = copied(before)
    assert prune(after, feeds, 0.001, LARGEST)[0] >= NEURONS  # half of each of two blocks
    assert all(width <= NEURONS // 2 for width in widths(after))
    moved = logits(after, feeds) - logits(before, feeds)
    assert np.abs(moved).mean() < 0.02 * logits(before, feeds).std()


def test_without_refitting_as_much_would_be_lost(rows, feeds, monkeypatch):
    """What the test above would see, were the neurons only left out."""
    before = doubled(rows)
    after = copied(before)
    monkeypatch.setattr(pruning, "_fit", lambda seen, kept, gone: np.zeros((len(kept), len(gone))))
    prune(after, feeds, 0.001, LARGEST)
    moved = logits(after, feeds) - logits(before, feeds)
    assert np.abs(moved).mean() > 0.05 * logits(before, feeds).std()


@pytest.mark.parametrize("share", [0.01, 0.05])
def test_a_block_loses_as_much_as_it_may(rows, feeds, share):
    """The first block's output is compared: nothing before it has changed."""
    after = copied(rows)
    assert prune(after, feeds, share, LARGEST)[0] > 0
    name = find_blocks(rows.graph)[0].output
    old, new = values(rows, feeds, name), values(after, feeds, name)
    lost = ((new - old) ** 2).sum() / ((old - old.mean(0)) ** 2).sum()
    assert share / 4 < lost < share * 1.5  # whole tiles go, weights are rounded anew, and a token's scale is its own


def test_more_may_be_lost_and_more_goes_in_whole_tiles(rows, feeds):
    counts = []
    for share in (1e-9, 0.01, 0.1, 0.999999):
        after = copied(rows)
        gone, left = prune(after, feeds, share, LARGEST)
        assert left == sum(widths(after)) and gone + left == 2 * NEURONS and gone % 4 == 0
        counts.append(gone)
    assert counts[0] == 0 and sorted(set(counts)) == counts
    assert all(width >= 4 for width in widths(after))


def test_where_nothing_goes_nothing_changes(rows, feeds):
    after = copied(rows)
    prune(after, feeds, 1e-9, LARGEST)
    assert after.SerializeToString(deterministic=True) == rows.SerializeToString(deterministic=True)


def test_pads_are_not_looked_at(rows, feeds):
    plain, padded = copied(rows), copied(rows)
    prune(plain, feeds, 0.05, LARGEST)
    prune(padded, [{name: np.pad(a, ((0, 0), (0, 9))) for name, a in feed.items()} for feed in feeds], 0.05, LARGEST)
    assert widths(plain) == widths(padded)
    assert logits(plain, feeds) == pytest.approx(logits(padded, feeds), abs=0.02)


def test_integers_stay_within_their_bits(rows, feeds):
    prune(rows, feeds, 0.05, 63)
    for block in find_blocks(rows.graph):
        assert np.abs(numpy_helper.to_array(tensors(rows)[block.second.input[1]]).astype(int)).max() == 63


def test_a_pruned_graph_is_smaller_and_no_sentence_hangs_on_another(floats, tmp_path):
    sizes = {}
    for name, chosen in (("whole", STATIC), ("pruned", settings("static", prune=0.05))):
        folder = tmp_path / name
        folder.mkdir()
        shrink_tiny(floats, folder / "model.onnx", chosen)
        (folder / "tokenizer.json").write_bytes((floats / "tokenizer.json").read_bytes())
        sizes[name] = (folder / "model.onnx").stat().st_size
    assert sizes["pruned"] < sizes["whole"]
    scorers = {name: OnnxScorer(SPEC, tmp_path / name, exclusive=False) for name in sizes}
    together = {name: scorer.logits(TEXTS) for name, scorer in scorers.items()}
    alone = np.concatenate([scorers["pruned"].logits([text]) for text in TEXTS])
    assert together["pruned"] == pytest.approx(alone, abs=1e-4)
    moved = np.abs(together["pruned"] - together["whole"]).mean() / together["whole"].std()
    assert 0 < moved < 0.2


def test_equal_inputs_give_equal_bytes(floats, feeds, tmp_path):
    for name in ("one", "two"):
        quantise(floats / "model.onnx", tmp_path / name, settings("static", prune=0.05), feeds)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_what_cannot_be_pruned_says_so(floats, feeds, tmp_path):
    kept = settings("static", prune=0.05, keep=["*.intermediate.*", "*.output.dense"])
    with pytest.raises(ModelError, match="nothing can be pruned") as caught:
        quantise(floats / "model.onnx", tmp_path / "model.onnx", kept, feeds)
    assert "`prune`" in caught.value.hint and not (tmp_path / "model.onnx").exists()


def test_a_block_that_is_kept_at_float32_stays_whole(floats, feeds, tmp_path):
    quantise(floats / "model.onnx", tmp_path / "rows.onnx", settings("rows", keep=["*.layer.0.intermediate.*"]))
    model = onnx.load(tmp_path / "rows.onnx")
    assert len(find_blocks(model.graph)) == 1 and prune(model, feeds, 0.05, LARGEST)[0] > 0
    known = {name: list(tensor.dims) for name, tensor in tensors(model).items()}
    assert known["encoder.encoder.layer.0.intermediate.dense.bias"] == [NEURONS]


@pytest.mark.parametrize("what", ["first_bias", "neurons"])
def test_a_block_that_something_else_looks_into_stays_whole(rows, what):
    block, other = find_blocks(rows.graph)
    rows.graph.node.append(helper.make_node("Shape", [getattr(block, what)], ["looked_at"]))
    [left] = find_blocks(rows.graph)
    assert left.first_bias == other.first_bias


@pytest.mark.parametrize("count", [9, 10, 11, 12])
def test_a_width_that_no_tile_divides_is_rounded_to_one_or_left(count):
    """Neurons beyond `count` are the sum of all others, so they go, and nothing else does."""
    drawn = np.random.default_rng(1).normal(size=(500, count))
    for more in range(6):
        values = np.concatenate([drawn, np.repeat(drawn.sum(1, keepdims=True), more, axis=1)], axis=1)
        seen = pruning.Seen(values.mean(0), np.cov(values.T, bias=True), 1.0, 10.0)
        gone = pruning._gone(seen, np.random.default_rng(2).normal(size=(count + more, 20)), 0.01)
        assert len(gone) == 0 or (count + more - len(gone)) % 4 == 0
        assert len(gone) <= more


def test_a_share_that_is_no_number_takes_nothing_out():
    seen = pruning.Seen(np.zeros(8), np.eye(8), float("nan"), 1.0)
    assert len(pruning._gone(seen, np.ones((8, 2)), 0.5)) == 0


def test_without_sentences_nothing_is_made(rows):
    with pytest.raises(ModelError, match="there are none") as caught:
        prune(rows, [], 0.05, LARGEST)
    assert caught.value.hint


def test_numbers_that_are_not_finite_are_named(rows, feeds):
    tensor = next(t for t in rows.graph.initializer if t.name.endswith("embeddings.LayerNorm.weight"))
    tensor.CopyFrom(numpy_helper.from_array(np.full_like(numpy_helper.to_array(tensor), np.nan), tensor.name))
    with pytest.raises(ModelError, match="no finite numbers"):
        prune(rows, feeds, 0.05, LARGEST)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"matrices": "int8-rows", "reduce_range": True, "prune": 0.1}, "`prune` goes with int8-static"),
        ({"matrices": "int8-static", "reduce_range": True, "calibration": 9, "prune": 0}, "greater than 0"),
        ({"matrices": "int8-static", "reduce_range": True, "calibration": 9, "prune": 1}, "less than 1"),
        ({"matrices": "int8-static", "reduce_range": True, "calibration": 9, "prune": float("nan")}, "finite"),
    ],
)
def test_settings_that_do_not_fit_are_refused(changes, said):
    with pytest.raises(ValueError, match=said):
        QuantiseSettings.model_validate({"embeddings": "int8"} | changes)


def test_recipes_without_it_are_written_as_before():
    assert "prune" not in STATIC.model_dump(mode="json")
