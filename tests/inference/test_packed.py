"""Six bits packed beside the graph: no number lost, the same bytes each time, damage named."""

import io

import numpy as np
import pytest

from pipeline.inference.packed import ZERO, pack, packed_file, read_unpacked, unpack


def integers(*shape: int) -> np.ndarray:
    return np.random.default_rng(shape).integers(-32, 32, size=shape).astype(np.int8)


@pytest.mark.parametrize("count", [1, 3, 4, 30, 61, 4096])
@pytest.mark.parametrize("threads", [1, 2, 5])
def test_packing_keeps_every_number_in_three_quarters_of_the_bytes(count, threads):
    packed = pack(integers(count))
    assert packed.shape == (3 * -(-count // 4),) and packed.dtype == np.uint8
    found = unpack(packed, threads)
    assert found.dtype == np.int8 and np.array_equal(found[:count] - ZERO, integers(count))
    assert found.min() >= 0 and (found[count:] == ZERO).all()


def test_each_number_survives_beside_each_other():
    every = np.arange(-32, 32, dtype=np.int8)
    low, high = np.meshgrid(every, every)
    whole = np.concatenate([low.ravel()] * 3 + [high.ravel()])
    assert np.array_equal(unpack(pack(whole)) - ZERO, whole)


def test_a_file_gives_back_its_matrices_on_any_number_of_cores(tmp_path):
    matrices = {"wide": integers(3, 50), "one": integers(1, 1), "tall": integers(64, 2), "é": integers(5, 7)}
    content = packed_file(matrices)
    assert content == packed_file({name: matrix.copy() for name, matrix in matrices.items()})
    assert len(content) < 0.75 * sum(matrix.size for matrix in matrices.values()) + 600  # names, shapes and a header
    (tmp_path / "packed.npy").write_bytes(content)
    for threads in (1, 3):
        found = read_unpacked(tmp_path / "packed.npy", threads)
        assert list(found) == list(matrices)
        for name, matrix in matrices.items():
            assert found[name].dtype == np.int8 and np.array_equal(found[name] - ZERO, matrix)


def npy(value: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, value, allow_pickle=value.dtype.hasobject)
    return stream.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x93NUMPY no header",
        packed_file({"one": integers(64, 3)})[:-30],
        packed_file({"one": integers(64, 3)}).replace(b"\x40\x00", b"\x41\x00"),
        npy(np.zeros((64, 3), np.uint8)),
        npy(np.array([{"no": "number"}], dtype=object)),
    ],
    ids=["empty", "no header", "cut short", "another shape", "a plain array", "a pickle"],
)
def test_what_is_no_record_of_packed_matrices_is_a_value_error(tmp_path, content):
    (tmp_path / "packed.npy").write_bytes(content)
    with pytest.raises((ValueError, EOFError)):
        read_unpacked(tmp_path / "packed.npy", 2)
