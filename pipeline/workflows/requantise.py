"""Quantise the graph of a model folder as a recipe asks by now, without training it again."""

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipeline.decisions.rates import FACT
from pipeline.ground.errors import ModelError
from pipeline.ground.files import read_json, whole_folder, write_json
from pipeline.ground.paths import shown
from pipeline.ground.version import code_version
from pipeline.inference.manifest import MANIFEST, Manifest, OnnxSpec, deciding_files, write_manifest
from pipeline.judging.report import flat_metrics
from pipeline.learning.quantise_settings import STATIC, QuantiseSettings
from pipeline.learning.recipes import Recipe, load_recipe
from pipeline.predict import Predictor
from pipeline.workflows.held_out import model_and_split, refuse_other_documents
from pipeline.workflows.prevalence import learn_rates
from pipeline.workflows.shrink import PARITY, shrink
from pipeline.workflows.training import judged_on_test, refuse_to_replace

EARLIER = "earlier"  # in a parity report: those of the quantisations before it, newest first
REQUANTISED = "requantised"  # among a manifest's facts: from which model, when, and by which code


def requantise(folder: Path, recipe_path: Path, labels: Path, out: Path) -> Manifest:
    """Write model folder `out`: that of `folder`, its graph quantised as the recipe says.

    The recipe is the one that made the model, but for what it says of quantisation. Decisions, error rates and figures
    are measured anew on the documents that were held out, and `parity.json` compares the graph found with the one
    made; figures on other people's sentences and the card are those of another graph, and left out.

    Raises:
        ModelError: the folder is damaged, its graph cannot be quantised so, the recipe is another one, the labels have
            other held-out documents, or `out` cannot become a model folder.
        ConfigError: the recipe is at fault.
    """
    recipe = load_recipe(recipe_path)
    predictor, _, split = model_and_split(folder, labels)
    before = predictor.manifest
    _refuse_other_recipe(folder, before, recipe, recipe_path)
    refuse_other_documents(folder, predictor, split)
    refuse_to_replace(out)
    with whole_folder(out) as staging:
        for name in (name for name in deciding_files(before.scorer) if name in before.files):
            shutil.copyfile(folder / name, staging / name)
        described: dict[str, Any] = {"recipe": recipe.described, "recipe_hash": recipe.hash}
        write_manifest(staging, before.model_copy(update=described))
        draft = shrink(staging, recipe, split)
        if PARITY in before.files:
            found = read_json(folder / PARITY)
            chain = [{key: value for key, value in found.items() if key != EARLIER}, *found.get(EARLIER, [])]
            write_json(staging / PARITY, read_json(staging / PARITY) | {EARLIER: chain})
            draft = write_manifest(staging, draft)
        made = Predictor.load(staging)
        _, test, speed = judged_on_test(made, split)
        kept = {key: before.metrics[key] for key in ("train_seconds",) if key in before.metrics}
        facts = before.facts | {FACT: learn_rates(made, split.validation, recipe.decisions).model_dump(mode="json")}
        facts[REQUANTISED] = {
            "from": before.id,
            "code_version": code_version(),
            "date": datetime.now(UTC).date().isoformat(),
        }
        metrics = flat_metrics(test) | kept | {"sentences_per_second": speed}
        return write_manifest(staging, draft.model_copy(update={"metrics": metrics, "facts": facts}))


def _refuse_other_recipe(folder: Path, manifest: Manifest, recipe: Recipe, path: Path) -> None:
    """Raise `ModelError` unless the recipe differs from the model's in its quantisation alone."""
    if recipe.quantise is None or not isinstance(manifest.scorer, OnnxSpec):
        what = f"{path} does not say how to quantise" if recipe.quantise is None else f"{shown(folder)} has no graph"
        raise ModelError(what, hint="quantise goes with kinds frozen, finetuned and distilled")
    ours, theirs = (value | {"quantise": None} for value in (recipe.described, manifest.recipe))
    apart = [name for name in dict.fromkeys([*ours, *theirs]) if ours.get(name) != theirs.get(name)]
    if apart:
        raise ModelError(
            f"{path} is not the recipe of {shown(folder / MANIFEST)}: they differ in {', '.join(apart)}",
            hint="take the recipe that made the model, and change what stands under `quantise`; or train it anew",
        )
    _refuse_other_weights(folder, manifest.recipe.get("quantise"), recipe.quantise, path)


def _refuse_other_weights(folder: Path, found: dict[str, Any] | None, asked: QuantiseSettings, path: Path) -> None:
    """Raise `ModelError` where weights that are integers already would have to become other ones."""
    if found is None:
        return
    wanted = asked.model_dump(mode="json")
    apart = [name for name in wanted if name not in ("matrices", "calibration") and wanted[name] != found.get(name)]
    if found.get("matrices") != "int8-rows" or asked.matrices != STATIC or apart:
        differ = f", and {path} wants another {', '.join(apart)}" if apart else ""
        raise ModelError(
            f"{shown(folder)} is quantised already (matrices {found.get('matrices')}){differ}",
            hint=f"int8-rows can become {STATIC}, all else as it is; for anything else: stance train {path}",
        )
