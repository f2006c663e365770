"""Tell which numbers at the edges of pages count them: they go up by one from page to page, at one height."""

import re
from collections.abc import Sequence

_NEIGHBOURS = (-4, -3, -2, -1, 1, 2, 3, 4)  # pages among which another numbered one is looked for
_ROMAN = r"(?=[ivxlc])c{0,3}(?:xc|xl|l?x{0,3})(?:ix|iv|v?i{0,3})"
_PAGE_NUMBER = re.compile(
    rf"\W*(?:p(?:age|\.)?\s*)?(?:(?P<figures>\d{{1,4}})|(?P<roman>{_ROMAN}))(?:\s*(?:of|/|\||from)\s*\d{{1,4}})?\W*",
    re.IGNORECASE,
)
_VALUES = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}


def page_number(text: str) -> int | None:
    """Give the number that a row of a page consists of (`12`, `- 12 -`, `Page 1 of 5`, `xiv`); None for any other."""
    found = _PAGE_NUMBER.fullmatch(text)
    if found is None:
        return None
    if found["figures"]:
        return int(found["figures"])
    values = [_VALUES[letter] for letter in found["roman"].lower()]
    return sum(-one if one < after else one for one, after in zip(values, [*values[1:], 0], strict=True))


def counted(pages: Sequence[Sequence[tuple[int, float]]], same: float) -> list[set[int]]:
    """Give for each page which of its numbers count pages.

    `pages` are the numbers near one edge, each with its distance from it in points, of which less than `same` is no
    difference.
    """
    found: list[set[int]] = [set() for _ in pages]
    for place, numbers in enumerate(pages):
        for step in _NEIGHBOURS:
            others = pages[place + step] if 0 <= place + step < len(pages) else ()
            for value, height in numbers:
                if any(other == value + step and abs(height - at) < same for other, at in others):
                    found[place].add(value)
    return found
