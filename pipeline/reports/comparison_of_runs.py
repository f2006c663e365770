"""Lay out runs side by side: two tables for a terminal of 80 columns, and the whole of it as Markdown."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from pipeline.ground.plain import plain
from pipeline.judging.paired import BRIER, ECE, LABEL, SOURCE
from pipeline.judging.report import FEW_DOCUMENTS
from pipeline.reports.evaluation import Fitting
from pipeline.reports.tables import interval, markdown_table

if TYPE_CHECKING:
    from pipeline.ground.codebook import Codebook
    from pipeline.judging.paired import Paired
    from pipeline.workflows.runs_compared import Entry, RunsCompared

BASELINE, BETTER, WORSE, UNDECIDED = "baseline", "better", "worse", "undecided"
STYLES = {BASELINE: "dim", BETTER: "bold green", WORSE: "bold red", UNDECIDED: ""}
WIDEST = 4  # labels with a column of their own on a terminal
KINDS = {LABEL: "F1", SOURCE: "macro-F1", ECE: "ECE", BRIER: "Brier"}


def runs_table(compared: "RunsCompared", codebook: "Codebook") -> RenderableType:
    """Show what runs are worth, how they differ from the baseline, and what they cost."""
    worth = _table(["macro-F1 [95 %]", "minus baseline", "difference"])
    for entry in compared.entries:
        said = verdict(entry)
        delta = interval(entry.delta.estimate, sign=True) if entry.delta else "–"
        worth.add_row(Text(entry.name), interval(entry.macro_f1), delta, Text(said, style=STYLES[said]))
    shorts = {label.name: label.short for label in codebook.labels}
    shown = [name for name in compared.labels if len(compared.labels) <= WIDEST]
    heads = [shorts.get(name, name[:5]) for name in shown]
    costs = _table([*heads, "AP", "Brier", "ECE", "train s", "sent./s", "MB"])
    for entry in compared.entries:
        costs.add_row(Text(entry.name), *_cells(entry, shown))
    ids = Text("\n".join(_ids(entry) for entry in compared.entries), overflow="fold")
    words = Text(f"{how_judged(compared)}\n{how_told(compared, compared.baseline)}\n{_columns(heads)}", style="dim")
    return Group(Fitting(worth), Text(), Fitting(costs), Text(), ids, Text(), words)


def _table(heads: Sequence[str]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 1, 0, 0))
    table.add_column("run", overflow="fold")
    for head in heads:
        table.add_column(head, justify="right", no_wrap=True)
    return table


def _cells(entry: "Entry", shown: Sequence[str]) -> list[str]:
    cells = [number(entry.labels[name]["f1"], 2) for name in shown]
    cells += [number(over_labels(entry, figure), 3) for figure in ("average_precision", "brier", "ece")]
    costs = entry.costs
    speed = costs["sentences_per_second"]
    cells += [number(costs["train_seconds"], 0), "–" if speed is None else f"{speed:,.0f}"]
    return [*cells, number(costs["model_megabytes"], 1)]


def _ids(entry: "Entry") -> str:
    return f"{entry.name}: " + " ".join(run.short for run in entry.runs)


def verdict(entry: "Entry") -> str:
    """Say in one word how a line stands to the baseline."""
    if entry.delta is None:
        return BASELINE
    if not entry.delta.real:
        return UNDECIDED
    return BETTER if entry.delta.estimate.value > 0 else WORSE


def over_labels(entry: "Entry", figure: str) -> float | None:
    """Average a figure over the labels that have it; None where none has."""
    known = [scores[figure] for scores in entry.labels.values()]
    values = [value for value in known if value is not None]
    return sum(values) / len(values) if values else None


def number(value: float | None, digits: int) -> str:
    """Write a figure, or a dash where there is none."""
    return "–" if value is None else f"{value:.{digits}f}"


def how_judged(compared: "RunsCompared") -> str:
    """Say on what the figures stand."""
    sentences, documents = compared.sentences, compared.documents
    return (
        f"Judged on {sentences:,} {compared.part} sentence{'s' * (sentences != 1)} of {documents}"
        f" document{'s' * (documents != 1)}."
    )


def how_told(compared: "RunsCompared", baseline: str) -> str:
    """Say what the baseline is, and when a difference is called better or worse."""
    told = "better or worse is what stands among all lines (Holm, 5 %)"
    if compared.documents < FEW_DOCUMENTS:
        told = f"under {FEW_DOCUMENTS} documents no difference is called real"
    return f"Baseline: {baseline} ({compared.why}). Differences are by paired bootstrap of documents and seeds; {told}."


def _columns(heads: Sequence[str]) -> str:
    f1 = f"F1 of {', '.join(heads)}; " if heads else "F1 of each label: --markdown; "
    return f"{f1}AP, Brier and ECE are means over labels. Every label and source: --markdown or --json."


def runs_markdown(compared: "RunsCompared") -> str:
    """Write the comparison as Markdown: the tables, then every label and source against the baseline."""
    heads = ["run", "macro-F1 [95 %]", "minus baseline", "difference"]
    heads += [f"F1 {name}" for name in compared.labels] + ["AP", "Brier", "ECE", "training s", "sentences/s", "MB"]
    rows = []
    for entry in compared.entries:
        said = verdict(entry)
        delta = interval(entry.delta.estimate, sign=True) if entry.delta else "–"
        word = f"**{said}**" if said in (BETTER, WORSE) else said
        rows.append([_cell(entry.name), interval(entry.macro_f1), delta, word, *_cells(entry, compared.labels)])
    told = how_told(compared, _cell(compared.baseline))
    sections = [
        "# Runs compared",
        markdown_table(heads, rows),
        f"{how_judged(compared)} {told} AP, Brier and ECE are means over labels.",
    ]
    for entry in compared.entries:
        if entry.against:
            sections += [f"## {_cell(entry.name)} − {_cell(compared.baseline)}", _against(entry.against)]
    sections += ["## Runs", markdown_table(["run", "id", "model", "codebook", "labels", "code"], _made(compared))]
    return "\n\n".join(sections) + "\n"


def _against(paired: "Sequence[Paired]") -> str:
    """Write every label and source; a star where the line's own interval leaves out 0, and not by few documents."""
    rows = []
    for one in paired:
        if one.aspect.kind in KINDS:
            low, high = one.difference.low, one.difference.high
            apart = low is not None and high is not None and (low > 0 or high < 0)
            said = interval(one.difference, sign=True) + "\\*" * (apart and one.documents >= FEW_DOCUMENTS)
            name = _cell(f"{KINDS[one.aspect.kind]} {one.aspect.name}")
            rows.append([name, f"{one.a:.3f}", f"{one.b:.3f}", said, str(one.documents)])
    table = markdown_table(["", "run", "baseline", "difference", "documents"], rows)
    return (
        f"{table}\n\n\\* its own 95 % interval leaves out 0, not corrected for the number of lines, and"
        f" {FEW_DOCUMENTS} documents or more stand behind it. F1 and macro-F1: more is better; ECE and Brier: less is."
        " A difference of ECE is without what chance adds to each."
    )


def _made(compared: "RunsCompared") -> list[list[str]]:
    names = ("model_id", "codebook", "data_fingerprint", "code_version")
    return [
        [_cell(run.name), f"`{run.id}`", *(_cell(run.tags.get(name, "–")) for name in names)]
        for entry in compared.entries
        for run in entry.runs
    ]


def _cell(text: str) -> str:
    """Write words of others so that Markdown reads nothing into them."""
    return re.sub(r"([\\`\[<|])", r"\\\1", plain(text))
