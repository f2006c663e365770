"""Lay out a scored document for a terminal: every sentence, and the profile at a glance."""

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from pipeline.decisions.prevalence import FEWEST
from pipeline.ground.codebook import Codebook
from pipeline.ground.records import Estimate, Prediction, Prevalence, ScoredDocument

BAR = 24


def document_table(scored: ScoredDocument, codebook: Codebook, shares: Sequence[Prevalence] = ()) -> RenderableType:
    """Show each sentence with its labels' probabilities in per cent; marks say what is given, and what deserves a look.

    The column of question marks is there only where some sentence has one. Below the profile stand the corrected
    shares, where there are any.
    """
    marked = bool(scored.profile.review)
    table = Table(box=None, pad_edge=False, header_style="bold", show_header=True, padding=(0, 1, 0, 0))
    table.add_column("#", justify="right", style="dim", no_wrap=True)
    for label in codebook.labels:
        table.add_column(Text(label.short), justify="right", no_wrap=True, min_width=5 if marked else 4)
    table.add_column("sentence", overflow="fold")
    for sentence, prediction in zip(scored.reading.sentences, scored.predictions, strict=True):
        cells = [_cell(prediction, label.name, label.color, marked) for label in codebook.labels]
        words = Text(" ".join(sentence.text.split()), style="" if prediction.labels else "dim")
        table.add_row(str(sentence.index + 1), *cells, words)
    look = "; ? one that deserves a look" if marked else ""
    legend = Text(f"per cent; ● marks a label that is given{look}", style="dim")
    parts = [_title(scored), Text(), table, Text(), legend, Text(), profile(scored, codebook), *corrected(shares)]
    return Group(*parts)


def _cell(prediction: Prediction, name: str, color: str, marked: bool) -> Text:
    """Write one probability; where marks are shown, room is kept for one, so that figures stay in line."""
    given = name in prediction.labels
    unsure = name in (prediction.unsure or ())
    tail = ("?" if unsure else " ") if marked else ""
    per_cent = f"{100 * prediction.probabilities[name]:.0f}"
    style = f"bold {color}" if given else "" if unsure else "dim"
    return Text((f"●{per_cent:>3}" if given else per_cent) + tail, style=style)


def _title(scored: ScoredDocument) -> Text:
    document = scored.reading.document
    n, skipped = len(scored.predictions), len(scored.reading.skipped)
    left_out = f", {skipped} other passages left out" if skipped else ""
    return Text.assemble((document.path or document.id, "bold"), f"  {n} sentences{left_out}; model {scored.model}")


def profile(scored: ScoredDocument, codebook: Codebook) -> RenderableType:
    """Show how many sentences carry each label, and none, and how many deserve a look, with a bar."""
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
    total = max(scored.profile.sentences, 1)
    counts = scored.profile.counts
    rows = [(label.name, counts[label.name], label.color) for label in codebook.labels]
    if not codebook.exclusive:
        rows.append(("none", scored.profile.background, "bright_black"))
    if scored.profile.review is not None:
        rows.append(("to review", scored.profile.review, "yellow"))
    for name, count, color in rows:
        bar = "█" * round(BAR * count / total)
        table.add_row(name, f"{count} of {total}", f"{count / total:.0%}", Text(bar, style=color))
    for column in (1, 2):
        table.columns[column].justify = "right"
    return table


def corrected(shares: Sequence[Prevalence], of: str = "") -> list[Text]:
    """Say each label's share corrected for error rates, with its interval, or that sentences are too few for it.

    Nothing where no share is corrected for want of rates.
    """
    known = [(one.label, share_range(one.corrected)) for one in shares if one.corrected]
    said = ", ".join(f"{label} {share}" for label, share in known)
    line = f"corrected for error rates{of}: {said}" if said else ""
    if not said and any(one.sentences < FEWEST for one in shares):
        line = f"too few sentences to allow for error rates: fewer than {FEWEST}"
    return [Text(), Text(line, style="dim")] if line else []


def share_range(estimate: Estimate) -> str:
    """Write a share and its interval in per cent, `22% [9–38]`."""
    if estimate.low is None or estimate.high is None:
        return f"{estimate.value:.0%}"
    return f"{estimate.value:.0%} [{100 * estimate.low:.0f}–{100 * estimate.high:.0f}]"


def profiles_table(
    documents: Sequence[ScoredDocument], codebook: Codebook, shares: Sequence[Prevalence] = ()
) -> RenderableType:
    """Show several documents, one row each, and below them the corrected shares of all together."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("document", overflow="fold")
    table.add_column("sentences", justify="right")
    for label in codebook.labels:
        table.add_column(Text(label.short), justify="right")
    if not codebook.exclusive:
        table.add_column("none", justify="right")
    told = any(scored.profile.review is not None for scored in documents)
    if told:
        table.add_column("review", justify="right")
    for scored in documents:
        cells = [Text(f"{scored.profile.shares[label.name]:.0%}", style=label.color) for label in codebook.labels]
        none = [] if codebook.exclusive else [_share(scored.profile.background, scored.profile.sentences)]
        review = [_share(scored.profile.review, scored.profile.sentences)] if told else []
        name = scored.reading.document.path or scored.reading.document.id
        table.add_row(Text(name), str(scored.profile.sentences), *cells, *none, *review)
    return Group(table, *corrected(shares, ", all documents together"))


def _share(count: int | None, of: int) -> str:
    return "–" if count is None else f"{count / max(of, 1):.0%}"
