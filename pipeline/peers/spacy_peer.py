"""Train spaCy's `textcat_multilabel` with the configuration `spacy init config` gives, and run it.

`python spacy_peer.py train|predict FOLDER`. FOLDER holds job.json, train.jsonl and validation.jsonl, or
texts.jsonl; train.json, predict.json, probabilities.jsonl and model/ come out. The best pipeline by spaCy's
own score on validation is kept. No word vectors are used: spaCy's lie where pip does not reach.
"""

import json
import shutil
import sys
import time
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

PIPE = "textcat_multilabel"


def train(job: dict[str, Any], folder: Path) -> dict[str, float]:
    """Train as `spacy train` does; seconds leave out the writing of spaCy's own data files."""
    from spacy.cli.train import train as spacy_train

    for part in ("train", "validation"):
        convert(read(folder / f"{part}.jsonl"), job["labels"], folder / f"{part}.spacy")
    configuration(job, folder).to_disk(folder / "config.cfg")
    start = time.perf_counter()
    with redirect_stdout(sys.stderr):  # spaCy's table of scores, for the log
        spacy_train(folder / "config.cfg", folder / "spacy")
    seconds = time.perf_counter() - start
    shutil.move(folder / "spacy" / "model-best", folder / "model")
    return {"seconds": seconds}


def configuration(job: dict[str, Any], folder: Path) -> Any:
    """Make the configuration, with our paths, seed and stopping in it, and no word vectors."""
    from spacy.cli.init_config import init_config

    settings = job["settings"]
    config = init_config(lang="en", pipeline=[PIPE], optimize=settings["optimize"], gpu=False)
    config["paths"] |= {
        "train": str(folder / "train.spacy"),
        "dev": str(folder / "validation.spacy"),
        "vectors": None,
    }
    config["system"]["seed"] = job["seed"]
    config["training"] |= {name: settings[name] for name in ("max_steps", "patience", "eval_frequency")}
    if "tok2vec" in config["components"]:
        config["components"]["tok2vec"]["model"]["embed"]["include_static_vectors"] = False
    return config


def convert(rows: list[dict[str, Any]], labels: list[str], path: Path) -> None:
    """Write rows as spaCy keeps them: tokens, and a 0 or 1 for each label."""
    import spacy
    from spacy.tokens import DocBin

    nlp = spacy.blank("en")
    store = DocBin()
    for row in rows:
        doc = nlp.make_doc(row["text"])
        doc.cats = {label: float(on) for label, on in zip(labels, row["labels"], strict=True)}
        store.add(doc)
    store.to_disk(path)


def predict(job: dict[str, Any], folder: Path) -> dict[str, float]:
    """Score texts; seconds are those after the loading of the pipeline."""
    import spacy

    nlp = spacy.load(folder / "model")
    texts = [row["text"] for row in read(folder / "texts.jsonl")]
    start = time.perf_counter()
    found = [[float(doc.cats[label]) for label in job["labels"]] for doc in nlp.pipe(texts)]
    seconds = time.perf_counter() - start
    write(folder / "probabilities.jsonl", [{"probabilities": row} for row in found])
    return {"seconds": seconds}


def read(path: Path) -> list[dict[str, Any]]:
    """Read JSON lines."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]


def write(path: Path, rows: list[dict[str, Any]]) -> None:
    """Write JSON lines."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def main(verb: str, folder: Path) -> None:
    """Do what the verb asks, and write its figures last."""
    job = json.loads((folder / "job.json").read_text(encoding="utf-8"))
    figures = {"train": train, "predict": predict}[verb](job, folder)
    write(folder / f"{verb}.json", [figures])


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
