"""Lay out in a model card what quantisation cost, from the report that the training wrote."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pipeline.ground.records import Estimate
from pipeline.reports.tables import interval, markdown_table

if TYPE_CHECKING:
    from pipeline.workflows.card import Card

Record = Mapping[str, Any]


def parity_section(card: "Card") -> str:
    """Lay out what quantisation cost, or say that nothing was quantised."""
    settings = (card.parity or {}).get("settings") or card.manifest.recipe.get("quantise") or {}
    asked = ", ".join(_setting(name, value) for name, value in settings.items() if value not in (None, [], ()))
    if card.parity is not None:
        said = parity_table(card.parity, asked, own=card.decisions.learned_from == "validation")
    elif settings:
        said = f"The recipe asks for it ({asked}), and no comparison with the weights as trained is kept here."
    else:
        said = "Nothing was quantised: the files hold the weights as they were trained."
    return f"## Quantisation\n\n{said}"


def _setting(name: str, value: Any) -> str:
    said = " and ".join(map(str, value)) if isinstance(value, list | tuple) else str(value).lower()
    return f"{name} {said}"


def parity_table(value: Record, asked: str, own: bool) -> str:
    """Lay out a report as `pipeline.judging.parity.Parity.as_dict` gives it, and one of another shape as a list.

    `asked` says how weights were quantised; `own` tells whether either side decides by what was learned from it.
    """
    how = f" ({asked})" if asked else ""
    if not _is_report(value):
        return f"Weights were quantised after training{how}.\n\n{markdown_table(['figure', 'value'], _leaves(value))}"
    decided = ", each with calibration and thresholds learned from it" if own else ""
    return (
        f"Weights were quantised after training{how}. Before: the graph as trained; after: the one shipped; on"
        f" {value['sentences']:,} test sentences{decided}. Cost in points, hundredths of F1; below 0 it is a gain."
        f"\n\n{_table(value)}"
    )


def _is_report(value: object) -> bool:
    """Tell a report by its parts, each of them what the table needs."""
    if not isinstance(value, Mapping) or not isinstance(value.get("sentences"), int):
        return False
    if not all(isinstance(value.get(name), Mapping) for name in ("macro_f1", "labels")):
        return False
    parts = [
        value["macro_f1"],
        *(one.get("f1", {}) if isinstance(one, Mapping) else {} for one in value["labels"].values()),
    ]
    return all({"before", "after", "cost"} <= set(part) for part in parts)


def _table(report: Record) -> str:
    rows = [
        [name, *(f"{one[key]:.4f}" for key in ("largest", "mean")), f"{one['turned']:.1%}", *_costs(one["f1"])]
        for name, one in report["labels"].items()
    ]
    heads = ["label", "largest change of a probability", "mean", "decisions turned", "F1 before", "F1 after"]
    rows.append(["macro", "–", "–", "–", *_costs(report["macro_f1"])])
    return markdown_table([*heads, "cost in points [95 % interval]"], rows)


def _costs(part: Record) -> list[str]:
    return [f"{part['before']:.3f}", f"{part['after']:.3f}", interval(Estimate(**part["cost"]), 2, sign=True)]


def _leaves(value: Any, name: str = "") -> list[tuple[str, str]]:
    """Name every figure of nested JSON; a figure with its limits is one."""
    if isinstance(value, Mapping) and set(value) == {"value", "low", "high"}:
        return [(name, interval(Estimate(**value)))]
    if isinstance(value, Mapping):
        inner = [(f"{name}, {key}" if name else str(key), one) for key, one in value.items()]
        return [leaf for key, one in inner for leaf in _leaves(one, key.replace("_", " "))]
    if isinstance(value, float):
        return [(name, f"{value:.4g}")]
    return [(name, f"{value:,}" if isinstance(value, int) else str(value))]
