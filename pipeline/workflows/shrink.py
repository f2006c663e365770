"""Quantise a model folder's graph, learn its decisions anew, and say what that cost."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from pipeline.corpus.splits import Split
from pipeline.decisions.learn import learn_decisions
from pipeline.ground.files import write_json
from pipeline.ground.progress import Progress
from pipeline.inference.graph import OnnxScorer
from pipeline.inference.manifest import DECISIONS, Manifest, OnnxSpec, read_manifest, write_manifest
from pipeline.inference.session import GRAPH, PACKED
from pipeline.judging.parity import parity
from pipeline.learning.fit import labelled
from pipeline.learning.recipes import Recipe
from pipeline.predict import Predictor
from pipeline.workflows.judged import judge_examples

PARITY = "parity.json"


def shrink(folder: Path, recipe: Recipe, split: Split) -> Manifest:
    """Quantise `folder` in place as the recipe says; compare the graph found with the one made, in `parity.json`.

    Decisions learned from validation are learned again, from what the quantised graph says of it; each side of the
    comparison decides by its own. `parity.json` states how many sentences there were for `calibration`,
    and how many neurons `prune` took out.
    """
    from pipeline.learning.quantise import quantise

    if recipe.quantise is None:
        raise ValueError(f"{recipe.name} does not say how to quantise")
    whole = Predictor.load(folder)
    before = judge_examples(whole, split.test)
    smaller, texts = folder / "smaller", _calibration(recipe, split)
    counted = quantise(folder / GRAPH, smaller / GRAPH, recipe.quantise, _feeds(folder, whole, texts))
    packed = (smaller / PACKED).exists()
    for made in smaller.iterdir():
        os.replace(made, folder / made.name)
    smaller.rmdir()
    scorer = whole.manifest.scorer.model_copy(update={"packed": packed})
    manifest = write_manifest(folder, whole.manifest.model_copy(update={"scorer": scorer}))
    if recipe.decisions.learn_from == "validation":
        gold = labelled(split.validation, whole.codebook)
        raw = Predictor.load(folder).predict_raw(gold.texts)
        decisions = learn_decisions(raw, gold.targets, whole.codebook, recipe.decisions, "validation")
        write_json(folder / DECISIONS, decisions.model_dump(mode="json"))
        manifest = write_manifest(folder, manifest)
    after = judge_examples(Predictor.load(folder), split.test)
    settings = recipe.quantise.model_dump(mode="json") | ({"calibration": len(texts)} if texts else {})
    settings |= counted
    write_json(folder / PARITY, parity(before, after).as_dict() | {"settings": settings})
    write_manifest(folder, manifest)
    return read_manifest(folder)


def say_calibration(recipe: Recipe, split: Split, progress: Progress) -> None:
    """Say where a recipe calibrates on more training sentences than there are, before the work begins."""
    wanted, there = recipe.quantise.calibration if recipe.quantise else None, len(split.train)
    if wanted and wanted > there:
        progress.say(f"calibrating on all {there:,} training sentences; {recipe.name} asks for {wanted:,}")


def _calibration(recipe: Recipe, split: Split) -> list[str]:
    """Draw the training sentences a graph is calibrated on, at the recipe's seed; as many as there are, at most."""
    wanted = recipe.quantise.calibration if recipe.quantise else None
    if not wanted:
        return []
    texts = [example.text for example in sorted(split.train, key=lambda one: (one.doc, one.start, one.end))]
    return [texts[i] for i in np.random.default_rng(recipe.seed).permutation(len(texts))[:wanted]]


def _feeds(folder: Path, model: Predictor, texts: Sequence[str]) -> Iterator[dict[str, np.ndarray]]:
    """Yield the graph's inputs for texts."""
    spec = model.manifest.scorer
    if texts and isinstance(spec, OnnxSpec):
        yield from OnnxScorer(spec, folder, model.codebook.exclusive).feeds(texts)
