"""Say what a training knows beside its figures, for the manifest and the model card."""

from collections.abc import Sequence
from typing import Any

from pipeline.corpus.load import Corpus
from pipeline.corpus.splits import PARTS, Split
from pipeline.ground.files import hash_json
from pipeline.ground.machine import describe_machine
from pipeline.ground.records import Example
from pipeline.inference.manifest import Manifest


def training_facts(learned: dict[str, Any], split: Split) -> dict[str, Any]:
    """Give the machine, how many sentences each part had, which documents were held out, and what was learned."""
    sentences = {part: len(getattr(split, part)) for part in PARTS}
    held_out = {"validation_documents": documents_of(split.validation), "test_documents": documents_tested(split)}
    machine = describe_machine(learned.get("gpu", ""))
    return {"machine": machine, "sentences": sentences} | held_out | learned


def documents_tested(split: Split) -> str:
    """Name the documents that test; 16 hex digits."""
    return documents_of(split.test)


def documents_of(examples: Sequence[Example]) -> str:
    """Name the documents of sentences; 16 hex digits."""
    return hash_json(sorted({example.doc for example in examples}))


def doubts(manifest: Manifest, corpus: Corpus, split: Split) -> list[str]:
    """Say where the labels here are not those of the training, since the figures then mean less."""
    found = []
    if manifest.data_fingerprint != corpus.fingerprint:
        found.append(
            f"The labels judged on (fingerprint `{corpus.fingerprint}`) are not those the model was trained with"
            f" (`{manifest.data_fingerprint}`)."
        )
    if manifest.facts.get("test_documents", documents_tested(split)) != documents_tested(split):
        found.append(
            "The test documents are not those held out when the model was trained: it may have learned from some."
        )
    return found
