"""Turn a scored document, with its evidence and prevalence, into what a report shows of it."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import PurePath

from pipeline.ground.codebook import Codebook
from pipeline.ground.records import (
    Block,
    BlockKind,
    Evidence,
    Prediction,
    Prevalence,
    Reading,
    ScoredDocument,
    Sentence,
    Skipped,
    SkipReason,
)
from pipeline.inference.evidence import phrases
from pipeline.pages.strip import strip
from pipeline.pages.views import (
    DocumentView,
    LabelView,
    Passage,
    PassageKind,
    Piece,
    SentenceView,
    Share,
    Verdict,
    Word,
)

STEPS = 3  # strengths that an eye tells apart
PER_CENT = "\N{NO-BREAK SPACE}%"
_UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_BIDI = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_SHAPES: dict[BlockKind, PassageKind] = {BlockKind.ITEM: "item", BlockKind.QUOTE: "quote"}


def clean(text: str) -> str:
    """Replace what HTML cannot hold, one character for one, so that offsets stay true."""
    return _UNSEEN.sub("\N{REPLACEMENT CHARACTER}", text)


def plain(text: str) -> str:
    """Give a name on one line without the marks that turn the direction of what follows."""
    return " ".join(_BIDI.sub("", clean(text)).split())


def label_views(codebook: Codebook, thresholds: Sequence[float | None]) -> tuple[LabelView, ...]:
    """Give every label of a codebook a tag of its own: its first letter, or as many as set it apart."""
    names = codebook.names
    return tuple(
        LabelView(index, label.name, _tag(label.name, names), " ".join(label.definition.split()), cutoff, label.asks)
        for index, (label, cutoff) in enumerate(zip(codebook.labels, thresholds, strict=True))
    )


def view_document(
    scored: ScoredDocument,
    labels: Sequence[LabelView],
    *,
    key: str,
    evidence: Sequence[Sequence[Evidence]] = (),
    prevalence: Sequence[Prevalence] = (),
) -> DocumentView:
    """Build the view of a document; `evidence[i]` belongs to its i-th sentence."""
    reading, document = scored.reading, scored.reading.document
    carried = evidence or ((),) * len(reading.sentences)
    sentences = tuple(
        _sentence(key, sentence, prediction, labels, row)
        for sentence, prediction, row in zip(reading.sentences, scored.predictions, carried, strict=True)
    )
    known = {one.label: one for one in prevalence}
    counts, total = scored.profile.counts, scored.profile.sentences
    path = document.path or document.id
    title = plain(document.title)
    return DocumentView(
        key=key,
        title=title or plain(PurePath(path).stem) or "Untitled",
        path=plain(path),
        source=plain(document.source),
        genre=plain(document.genre),
        date=plain(document.date),
        passages=tuple(_passages(reading, sentences, title)),
        sentences=sentences,
        shares=tuple(Share(label, counts[label.name], total, known.get(label.name)) for label in labels),
        strips=tuple(strip(label, sentences) for label in labels),
        background=scored.profile.background,
        omitted=len(reading.skipped),
        told=scored.profile.review is not None,
    )


def _tag(name: str, names: Sequence[str]) -> str:
    """Give the shortest beginning that no other name shares."""
    others = [other for other in names if other != name]
    length = next(
        (size for size in range(1, len(name)) if not any(other.startswith(name[:size]) for other in others)), len(name)
    )
    return name[:length].upper()


def _sentence(
    key: str, sentence: Sentence, prediction: Prediction, labels: Sequence[LabelView], evidence: Sequence[Evidence]
) -> SentenceView:
    text = clean(sentence.text)
    carried = {one.label: one for one in evidence}
    verdicts = tuple(
        Verdict(
            label,
            prediction.probabilities[label.name],
            label.name in prediction.labels,
            label.name in (prediction.unsure or ()),
            _level(prediction.probabilities[label.name], label, len(labels)) if label.name in prediction.labels else 0,
            _words(text, carried.get(label.name)),
        )
        for label in labels
    )
    return SentenceView(
        id=f"{key}-s{sentence.index + 1}",
        number=sentence.index + 1,
        page=sentence.page,
        paragraph=sentence.paragraph,
        pieces=tuple(_pieces(text, [one for one in evidence if one.label in prediction.labels])),
        verdicts=verdicts,
        why=_why(verdicts),
    )


def _level(probability: float, label: LabelView, labels: int) -> int:
    """Tell in three steps how far a probability lies above what decides."""
    floor = 1 / labels if label.threshold is None else label.threshold
    above = (probability - floor) / max(1 - floor, 1e-9)
    return min(max(int(above * STEPS), 0), STEPS - 1) + 1


def _why(verdicts: Sequence[Verdict]) -> str:
    """Say why a sentence deserves a look; empty where it does not."""
    doubted = [verdict for verdict in verdicts if verdict.unsure]
    if not doubted:
        return ""
    if doubted[0].label.threshold is None:
        rivals = " or ".join(f"{one.label.name} ({one.per_cent}{PER_CENT})" for one in doubted)
        return f"it could be {rivals}" if len(doubted) > 1 else f"{rivals} is not sure"
    return "; ".join(
        f"{one.label.name} {'given' if one.given else 'not given'} at {one.per_cent}{PER_CENT}"
        f" (given from {round(100 * (one.label.threshold or 0))}{PER_CENT} up),"
        f" and {'it may not be there' if one.given else 'it may be there'}"
        for one in doubted
    )


def _words(text: str, evidence: Evidence | None) -> tuple[Word, ...]:
    """List the words that spoke most for a label, the strongest first; what stands twice is listed once."""
    weights: dict[str, float] = {}
    for one in phrases(evidence) if evidence else ():
        word = " ".join(text[one.start : one.end].split())
        weights[word] = max(weights.get(word, 0.0), one.weight)
    most = max(weights.values(), default=0.0)
    return tuple(Word(word, weight / most) for word, weight in sorted(weights.items(), key=lambda pair: -pair[1]))


def _pieces(text: str, evidence: Iterable[Evidence]) -> Iterator[Piece]:
    """Cut a sentence where the weight of its words changes; a word counts as much as for the label it serves best."""
    steps = [0] * len(text)
    for one in evidence:
        words = phrases(one)
        most = max((word.weight for word in words), default=0.0)
        for word in words:
            step = min(int(STEPS * word.weight / most) + 1, STEPS)
            for place in range(max(word.start, 0), min(word.end, len(text))):
                steps[place] = max(steps[place], step)
    at = 0
    for step, run in groupby(steps):
        end = at + len(list(run))
        yield Piece(text[at:end], step)
        at = end


def _passages(reading: Reading, sentences: Sequence[SentenceView], title: str) -> Iterator[Passage]:
    """Yield the blocks of a document in its order: prose with its sentences, headings, what was left out."""
    left = [(one.start, None, one) for one in reading.skipped]
    prose = [
        (group[0].start, [sentences[one.index] for one in group], None)
        for _, group in ((number, list(run)) for number, run in groupby(reading.sentences, key=lambda s: s.paragraph))
    ]
    kinds = {block.start: block for block in reading.document.blocks}
    for start, shown, skipped in sorted([*left, *prose], key=lambda part: part[0]):
        if skipped is not None:
            if passage := _left_out(skipped, title):
                yield passage
        elif shown:
            block = _block_at(start, reading.document.blocks, kinds)
            shape = _SHAPES.get(block.kind, "paragraph") if block else "paragraph"
            yield Passage(shape, tuple(shown), number=shown[0].paragraph, page=shown[0].page)


def _left_out(skipped: Skipped, title: str) -> Passage | None:
    """Show a heading as one, and of all else why it is not scored; the title stands above the text already."""
    text = clean(skipped.text)
    if skipped.reason is not SkipReason.TITLE:
        return Passage("omitted", text=text.strip(), reason=str(skipped.reason))
    return None if plain(text) == title else Passage("heading", text=" ".join(text.split()), reason="title")


def _block_at(start: int, blocks: Sequence[Block], kinds: dict[int, Block]) -> Block | None:
    """Find the block that a sentence begins in; most begin where their block does."""
    found = kinds.get(start)
    return found or next((block for block in blocks if block.start <= start < block.end), None)
