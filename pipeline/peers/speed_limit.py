"""Measure how quickly this machine multiplies matrices: float32 and bfloat16 in torch, int8 in onnxruntime.

`python speed_limit.py FOLDER`. FOLDER holds job.json (shapes, threads, seconds); result.json comes out: floating
point (or integer) operations a second for each kind and shape, two for each product and sum. A shape [m, k, n] is a
matrix of m by k times a constant one of k by n. Inputs and outputs are allocated once, so nothing but the product is
timed. Int8 runs as our scorer runs it: a session of one thread on each of `threads` threads, each a matrix of its own.
"""

import json
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

OPSET, IR = 20, 10  # of the graph of one MatMulInteger; any onnxruntime of the last years reads them
WARM_UP = 5


def run(job: dict[str, Any]) -> dict[str, Any]:
    """Measure each kind on each shape, one after another."""
    rates = {"float32": torch_rate, "bfloat16": torch_rate, "int8": integer_rate}
    return {
        kind: {"x".join(map(str, shape)): rate(kind, shape, job["threads"], job["seconds"]) for shape in job["shapes"]}
        for kind, rate in rates.items()
    }


def torch_rate(kind: str, shape: list[int], threads: int, seconds: float) -> float:
    """Repeat one product in torch, divided among `threads`."""
    import torch

    torch.set_num_threads(threads)
    m, k, n = shape
    dtype = {"float32": torch.float32, "bfloat16": torch.bfloat16}[kind]
    left, right = torch.randn(m, k).to(dtype), torch.randn(k, n).to(dtype)
    out = torch.empty(m, n, dtype=dtype)
    with torch.inference_mode():
        return 2 * m * k * n * repeated(lambda: torch.mm(left, right, out=out), seconds)


def integer_rate(kind: str, shape: list[int], threads: int, seconds: float) -> float:
    """Repeat one MatMulInteger of uint8 and constant int8 on each of `threads` threads at once."""
    m, k, n = shape
    products = [integer_product(shape, seed) for seed in range(threads)]
    with ThreadPoolExecutor(threads) as pool:
        rates = list(pool.map(lambda product: repeated(product, seconds), products))
    return 2 * m * k * n * sum(rates)


def integer_product(shape: list[int], seed: int) -> Callable[[], object]:
    """Make a session of one thread whose graph is the product alone."""
    import numpy as np
    import onnxruntime
    from onnx import TensorProto, helper, numpy_helper

    m, k, n = shape
    random = np.random.default_rng(seed)
    weight = numpy_helper.from_array(random.integers(-127, 128, (k, n), dtype=np.int8), "weight")
    middle = numpy_helper.from_array(np.array(128, dtype=np.uint8), "middle")
    graph = helper.make_graph(
        [helper.make_node("MatMulInteger", ["left", "weight", "middle"], ["out"])],
        "product",
        [helper.make_tensor_value_info("left", TensorProto.UINT8, [m, k])],
        [helper.make_tensor_value_info("out", TensorProto.INT32, [m, n])],
        [weight, middle],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    binding = session.io_binding()
    value = onnxruntime.OrtValue
    binding.bind_ortvalue_input("left", value.ortvalue_from_numpy(random.integers(0, 256, (m, k), dtype=np.uint8)))
    binding.bind_ortvalue_output("out", value.ortvalue_from_shape_and_type([m, n], np.int32))
    return lambda: session.run_with_iobinding(binding)


def repeated(work: Callable[[], object], seconds: float) -> float:
    """Repeat work for so many seconds, after a warm-up; give times a second."""
    for _ in range(WARM_UP):
        work()
    count, start = 0, time.perf_counter()
    while (taken := time.perf_counter() - start) < seconds or not count:
        work()
        count += 1
    return count / taken


def main(folder: Path) -> None:
    """Do the job, and write its figures; a library that is not there is one of them."""
    job = json.loads((folder / "job.json").read_text(encoding="utf-8"))
    try:
        figures = run(job)
    except ModuleNotFoundError as error:
        figures = {"missing": error.name}
    (folder / "result.json").write_text(json.dumps(figures), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
