"""What a briefing's report shows, ready to be laid out: plain records, in which no decision is left to a template."""

from dataclasses import dataclass
from typing import Literal

from pipeline.ground.records import Prevalence

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
    """One label of one sentence: its probability, whether it is given, whether that deserves a look, its words."""

    label: LabelView
    probability: float
    given: bool
    unsure: bool
    words: tuple[Word, ...] = ()

    @property
    def per_cent(self) -> int:
        """Give the probability in whole per cent; only certainty is 0 or 100."""
        return min(max(round(100 * self.probability), 1), 99)


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of a sentence's text; `step` is 0, or 1 to 3 for a word that carried a label, 3 the strongest."""

    text: str
    step: int = 0


@dataclass(frozen=True, slots=True)
class SentenceView:
    """A sentence as shown; `number` counts from 1, `level` is 0 without a label and 1 to 3 by the strongest one's."""

    id: str
    number: int
    page: int | None
    paragraph: int | None
    pieces: tuple[Piece, ...]
    verdicts: tuple[Verdict, ...]
    level: int = 0
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
    background: int
    omitted: int
    told: bool  # whether the model tells what deserves a look

    @property
    def looks(self) -> tuple[SentenceView, ...]:
        """Give the sentences that deserve a human look."""
        return tuple(sentence for sentence in self.sentences if sentence.unsure)

    @property
    def requests(self) -> tuple[SentenceView, ...]:
        """Give the sentences that ask something of somebody."""
        return tuple(one for one in self.sentences if any(verdict.label.asks for verdict in one.given))
