"""Lay out what a training came to."""

from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from pipeline.ground.paths import shown
from pipeline.ground.records import Estimate
from pipeline.judging.records import Report

if TYPE_CHECKING:
    from pipeline.workflows.training import Trained


def interval(estimate: Estimate) -> str:
    """Write a figure with its interval: `0.71 [0.66, 0.75]`."""
    if estimate.low is None or estimate.high is None:
        return f"{estimate.value:.2f}"
    return f"{estimate.value:.2f} [{estimate.low:.2f}, {estimate.high:.2f}]"


def training_summary(trained: "Trained") -> RenderableType:
    """Show validation and test figures, where the model and the run are, and what to type next."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("F1 [95 % interval]")
    chosen_here = trained.manifest.recipe["decisions"]["learn_from"] == "validation"
    table.add_column("validation*" if chosen_here else "validation", justify="right")
    table.add_column("test", justify="right")
    for name, validation, test in _rows(trained.validation, trained.test):
        table.add_row(name, validation, test)
    sizes = trained.manifest.size / 1e6
    facts = Text(
        f"{trained.manifest.name}, seed {trained.manifest.seed}: trained in {trained.seconds:.0f} s,"
        f" {sizes:.1f} MB, scores {trained.sentences_per_second:.0f} sentences/s"
    )
    folder = shown(trained.folder)
    places = Text(
        f"model    {folder}\nrun      {trained.run_id}\nstore    {trained.store}\n\n"
        f"next     stance score FILE --model {folder}\n         stance ui",
        overflow="fold",
    )
    star = [Text("* calibration and thresholds were learned on these sentences: an optimistic figure", style="dim")]
    return Group(facts, Text(), table, *(star if chosen_here else []), Text(), places)


def _rows(validation: Report, test: Report) -> list[tuple[str, str, str]]:
    rows = [("macro", interval(validation.macro_f1), interval(test.macro_f1))]
    rows += [(name, interval(validation.labels[name].f1), interval(test.labels[name].f1)) for name in test.labels]
    rows.append(("exact match", interval(validation.exact_match), interval(test.exact_match)))
    return rows
