"""Draw a label's probabilities along a document: one bar for each sentence, small enough for thousands."""

from collections.abc import Iterable, Sequence

from pipeline.pages.views import LabelView, SentenceView, Strip

STEP = 10  # width of a sentence on the canvas, whose height is 100
LEAST = 0.03  # a smaller probability leaves no bar
BROAD = 300  # sentences; where there are more, a bar of a given label is broader than its place, to be seen


def strip(label: LabelView, sentences: Sequence[SentenceView]) -> Strip:
    """Draw the bars of sentences that carry a label, and of those that do not."""
    bars = [(at, one.verdicts[label.index]) for at, one in enumerate(sentences)]
    broad = max(0.6 * STEP, STEP * len(sentences) / BROAD)
    return Strip(
        label,
        _path(((at, one.probability) for at, one in bars if one.given), broad),
        _path(((at, one.probability) for at, one in bars if not one.given and one.probability >= LEAST), 0.6 * STEP),
    )


def _path(bars: Iterable[tuple[int, float]], width: float) -> str:
    """Write bars as one SVG path, each from the foot of the canvas up to its probability."""
    return "".join(f"M{at * STEP + 2} 100V{100 - round(100 * p)}h{width:.0f}V100z" for at, p in bars)
