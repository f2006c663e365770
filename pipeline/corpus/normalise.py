"""Reduce texts to what makes two of them the same: words, without case, quotes, dashes or white space."""

import hashlib
import re
import unicodedata
from collections.abc import Sequence

_ACRONYM = re.compile(r"\b[^\W\d_](?:\.[^\W\d_])+\b\.?")
_APOSTROPHES = str.maketrans("", "", "'’‘‛ʼ`´′")
_WORD = re.compile(r"[^\W_]+")
_PART = re.compile(
    r"(?P<word>[^\W_]+(?:(?<=\d)[.,:/](?=\d)[^\W_]+)*)"  # a number with its point, a time, a date are one
    r"|(?P<minus>(?<!\w)[-‐‑–](?=[^\w\s]?\d))|(?P<point>(?<!\w)\.(?=\d))|(?P<sign>[^\w\s])"
)
_MEANT = frozenset("%‰?#&@/§")  # beside currencies, mathematics, other symbols, and marks on letters
_STYLE = "\N{VARIATION SELECTOR-16}"


def collapse(text: str) -> str:
    """Turn every run of white space into one space, and strip the ends."""
    return " ".join(text.split())


def characters(text: str) -> str:
    """Replace what is no character by a question mark: half surrogates, which no UTF-8 can hold."""
    return text.encode("utf-8", "replace").decode("utf-8")


def normal_words(text: str) -> list[str]:
    """List the words of a text, equal for texts that differ only in typography: `U.S.’s` gives `uss`."""
    return _WORD.findall(_plain(text))


def normal_signs(text: str) -> list[str]:
    """List words and every sign that carries meaning: `−2.5 %` and `2.5 %` differ, as do a question and a statement.

    Left out are quotes, brackets, dashes between words, and what else only divides or ends.
    """
    found = ((part.lastgroup, part[0]) for part in _PART.finditer(_plain(text)))
    return ["−" if kind == "minus" else part for kind, part in found if kind != "sign" or _carries(part)]


def _carries(sign: str) -> bool:
    kind = unicodedata.category(sign)
    return sign in _MEANT or kind in ("Sc", "Sm", "So") or (kind[0] == "M" and sign != _STYLE)


def _plain(text: str) -> str:
    # Apostrophes go first: NFKC turns a lone accent into a space and would cut the word.
    text = unicodedata.normalize("NFKC", text.translate(_APOSTROPHES))
    text = unicodedata.normalize("NFKC", text.casefold())
    text = "".join(char for char in text if unicodedata.category(char) != "Cf")
    return _ACRONYM.sub(lambda found: found[0].replace(".", ""), text)


def normal_hash(words: Sequence[str]) -> str:
    """Hash a list of words; return 16 hex digits."""
    return hashlib.sha256(" ".join(words).encode("utf-8")).hexdigest()[:16]
