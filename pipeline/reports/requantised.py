"""Say from which model a graph was made without a training, for the card and for `stance models show`."""

from collections.abc import Mapping
from typing import Any

from pipeline.inference.manifest import REPACKED, REQUANTISED

HOW = "quantised without a training"
AGAIN = "quantised again"  # where the graph it was made from was quantised, too
PACKED_ANEW = "written anew, number by number the same"


def graph_from(facts: Mapping[str, Any], quote: str = "") -> str:
    """Name the model whose graph was quantised, the day and the code; empty where a training made the graph.

    `quote` is put around names.
    """
    return _made(facts.get(REQUANTISED), quote)


def repacked_from(facts: Mapping[str, Any], quote: str = "") -> str:
    """Name the model whose graph was written in another form, the day and the code; empty where none was."""
    return _made(facts.get(REPACKED), quote)


def _made(fact: Mapping[str, Any] | None, quote: str) -> str:
    if not fact:
        return ""
    return f"from {quote}{fact['from']}{quote}, on {fact['date']}, by code {quote}{fact['code_version']}{quote}"


def machine_of_speed(facts: Mapping[str, Any]) -> str:
    """Name the machine that timed the graph, where that is told apart from the training's; else empty."""
    return str((facts.get(REQUANTISED) or {}).get("machine", ""))
