"""Reduce texts to what makes two of them the same: words, without case, quotes, dashes or white space."""

import hashlib
import re
import unicodedata
from collections.abc import Sequence

_ACRONYM = re.compile(r"\b[^\W\d_](?:\.[^\W\d_])+\b\.?")
_APOSTROPHES = str.maketrans("", "", "'’‘‛ʼ`´′")
_WORD = re.compile(r"[^\W_]+")


def collapse(text: str) -> str:
    """Turn every run of white space into one space, and strip the ends."""
    return " ".join(text.split())


def normal_words(text: str) -> list[str]:
    """List the words of a text, equal for texts that differ only in typography: `U.S.’s` gives `uss`."""
    # Apostrophes go first: NFKC turns a lone accent into a space and would cut the word.
    text = unicodedata.normalize("NFKC", text.translate(_APOSTROPHES))
    text = unicodedata.normalize("NFKC", text.casefold())
    text = "".join(char for char in text if unicodedata.category(char) != "Cf")
    return _WORD.findall(_ACRONYM.sub(lambda found: found[0].replace(".", ""), text))


def normal_hash(words: Sequence[str]) -> str:
    """Hash a list of words; return 16 hex digits."""
    return hashlib.sha256(" ".join(words).encode("utf-8")).hexdigest()[:16]
