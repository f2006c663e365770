"""Score with patterns written by hand: words, stems, gaps and choices, with no library but the standard one.

A pattern is items parted by spaces, each matched in its order and without regard to case:

- `word` is that whole word; `word*` any word that begins so. Words are letters, digits and apostrophes.
- `(must|ought to|need*)` is any one of these.
- `...` is a gap of at most four words, none of them beyond `.`, `;`, `:`, `?` or `!`.
- `^`, first of all, ties the pattern to the sentence's start.

Between two items stands white space or a hyphen; curly apostrophes count as straight ones.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from pipeline.ground.files import read_json

GAP = r"(?:[^\w.;:?!]+[\w']+){0,4}?[^\w.;:?!]+"
BETWEEN = r"[\s\-]+"
START = r"\A[^\w]*"
COVER = "."  # what a veto leaves of a character; no word, and no gap goes beyond it
ITEM = re.compile(r"\((?P<choice>[^()]*)\)|(?P<gap>\.\.\.)|(?P<word>[^\s()]+)|(?P<odd>[()])")
WORD = re.compile(r"(?:[^\W_]|['])+\*?")


def checked(pattern: str) -> str:
    """Return a pattern as it is; raise `ValueError` that says what is wrong with it."""
    compiled(pattern)
    return pattern


def compiled(pattern: str) -> re.Pattern[str]:
    """Turn a pattern into a regular expression for texts made `plain`, with a group for each item but gaps.

    Raises:
        ValueError: the pattern is faulty.
    """
    body = plain(pattern).strip()
    start = body.startswith("^")
    parts: list[str] = []
    for found in ITEM.finditer(body.removeprefix("^")):
        parts.append(_item(found))
    if not parts or GAP in (parts[0], parts[-1]):
        raise ValueError("a pattern begins and ends with a word")
    joined = parts[0]
    for before, part in pairwise(parts):
        if before == part == GAP:
            raise ValueError("two gaps in a row; one spans four words")
        joined += part if GAP in (before, part) else BETWEEN + part
    return re.compile((START if start else r"(?<!\w)(?<!\w')") + joined)


def _item(found: re.Match[str]) -> str:
    if found["gap"]:
        return GAP
    if found["odd"]:
        raise ValueError(f"{found['odd']!r} without its other half")
    options = (found["choice"] if found["choice"] is not None else found["word"]).split("|")
    if found["choice"] is None and len(options) > 1:
        raise ValueError("a choice stands in parentheses: (this|that)")
    return "(" + "|".join(_words(option) for option in options) + ")"


def _words(option: str) -> str:
    """Turn one option, a word or several, into a regular expression."""
    words = option.replace("-", " ").split()
    if not words:
        raise ValueError("an empty choice")
    if odd := [word for word in words if not WORD.fullmatch(word)]:
        raise ValueError(f"{odd[0]!r} is no word; a word is letters, digits and apostrophes, and may end in *")
    ends = [re.escape(w.removesuffix("*")) + (r"[\w']*" if w.endswith("*") else "") + r"(?!\w|'\w)" for w in words]
    return BETWEEN.join(ends)


def plain(text: str) -> str:
    """Give a text in small letters with straight apostrophes and plain hyphens; its length may change."""
    return text.casefold().replace("’", "'").replace("‘", "'").replace("‑", "-").replace("‐", "-")


@dataclass(frozen=True, slots=True)
class LabelPatterns:
    """One label's compiled patterns."""

    match: tuple[re.Pattern[str], ...]
    veto: tuple[re.Pattern[str], ...]

    @classmethod
    def of(cls, match: Sequence[str], veto: Sequence[str]) -> "LabelPatterns":
        """Compile patterns; raise `ValueError` for the first that is faulty."""
        return cls(tuple(compiled(one) for one in match), tuple(compiled(one) for one in veto))

    def count(self, text: str) -> int:
        """Count the patterns that match a text outside the words that vetoes cover."""
        covered = self._covered(text)
        return sum(1 for one in self.match if one.search(covered))

    def places(self, text: str) -> list[list[tuple[int, int]]]:
        """Give for each pattern that counts the spans of `plain(text)` that its items match, at all its matches."""
        covered = self._covered(text)
        found = [list(one.finditer(covered)) for one in self.match]
        return [[span for match in matches for span in match.regs[1:]] for matches in found if matches]

    def _covered(self, text: str) -> str:
        """Give the text made `plain`, with vetoed words covered."""
        bare = covered = plain(text)
        for veto in self.veto:
            for found in veto.finditer(bare):
                covered = covered[: found.start()] + COVER * (found.end() - found.start()) + covered[found.end() :]
        return covered


def probabilities(counts: np.ndarray, exclusive: bool) -> np.ndarray:
    """Turn counts k, shape (n, labels), into 1 - 2^-k; into shares of 2^k where exactly one label is carried.

    One match gives 0.5, so that labels at 0.5 and above are those with any match.
    """
    if exclusive:
        powers = np.exp2(counts - counts.max(axis=1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True))
    return np.asarray(1 - np.exp2(-counts.astype(float)))


class RulesScorer:
    """Count each label's patterns in a sentence."""

    def __init__(self, patterns: Sequence[LabelPatterns], exclusive: bool) -> None:
        self.patterns = patterns
        self._exclusive = exclusive

    @classmethod
    def read(cls, path: Path, exclusive: bool) -> "RulesScorer":
        """Read `rules.json`: one record for each label, in codebook order."""
        return cls([LabelPatterns.of(one["match"], one["veto"]) for one in read_json(path)["labels"]], exclusive)

    def score(self, texts: Sequence[str]) -> np.ndarray:
        """Score each text by itself; shape (n, labels)."""
        counts = np.array([[one.count(text) for one in self.patterns] for text in texts], dtype=float)
        return probabilities(counts.reshape(len(texts), len(self.patterns)), self._exclusive)
