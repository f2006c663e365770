"""Put a sentence between its neighbours: `previous [SEP] sentence [SEP] next`, as one text."""

from collections.abc import Sequence
from typing import Any

from pipeline.ground.records import Example

WORDS = 30  # of a neighbour on each side, nearest first: the sentence itself must not be cut


def neighbours_of(examples: Sequence[Example]) -> list[tuple[str, str]]:
    """Give the labelled sentences before and after each example in its document, empty where there is none."""
    places = {(one.doc, one.start): i for i, one in enumerate(examples)}
    ordered = sorted(places)
    found = [("", "")] * len(examples)
    for at, (doc, start) in enumerate(ordered):
        sides = [ordered[i] if 0 <= i < len(ordered) else None for i in (at - 1, at + 1)]
        texts = [examples[places[side]].text if side and side[0] == doc else "" for side in sides]
        found[places[doc, start]] = (texts[0], texts[1])
    return found


def in_context(texts: Sequence[str], neighbours: Sequence[tuple[str, str]] | None, tokenizer: Any) -> list[str]:
    """Join texts with their neighbours by the tokenizer's separator; without neighbours both sides are empty."""
    sides = neighbours or [("", "")] * len(texts)
    sep = f" {tokenizer.sep_token} "
    return [
        sep.join((" ".join(before.split()[-WORDS:]), text, " ".join(after.split()[:WORDS])))
        for text, (before, after) in zip(texts, sides, strict=True)
    ]
