"""Say what a training knows beside its figures, for the manifest and the model card."""

from typing import Any

from pipeline.corpus.splits import PARTS, Split
from pipeline.ground.files import hash_json
from pipeline.ground.machine import describe_machine


def training_facts(learned: dict[str, Any], split: Split) -> dict[str, Any]:
    """Give the machine, how many sentences each part had, which documents were held out, and what was learned."""
    sentences = {part: len(getattr(split, part)) for part in PARTS}
    return {"machine": describe_machine(), "sentences": sentences, "test_documents": documents_tested(split)} | learned


def documents_tested(split: Split) -> str:
    """Name the documents that test; 16 hex digits."""
    return hash_json(sorted({example.doc for example in split.test}))
