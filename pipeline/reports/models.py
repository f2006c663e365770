"""Lay out models for a terminal of 80 columns: a table of all, one in full, and what a check found."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import yaml
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from pipeline.decisions.decisions import Decisions
from pipeline.ground.paths import shown
from pipeline.inference.manifest import Manifest
from pipeline.reports.requantised import HOW, PACKED_ANEW, graph_from, repacked_from
from pipeline.workflows.shelf import Check, Described, Verified, stored_estimate

OVERALL = ("macro_f1", "micro_f1", "exact_match")
OF_LABEL = ("f1", "precision", "recall", "ap", "ece", "brier")
STYLES = {"ok": "green", "note": "yellow", "fault": "bold red", "skipped": "dim"}
DIGITS = 16  # of a sha256, as many as there is room for beside a file's name


def models_table(models: Sequence[Described]) -> RenderableType:
    """List models, one row each; a folder that cannot be read says so in its row."""
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 1, 0, 0))
    table.add_column("name", overflow="fold")
    table.add_column("where", no_wrap=True)
    table.add_column("MB", justify="right", no_wrap=True)
    table.add_column("codebook", overflow="fold")
    for head in ("test macro-F1", "sent./s"):
        table.add_column(head, justify="right", no_wrap=True)
    table.add_column("created", no_wrap=True)
    for model in models:
        table.add_row(Text(model.shelved.name), model.shelved.where, *_row(model.manifest))
    return table


def _row(manifest: Manifest | None) -> list[Text | str]:
    if manifest is None:
        return ["–", Text("unreadable", style="red"), "–", "–", "–"]
    speed = manifest.metrics.get("sentences_per_second")
    codebook = Text(f"{manifest.codebook.name} {manifest.codebook.version}")
    figures = [_figure(manifest, "macro_f1"), "–" if speed is None else f"{speed:.0f}"]
    return [f"{manifest.size / 1e6:.1f}", codebook, *figures, manifest.created[:10]]


def _figure(manifest: Manifest, name: str) -> str:
    estimate = stored_estimate(manifest, name)
    if estimate is None:
        return "–"
    if estimate.low is None or estimate.high is None:
        return f"{estimate.value:.2f}"
    return f"{estimate.value:.2f} [{estimate.low:.2f}, {estimate.high:.2f}]"


def model_card(folder: Path, manifest: Manifest, decisions: Decisions) -> RenderableType:
    """Show what a manifest and its decisions say: origin, figures, decisions, files, recipe."""
    parts: list[RenderableType] = [Text(manifest.id, style="bold"), _facts(_origin(folder, manifest))]
    if manifest.metrics:
        parts += _section("Figures on the test documents", _facts(_overall(manifest)), _of_labels(manifest))
        parts += _section("Other figures", _facts(_rest(manifest))) if _rest(manifest) else []
    parts += _section("Decisions", _facts(_decided(decisions)), _per_label(decisions))
    parts += _section("Files", _files(manifest))
    parts += _section("Recipe", Text(yaml.safe_dump(_plain(manifest.recipe), sort_keys=False, allow_unicode=True)))
    return Group(*parts)


def _section(title: str, *parts: RenderableType) -> list[RenderableType]:
    return [Text(), Text(title, style="bold"), *(Padding(part, (0, 0, 0, 2)) for part in parts)]


def _facts(rows: Iterable[tuple[str, str]]) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(overflow="fold")
    table.add_column(overflow="fold")
    for name, value in rows:
        table.add_row(Text(name), Text(value))
    return table


def _origin(folder: Path, manifest: Manifest) -> list[tuple[str, str]]:
    codebook = manifest.codebook
    scorer = manifest.scorer.model_dump(mode="json", exclude={"probabilities", "members"})
    return [
        ("folder", shown(folder)),
        ("size", f"{manifest.size / 1e6:.1f} MB"),
        ("created", manifest.created),
        ("format", str(manifest.format)),
        ("codebook", f"{codebook.name} {codebook.version}: {codebook.choice} of {', '.join(codebook.names)}"),
        ("scorer", ", ".join(f"{key} {value}" for key, value in scorer.items())),
        ("recipe", f"{manifest.name}, hash {manifest.recipe_hash}"),
        ("seed", str(manifest.seed)),
        ("data", f"fingerprint {manifest.data_fingerprint}"),
        ("code", manifest.code_version),
        *([("graph", f"{HOW} {made}")] if (made := graph_from(manifest.facts)) else []),
        *([("graph", f"{PACKED_ANEW}, {moved}")] if (moved := repacked_from(manifest.facts)) else []),
    ]


def _overall(manifest: Manifest) -> list[tuple[str, str]]:
    return [(name, _figure(manifest, name)) for name in OVERALL if name in manifest.metrics]


def _of_labels(manifest: Manifest) -> Table:
    """Lay out one row for each label, one column for each figure."""
    kinds = [kind for kind in OF_LABEL if any(f"{kind}_{name}" in manifest.metrics for name in manifest.codebook.names)]
    rows = {
        name: [_number(manifest.metrics.get(f"{kind}_{name}")) for kind in kinds] for name in manifest.codebook.names
    }
    return _grid(kinds, rows)


def _rest(manifest: Manifest) -> list[tuple[str, str]]:
    """List every figure that has no place of its own."""
    placed = {f"{kind}_{name}" for kind in OF_LABEL for name in manifest.codebook.names}
    placed |= {name + end for name in OVERALL for end in ("", "_low", "_high")}
    return [(name, f"{value:.4g}") for name, value in manifest.metrics.items() if name not in placed]


def _decided(decisions: Decisions) -> list[tuple[str, str]]:
    """List what decisions hold beside the label set and what they hold for each label."""
    facts = [(name, "–" if value is None else str(value)) for name, value in _leaves(decisions).items()]
    placed = _for_each_label(decisions)
    return [*((name, value) for name, value in facts if name not in placed), *(("note", n) for n in decisions.notes)]


def _per_label(decisions: Decisions) -> Table:
    """Lay out one column for each label, one row for each number decisions hold for it."""
    rows = {name: [_number(one) for one in values] for name, values in _for_each_label(decisions).items()}
    return _grid(decisions.labels, rows, "")


def _for_each_label(decisions: Decisions) -> dict[str, list[float | None]]:
    return {
        name: value
        for name, value in _leaves(decisions).items()
        if isinstance(value, list) and len(value) == len(decisions.labels)
    }


def _leaves(decisions: Decisions) -> dict[str, Any]:
    """Name every value, also those of records within: `review lowest`."""
    found: dict[str, Any] = {}
    for name, value in decisions.model_dump(mode="json", exclude={"labels", "choice", "notes"}).items():
        inner = {f"{name} {key}": one for key, one in value.items()} if isinstance(value, dict) else {name: value}
        found |= {key.replace("_", " "): one for key, one in inner.items()}
    return found


def _grid(heads: Sequence[str], rows: dict[str, list[str]], corner: str = "label") -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(corner, overflow="fold")
    for head in heads:
        table.add_column(head, justify="right", no_wrap=True)
    for name, cells in rows.items():
        table.add_row(name, *cells)
    return table


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _files(manifest: Manifest) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("file", overflow="fold")
    table.add_column("bytes", justify="right", no_wrap=True)
    table.add_column(f"sha256, first {DIGITS} digits", no_wrap=True)
    for name, entry in manifest.files.items():
        table.add_row(Text(name), f"{entry.size:,}", entry.sha256[:DIGITS])
    return table


def _plain(value: Any) -> Any:
    """Turn tuples into lists, as YAML writes them."""
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value


def model_as_dict(folder: Path, manifest: Manifest, decisions: Decisions) -> dict[str, Any]:
    """Give everything a model says of itself as JSON holds it."""
    value = {"id": manifest.id, "folder": str(folder), "bytes": manifest.size}
    return value | manifest.model_dump(mode="json") | {"decisions": decisions.model_dump(mode="json")}


def verified_list(verified: Sequence[Verified]) -> RenderableType:
    """Say OK or FAULT for each model, and below it what was looked at."""
    parts: list[RenderableType] = []
    for one in verified:
        word = Text("OK", style="bold green") if one.sound else Text("FAULT", style="bold red")
        parts.append(Text.assemble(word, "  ", (shown(one.folder), "bold")))
        parts.append(Padding(_checks(one.checks), (0, 0, 0, 2)))
    return Group(*parts)


def _checks(checks: Iterable[Check]) -> Table:
    """Lay out checks; a hint that comes again and again stands below the last fault only."""
    table = Table.grid(padding=(0, 2))
    for _ in range(2):
        table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    listed = list(checks)
    for place, check in enumerate(listed):
        table.add_row(Text(check.state, style=STYLES[check.state]), check.what, Text(check.said))
        if check.hint and all(later.hint != check.hint for later in listed[place + 1 :]):
            table.add_row("", "", Text(f"hint: {check.hint}"))
    return table
