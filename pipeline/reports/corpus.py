"""Lay out what a labels folder holds."""

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from pipeline.corpus.duplicates import near_duplicates
from pipeline.corpus.load import Corpus
from pipeline.corpus.splits import PARTS, Split
from pipeline.ground.records import Example


def corpus_summary(corpus: Corpus, split: Split) -> RenderableType:
    """Show sentences and label shares by source and by split, and what repeats."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("")
    for name in ("documents", "sentences", *(label.short for label in corpus.codebook.labels), "none"):
        table.add_column(Text(name), justify="right")
    for source in corpus.annotations:
        _row(table, source, [e for e in corpus.examples if e.source == source], corpus)
    table.add_row()
    for part in PARTS:
        _row(table, part, list(getattr(split, part)), corpus)
    pairs = near_duplicates([example.text for example in corpus.examples])
    across = sum(corpus.examples[p.left].doc != corpus.examples[p.right].doc for p in pairs)
    codebook = corpus.codebook
    head = Text(f"{codebook.name} {codebook.version}: {', '.join(codebook.names)} ({codebook.choice})", style="bold")
    tail = Text(
        f"{len(pairs)} pairs of near-duplicate sentences (six words or more), {across} of\n"
        "them across documents, which stay on one side of every split\n"
        f"no leak between splits; data fingerprint {corpus.fingerprint}"
    )
    return Group(head, Text(), table, Text(), tail)


def _row(table: Table, name: str, examples: list[Example], corpus: Corpus) -> None:
    n = max(len(examples), 1)
    shares = [f"{sum(label in e.labels for e in examples) / n:.0%}" for label in corpus.codebook.names]
    documents = len({example.doc for example in examples})
    none = f"{sum(not e.labels for e in examples) / n:.0%}"
    table.add_row(Text(name), str(documents), str(len(examples)), *shares, none)
