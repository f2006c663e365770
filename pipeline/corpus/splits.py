"""Keep the split manifest: which documents train, validate and test; and refuse a split that leaks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml
from pydantic import Field

from pipeline.corpus.duplicates import document_groups, near_duplicates
from pipeline.corpus.load import Corpus
from pipeline.corpus.stratify import stratified_parts
from pipeline.ground.codebook import Codebook
from pipeline.ground.config import Strict, load_config
from pipeline.ground.errors import SplitError
from pipeline.ground.files import write_text
from pipeline.ground.records import Example

PARTS = ("train", "validation", "test")
SHARES = (0.7, 0.15, 0.15)
SEED = 2018
MANIFEST = "splits.yaml"
HINT = "make it again: stance labels split (--keep leaves documents where they are)"


class Manifest(Strict):
    """Document ids of each part, as committed."""

    seed: int
    shares: tuple[float, float, float]
    train: tuple[str, ...] = Field(min_length=1)
    validation: tuple[str, ...] = Field(min_length=1)
    test: tuple[str, ...] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class Split:
    """Labelled sentences divided by document."""

    train: tuple[Example, ...]
    validation: tuple[Example, ...]
    test: tuple[Example, ...]


def make_manifest(corpus: Corpus, seed: int = SEED, keep: Manifest | None = None) -> Manifest:
    """Divide a corpus by document group; pinned documents go where their source says.

    Only unpinned documents are weighed, so a text that is absent here does not move the others. With `keep`,
    documents it places stay there, and the new ones are divided among themselves, so that what a test measured
    before can be measured again.

    Raises:
        SplitError: there are too few independent documents, or a new one repeats kept ones of two parts.
    """
    free = [example for example in corpus.examples if example.doc not in corpus.pins]
    groups = document_groups(free)
    if len(set(groups.values())) < len(PARTS):
        raise SplitError(
            f"{len(set(groups.values()))} independent documents cannot be divided into {', '.join(PARTS)}",
            hint="label sentences of at least three documents that do not repeat each other",
        )
    placed = _kept(groups, keep) if keep else {}
    new = [example for example in free if example.doc not in placed]
    number = stratified_parts(new, {e.doc: groups[e.doc] for e in new}, corpus.codebook, SHARES, seed) if new else {}
    parts: dict[str, list[str]] = {part: [] for part in PARTS}
    for doc in groups:
        parts[placed.get(doc) or PARTS[number[doc]]].append(doc)
    for doc, pin in corpus.pins.items():
        parts[pin].append(doc)
    if empty := [part for part in PARTS if not parts[part]]:
        raise SplitError(f"no document is left for {', '.join(empty)}", hint="label more documents")
    return Manifest(seed=seed, shares=SHARES, **{part: tuple(sorted(docs)) for part, docs in parts.items()})


def _kept(groups: Mapping[str, str], keep: Manifest) -> dict[str, str]:
    """Place each document a manifest knows, and each new one that repeats it; name -> part."""
    old = {doc: part for part in PARTS for doc in getattr(keep, part) if doc in groups}
    by_group: dict[str, str] = {}
    for doc, part in sorted(old.items()):
        if by_group.setdefault(groups[doc], part) != part:
            raise SplitError(
                f"{doc!r} ({part}) and documents of {by_group[groups[doc]]} repeat each other or a new document",
                hint="take the repeated sentences out, or divide anew without --keep",
            )
    return {doc: by_group[group] for doc, group in groups.items() if group in by_group}


def write_manifest(manifest: Manifest, labels_dir: Path) -> Path:
    """Write the manifest as YAML, one document id a line."""
    path = labels_dir / MANIFEST
    head = "# Which documents train, validate and test. Written by `stance labels split`; commit it.\n"
    body = yaml.safe_dump(manifest.model_dump(mode="json"), sort_keys=False, allow_unicode=True)
    write_text(path, head + body)
    return path


def split_corpus(corpus: Corpus, labels_dir: Path) -> Split:
    """Divide a corpus by its manifest (made on the fly where none is committed), and check for leaks.

    Raises:
        SplitError: the manifest is stale, or a document or near-duplicate stands on two sides.
    """
    path = labels_dir / MANIFEST
    manifest = load_config(path, Manifest) if path.exists() else make_manifest(corpus)
    known = {a.doc for annotations in corpus.annotations.values() for a in annotations}
    placed = [doc for part in PARTS for doc in getattr(manifest, part)]
    if missing := sorted(known - set(placed)):
        raise SplitError(f"{path}: {len(missing)} labelled documents are in no part, such as {missing[0]!r}", hint=HINT)
    if gone := sorted(set(placed) - known):
        raise SplitError(f"{path}: {len(gone)} documents have no annotation, such as {gone[0]!r}", hint=HINT)
    by_part = {part: set(getattr(manifest, part)) for part in PARTS}
    parts = {part: tuple(e for e in corpus.examples if e.doc in docs) for part, docs in by_part.items()}
    if empty := [part for part in PARTS if not parts[part]]:
        raise SplitError(f"{path}: no text is at hand for {', '.join(empty)}", hint="see the notices above")
    check_leaks(parts)
    return Split(**parts)


def check_leaks(parts: dict[str, tuple[Example, ...]]) -> None:
    """Raise `SplitError` where a document, or a sentence and its near-duplicate, stand in two parts."""
    home: dict[str, str] = {}
    for part, examples in parts.items():
        for doc in sorted({example.doc for example in examples}):
            if home.setdefault(doc, part) != part:
                raise SplitError(f"leak: document {doc!r} stands in {home[doc]} and in {part}", hint=HINT)
    everything = [example for examples in parts.values() for example in examples]
    leaks = [
        (everything[pair.left], everything[pair.right])
        for pair in near_duplicates([example.text for example in everything])
        if home[everything[pair.left].doc] != home[everything[pair.right].doc]
    ]
    if leaks:
        left, right = leaks[0]
        raise SplitError(
            f"leak: {len(leaks)} near-duplicate sentences stand on two sides, such as one in {left.doc!r}"
            f" ({home[left.doc]}, at {left.start}) and {right.doc!r} ({home[right.doc]}, at {right.start})",
            hint=HINT,
        )


def grouped_folds(examples: Sequence[Example], codebook: Codebook, folds: int = 5, seed: int = SEED) -> list[list[int]]:
    """Divide examples into folds by document group, stratified; return the positions each fold holds out.

    Raises:
        SplitError: there are fewer independent documents than folds.
    """
    groups = document_groups(examples)
    if len(set(groups.values())) < folds:
        raise SplitError(
            f"{folds} folds need {folds} independent documents, and there are {len(set(groups.values()))}",
            hint="lower `folds` in the recipe, or learn decisions from validation",
        )
    number = stratified_parts(examples, groups, codebook, [1.0] * folds, seed)
    return [[i for i, example in enumerate(examples) if number[example.doc] == fold] for fold in range(folds)]


def by_source(examples: Sequence[Example]) -> dict[str, list[Example]]:
    """Sort examples by source, sources in the order of the alphabet."""
    sources = sorted({example.source for example in examples})
    return {source: [example for example in examples if example.source == source] for source in sources}
