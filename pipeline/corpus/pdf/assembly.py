"""Put the pages of a PDF together: footnotes apart, sentences across columns and pages whole, every piece named."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate, pairwise

from pipeline.corpus.furniture import ends_sentence
from pipeline.corpus.normalise import collapse
from pipeline.corpus.pdf.columns import flows_of
from pipeline.corpus.pdf.hyphens import TURN, join_lines, vocabulary
from pipeline.corpus.pdf.lines import Line, lines_of
from pipeline.corpus.pdf.margins import Framed, frame
from pipeline.corpus.pdf.paragraphs import Draft, Measures, draft, marker_of, measure
from pipeline.corpus.pdf.words import PageWords
from pipeline.corpus.pieces import Piece
from pipeline.ground.records import BlockKind

_FOOTNOTE_SIZE = 0.93  # of the text's size, at most
_FOOTNOTE = re.compile(r"(\d{1,3}|[*†‡§¶]+|\[\d{1,3}\]|\(\d{1,3}\))[.)]?\s*\S|[¹²³⁰⁴-⁹]")
_SUPERSCRIPTS = re.compile(r"(?<=[.,;:!?”’\"')\]])[¹²³⁰⁴-⁹]+|(?<=[^\W\d_]{4})[¹²³⁰⁴-⁹]+")
_PROSE = (BlockKind.PARAGRAPH, BlockKind.ITEM)
# What may lie between the two halves of a sentence; a heading may not.
_PASSED_OVER = (BlockKind.TABLE, BlockKind.CAPTION, BlockKind.FOOTNOTE, BlockKind.RUNNING_HEAD)


@dataclass(slots=True)
class _Page:
    """A page in the making: its columns of lines, its footnotes, its head and foot."""

    framed: Framed
    flows: list[list[Line]]
    notes: list[list[Line]] = field(default_factory=list)

    @property
    def number(self) -> int:
        return self.framed.page.number


def assemble(pages: Sequence[PageWords]) -> list[Piece]:
    """Make the pieces of a document from the words of its pages."""
    framed = frame(pages)
    em = _em(pages)
    laid = [_Page(one, [lines_of(flow, one.page.number) for flow in flows_of(one.words, em)]) for one in framed]
    measures = measure(flow for page in laid for flow in page.flows)
    _part_notes(laid, measures)
    words = vocabulary(line.text for page in laid for flow in page.flows for line in flow)
    drafts = [one for page in laid for one in _drafts(page, measures)]
    return [_piece(one, words) for one in _joined(drafts)]


def _em(pages: Sequence[PageWords]) -> float:
    """Give the size most of the text is set in."""
    sizes: Counter[float] = Counter()
    for page in pages:
        for word in page.words:
            sizes[round(word.size, 1)] += len(word.text)
    return max(sizes.most_common(1)[0][0], 1.0) if sizes else 1.0


def _part_notes(pages: list[_Page], measures: Measures) -> None:
    """Move footnotes out of the columns: smaller type at the foot that a number or mark opens, or that goes on."""
    running = False
    for page in pages:
        found = False
        for place, flow in enumerate(page.flows):
            cut = _notes_from(flow, measures, running=running)
            if cut == len(flow) or not _lowest(flow, page.flows, measures):
                continue
            page.notes.append(flow[cut:])
            page.flows[place] = flow[:cut]
            found = True
        running = found


def _notes_from(flow: list[Line], measures: Measures, *, running: bool) -> int:
    """Give the index of the first line of a column's footnotes; its length where it has none."""
    first = len(flow)
    while first and flow[first - 1].size <= _FOOTNOTE_SIZE * measures.em:
        first -= 1
    opening = next((n for n in range(first, len(flow)) if _opens_note(flow[n])), len(flow))
    # Small type in front of the first mark is the rest of a note from the page before, or no note at all.
    return first if running and first else opening


