"""What a briefing's report shows, ready to be laid out: plain records, in which no decision is left to a template."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from pipeline.decisions.prevalence import FEWEST
from pipeline.ground.records import Prevalence
from pipeline.pages.when import when

PassageKind = Literal["paragraph", "item", "quote", "heading", "omitted"]


@dataclass(frozen=True, slots=True)
class LabelView:
    """A label as a report shows it: `index` chooses its colour and line, `tag` is the sign that needs no colour."""

    index: int
    name: str
    tag: str
    definition: str
    threshold: float | None
    asks: bool

    @property
    def title(self) -> str:
        """Give the name as a heading writes it."""
        return self.name[:1].upper() + self.name[1:]


@dataclass(frozen=True, slots=True)
class Word:
    """A word that carried a label; `weight` is its share of the strongest word's, above 0 and at most 1."""

    text: str
    weight: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """One label of one sentence: its probability, whether it is given, whether that deserves a look, its words.

    `level` is 0 where the label is not given, and 1 to 3 by how far the probability lies above what decides.
    """

    label: LabelView
    probability: float
    given: bool
    unsure: bool
    level: int = 0
    words: tuple[Word, ...] = ()

    @property
    def per_cent(self) -> str:
        """Give the probability in whole per cent, `<1` and `>99` at the ends, from as many digits as the page keeps."""
        kept = round(self.probability, 4)
        return "<1" if kept < 0.01 else ">99" if kept > 0.99 else str(int(100 * kept + 0.5))


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of a sentence's text; `step` is 0, or 1 to 3 for a word that carried a label, 3 the strongest."""

    text: str
    step: int = 0


@dataclass(frozen=True, slots=True)
class SentenceView:
    """A sentence as shown; `number` counts from 1, `why` says why it deserves a look, empty where it does not."""

    id: str
    number: int
    page: int | None
    paragraph: int | None
    pieces: tuple[Piece, ...]
    verdicts: tuple[Verdict, ...]
    why: str = ""

    @property
    def text(self) -> str:
        """Give the sentence on one line."""
        return " ".join("".join(piece.text for piece in self.pieces).split())

    @property
    def given(self) -> tuple[Verdict, ...]:
        """Give the verdicts whose label the sentence carries."""
        return tuple(verdict for verdict in self.verdicts if verdict.given)

    @property
    def unsure(self) -> tuple[Verdict, ...]:
        """Give the verdicts that deserve a look."""
        return tuple(verdict for verdict in self.verdicts if verdict.unsure)

    @property
    def place(self) -> str:
        """Say where the sentence stands."""
        parts = [f"page {self.page}"] if self.page else []
        parts += [f"paragraph {self.paragraph}"] if self.paragraph else []
        return ", ".join(parts)


@dataclass(frozen=True, slots=True)
class Passage:
    """A block of the document: its sentences, or its text where it is a heading or was left out, with the reason."""

    kind: PassageKind
    sentences: tuple[SentenceView, ...] = ()
    text: str = ""
    reason: str = ""
    number: int | None = None
    page: int | None = None


@dataclass(frozen=True, slots=True)
class Share:
    """How many of n sentences carry a label, and what share that is once the model's mistakes are allowed for."""

    label: LabelView
    count: int
    sentences: int
    prevalence: Prevalence | None = None

    @property
    def counted(self) -> float:
        """Give the share as counted, between 0 and 1."""
        return self.count / max(self.sentences, 1)

    @property
    def few(self) -> int:
        """Give how many sentences it would take to correct the share, where these are too few; else 0."""
        return FEWEST if self.prevalence and not self.prevalence.corrected and self.sentences < FEWEST else 0

    @property
    def most(self) -> float:
        """Give the largest share that is shown."""
        corrected = self.prevalence.corrected if self.prevalence else None
        return max(self.counted, corrected.high or corrected.value) if corrected else self.counted


def scale_of(shares: Sequence[Share]) -> float:
    """Give the end of an axis from 0 that holds all shares: a quarter, a half, or the whole."""
    most = max((share.most for share in shares), default=0.0)
    return next((end for end in (0.25, 0.5) if most <= end), 1.0)


@dataclass(frozen=True, slots=True)
class Strip:
    """A label's probabilities along a document, as two SVG paths on a canvas of 10 a sentence by 100."""

    label: LabelView
    given: str
    others: str


@dataclass(frozen=True, slots=True)
class DocumentView:
    """A scored document as a report shows it; `key` is unique on the page and begins every id within."""

    key: str
    title: str
    path: str
    source: str
    genre: str
    date: str
    passages: tuple[Passage, ...]
    sentences: tuple[SentenceView, ...]
    shares: tuple[Share, ...]
    strips: tuple[Strip, ...]
    background: int
    omitted: int
    told: bool  # whether the model tells what deserves a look

    @property
    def day(self) -> str:
        """Write its date for a reader; as it stands where it is no date."""
        found = when(self.date)
        return found.text if found else self.date

    @property
    def scale(self) -> float:
        """Give the end of the axis on which the shares are drawn."""
        return scale_of(self.shares)

    @property
    def runs(self) -> list[tuple[PassageKind, list[Passage]]]:
        """Join passages of one kind that follow each other, as a list holds its items."""
        return [(kind, list(run)) for kind, run in groupby(self.passages, key=lambda one: one.kind)]

    @property
    def looks(self) -> tuple[SentenceView, ...]:
        """Give the sentences that deserve a human look."""
        return tuple(sentence for sentence in self.sentences if sentence.unsure)

    @property
    def requests(self) -> tuple[SentenceView, ...]:
        """Give the sentences that ask something of somebody."""
        return tuple(one for one in self.sentences if any(verdict.label.asks for verdict in one.given))
