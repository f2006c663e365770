"""Lay out in a model card what quantisation cost, from the report that the training wrote."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pipeline.ground.records import Estimate
from pipeline.judging.parity import EARLIER
from pipeline.reports.tables import interval, markdown_table

if TYPE_CHECKING:
    from pipeline.workflows.card import Card

Record = Mapping[str, Any]
COUNTED = ("neurons_pruned", "neurons_left")  # what was found beside what was asked for


def parity_section(card: "Card") -> str:
    """Lay out what quantisation cost, or say that nothing was quantised."""
    settings = (card.parity or {}).get("settings") or card.manifest.recipe.get("quantise") or {}
    asked, own = _settings(settings), card.decisions.learned_from == "validation"
    if card.parity is not None and (earlier := _earlier(card.parity)):
        said = _in_turn([card.parity, *earlier], own)
    elif card.parity is not None:
        said = parity_table(card.parity, asked, own)
    elif settings:
        said = f"The recipe asks for it ({asked}), and no comparison with the weights as trained is kept here."
    else:
        said = "Nothing was quantised: the files hold the weights as they were trained."
    return f"## Quantisation\n\n{said}"


def _settings(settings: Record) -> str:
    asked = {name: value for name, value in settings.items() if name not in COUNTED}
    return ", ".join(_setting(name, value) for name, value in asked.items() if value not in (None, [], ()))


def _earlier(value: Record) -> list[Record]:
    """Give the reports of the quantisations before this one, newest first; none where one has another shape."""
    found = value.get(EARLIER)
    return found if isinstance(found, list) and found and all(map(_is_report, [value, *found])) else []


def _in_turn(reports: list[Record], own: bool) -> str:
    """Lay out what each of several quantisations cost, and what they cost together; newest first."""
    last, first = reports[0]["macro_f1"]["after"], reports[-1]["macro_f1"]["before"]
    said = [
        f"Weights were quantised after training, and the graph made from that quantised again: {len(reports)} steps,"
        f" each compared with the one before {_on_what(reports[0], own)} All steps together: macro-F1 {first:.3f} as"
        f" trained, {last:.3f} as shipped, a cost of {100 * (first - last):+.2f} points."
    ]
    for number, report in enumerate(reversed(reports), start=1):
        settings = report.get("settings") or {}
        said += [f"Step {number} ({_settings(settings)}):{_pruned(settings)}", _table(report)]
    return "\n\n".join(said)


def _pruned(settings: Record) -> str:
    """Say how many neurons were taken out, where any were."""
    gone, left = (settings.get(name) or 0 for name in COUNTED)
    blocks = "of the feed-forward blocks were taken out, and the others refitted, without a training"
    return f" {gone:,} of the {gone + left:,} inner neurons {blocks}." if gone else ""


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
    return (
        f"Weights were quantised after training{how}.{_pruned(value.get('settings') or {})}"
        " Before: the graph as trained; after: the one shipped;"
        f" {_on_what(value, own)}\n\n{_table(value)}"
    )


def _on_what(report: Record, own: bool) -> str:
    """Say on which sentences two graphs were compared, how they decided, and in what unit a cost is told."""
    decided = ", each with calibration and thresholds learned from it" if own else ""
    return (
        f"on {report['sentences']:,} test sentences{decided}. Cost in points, hundredths of F1; below 0 it is a gain."
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
