"""Tell whether a recipe is the one that made a model, but for its quantisation, and can be asked of its graph."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.ground.errors import ModelError
from pipeline.ground.paths import shown
from pipeline.inference.manifest import MANIFEST, AverageSpec, Manifest, OnnxSpec
from pipeline.learning.quantise_settings import STATIC, QuantiseSettings
from pipeline.learning.recipes import Recipe

MEMBERS = "members"
FROM_ROWS = ("matrices", "calibration", "prune")  # what may change where weights are integers by rows already
WHOLE = "float32"


def refuse_other_recipe(folder: Path, manifest: Manifest, recipe: Recipe, path: Path) -> None:
    """Raise `ModelError` unless the recipe differs from the model's in its quantisation alone, and can be followed."""
    _refuse_without_graph(folder, manifest, recipe, path)
    ours, theirs = (value | {"quantise": None} for value in (recipe.described, manifest.recipe))
    apart = [name for name in dict.fromkeys([*ours, *theirs]) if ours.get(name) != theirs.get(name)]
    if MEMBERS in apart:
        named = _files_apart(path.parent, ours["learner"], ours.get(MEMBERS, {}), theirs.get(MEMBERS, {}))
        said = [f"{file} (a recipe it names)" for file in named] or [MEMBERS]
        apart = [*(name for name in apart if name != MEMBERS), *said]
    if apart:
        raise ModelError(
            f"{path} is not the recipe of {shown(folder / MANIFEST)}: they differ in {', '.join(apart)}",
            hint="take the recipe that made the model, and change what stands under `quantise`; or train it anew",
        )
    if recipe.quantise:
        _refuse_other_weights(folder, manifest.recipe.get("quantise"), recipe.quantise, path)


def _refuse_without_graph(folder: Path, manifest: Manifest, recipe: Recipe, path: Path) -> None:
    """Raise `ModelError` where there is no graph to quantise, or the recipe does not say how."""
    if recipe.quantise and isinstance(manifest.scorer, OnnxSpec):
        return
    if recipe.quantise is None:
        what = f"{path} does not say how to quantise"
    elif isinstance(manifest.scorer, AverageSpec):
        kind = manifest.recipe.get("learner", {}).get("kind", manifest.scorer.kind)
        what = f"{shown(folder)} is of kind {kind}, whose members' graphs are not quantised"
    else:
        what = f"{shown(folder)} has no graph"
    raise ModelError(what, hint="quantise goes with kinds frozen, finetuned and distilled")


def _files_apart(
    folder: Path, learner: Mapping[str, Any], ours: Mapping[str, Any], theirs: Mapping[str, Any]
) -> list[str]:
    """Name the recipe files that a learner names, and those that they name, whose learner is not what it was.

    What has a graph names one recipe at most: its teacher, and that the one member it fits several times.
    """
    file = learner.get("teacher") or learner.get("member")
    if not file:
        return []
    place, found = folder / file, []
    for name, member in ours.items():
        before = theirs.get(name, {})
        if _alone(member) != _alone(before):
            found.append(shown(place))
        found += _files_apart(place.parent, member, member.get(MEMBERS, {}), before.get(MEMBERS, {}))
    return found


def _alone(member: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in member.items() if key != MEMBERS}


def _refuse_other_weights(folder: Path, found: dict[str, Any] | None, asked: QuantiseSettings, path: Path) -> None:
    """Raise `ModelError` where weights are integers already, and fixed steps would not do."""
    if found is None or (found.get("matrices"), found.get("embeddings")) == (WHOLE, WHOLE):
        return
    wanted = asked.model_dump(mode="json")
    apart = [name for name in wanted if name not in FROM_ROWS and wanted[name] != found.get(name)]
    if found.get("matrices") != "int8-rows" or asked.matrices != STATIC or apart:
        differ = f", and {path} wants another {', '.join(apart)}" if apart else ""
        settings = ", ".join(f"{name} {found.get(name)}" for name in ("matrices", "embeddings"))
        raise ModelError(
            f"{shown(folder)} is quantised already ({settings}){differ}",
            hint=f"int8-rows can become {STATIC} (with calibration, prune), all else as it is; for anything else:"
            f" stance train {path}",
        )
