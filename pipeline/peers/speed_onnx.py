"""Time the plain loop over onnxruntime: texts sorted by length, batches of 32, the session's default threads.

`python speed_onnx.py FOLDER`. FOLDER holds job.json (graph, tokenizer, max_length) and texts.jsonl; result.json
comes out.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

BATCH = 32


def run(job: dict[str, Any], texts: list[str]) -> dict[str, Any]:
    """Time the scoring of all texts; `first` is when the first text had its result, on the monotonic clock."""
    import onnxruntime
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(job["tokenizer"])
    tokenizer.enable_truncation(job["max_length"])
    tokenizer.enable_padding()
    session = onnxruntime.InferenceSession(job["graph"], providers=["CPUExecutionProvider"])
    score(texts[:1], tokenizer, session)
    first = time.monotonic()
    start = time.perf_counter()
    found = score(texts, tokenizer, session)
    return {"first": first, "seconds": time.perf_counter() - start, "scored": len(found)}


def score(texts: list[str], tokenizer: Any, session: Any) -> list[list[float]]:
    """Give logits in the order of the texts."""
    import numpy as np

    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
    rows: list[list[float]] = [[] for _ in texts]
    for begin in range(0, len(order), BATCH):
        batch = order[begin : begin + BATCH]
        encoded = tokenizer.encode_batch([texts[i] for i in batch])
        inputs = {
            "input_ids": np.array([one.ids for one in encoded], dtype=np.int64),
            "attention_mask": np.array([one.attention_mask for one in encoded], dtype=np.int64),
        }
        for i, row in zip(batch, session.run(None, inputs)[0].tolist(), strict=True):
            rows[i] = row
    return rows


def main(folder: Path) -> None:
    """Do the job, and write its figures; a library that is not there is one of them."""
    job = json.loads((folder / "job.json").read_text(encoding="utf-8"))
    lines = (folder / "texts.jsonl").read_text(encoding="utf-8").split("\n")
    try:
        figures = run(job, [json.loads(line)["text"] for line in lines if line])
    except ModuleNotFoundError as error:
        figures = {"missing": error.name}
    (folder / "result.json").write_text(json.dumps(figures), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
