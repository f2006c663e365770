"""View a set of documents: an index, shares over time, and what changed from one to the next."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.pages.change import Alone, Change, changes, compare_two
from pipeline.pages.timeline import Timeline, draw_timeline
from pipeline.pages.views import DocumentView, LabelView, Share
from pipeline.pages.when import When, when


@dataclass(frozen=True, slots=True)
class Row:
    """A document in the index; `date` is None where what it says is no date, `twin` where another has its title."""

    document: DocumentView
    date: When | None
    twin: bool

    @property
    def date_key(self) -> str:
        """Give what its date sorts by: a number of days, or nothing."""
        return f"{self.date.middle:.1f}" if self.date else ""


@dataclass(frozen=True, slots=True)
class Series:
    """A set of at least two documents; of exactly two, `comparison` is always there and `changes` holds nothing."""

    labels: tuple[LabelView, ...]
    rows: tuple[Row, ...]
    shares: tuple[Share, ...]
    timeline: Timeline | None
    comparison: Change | None
    changes: Mapping[str, Change | Alone]

    @property
    def looks(self) -> int:
        """Count the sentences that deserve a look."""
        return sum(len(row.document.looks) for row in self.rows)

    @property
    def told(self) -> bool:
        """Tell whether any document's model tells what deserves a look."""
        return any(row.document.told for row in self.rows)

    @property
    def corrected(self) -> bool:
        """Tell whether any share is known once the model's mistakes are allowed for."""
        return any(share.prevalence and share.prevalence.corrected for share in self.shares)


def view_series(
    documents: Sequence[DocumentView], labels: Sequence[LabelView], shares: Sequence[Share]
) -> Series | None:
    """View documents as a set; None for a single one. `shares` are those of all their sentences together."""
    if len(documents) < 2:
        return None
    titles = Counter(document.title for document in documents)
    two = len(documents) == 2
    return Series(
        labels=tuple(labels),
        rows=tuple(Row(one, when(one.date), titles[one.title] > 1) for one in documents),
        shares=tuple(shares),
        timeline=draw_timeline(documents, labels),
        comparison=compare_two(documents[0], documents[1], labels) if two else None,
        changes={} if two else changes(documents, labels),
    )
