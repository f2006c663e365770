"""Take peers' figures from a leaderboard, as they were measured there: a peer leaves no model folder to judge anew."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.ground.config import did_you_mean, read_yaml
from pipeline.ground.errors import ConfigError
from pipeline.ground.files import read_utf8
from pipeline.ground.records import Estimate
from pipeline.judging.frontier import Point, Speed

NEEDED = ("recipe", "seed", "date", "machine", "macro_f1", "sentences_per_second", "model_megabytes")
MADE = ("recipe_hash", "data_fingerprint", "splits", "code_version", "machine", "date", "seed")
HINT = "make it: stance experiment run experiments/peers.yaml; or leave out `leaderboard`"


@dataclass(frozen=True, slots=True)
class Borrowed:
    """A peer as a leaderboard has it: means over its seeds, and the speed of the fastest seed, as is shown there.

    Intervals are means over seeds as well; `reason` says why there are no figures.
    """

    name: str
    point: Point | None
    f1: dict[str, Estimate] = field(default_factory=dict)
    ece: dict[str, float] = field(default_factory=dict)
    made_by: dict[str, str] = field(default_factory=dict)
    reason: str = ""


def peers_of(models: Path) -> list[str]:
    """Name the recipes of `models` that are another tool's, by file name; faults of recipes are not looked for."""
    found = []
    for path in sorted(models.glob("*.yaml")):
        recipe = read_yaml(path)
        learner = recipe.get("learner") if isinstance(recipe, dict) else None
        if isinstance(learner, dict) and learner.get("kind") == "peer":
            found.append(str(recipe.get("name")))
    return found


def faults_of(value: Mapping[str, Any], path: Path, models: Path) -> list[ConfigError]:
    """Say what is wrong with the peers and the leaderboard that a frontier's specification names."""
    found = []
    for check in (_peers_named, _leaderboard_named):
        try:
            check(value, path, models)
        except ConfigError as error:
            found.append(error)
    return found


def _peers_named(value: Mapping[str, Any], path: Path, models: Path) -> None:
    peers, named = set(peers_of(models)), value.get("models")
    names = [name for name in named if isinstance(name, str) and name in peers] if isinstance(named, list) else []
    if names:
        lines = "\n".join(f"  - models: {name!r} is a peer, which leaves no model folder" for name in names)
        hint = "peers come from a leaderboard beside the specification: leaderboard: leaderboard.csv"
        raise ConfigError(f"{path}: {len(names)} fault{'s' * (len(names) > 1)}\n{lines}", hint=hint)


def _leaderboard_named(value: Mapping[str, Any], path: Path, _models: Path) -> None:
    named = value.get("leaderboard")
    if not isinstance(named, str):
        return  # absent, or of another type, which the specification's own check says
    if Path(named).name != named:
        raise ConfigError(f"{path}: leaderboard: {named!r}, and a file beside the specification is expected", hint=HINT)
    _rows(path.with_name(named))


def read_leaderboard(path: Path, peers: Sequence[str], labels: Sequence[str]) -> list[Borrowed]:
    """Read the rows of `peers` in the order of the file; one that failed there comes with the reason.

    Raises:
        ConfigError: the file is absent, lacks a column, is of other labels, or holds what is no number.
    """
    rows = [(number, row) for number, row in _rows(path, labels) if row["recipe"] in peers]
    names = dict.fromkeys(row["recipe"] for _, row in rows)
    return [_borrowed(path, name, [pair for pair in rows if pair[1]["recipe"] == name], labels) for name in names]


def _rows(path: Path, labels: Sequence[str] = ()) -> list[tuple[int, dict[str, str]]]:
    """Read the rows with their line numbers; raise `ConfigError` where the file is no leaderboard of these labels."""
    if not path.is_file():
        there = sorted(found.name for found in path.parent.glob("*.csv"))
        near = f"; {did_you_mean(path.name, there)}" if there else ""
        raise ConfigError(f"leaderboard: {path} does not exist{near}", hint=HINT)
    reader = csv.DictReader(io.StringIO(read_utf8(path), newline=""), restval="")
    columns = reader.fieldnames or []
    needed = [*NEEDED, *(f"{figure}_{label}" for label in labels for figure in ("f1", "ece"))]
    if absent := [name for name in needed if name not in columns]:
        said = "is no leaderboard of these labels" if labels else "is no leaderboard"
        raise ConfigError(f"{path} {said}: it has no column {', '.join(absent)}", hint=HINT)
    return [(reader.line_num, row) for row in reader]


def _borrowed(path: Path, name: str, rows: Sequence[tuple[int, dict[str, str]]], labels: Sequence[str]) -> Borrowed:
    """Put a peer's seeds together."""
    there = [(number, row) for number, row in rows if row["macro_f1"]]
    if not there:
        said = next((row["failed"] for _, row in rows if row.get("failed")), "they are empty")
        return Borrowed(name, None, reason=f"no figures in the leaderboard: {' '.join(said.split())}")

    def column(figure: str) -> list[float]:
        return [_number(path, line, row, figure) for line, row in there]

    def estimate(figure: str) -> Estimate:
        ends = [[row.get(f"{figure}_{end}", "") for _, row in there] for end in ("low", "high")]
        low, high = (
            _mean(column(f"{figure}_{end}")) if all(of) else None for end, of in zip(("low", "high"), ends, strict=True)
        )
        return Estimate(_mean(column(figure)), low, high)

    speeds = column("sentences_per_second")
    made_by = {key: ", ".join(dict.fromkeys(row.get(key, "") for _, row in there)) for key in MADE}
    made_by["date"] = ", ".join(sorted({row["date"] for _, row in there}))
    speed = Speed(max(speeds), min(speeds), max(speeds))
    return Borrowed(
        name,
        Point(name, estimate("macro_f1"), speed, _mean(column("model_megabytes")), taken=made_by["date"]),
        f1={label: estimate(f"f1_{label}") for label in labels},
        ece={label: _mean(column(f"ece_{label}")) for label in labels},
        made_by=made_by,
    )


def _number(path: Path, line: int, row: Mapping[str, str], figure: str) -> float:
    try:
        return float(row[figure])
    except ValueError as error:
        raise ConfigError(f"{path}, line {line}: {figure}: {row[figure]!r} is no number", hint=HINT) from error


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values))
