"""Quantise a model folder's graph, learn its decisions anew, and say what that cost."""

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from pipeline.corpus.splits import Split
from pipeline.decisions.learn import learn_decisions
from pipeline.ground.files import write_json
from pipeline.inference.graph import OnnxScorer
from pipeline.inference.manifest import DECISIONS, Manifest, OnnxSpec, read_manifest, write_manifest
from pipeline.judging.parity import parity
from pipeline.learning.fit import labelled
from pipeline.learning.recipes import Recipe
from pipeline.predict import Predictor
from pipeline.workflows.judged import judge_examples

PARITY = "parity.json"
GRAPH = "model.onnx"


def shrink(folder: Path, recipe: Recipe, split: Split) -> Manifest:
    """Quantise `folder` in place as the recipe says; write `parity.json`, float32 against quantised on test.

    Decisions learned from validation are learned again, from what the quantised graph says of it; each side of the
    comparison decides by its own.
    """
    from pipeline.learning.quantise import quantise

    if recipe.quantise is None:
        raise ValueError(f"{recipe.name} does not say how to quantise")
    whole = Predictor.load(folder)
    before = judge_examples(whole, split.test)
    smaller = folder / f"{GRAPH}.smaller"
    quantise(folder / GRAPH, smaller, recipe.quantise, _calibration(folder, recipe, whole, split))
    os.replace(smaller, folder / GRAPH)
    manifest = write_manifest(folder, whole.manifest)
    if recipe.decisions.learn_from == "validation":
        gold = labelled(split.validation, whole.codebook)
        raw = Predictor.load(folder).predict_raw(gold.texts)
        decisions = learn_decisions(raw, gold.targets, whole.codebook, recipe.decisions, "validation")
        write_json(folder / DECISIONS, decisions.model_dump(mode="json"))
        manifest = write_manifest(folder, manifest)
    after = judge_examples(Predictor.load(folder), split.test)
    write_json(folder / PARITY, parity(before, after).as_dict() | {"settings": recipe.quantise.model_dump(mode="json")})
    write_manifest(folder, manifest)
    return read_manifest(folder)


def _calibration(folder: Path, recipe: Recipe, model: Predictor, split: Split) -> Iterator[dict[str, np.ndarray]]:
    """Yield the graph's inputs for the training sentences it is calibrated on, drawn at the recipe's seed."""
    spec, wanted = model.manifest.scorer, recipe.quantise.calibration if recipe.quantise else None
    if wanted and isinstance(spec, OnnxSpec):
        texts = [example.text for example in sorted(split.train, key=lambda one: (one.doc, one.start, one.end))]
        drawn = np.random.default_rng(recipe.seed).permutation(len(texts))[:wanted]
        yield from OnnxScorer(spec, folder, model.codebook.exclusive).feeds([texts[i] for i in drawn])
