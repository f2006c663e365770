"""Lay out a report for the terminal: 80 columns, stacked where there are fewer, readable without colour."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.columns import Columns
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from pipeline.ground.codebook import Codebook
from pipeline.ground.records import Estimate
from pipeline.judging.errors_table import WorstError
from pipeline.judging.records import Report, SliceScores
from pipeline.judging.selective import Selective

FIRST = 14  # the least width of the column of words
SLICE_LABELS = 4  # beyond it the labels' own columns do not fit beside the slice


def report_table(report: Report, codebook: Codebook, *, slices: bool = True) -> Group:
    """Lay out the headline figures, the labels in codebook order and, if wanted, the slices."""
    parts: list[RenderableType] = [_size(report), "", headline(report), "", Fitting(label_table(report, codebook))]
    if slices:
        for name, values in report.slices.items():
            parts += ["", Fitting(slice_table(name, values, codebook))]
    return Group(*parts)


@dataclass(frozen=True, slots=True)
class Fitting:
    """A table where it fits; else each row stacked under its first cell, since rich drops columns silently."""

    table: Table

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        rows = list(zip(*([_text(cell) for cell in column.cells] for column in self.table.columns), strict=True))
        heads = [_text(column.header) for column in self.table.columns]
        widths = [max(cell.cell_len for cell in column) for column in zip(heads, *rows, strict=True)]
        if FIRST + sum(1 + width for width in widths[1:]) <= options.max_width:
            yield self.table
            return
        for first, *numbers in rows:
            yield Text.assemble((heads[0].plain, "dim"), " ", first)
            named = zip(heads[1:], numbers, strict=True)
            pairs = [Text.assemble(f"{head.plain} ", cell) for head, cell in named if cell.plain]
            yield Padding(Columns(pairs, padding=(0, 2, 0, 0)), (0, 0, 0, 2))


def _text(cell: RenderableType) -> Text:
    return cell if isinstance(cell, Text) else Text(str(cell))


def _size(report: Report) -> Text:
    documents = f"{report.documents:,} document" + ("" if report.documents == 1 else "s")
    sentences = f"{report.sentences:,} sentence" + ("" if report.sentences == 1 else "s")
    return Text(f"{sentences} in {documents}")


def headline(report: Report) -> Table:
    """Lay out macro-F1, micro-F1 and exact match with their intervals."""
    table = _table("", "value", "95 % interval")
    for name, estimate in (
        ("macro-F1", report.macro_f1),
        ("micro-F1", report.micro_f1),
        ("exact match", report.exact_match),
    ):
        table.add_row(name, f"{estimate.value:.3f}", _range(estimate, 3))
    return table


def label_table(report: Report, codebook: Codebook) -> Table:
    """Lay out one row for each label; `gold` counts its true sentences, `cut` is its threshold."""
    table = _table("label", "prec.", "recall", "F1", "95 % range", "AP", "Brier", "ECE", "gold", "cut")
    for label in codebook.labels:
        scores = report.labels[label.name]
        table.add_row(
            Text(label.name, style=label.color),
            f"{scores.precision:.2f}",
            f"{scores.recall:.2f}",
            f"{scores.f1.value:.2f}",
            _range(scores.f1, 2),
            _number(scores.average_precision),
            f"{scores.brier:.3f}",
            f"{scores.ece:.3f}",
            str(scores.support),
            _number(scores.threshold),
        )
    return table


def slice_table(name: str, values: dict[str, SliceScores], codebook: Codebook) -> Table:
    """Lay out one row for each value of a slice, the largest first; the labels' columns hold F1."""
    labels = codebook.labels if len(codebook.labels) <= SLICE_LABELS else ()
    table = _table(name, "sentences", "documents", "macro-F1", *(f"F1 {label.short}" for label in labels))
    for value, scores in sorted(values.items(), key=lambda item: -item[1].n):
        table.add_row(
            Text(value),
            f"{scores.n:,}",
            f"{scores.documents:,}",
            _number(scores.macro_f1),
            *(_number(scores.f1[label.name]) for label in labels),
        )
    return table


def review_table(selective: Selective, codebook: Codebook) -> Group:
    """Lay out what the marks for review keep of their promise, and what they cost."""
    promised = f", promised {selective.promised:.2f}" if selective.promised else ""
    said = (
        f"{1 - selective.kept:.0%} of the sentences are marked for review",
        f"exact match of the others {_estimate(selective.exact_kept)}",
        f"wholly right or marked, of all {_estimate(selective.covered)}{promised}",
    )
    by_label = selective.promised is None
    heads = ("carry it", "promised", "do not", "promised") if by_label else ()
    table = _table("label", *heads, "kept", "F1 kept", "95 % range", "area")
    for label in codebook.labels:
        scores = selective.labels[label.name]
        carriers = (_value(scores.carriers), _number(scores.promised_carriers))
        others = (_value(scores.others), _number(scores.promised_others))
        table.add_row(
            Text(label.name, style=label.color),
            *((*carriers, *others) if by_label else ()),
            f"{scores.kept:.2f}",
            _value(scores.f1_kept),
            "–" if scores.f1_kept is None else _range(scores.f1_kept, 2),
            f"{scores.area:.3f}",
        )
    legend = "kept: without a mark; area: under the risk-coverage curve, 0 is best"
    means = "carry it, do not: share of such sentences whose decision is right or marked\n" if by_label else ""
    return Group(*map(Text, said), "", Fitting(table), "", Text(means + legend, style="dim"))


def error_list(errors: Sequence[WorstError]) -> Group:
    """Lay out wrong decisions, one under the other: what was decided, then the sentence in full."""
    parts: list[RenderableType] = []
    for error in errors:
        said = "wrongly found" if error.predicted else "missed"
        cut = "" if error.threshold is None else f", cut {error.threshold:.2f}"
        gold = ", ".join(error.gold_labels) or "none"
        head = f"{said} {error.label}: probability {error.probability:.2f}{cut}; gold: {gold}; {error.document}"
        parts += [Text(head), Padding(Text(error.text), (0, 0, 1, 4), expand=False)]
    return Group(*parts or ["no wrong decision"])


def _table(first: str, *numbers: str) -> Table:
    """Make a table whose first column is words and whose others are numbers."""
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="bold", collapse_padding=True)
    table.add_column(Text(first), overflow="fold", min_width=FIRST)
    for name in numbers:
        table.add_column(Text(name), justify="right", no_wrap=True)
    return table


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _value(estimate: Estimate | None) -> str:
    return _number(None if estimate is None else estimate.value)


def _estimate(estimate: Estimate | None) -> str:
    """Write a figure with its interval, where there is one."""
    if estimate is None:
        return "–"
    return f"{estimate.value:.2f}" + ("" if estimate.low is None else f" [{_range(estimate, 2)}]")


def _range(estimate: Estimate, digits: int) -> str:
    if estimate.low is None or estimate.high is None:
        return "–"
    return f"{estimate.low:.{digits}f}–{estimate.high:.{digits}f}"
