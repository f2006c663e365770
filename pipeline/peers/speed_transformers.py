"""Time transformers' `pipeline("text-classification")` in PyTorch and float32.

`python speed_transformers.py FOLDER`. FOLDER holds job.json (encoder, threads, seed, batch_sizes, tune_on) and
texts.jsonl; result.json comes out. Without batch sizes, the pipeline's default: one text at a time of a list. With
some, the quickest on the first `tune_on` texts. The head is random: its cost is that of a trained one.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

LABELS = 3


def run(job: dict[str, Any], texts: list[str]) -> dict[str, Any]:
    """Time the scoring of all texts; `first` is when the first text had its result, on the monotonic clock."""
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer, pipeline

    torch.set_num_threads(job["threads"])
    torch.manual_seed(job["seed"])
    model = AutoModelForSequenceClassification.from_pretrained(
        job["encoder"], num_labels=LABELS, dtype=torch.float32
    ).eval()
    classify = pipeline(
        "text-classification", model=model, tokenizer=AutoTokenizer.from_pretrained(job["encoder"]), device="cpu"
    )
    classify(texts[:1])
    first, tried = time.monotonic(), {}
    for size in job["batch_sizes"]:
        start = time.perf_counter()
        classify(texts[: job["tune_on"]], batch_size=size)
        tried[size] = time.perf_counter() - start
    best = {"batch_size": min(tried, key=lambda size: tried[size])} if tried else {}
    start = time.perf_counter()
    found = classify(texts, **best)
    return {"first": first, "seconds": time.perf_counter() - start, "scored": len(found), **best}


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
