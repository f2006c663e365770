"""Write tiny real things: a labels folder of 48 sentences, recipes small enough for a test."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from pipeline.ground.codebook import Codebook, Label
from pipeline.ground.files import hash_text, sha256_of

ROOT = Path(__file__).resolve().parents[1]
DATA = Path(__file__).parent / "data"
SHARED = ROOT.parent / "shared"
STATEMENT = SHARED / "texts" / "statement.txt"
DOCUMENTS = 12


def tiny_sentences() -> list[tuple[str, str]]:
    """Read (kind, sentence) pairs; kinds are hawk, dove, both and none."""
    lines = (DATA / "tiny.txt").read_text(encoding="utf-8").splitlines()
    return [tuple(line.split("|", 1)) for line in lines]


def codebook_of(choice: str) -> Codebook:
    """Make the codebook of hawk and dove, any subset, or hawk, dove and other, exactly one."""
    names = ("hawk", "dove") if choice == "any" else ("hawk", "dove", "other")
    labels = tuple(Label(name=name, short=name[:4], definition=name) for name in names)
    return Codebook(name="hawkish", version="0.1.0", unit="sentence", choice=choice, labels=labels)


def write_labels(folder: Path, choice: str = "any", *, splits: bool = False) -> Path:
    """Write a labels folder of the scheme hawk/dove, any subset, or hawk/dove/other, exactly one."""
    names = ["hawk", "dove"] if choice == "any" else ["hawk", "dove", "other"]
    sentences = [(kind, text) for kind, text in tiny_sentences() if choice == "any" or kind != "both"]
    for part in ("annotations", "documents", "texts"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    codebook = {
        "name": "hawkish",
        "version": "0.1.0",
        "unit": "sentence",
        "choice": choice,
        "labels": [{"name": name, "short": name[:4], "definition": f"speaks as a {name}"} for name in names],
    }
    source = {
        "name": "tiny",
        "kind": "written",
        "annotations": "annotations/tiny.jsonl",
        "documents": "documents/tiny.jsonl",
        "licence": "Apache-2.0",
        "obtain": "written for the tests",
    }
    (folder / "codebook.yaml").write_text(yaml.safe_dump(codebook, sort_keys=False))
    (folder / "sources.yaml").write_text(yaml.safe_dump({"sources": [source]}, sort_keys=False))
    documents, annotations = [], []
    for number in range(DOCUMENTS):
        position, texts = 0, []
        for kind, text in sentences[number::DOCUMENTS]:
            labels = {"both": ["hawk", "dove"], "none": [] if choice == "any" else ["other"]}.get(kind, [kind])
            span = {"start": position, "end": position + len(text), "sha256": hash_text(text, 16)}
            annotations.append({"doc": f"tiny-{number:02}", **span, "labels": labels})
            texts.append(text)
            position += len(text) + 1
        genre = "speech" if number % 2 else "column"
        documents.append({"doc": f"tiny-{number:02}", "title": "", "genre": genre, "text": " ".join(texts)})
    for part, rows in (("documents", documents), ("annotations", annotations)):
        (folder / part / "tiny.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


TFIDF = {
    "kind": "tfidf",
    "word_ngrams": [1, 2],
    "char_ngrams": [2, 4],
    "min_count": 1,
    "sublinear": True,
    "c": 10.0,
    "class_weight": "balanced",
}
DECISIONS = {"learn_from": "out-of-fold", "folds": 3, "calibration": "sigmoid", "objective": "macro-f1"}


def write_recipe(path: Path, learner: dict | None = None, **decisions: object) -> Path:
    """Write a recipe; its name is the file's."""
    recipe = {
        "name": path.stem,
        "learner": learner or TFIDF,
        "decisions": DECISIONS | decisions,
        "seed": 3,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(recipe, sort_keys=False))
    return path


def finetuned_learner(encoder: Path, **changes: object) -> dict:
    """Give a fine-tuning learner small enough for a test."""
    return {
        "kind": "finetuned",
        "encoder": {"kind": "folder", "path": str(encoder)},
        "max_length": 32,
        "epochs": 3,
        "patience": 3,
        "batch_size": 8,
        "learning_rate": 0.01,
        "head_learning_rate": 0.05,
        "weight_decay": 0.0,
        "warmup": 0.1,
        "dropout": 0.0,
        "class_weight": "root",
        "precision": "float32",
    } | changes


def distilled_learner(
    encoder: Path, teacher: str, more: Path, told: Iterable[tuple[str, str]] | None = None, /, **changes: object
) -> dict:
    """Give a distilling learner small enough for a test; the file `more` is written, of unlabelled sentences.

    `told` holds them, each with its document's name before it; without it they are the tiny ones in other words.
    """
    if told is None:
        told = [(f"d{i}", text.replace("talks", "meetings")) for i, (_, text) in enumerate(tiny_sentences())]
    more.write_text("".join(json.dumps({"doc": doc, "text": text}) + "\n" for doc, text in told))
    return {
        "kind": "distilled",
        "teacher": teacher,
        "encoder": {"kind": "folder", "path": str(encoder)},
        "unlabelled": {"sources": [{"kind": "file", "path": str(more), "sha256": sha256_of(more)}]},
        "max_length": 32,
        "epochs": 3,
        "batch_size": 8,
        "learning_rate": 0.01,
        "head_learning_rate": 0.05,
        "weight_decay": 0.0,
        "warmup": 0.1,
        "dropout": 0.1,
        "gold_weight": 0.5,
        "precision": "float32",
        "checkpoint_minutes": 1e-9,
    } | changes


def save_encoder(folder: Path, tokenizer: Any, *, seed: int, width: int, layers: int) -> None:
    """Write a small BERT of random weights, with its tokenizer."""
    import torch
    from transformers import BertConfig, BertModel

    tokenizer.save_pretrained(folder)
    torch.manual_seed(seed)
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=width,
        num_hidden_layers=layers,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
    )
    BertModel(config, add_pooling_layer=False).save_pretrained(folder)


def run_apart(folder: Path, *arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the real command in a process of its own, standing in `folder`."""
    return subprocess.run(
        [sys.executable, "-m", "pipeline", *map(str, arguments)],
        cwd=folder,
        env=apart(**environment),
        capture_output=True,
        text=True,
        timeout=300,
    )


def apart(**environment: str) -> dict[str, str]:
    """Give the environment of a process of its own: our package on its path, no store or texts from elsewhere."""
    kept = {key: value for key, value in os.environ.items() if key not in ("MLFLOW_TRACKING_URI", "STANCE_TEXTS")}
    return kept | {"PYTHONPATH": str(ROOT)} | environment
