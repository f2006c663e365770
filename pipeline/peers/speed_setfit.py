"""Time SetFit's `predict`: the encoder as SentenceTransformer, a logistic head for each label, default batch size.

`python speed_setfit.py FOLDER`. FOLDER holds job.json (encoder, threads, seed) and texts.jsonl; result.json comes
out. The heads are fitted on random targets of a handful of texts: their cost is that of trained ones.
"""

import json
import random
import sys
import time
from pathlib import Path
from typing import Any

LABELS = 3
HANDFUL = 16


def run(job: dict[str, Any], texts: list[str]) -> dict[str, Any]:
    """Time the scoring of all texts; `first` is when the first text had its result, on the monotonic clock."""
    import torch
    from sentence_transformers import SentenceTransformer
    from setfit import SetFitModel
    from sklearn.linear_model import LogisticRegression
    from sklearn.multioutput import MultiOutputClassifier

    torch.set_num_threads(job["threads"])
    body = SentenceTransformer(job["encoder"], device="cpu")
    head = MultiOutputClassifier(LogisticRegression())
    handful = (texts * HANDFUL)[:HANDFUL]
    head.fit(body.encode(handful, show_progress_bar=False), targets(job["seed"]))
    model = SetFitModel(model_body=body, model_head=head, multi_target_strategy="multi-output", labels=None)
    model.predict(texts[:1], show_progress_bar=False)
    first = time.monotonic()
    start = time.perf_counter()
    found = model.predict(texts, show_progress_bar=False)
    return {"first": first, "seconds": time.perf_counter() - start, "scored": len(found)}


def targets(seed: int) -> list[list[int]]:
    """Draw targets in which each label is both there and not."""
    drawn = random.Random(seed)  # noqa: S311 - no secret
    columns = [[row % 2 for row in range(HANDFUL)] for _ in range(LABELS)]
    for column in columns:
        drawn.shuffle(column)
    return [list(row) for row in zip(*columns, strict=True)]


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
