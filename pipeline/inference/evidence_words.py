"""Find a sentence's words, and write the sentence again without some of them.

Evidence is given for words: they are the same for every model, whatever pieces its tokenizer makes of them.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Collection
from dataclasses import dataclass
from itertools import pairwise

RUN = re.compile(r"(?:(?!--|\.\.)[^\s‒–—―…])+")  # dashes and dots between words part them, a hyphen or one dot does not
SIGNS = ("P", "Z", "C")  # Unicode's punctuation, separators and controls: no word begins or ends with one


@dataclass(frozen=True, slots=True)
class Words:
    """A text with its words as half-open spans in text order.

    `ends[i]` is where what belongs to word i ends: the word itself, and the signs that no white space parts from it.
    A sign between two words with white space on both sides, or on neither, belongs to the word before it.
    """

    text: str
    spans: tuple[tuple[int, int], ...]
    ends: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.spans)

    @classmethod
    def of(cls, text: str) -> "Words":
        """Find the words of a text; where it has nothing but signs, their runs; of a blank text, none."""
        trimmed = [_trimmed(text, *found.span()) for found in RUN.finditer(text)]
        spans = [span for span in trimmed if span[0] < span[1]]
        spans = spans or [found.span() for found in re.finditer(r"\S+", text)]
        ends = [_end(text, spans[i][1], spans[i + 1][0]) for i in range(len(spans) - 1)]
        return cls(text, tuple(spans), (*ends, len(text)) if spans else ())

    def cut(self, reach: int) -> "Words":
        """Keep the first `reach` characters and the words that begin in them; no word is sought anew."""
        spans = tuple((start, min(end, reach)) for start, end in self.spans if start < reach)
        text = self.text[:reach]
        return Words(text, spans, (*self.ends[: len(spans) - 1], len(text)) if spans else ())

    def owner(self, place: int) -> int:
        """Give the number of the word that a character belongs to; white space belongs to the word before it."""
        return bisect_right(self.ends, place)

    def without(self, dropped: Collection[int]) -> str:
        """Write the text without some words and what belongs to them."""
        parts = enumerate(pairwise((0, *self.ends)))
        return "".join(self.text[start:end] for place, (start, end) in parts if place not in dropped)


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """Cut signs off both ends of a span."""
    while start < end and unicodedata.category(text[start]).startswith(SIGNS):
        start += 1
    while start < end and unicodedata.category(text[end - 1]).startswith(SIGNS):
        end -= 1
    return start, end


def _end(text: str, end: int, start: int) -> int:
    """Give the place behind the last white space between two words, or the second word's start where there is none."""
    spaces = [place for place in range(end, start) if text[place].isspace()]
    return spaces[-1] + 1 if spaces else start
