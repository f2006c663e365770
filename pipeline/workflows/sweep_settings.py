"""Put searched settings into a recipe, check that they are its own, and write them short."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from pipeline.ground.config import did_you_mean, parse_config
from pipeline.ground.errors import ConfigError
from pipeline.learning.recipes import Recipe
from pipeline.workflows.sweep_spec import Space

ROOMS = ("learner", "decisions")
WIDE = 4  # significant digits of a number in a table


def settled(base: Recipe, settings: Mapping[str, Any], where: str) -> Recipe:
    """Make the recipe of a trial: the base with `settings`, dotted names from the recipe's top.

    Raises:
        ConfigError: what comes of it is no recipe; `where` names the trial.
    """
    plain = base.model_dump(mode="json", exclude_unset=True)
    for name, value in settings.items():
        inner, *path = plain, *name.split(".")
        for part in path[:-1]:
            held = inner.get(part)
            inner[part] = dict(held) if isinstance(held, dict) else {}
            inner = inner[part]
        inner[path[-1]] = value
    return parse_config(plain, Recipe, where)


def ready_recipe(base: Recipe, settings: Mapping[str, Any], name: str, command: str) -> str:
    """Write the recipe of a trial as a file to keep; `command` says what found it."""
    recipe = settled(base, settings, name)
    plain = recipe.model_dump(mode="json", exclude_unset=True) | {"name": name}
    found = f"# Purpose: {base.name} with the settings that a sweep found best.\n# Found:   {command}\n"
    run = f"# Run:     stance train models/{name}.yaml\n"
    return found + run + yaml.dump(plain, Dumper=_level_lists(), sort_keys=False, allow_unicode=True, width=110)


def _level_lists() -> type[yaml.SafeDumper]:
    """Make a safe dumper that writes lists in one line, as recipes have them."""

    class LevelLists(yaml.SafeDumper):
        pass

    LevelLists.add_representer(
        list, lambda dumper, value: dumper.represent_sequence("tag:yaml.org,2002:seq", value, flow_style=True)
    )
    return LevelLists


def short_names(names: Sequence[str]) -> dict[str, str]:
    """Call each setting by the last part of its name, where no other is called so."""
    last = [name.rpartition(".")[2] for name in names]
    return {name: short if last.count(short) == 1 else name for name, short in zip(names, last, strict=True)}


def short_value(value: Any) -> str:
    """Write a value as it stands in a run's name: `1.3`, `1-2` for a pair of whole numbers, `balanced`."""
    if isinstance(value, float):
        return f"{value:.{WIDE}g}"
    pair = isinstance(value, list | tuple) and all(isinstance(part, int) for part in value)
    return "-".join(map(str, value)) if pair else json.dumps(value, ensure_ascii=False).strip('"')


def in_short(settings: Mapping[str, Any]) -> str:
    """Write settings as a run's name has them: `c=1.3 word_ngrams=1-2`."""
    short = short_names(list(settings))
    return " ".join(f"{short[name]}={short_value(value)}" for name, value in settings.items())


def search_faults(base: Recipe, sweep: Mapping[str, Any], path: Path) -> list[ConfigError]:
    """Say which searched settings the recipe does not have, and which spaces hold what it does not take.

    `sweep` is the specification as it was read, whatever else is wrong with it.
    """
    search = sweep.get("search")
    faults = _circular(base, sweep)
    for name, space in (search if isinstance(search, dict) else {}).items():
        room, _, rest = str(name).partition(".")
        if room not in ROOMS or not rest:
            faults.append(f"search.{name}: no setting of a recipe; {did_you_mean(str(name), _known(base))}")
        elif name == "learner.kind":
            faults.append("search.learner.kind: settings are searched; `kind: comparison` compares learners")
        elif inside := [other for other in search or () if str(other).startswith(f"{name}.")]:
            faults.append(f"search.{inside[0]}: lies within {name}, which is searched as a whole")
        else:
            faults += _refused(base, name, space)
    if not faults:
        return []
    noun = "fault" if len(faults) == 1 else "faults"
    lines = "\n".join(f"  - {fault}" for fault in faults)
    hint = "name settings of the recipe's learner and decisions, and values they take"
    return [ConfigError(f"{path}: {len(faults)} {noun} in what is searched\n{lines}", hint=hint)]


def _circular(base: Recipe, sweep: Mapping[str, Any]) -> list[str]:
    """Refuse to judge thresholds on the sentences they were learned from."""
    search = sweep.get("search")
    space = search.get("decisions.learn_from") if isinstance(search, dict) else None
    learned = base.decisions.learn_from == "validation" or space is not None
    if sweep.get("folds") != 0 or sweep.get("metric") != "macro_f1" or not learned:
        return []
    return [
        "folds: 0 judges on the validation split, from which thresholds are learned, too; give 2 or more, or"
        " metric: macro_ap, which needs no thresholds"
    ]


def _known(base: Recipe) -> list[str]:
    """List the settings of a recipe by their dotted names."""
    return [f"{room}.{key}" for room in ROOMS for key in type(getattr(base, room)).model_fields if key != "kind"]


def _refused(base: Recipe, name: str, space: Any) -> list[str]:
    """Say what a recipe has against a setting or its values, each by itself.

    What it has against them together with others' is found out by trials, which fail by themselves.
    """
    try:
        probes = parse_config(space, Space, "").probes
    except ConfigError:  # the specification's own check says what is wrong with it
        probes = []
    said: list[str] = []
    for value in probes or [None]:
        try:
            settled(base, {name: value}, "")
        except ConfigError as error:
            lines = [line.removeprefix("  - ") for line in error.message.splitlines()[1:]]
            of_it = [line for line in lines if _of(name, line.partition(":")[0])]
            said += of_it if probes else [line for line in of_it if "unknown key" in line]
    return [f"search.{line}" for line in dict.fromkeys(said)]


def _of(name: str, faulty: str) -> bool:
    """Tell whether a fault is in a setting, in a part of it, or in what its name leads through."""
    through = "." in faulty and name.startswith(f"{faulty}.")
    return faulty == name or faulty.startswith(f"{name}.") or through
