"""Quantise the graph of a model folder as a recipe asks by now, without training it again."""

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipeline.corpus.load import Corpus
from pipeline.corpus.splits import Split
from pipeline.decisions.rates import FACT
from pipeline.ground.errors import ModelError, StanceError
from pipeline.ground.files import read_json, whole_folder, write_json
from pipeline.ground.machine import describe_machine
from pipeline.ground.paths import shown
from pipeline.ground.progress import Progress
from pipeline.ground.version import code_version
from pipeline.inference.manifest import MANIFEST, REQUANTISED, Manifest, deciding_files, read_manifest, write_manifest
from pipeline.judging.parity import EARLIER
from pipeline.judging.report import flat_metrics
from pipeline.learning.recipes import Recipe, load_recipe
from pipeline.predict import Predictor
from pipeline.workflows.held_out import model_and_split, refuse_other_documents
from pipeline.workflows.prevalence import learn_rates
from pipeline.workflows.same_recipe import refuse_other_recipe
from pipeline.workflows.shrink import PARITY, say_calibration, shrink
from pipeline.workflows.training import judged_on_test, refuse_to_replace, say_notices

ELSEWHERE = "name another folder with -o"


def requantise(folder: Path, recipe_path: Path, labels: Path, out: Path, progress: Progress | None = None) -> Manifest:
    """Write model folder `out`: that of `folder`, its graph quantised as the recipe says.

    The recipe is the one that made the model, but for what it says of quantisation; the seed is the model's own.
    Figures and error rates are measured anew on the documents that were held out, and decisions that were learned from
    validation are learned again; those learned out-of-fold stay, since nothing is trained. `parity.json` compares the
    graph found with the one made; figures on other people's sentences and the card are those of another graph, and
    left out.

    Raises:
        ModelError: the folder is damaged, its graph cannot be quantised so, the recipe is another one, the labels have
            other held-out documents, `out` holds a model already, or it cannot be written.
        ConfigError: the recipe is at fault.
    """
    progress = progress or Progress()
    recipe = load_recipe(recipe_path)
    predictor, corpus, split = model_and_split(folder, labels)
    say_notices(corpus, progress)
    recipe = recipe.model_copy(update={"seed": predictor.manifest.seed})
    refuse_other_recipe(folder, predictor.manifest, recipe, recipe_path)
    refuse_other_documents(folder, predictor, split)
    refuse_to_replace(out, "-o")
    _refuse_to_replace_a_model(folder, out)
    say_calibration(recipe, split, progress)
    try:
        with whole_folder(out) as staging:
            return _fill(staging, folder, predictor.manifest, recipe, corpus, split)
    except OSError as error:
        raise ModelError(
            f"cannot write {shown(out)}: {error.strerror or error}",
            hint="check the folder and its space; nothing half-written was left behind",
        ) from error


def _refuse_to_replace_a_model(folder: Path, out: Path) -> None:
    """Raise `ModelError` where `out` is the model's own folder, or holds another model."""
    if out.resolve() == folder.resolve():
        raise ModelError(f"{shown(out)} is the model's own folder; nothing is replaced", hint=ELSEWHERE)
    if (out / MANIFEST).exists():
        try:
            held = f"the model {read_manifest(out).id}"
        except StanceError:
            held = f"a model ({MANIFEST})"
        raise ModelError(f"{shown(out)} holds {held} already; nothing is replaced", hint=f"remove it, or {ELSEWHERE}")


def _fill(staging: Path, folder: Path, before: Manifest, recipe: Recipe, corpus: Corpus, split: Split) -> Manifest:
    """Write the model of `folder` into `staging`, quantise it there, and measure what is so."""
    for name in deciding_files(before.scorer):
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
        "machine": describe_machine(),
        "data_fingerprint": corpus.fingerprint,
    }
    metrics = flat_metrics(test) | kept | {"sentences_per_second": speed}
    return write_manifest(staging, draft.model_copy(update={"metrics": metrics, "facts": facts}))
