"""Lay out a learning curve for a terminal of 80 columns."""

import io
from typing import TYPE_CHECKING

from pipeline.ground.codebook import Codebook
from pipeline.ground.records import Estimate
from pipeline.judging.curve import Curve, Study
from pipeline.reports.curve_words import ASSUMED, seeds_of, sentence
from pipeline.reports.tables import interval

if TYPE_CHECKING:
    from rich.table import Table

WIDTH = 80


def curve_table(curve: Curve, codebook: Codebook) -> str:
    """Write the tables for a terminal of 80 columns, stacked where labels are too many."""
    from rich.console import Console
    from rich.text import Text

    from pipeline.reports.evaluation import Fitting

    stream = io.StringIO()
    console = Console(file=stream, width=WIDTH, color_system=None, markup=False, emoji=False, highlight=False)
    for line in curve.lines:
        console.print(Text(f"{line.recipe}, {seeds_of(line.study)}, {curve.test_sentences:,} test sentences"))
        console.print(Fitting(_share_table(line.study, codebook)))
        console.print()
        console.print(Fitting(_gain_table(line.study)))
        console.print()
        for note in (*line.study.notes, sentence(line).replace("`", "")):
            console.print(Text(note[0].upper() + note[1:].rstrip(".") + "."))
        console.print()
    console.print(Text(ASSUMED))
    return "\n".join(row.rstrip() for row in stream.getvalue().splitlines())


def _share_table(study: Study, codebook: Codebook) -> "Table":
    short = {label.name: label.short for label in codebook.labels}
    tracks = study.of("label")
    table = _table("share", "sentences", "documents", "macro-F1", "95 %", *(f"F1 {short[t.name]}" for t in tracks))
    macro = study.of("macro")[0]
    for place, size in enumerate(study.sizes):
        value = macro.values[place]
        table.add_row(
            f"{size.share:g}",
            f"{size.sentences:,.0f}",
            f"{size.documents:,.0f}",
            f"{value.value:.3f}",
            _range(value),
            *(f"{track.values[place].value:.2f}" for track in tracks),
        )
    return table


def _gain_table(study: Study) -> "Table":
    mores = [expected.more for expected in study.tracks[0].expectations]
    table = _table("gain with more", "now", *(f"+{more:,} sentences" for more in mores))
    for track in study.tracks:
        gains = [interval(expected.gain, sign=True) for expected in track.expectations]
        table.add_row(track.name, f"{track.values[-1].value:.3f}", *gains)
    return table


def _table(first: str, *numbers: str) -> "Table":
    from rich.table import Table

    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column(first, overflow="fold", min_width=14)
    for name in numbers:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _range(estimate: Estimate) -> str:
    return "–" if estimate.low is None or estimate.high is None else f"{estimate.low:.3f}–{estimate.high:.3f}"
