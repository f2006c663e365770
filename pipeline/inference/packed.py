"""Keep 6-bit integers four to three bytes, in a file beside the graph: `packed.npy`.

onnxruntime has no type of six bits. A graph that unpacks them itself does so node by node each time it is loaded, which
took longer than all else of loading, and the memory of both forms; here they are unpacked on all cores and handed over
as initializers that the graph names as external data.

All matrices are one row of numbers, read at once and unpacked by a handful of operations: a thread that returns to
Python for every matrix waits for its turn each time, while the main thread imports modules and reads a document.
"""

import io
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from math import prod
from pathlib import Path

import numpy as np

ZERO = 32  # the integer of 0 in a 6-bit weight


def pack(integers: np.ndarray) -> np.ndarray:
    """Pack n integers in [-32, 31] four to three bytes: uint8 of shape (3 ceil(n / 4),).

    The last quarter's numbers are cut into three parts of two bits, which fill up the bytes of the others.
    """
    whole = np.append(integers, np.zeros(-len(integers) % 4, integers.dtype)) + ZERO
    *low, high = np.split(whole.astype(np.uint8), 4)
    return np.concatenate([part | (high >> shift & 3) << 6 for part, shift in zip(low, (0, 2, 4), strict=True)])


def unpack(packed: np.ndarray, threads: int = 1) -> np.ndarray:
    """Undo `pack`, but for the zero and the filling: int8 from 0 to 63 around a zero of 32, on `threads` cores."""
    quarter = len(packed) // 3
    whole = np.empty(4 * quarter, dtype=np.uint8)

    def fill(first: int, end: int) -> None:
        *low, high = (whole[begin + first : begin + end] for begin in range(0, 4 * quarter, quarter))
        for number, part in enumerate(low):
            found = packed[number * quarter + first : number * quarter + end]
            np.bitwise_and(found, 63, out=part)
            if number == 0:
                np.right_shift(found, 6, out=high)
            else:  # in place, since a new array of this size costs as much as the work
                top = found >> 6
                high |= np.left_shift(top, 2 * number, out=top)

    ends = [quarter * number // threads for number in range(threads + 1)]
    with ThreadPoolExecutor(threads, thread_name_prefix="unpack") as pool:
        list(pool.map(fill, ends[:-1], ends[1:]))
    return whole.view(np.int8)


def packed_file(matrices: Mapping[str, np.ndarray]) -> bytes:
    """Give the bytes of `packed.npy` for matrices of integers in [-32, 31]; equal matrices give equal bytes.

    It is one record of names, shapes, and numbers row by row, one matrix after another.
    """
    packed = pack(np.concatenate([matrix.ravel() for matrix in matrices.values()]))
    names, shapes = np.array(list(matrices)), np.array([matrix.shape for matrix in matrices.values()], dtype=np.int64)
    fields = {"names": names, "shapes": shapes, "packed": packed}
    record = np.zeros((), dtype=[(name, value.dtype, value.shape) for name, value in fields.items()])
    for name, value in fields.items():
        record[name] = value
    stream = io.BytesIO()
    np.save(stream, record, allow_pickle=False)
    return stream.getvalue()


def read_unpacked(path: Path, threads: int) -> dict[str, np.ndarray]:
    """Read and unpack every matrix, int8 from 0 to 63 around a zero of 32, on `threads` cores.

    Raises:
        ValueError: the file is no record of packed matrices.
        OSError: it cannot be read.
    """
    record = np.load(path, allow_pickle=False)
    if not isinstance(record, np.ndarray) or record.dtype.names != ("names", "shapes", "packed") or record.ndim:
        raise ValueError(f"{path} is no record of packed matrices")
    packed, shapes = record["packed"], [tuple(map(int, shape)) for shape in record["shapes"]]
    sizes = [prod(shape) for shape in shapes]
    if len(packed) % 3 or not 0 <= len(packed) // 3 * 4 - sum(sizes) < 4:
        raise ValueError(f"{path} holds {len(packed)} bytes for matrices of {sum(sizes)} numbers")
    parts = np.split(unpack(packed, threads), np.cumsum(sizes))
    return {str(name): part.reshape(shape) for name, part, shape in zip(record["names"], parts, shapes, strict=False)}
