"""Make a project with a store of real runs on 60 made-up documents: enough of them that intervals mean something."""

import json
import shutil
import sqlite3
from pathlib import Path

import numpy as np
import yaml
from tiny import TFIDF, write_recipe

from pipeline.ground.files import hash_text
from pipeline.ground.paths import Project
from pipeline.tracking.store import Tracker
from pipeline.workflows.training import Order, train

CUES = {
    "hawk": ("strike", "arsenal", "ultimatum", "invade", "reprisal", "blockade"),
    "dove": ("ceasefire", "mediate", "reconcile", "disarm", "truce", "handshake"),
}
DOCUMENTS, SENTENCES = 60, 6
SOURCES = ("north", "south")


def write_corpus(folder: Path, version: str = "0.1.0") -> Path:
    """Write a labels folder: sentences of made-up words, of which a cue word decides the label."""
    rng = np.random.default_rng(7)
    words = [
        "".join(rng.choice(list("bdfgklmnprstvz")) + rng.choice(list("aeiou")) for _ in range(3)) for _ in "x" * 400
    ]
    for part in ("annotations", "documents"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    labels = [{"name": name, "short": name[:4], "definition": f"speaks as a {name}"} for name in CUES]
    codebook = {"name": "camps", "version": version, "unit": "sentence", "choice": "any", "labels": labels}
    (folder / "codebook.yaml").write_text(yaml.safe_dump(codebook, sort_keys=False))
    documents, annotations = {name: [] for name in SOURCES}, {name: [] for name in SOURCES}
    for number in range(DOCUMENTS):
        doc, source = f"doc-{number:02}", SOURCES[number % 2]
        position, texts = 0, []
        for _ in range(SENTENCES):
            kind = rng.choice(["hawk", "dove", "none"])
            chosen = list(rng.choice(words, size=9))
            if kind != "none" and rng.random() < 0.9:
                chosen[int(rng.integers(9))] = str(rng.choice(CUES[kind]))
            text = " ".join(chosen).capitalize() + "."
            span = {"start": position, "end": position + len(text), "sha256": hash_text(text, 16)}
            annotations[source].append({"doc": doc, **span, "labels": [] if kind == "none" else [str(kind)]})
            texts.append(text)
            position += len(text) + 1
        documents[source].append({"doc": doc, "title": "", "genre": "column", "text": " ".join(texts)})
    for part, rows in (("documents", documents), ("annotations", annotations)):
        for source in SOURCES:
            lines = "".join(json.dumps(row) + "\n" for row in rows[source])
            (folder / part / f"{source}.jsonl").write_text(lines)
    about = {"kind": "written", "licence": "Apache-2.0", "obtain": "made for the tests"}
    sources = [
        {"name": name, "annotations": f"annotations/{name}.jsonl", "documents": f"documents/{name}.jsonl"} | about
        for name in SOURCES
    ]
    (folder / "sources.yaml").write_text(yaml.safe_dump({"sources": sources}, sort_keys=False))
    numbers = [f"doc-{number:02}" for number in range(DOCUMENTS)]
    parts = {"train": numbers[:28], "validation": numbers[28:44], "test": numbers[44:]}
    (folder / "splits.yaml").write_text(yaml.safe_dump({"seed": 1, "shares": [0.46, 0.27, 0.27]} | parts))
    return folder


def write_recipes(models: Path) -> None:
    """Write recipes: `words` learns all cues, `half` knows two of six by rule, `floor` knows nothing."""
    write_recipe(models / "words.yaml", TFIDF, learn_from="validation")
    rules = {name: {"match": [f"({'|'.join(cues[:2])})"], "veto": []} for name, cues in CUES.items()}
    write_recipe(models / "half.yaml", {"kind": "rules", "labels": rules}, learn_from="validation")
    write_recipe(models / "floor.yaml", {"kind": "prior"}, learn_from="validation")


def run(root: Path, recipe: str, seed: int = 3, experiment: str = "training") -> str:
    """Train a recipe of the project; return the run's id."""
    project = Project(root)
    out = project.trained / (recipe if seed == 3 else f"{recipe}-seed{seed}")
    order = Order(project.models / f"{recipe}.yaml", project.labels, out, seed, experiment)
    return train(order, Tracker(root)).run_id


def build(root: Path) -> dict[str, str]:
    """Make the project and its runs; return their ids by recipe, words at two seeds."""
    write_corpus(root / "labels")
    write_recipes(root / "models")
    return {
        "half": run(root, "half"),
        "words": run(root, "words"),
        "words5": run(root, "words", 5),
        "floor": run(root, "floor"),
    }


def move(root: Path, target: Path) -> Path:
    """Copy a project with its store to a place of its own, where a test may damage it."""
    shutil.copytree(root, target, dirs_exist_ok=True)
    with sqlite3.connect(target / "mlflow.db") as store:
        for table, column in (("runs", "artifact_uri"), ("experiments", "artifact_location")):
            store.execute(f"UPDATE {table} SET {column} = replace({column}, ?, ?)", (str(root), str(target)))  # noqa: S608
    store.close()
    return target
