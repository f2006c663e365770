"""Lay out a scored document for a terminal: every sentence, and the profile at a glance."""

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from pipeline.ground.codebook import Codebook
from pipeline.ground.records import Prediction, ScoredDocument

BAR = 24


def document_table(scored: ScoredDocument, codebook: Codebook) -> RenderableType:
    """Show each sentence with its labels' probabilities in per cent; a label that is given stands out by a mark."""
    table = Table(box=None, pad_edge=False, header_style="bold", show_header=True, padding=(0, 1, 0, 0))
    table.add_column("#", justify="right", style="dim", no_wrap=True)
    for label in codebook.labels:
        table.add_column(Text(label.short), justify="right", no_wrap=True, min_width=4)
    table.add_column("sentence", overflow="fold")
    for sentence, prediction in zip(scored.reading.sentences, scored.predictions, strict=True):
        cells = [_cell(prediction, label.name, label.color) for label in codebook.labels]
        words = Text(" ".join(sentence.text.split()), style="" if prediction.labels else "dim")
        table.add_row(str(sentence.index + 1), *cells, words)
    legend = Text("per cent; ● marks a label that is given", style="dim")
    return Group(_title(scored), Text(), table, Text(), legend, Text(), profile(scored, codebook))


def _cell(prediction: Prediction, name: str, color: str) -> Text:
    given = name in prediction.labels
    per_cent = f"{100 * prediction.probabilities[name]:.0f}"
    return Text(f"●{per_cent:>3}" if given else per_cent, style=f"bold {color}" if given else "dim")


def _title(scored: ScoredDocument) -> Text:
    document = scored.reading.document
    n, skipped = len(scored.predictions), len(scored.reading.skipped)
    left_out = f", {skipped} other passages left out" if skipped else ""
    return Text.assemble((document.path or document.id, "bold"), f"  {n} sentences{left_out}; model {scored.model}")


def profile(scored: ScoredDocument, codebook: Codebook) -> RenderableType:
    """Show how many sentences carry each label, and none, with a bar."""
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
    total = max(scored.profile.sentences, 1)
    counts = scored.profile.counts
    rows = [(label.name, counts[label.name], label.color) for label in codebook.labels]
    if not codebook.exclusive:
        rows.append(("none", scored.profile.background, "bright_black"))
    for name, count, color in rows:
        bar = "█" * round(BAR * count / total)
        table.add_row(name, f"{count} of {total}", f"{count / total:.0%}", Text(bar, style=color))
    for column in (1, 2):
        table.columns[column].justify = "right"
    return table


def profiles_table(documents: Sequence[ScoredDocument], codebook: Codebook) -> RenderableType:
    """Show several documents, one row each."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("document", overflow="fold")
    table.add_column("sentences", justify="right")
    for label in codebook.labels:
        table.add_column(Text(label.short), justify="right")
    if not codebook.exclusive:
        table.add_column("none", justify="right")
    for scored in documents:
        shares = [Text(f"{scored.profile.shares[label.name]:.0%}", style=label.color) for label in codebook.labels]
        none = [] if codebook.exclusive else [f"{scored.profile.background / max(scored.profile.sentences, 1):.0%}"]
        name = scored.reading.document.path or scored.reading.document.id
        table.add_row(Text(name), str(scored.profile.sentences), *shares, *none)
    return table
