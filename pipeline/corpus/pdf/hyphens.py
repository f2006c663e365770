"""Join the lines of a paragraph: undo the hyphens of line ends, and keep those that belong to their word."""

import re
from collections import Counter
from collections.abc import Container, Iterable, Sequence

from pipeline.corpus.pdf.words import SOFT_HYPHEN

_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_BROKEN = re.compile(r"(?P<before>\S*?)(?P<left>[^\W_]+(?:['’][^\W_]+)?)-$")
_GOES_ON = re.compile(r"[^\W_]+(?:-[^\W\d_]+)*")
_LONGEST_WORD = 80  # characters
TURN = "\ue000"  # of private use, which no word taken from a PDF holds
_TIGHT = ("—", "–", "/")
# No `ex`, `pro` or `mid`: `ex-traordinary`, `pro-posal` and `mid-dle` are broken far more often than compounds.
_PREFIXES = frozenset(("self", "non", "anti", "vice", "quasi", "cross", "half", "well", "cease"))


def vocabulary(texts: Iterable[str]) -> Counter[str]:
    """Count the words of a document, compounds as one; a word broken at a line's end is none."""
    counts: Counter[str] = Counter()
    for text in texts:
        words = _WORD.findall(text.replace(SOFT_HYPHEN, "").casefold())
        counts.update(words[:-1] if text.endswith("-") else words)
    return counts


def join_lines(lines: Sequence[str], words: Counter[str], turns: Container[int] = ()) -> str:
    """Join lines into one text.

    A hyphen at a line's end stays before a capital or a figure, and after a figure, a single letter or another hyphen.
    Elsewhere the spelling decides that the document itself uses more often within lines; where it has neither, the
    hyphen stays behind a prefix such as `self`, and goes otherwise. `TURN` is put before each line whose
    index is in `turns`.
    """
    parts = list(lines[:1])
    for index, line in enumerate(lines[1:], 1):
        last = parts[-1]
        broken, following = _BROKEN.search(last[-_LONGEST_WORD:]), _GOES_ON.match(line)
        if broken and following:
            if not _is_real(broken["before"], broken["left"], following[0], words):
                parts[-1] = last[:-1]
        elif not last.endswith(SOFT_HYPHEN) and (not last.endswith(_TIGHT) or last[-2:-1] == " "):
            parts.append(" ")
        parts.append(f"{TURN}{line}" if index in turns else line)
    return "".join(parts).replace(SOFT_HYPHEN, "")


def _is_real(before: str, left: str, right: str, words: Counter[str]) -> bool:
    """Tell whether the hyphen belongs to the word."""
    if not right[0].islower() or left[-1].isdigit() or len(left) == 1 or before.endswith("-"):
        return True
    first, second = left.casefold(), right.casefold()
    compound, whole = words[f"{first}-{second}"], words[first + second]
    if compound != whole:
        return compound > whole
    return first in _PREFIXES
