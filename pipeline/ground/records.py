"""The glossary: every record that passes between rooms."""

from bisect import bisect_right
from dataclasses import dataclass, field
from enum import StrEnum

PLACES = 4  # decimals of a probability; finer ones mean nothing after calibration


class BlockKind(StrEnum):
    """What a reader saw a block as, before anyone asks whether it is running prose."""

    PARAGRAPH = "paragraph"
    ITEM = "item"
    HEADING = "heading"
    CAPTION = "caption"
    QUOTE = "quote"
    TABLE = "table"
    CODE = "code"
    FRONT_MATTER = "front matter"
    RUNNING_HEAD = "running head"
    FOOTNOTE = "footnote"


class SkipReason(StrEnum):
    """Why a block is not running prose."""

    TITLE = "title"
    KICKER = "kicker"
    BYLINE = "byline"
    DATE_LINE = "date line"
    CAPTION = "caption"
    PULL_QUOTE = "pull quote"
    SUBSCRIPTION = "subscription"
    NAVIGATION = "navigation"
    CONTACT = "contact"
    TABLE = "table"
    CODE = "code"
    FRONT_MATTER = "front matter"
    RUNNING_HEAD = "running head"
    FOOTNOTE = "footnote"


@dataclass(frozen=True, slots=True)
class Block:
    """A half-open character span of a document, with the kind its reader saw.

    `page`, from 1, is the one it begins on; `turns` are the offsets at which it goes on to others, each with its page.
    """

    kind: BlockKind
    start: int
    end: int
    page: int | None = None
    turns: tuple[tuple[int, int], ...] = ()

    def page_at(self, offset: int) -> int | None:
        """Give the page on which a character of the block stands; None where there are no pages."""
        passed = bisect_right(self.turns, offset, key=lambda turn: turn[0])
        return self.turns[passed - 1][1] if passed else self.page


@dataclass(frozen=True, slots=True)
class Document:
    """A text with its blocks; every offset in the project counts characters of `text`.

    `date` is ISO 8601 (year, year-month or day), as far as the document or its name says; empty where it says nothing.
    """

    id: str
    text: str
    blocks: tuple[Block, ...]
    source: str = ""
    genre: str = ""
    title: str = ""
    path: str = ""
    date: str = ""


@dataclass(frozen=True, slots=True)
class Skipped:
    """A span kept out of the running prose, and why."""

    start: int
    end: int
    reason: SkipReason
    text: str


@dataclass(frozen=True, slots=True)
class Sentence:
    """A half-open character span of a document; `text` is exactly that slice.

    `index` counts sentences from 0; `paragraph` counts blocks of running prose from 1, `page` pages from 1:
    it is the one the sentence begins on.
    """

    doc: str
    index: int
    start: int
    end: int
    text: str
    page: int | None = None
    paragraph: int | None = None

    @property
    def id(self) -> str:
        """Name the sentence by its document and span."""
        return f"{self.doc}:{self.start}-{self.end}"


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read in a document: its sentences, and what was kept out."""

    document: Document
    sentences: tuple[Sentence, ...]
    skipped: tuple[Skipped, ...]


@dataclass(frozen=True, slots=True)
class Annotation:
    """Labels on a span of a document, standoff: the text is proved by hash, not repeated."""

    doc: str
    start: int
    end: int
    sha256: str
    labels: tuple[str, ...]
    pass_a: tuple[str, ...] | None = None
    pass_b: tuple[str, ...] | None = None
    unsure: bool = False
    norm_sha256: str = ""
    words: int = 0
    where: str = ""


@dataclass(frozen=True, slots=True)
class Example:
    """A labelled sentence as learners see it: white space collapsed, labels in codebook order."""

    doc: str
    source: str
    genre: str
    start: int
    end: int
    text: str
    labels: tuple[str, ...]
    unsure: bool = False


@dataclass(frozen=True, slots=True)
class Prediction:
    """One sentence as judged: probabilities after calibration, and the labels they decide.

    `unsure` names the labels that deserve a human eye; None where the model has not learned to tell.
    """

    text: str
    labels: tuple[str, ...]
    probabilities: dict[str, float]
    unsure: tuple[str, ...] | None = None

    @property
    def review(self) -> bool:
        """Tell whether a label of this sentence deserves a look."""
        return bool(self.unsure)


@dataclass(frozen=True, slots=True)
class Profile:
    """The stance of a document: share of sentences that carry each label, and of none.

    `review` counts the sentences that deserve a look; None where the model has not learned to tell.
    """

    sentences: int
    counts: dict[str, int]
    background: int
    review: int | None = None

    @property
    def shares(self) -> dict[str, float]:
        """Give each label's share of the sentences, between 0 and 1."""
        return {name: count / max(self.sentences, 1) for name, count in self.counts.items()}


@dataclass(frozen=True, slots=True)
class ScoredDocument:
    """A document read and judged: `predictions[i]` belongs to `reading.sentences[i]`.

    `priors` holds the label shares that probabilities were adapted to; None where they are as learned.
    """

    reading: Reading
    predictions: tuple[Prediction, ...]
    profile: Profile
    model: str = ""
    priors: dict[str, float] | None = None


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its 95 % interval; `low` and `high` are None where none can be given."""

    value: float
    low: float | None = None
    high: float | None = None

    def as_dict(self) -> dict[str, float | None]:
        """Give the figure as JSON holds it."""
        return {"value": self.value, "low": self.low, "high": self.high}


@dataclass(frozen=True, slots=True)
class Notice:
    """A line for the user about something that went on without stopping the work."""

    message: str
    hint: str = ""
    detail: dict[str, int | str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class WordWeight:
    """A half-open character span of a sentence's own text; `weight` is in log-odds, above 0 where it speaks for it."""

    start: int
    end: int
    weight: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """What carried one label of one sentence: words in text order; `method` names how their weights were found."""

    label: str
    method: str
    words: tuple[WordWeight, ...]


@dataclass(frozen=True, slots=True)
class Prevalence:
    """The share of n sentences that carry a label: as decided, and corrected for the classifier's error rates.

    `corrected` has a 95 % interval; it is None where the model does not know its error rates.
    """

    label: str
    sentences: int
    counted: float
    corrected: Estimate | None