def _opens_note(line: Line) -> bool:
    return line.marked or bool(_FOOTNOTE.match(line.text))


def _lowest(flow: list[Line], flows: list[list[Line]], measures: Measures) -> bool:
    """Tell whether no text of full size stands below a column."""
    last, left, right = flow[-1], min(line.x0 for line in flow), max(line.x1 for line in flow)
    below = (line for other in flows if other is not flow for line in other if line.y < last.y)
    return not any(line.size > _FOOTNOTE_SIZE * measures.em and line.x0 < right and line.x1 > left for line in below)


def _drafts(page: _Page, measures: Measures) -> Iterator[list[Draft] | Piece]:
    """Yield a page's head, the drafts of each column, its notes and its foot, in that order."""
    yield from (Piece(BlockKind.RUNNING_HEAD, head, page.number) for head in page.framed.heads)
    yield from (draft(flow, measures) for flow in page.flows if flow)
    for lines in page.notes:
        yield [Draft(BlockKind.FOOTNOTE, tuple(group)) for group in _note_groups(lines)]
    yield from (Piece(BlockKind.RUNNING_HEAD, foot, page.number) for foot in page.framed.feet[::-1])


def _note_groups(lines: list[Line]) -> Iterator[list[Line]]:
    group: list[Line] = []
    for line in lines:
        if group and _opens_note(line):
            yield group
            group = []
        group.append(line)
    if group:
        yield group


def _joined(parts: Sequence[list[Draft] | Piece]) -> list[Draft | Piece]:
    """String the drafts together; a paragraph left open at the end of a column takes up its other half."""
    joined: list[Draft | Piece] = []
    opened: int | None = None  # the place of a paragraph whose column ended before its sentence did
    for part in parts:
        if isinstance(part, Piece):
            joined.append(part)
            continue
        for one in part:
            earlier = joined[opened] if opened is not None else None
            if one.kind not in _PROSE:
                opened = opened if one.kind in _PASSED_OVER else None
            elif isinstance(earlier, Draft) and opened is not None and _takes_up(earlier, one):
                joined[opened] = replace(earlier, lines=earlier.lines + one.lines, full=one.full)
                opened = opened if one is _last_prose(part) else None
                continue
            elif one is _last_prose(part):
                opened = len(joined)
            else:
                opened = None
            joined.append(one)
    return joined


def _last_prose(part: list[Draft]) -> Draft | None:
    """Give the last draft of a column if it may go on in the next one."""
    last = next((one for one in reversed(part) if one.kind not in _PASSED_OVER), None)
    return last if last and last.kind in _PROSE else None


def _takes_up(earlier: Draft, one: Draft) -> bool:
    """Tell whether a column's first paragraph goes on with the sentence another column left open."""
    before, after = earlier.lines[-1].text, one.lines[0].text
    if marker_of(after) and one.kind is BlockKind.ITEM:
        return False
    if next((char.islower() for char in after if char.isalpha()), False):
        return not before.endswith(("!", "?")) and (earlier.full or not ends_sentence(before))
    return earlier.full and not ends_sentence(before) and not before.endswith(":")


def _piece(one: Draft | Piece, words: Counter[str]) -> Piece:
    """Write a draft as one text."""
    if isinstance(one, Piece):
        return one
    if one.kind is BlockKind.TABLE:
        return Piece(one.kind, "\n".join(" | ".join(line.cells) for line in one.lines), one.page)
    turns = {index: line.page for index, (last, line) in enumerate(pairwise(one.lines), 1) if line.page != last.page}
    text = join_lines([line.text for line in one.lines], words, turns)[one.marker :]
    if one.kind is not BlockKind.FOOTNOTE:
        text = _SUPERSCRIPTS.sub("", text)
    parts = collapse(text).split(TURN)
    offsets = accumulate(len(part) for part in parts[:-1])
    return Piece(one.kind, "".join(parts), one.page, tuple(zip(offsets, turns.values(), strict=True)))
