"""Time `Predictor.predict` in a process that does nothing else: `python -m pipeline.workflows.benchmark_own FOLDER`.

FOLDER holds job.json (model) and texts.jsonl; result.json comes out, as of the programs in `pipeline/peers`.
"""

import sys
import time
from pathlib import Path

from pipeline.ground.files import read_json, read_jsonl, write_json
from pipeline.predict import Predictor


def main(folder: Path) -> None:
    """Load, score one text, and time the scoring of all."""
    model = Path(read_json(folder / "job.json")["model"])
    texts = [record["text"] for _, record in read_jsonl(folder / "texts.jsonl")]
    predictor = Predictor.load(model)
    predictor.predict(texts[:1])
    first = time.monotonic()
    start = time.perf_counter()
    found = predictor.predict(texts)
    write_json(folder / "result.json", {"first": first, "seconds": time.perf_counter() - start, "scored": len(found)})


if __name__ == "__main__":
    main(Path(sys.argv[1]))
