"""Show what changed from one briefing to another, sentence by sentence: new, gone, reworded, repeated."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from pipeline.pages.align import LONGEST, WORK, align
from pipeline.pages.views import DocumentView, LabelView, SentenceView

SHOWN = 100  # sentences of one group that are written out
_TOKEN = re.compile(r"\w+(?:['’.-]\w+)*|[^\w\s]")
_SHORT = 3  # letters; a word no longer than this between two changes is taken for part of them


@dataclass(frozen=True, slots=True)
class Mark:
    """A run of a sentence's text, and whether the other version lacks it."""

    text: str
    changed: bool


@dataclass(frozen=True, slots=True)
class Rewording:
    """A sentence in two versions; the marks of each join to its text."""

    then: SentenceView
    now: SentenceView
    before: tuple[Mark, ...]
    after: tuple[Mark, ...]

    @property
    def lost(self) -> tuple[LabelView, ...]:
        """Give the labels that only the earlier version carries."""
        return _without(self.then, self.now)

    @property
    def gained(self) -> tuple[LabelView, ...]:
        """Give the labels that only the later version carries."""
        return _without(self.now, self.then)

    @property
    def turned(self) -> bool:
        """Tell whether the two carry different labels."""
        return bool(self.lost or self.gained)


@dataclass(frozen=True, slots=True)
class Group:
    """Sentences of one fate: those with a label, those without, and how many more are not written out."""

    carrying: tuple[SentenceView, ...]
    plain: tuple[SentenceView, ...]
    more: int = 0

    @property
    def size(self) -> int:
        """Count all of them."""
        return len(self.carrying) + len(self.plain) + self.more


@dataclass(frozen=True, slots=True)
class Flow:
    """Where a label's count comes from: `now` is `then` less `gone` and `lost`, with `new` and `gained`.

    `lost` and `gained` are sentences that stand in both briefings, and carry the label in one.
    """

    label: LabelView
    then: int
    gone: int
    new: int
    lost: int
    gained: int
    now: int

    @property
    def turn(self) -> str:
        """Write what rewording took and gave."""
        taken, given = f"−{self.lost}" if self.lost else "", f"+{self.gained}" if self.gained else ""
        return " ".join(filter(None, (taken, given))) or "0"


@dataclass(frozen=True, slots=True)
class Diff:
    """Two briefings, sentence by sentence; `turned` changed their labels, `reworded` kept them, both cut to `SHOWN`.

    `complete` is False where the briefings are too long for every rewording to be looked for.
    """

    new: Group
    gone: Group
    turned: tuple[Rewording, ...]
    turned_count: int
    reworded: tuple[Rewording, ...]
    reworded_count: int
    repeated: int
    flows: tuple[Flow, ...]
    complete: bool

    @property
    def identical(self) -> bool:
        """Tell whether the two hold the same sentences, in whatever order."""
        return not (self.new.size or self.gone.size or self.turned_count or self.reworded_count)


def diff(then: DocumentView, now: DocumentView, labels: Sequence[LabelView], *, work: int = WORK) -> Diff:
    """Compare two briefings; a sentence whose words stay and whose labels change counts as turned."""
    found = align([one.text for one in then.sentences], [one.text for one in now.sentences], work=work)
    pairs = [(then.sentences[one.then], now.sentences[one.now]) for one in found.near]
    same = [(then.sentences[before], now.sentences[after]) for before, after in found.same]
    differ = sorted((pair for pair in [*pairs, *same] if _differ(*pair)), key=lambda pair: pair[1].number)
    kept = [pair for pair in pairs if not _differ(*pair)]
    new = [now.sentences[place] for place in found.new]
    gone = [then.sentences[place] for place in found.gone]
    return Diff(
        new=_group(new),
        gone=_group(gone),
        turned=tuple(_rewording(*pair) for pair in differ[:SHOWN]),
        turned_count=len(differ),
        reworded=tuple(_rewording(*pair) for pair in kept[:SHOWN]),
        reworded_count=len(kept),
        repeated=len(same) - sum(_differ(*pair) for pair in same),
        flows=tuple(_flow(label, then, now, new, gone, differ) for label in labels),
        complete=found.complete,
    )


def mark_changes(then: str, now: str) -> tuple[tuple[Mark, ...], tuple[Mark, ...]]:
    """Mark in each of two texts the words that the other lacks; case and white space do not count.

    A sentence of more than `LONGEST` words and signs is marked whole, and so is its partner.
    """
    left, right = list(_TOKEN.finditer(then)), list(_TOKEN.finditer(now))
    if max(len(left), len(right)) > LONGEST:
        return (Mark(then, True),), (Mark(now, True),)
    words, others = ([one[0].casefold() for one in side] for side in (left, right))
    matcher = SequenceMatcher(None, words, others, autojunk=False)
    before, after = [True] * len(left), [True] * len(right)
    blocks = matcher.get_matching_blocks()  # the last is empty and lies at the ends
    ends = [(0, 0), *((block.a + block.size, block.b + block.size) for block in blocks)]
    for block, end, following in zip(blocks, ends, blocks[1:], strict=False):
        apart = end[0] < block.a and end[1] < block.b
        apart &= block.a + block.size < following.a and block.b + block.size < following.b
        if not (apart and block.size == 1 and len(left[block.a][0]) <= _SHORT):
            before[block.a : block.a + block.size] = [False] * block.size
            after[block.b : block.b + block.size] = [False] * block.size
    return tuple(_marks(then, left, before)), tuple(_marks(now, right, after))


def _marks(text: str, tokens: Sequence[re.Match[str]], changed: Sequence[bool]) -> Iterator[Mark]:
    """Cut a text where marking begins or ends; what lies between two marked words is marked too."""
    start, current = 0, changed[0] if changed else False
    for token, mark, previous in zip(tokens[1:], changed[1:], tokens, strict=False):
        if mark != current:
            cut = token.start() if mark else previous.end()
            yield Mark(text[start:cut], current)
            start, current = cut, mark
    if start < len(text):
        yield Mark(text[start:], current)


def _rewording(then: SentenceView, now: SentenceView) -> Rewording:
    return Rewording(then, now, *mark_changes(then.text, now.text))


def _names(sentence: SentenceView) -> set[str]:
    return {verdict.label.name for verdict in sentence.given}


def _without(one: SentenceView, other: SentenceView) -> tuple[LabelView, ...]:
    names = _names(other)
    return tuple(verdict.label for verdict in one.given if verdict.label.name not in names)


def _differ(then: SentenceView, now: SentenceView) -> bool:
    return _names(then) != _names(now)


def _group(sentences: Sequence[SentenceView]) -> Group:
    """Divide sentences by whether they carry a label, and cut both halves to what is shown."""
    carrying = tuple(one for one in sentences if one.given)[:SHOWN]
    plain = tuple(one for one in sentences if not one.given)[:SHOWN]
    return Group(carrying, plain, len(sentences) - len(carrying) - len(plain))


def _flow(
    label: LabelView,
    then: DocumentView,
    now: DocumentView,
    new: Iterable[SentenceView],
    gone: Iterable[SentenceView],
    differ: Iterable[tuple[SentenceView, SentenceView]],
) -> Flow:
    def count(sentences: Iterable[SentenceView]) -> int:
        return sum(label.name in _names(one) for one in sentences)

    kept = [(label.name in _names(before), label.name in _names(after)) for before, after in differ]
    return Flow(
        label,
        then=count(then.sentences),
        gone=count(gone),
        new=count(new),
        lost=sum(before and not after for before, after in kept),
        gained=sum(after and not before for before, after in kept),
        now=count(now.sentences),
    )
