"""Lay out what an audit of the labels found."""

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from pipeline.corpus.load import Corpus
from pipeline.workflows.audit import Suspect

SHOWN = 10


def suspects_table(suspects: Sequence[Suspect], corpus: Corpus) -> RenderableType:
    """Count suspects by source and by the label in doubt, and show the worst."""
    names = corpus.codebook.names
    counts = Table(box=None, pad_edge=False, header_style="bold")
    for head in ("source", "sentences", "suspects", *names):
        counts.add_column(head, justify="left" if head == "source" else "right")
    for source in corpus.annotations:
        of = [s for s in suspects if s.example.source == source]
        total = sum(e.source == source for e in corpus.examples)
        doubted = [sum((name in s.example.labels) != (name in s.suggested) for s in of) for name in names]
        counts.add_row(source, f"{total:,}", str(len(of)), *map(str, doubted))
    title = Text(f"{len(suspects)} of {len(corpus.examples):,} sentences carry labels the model doubts.")
    lines = [Text("\n").join(_lines(suspect)) for suspect in suspects[:SHOWN]]
    worst = [Text("\nThe worst, as labelled → as the model would have it:")] if lines else []
    return Group(title, Text(), counts, *worst, *lines)


def _lines(suspect: Suspect) -> list[Text]:
    """Write one suspect on two lines."""
    now, then = (", ".join(labels) or "none" for labels in (suspect.example.labels, suspect.suggested))
    where = f"{suspect.example.doc} {suspect.example.start}"
    return [
        Text(f"{suspect.quality:.2f}  {now} → {then}  ({where})", style="bold"),
        Text(f"      {suspect.example.text}"),
    ]
