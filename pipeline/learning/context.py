"""Put a sentence between its neighbours: `previous [SEP] sentence [SEP] next`."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from pipeline.ground.records import Example

GAP = 4  # characters that may lie between neighbours: white space, and no sentence


def neighbours_of(examples: Sequence[Example]) -> list[tuple[str, str]]:
    """Give the labelled sentences right before and after each example, empty where there is none."""
    places = {(one.doc, one.start): i for i, one in enumerate(examples)}
    ordered = [examples[places[key]] for key in sorted(places)]
    before, after = dict[int, str](), dict[int, str]()
    for one, following in pairwise(ordered):
        if one.doc == following.doc and 0 <= following.start - one.end <= GAP:
            after[places[one.doc, one.start]] = following.text
            before[places[following.doc, following.start]] = one.text
    return [(before.get(i, ""), after.get(i, "")) for i in range(len(examples))]


def tokenise_in_context(
    tokenizer: Any, texts: Sequence[str], neighbours: Sequence[tuple[str, str]] | None, max_length: int
) -> list[list[int]]:
    """Give ids of `start previous sep sentence sep next sep`; without neighbours both sides are empty.

    The sentence is cut last: neighbours share what room it leaves, and lose what is farthest from it.
    """
    sides = neighbours or [("", "")] * len(texts)
    parts = [_plain(tokenizer, column) for column in ([s[0] for s in sides], texts, [s[1] for s in sides])]
    start, sep = int(tokenizer.cls_token_id), int(tokenizer.sep_token_id)
    rows = []
    for previous, middle, following in zip(*parts, strict=True):
        kept = middle[: max_length - 4]
        room = (max_length - 4 - len(kept)) // 2
        rows.append(
            [start, *previous[len(previous) - min(room, len(previous)) :], sep, *kept, sep, *following[:room], sep]
        )
    return rows


def _plain(tokenizer: Any, texts: Sequence[str]) -> list[list[int]]:
    ids: list[list[int]] = tokenizer(list(texts), add_special_tokens=False)["input_ids"]
    return ids
