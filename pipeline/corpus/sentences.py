"""Cut running prose into sentences: rules for what abbreviations, notes and quotations mean, a splitter for the rest.

`tests/compare_splitters.py` judges the splitters that could stand below the rules, and the whole.
"""

import re
from dataclasses import dataclass
from functools import cached_property

from pipeline.corpus import abbreviations as known

_OPENING = "\"'“‘„«‹([¿¡*_"
_CLOSING = "\"'”’»›)\\]*_"
_NOTE = r"\d{1,3}(?:[,–-]\d{1,3})*"
_STOP = re.compile(
    rf"""(?<![.!?…])(?P<mark>(?:\.\ ){{2,}}\.|[.!?…]++)
    (?P<closers>[{_CLOSING}]*)
    (?P<note>(?:\ ?\[\d{{1,3}}\]|\(\d{{1,3}}\)|(?<=[^\s\d][.!?…]){_NOTE}|(?<=[12]\d\d\d\.){_NOTE}
        |(?<=[{_CLOSING}]){_NOTE}|[¹²³⁰⁴-⁹†‡]++)*)
    [{_CLOSING}]*
    (?P<gap>\s+(?=\S))""",
    re.VERBOSE,
)
_LAST_WORD = re.compile(r"[\w.&'’]+$")
_NEXT_WORD = re.compile(rf"[{re.escape(_OPENING)}]*(?P<word>[^\W_]+(?:['’-][^\W_]+)*)?")
_DOTTED = re.compile(r"[^\W\d_](\.[^\W\d_])+")
_NUMBERING = re.compile(r"(?:.*[:;] )?\(?(\d{1,3}(\.\d{1,2}){0,4}|[^\W\d_]|[ivxlc]{1,6}|[IVXLC]{1,6})")
_NUMBERED = re.compile(r"\(?(\d{1,3}|[a-z]|[ivxlc]{1,6})\) [A-Z]")
_REFERRED = re.compile(rf"[{re.escape(_OPENING)}]*(\d|[IVXLC]+\b|[A-Z]+[/\d-]+\d)")
_ROMAN = re.compile(r"[IVXLC]{2,}")
_NAME_IN_LOWER = re.compile(r"[a-z]{1,2}[A-Z]|\w{2,}[.@/]\w{2,}")
_PARTICLE = re.compile(r"([a-z]+)(['’\- ]+)[A-Z]")
# In characters. A bracket that stays open longer was never closed; a longer "sentence" is no sentence.
_LONGEST_ASIDE, _LONGEST_SENTENCE = 200, 2000


@dataclass(frozen=True)
class _Stop:
    """A place where a sentence may end: what stands before the mark, and what follows the gap."""

    text: str
    opened: int
    found: re.Match[str]

    @cached_property
    def word(self) -> str:
        """Give the word the mark stands at, without an inner quotation's end."""
        before = _LAST_WORD.search(self.text, max(self.opened, self.found.start() - 60), self.found.start())
        return before[0].strip("'’.") if before else ""

    @cached_property
    def earlier(self) -> str:
        """Give the word before that one."""
        parts = self.text[max(self.opened, self.found.start() - 80) : self.found.start()].split()
        return parts[-2].strip("(\"'“‘") if len(parts) > 1 else ""

    @cached_property
    def following(self) -> re.Match[str] | None:
        """Match the next word with the quotes and brackets it opens with."""
        return _NEXT_WORD.match(self.text, self.found.end())

    @property
    def follows(self) -> str:
        """Give the next word without them; empty where none follows at once."""
        return (self.following["word"] or "") if self.following else ""

    @property
    def first(self) -> str:
        """Give the next character."""
        return self.text[self.found.end()]

    @cached_property
    def opens(self) -> bool:
        """Tell whether the next word opens sentences rather than names; an initial `A.` or `I.` does not."""
        end = self.following.end() if self.following else len(self.text)
        return self.follows.partition("’")[0].partition("'")[0] in known.OPENERS and self.text[end : end + 1] != "."

    @property
    def behind(self) -> str:
        """Give the character before the mark."""
        return self.text[max(self.found.start() - 1, 0)]

    @property
    def at_start(self) -> bool:
        """Tell whether the mark belongs to the sentence's own number: `2.` or `B.`."""
        before = self.text[max(self.opened, self.found.start() - 40) : self.found.start()].strip()
        return self.found["mark"] == "." and not self.found["note"] and bool(_NUMBERING.fullmatch(before))


def split_sentences(text: str) -> list[tuple[int, int]]:
    """Cut a text into sentence spans: in order, stripped, apart, and covering all that is not white space."""
    flat = re.sub(r"\s", " ", text)
    spans, opened, judged = [], 0, None
    for found in _STOP.finditer(flat):
        verdict = _verdict(_Stop(flat, opened, found))
        if verdict is None:
            judged = _splitter_starts(flat) if judged is None else judged
            verdict = not judged.isdisjoint(range(found.end("mark"), found.end() + 1))
        if verdict:
            spans.append((opened, found.start("gap")))
            opened = found.end()
    spans.append((opened, len(flat)))
    return [_strip(flat, start, end) for start, end in spans if flat[start:end].strip()]


def _strip(text: str, start: int, end: int) -> tuple[int, int]:
    piece = text[start:end]
    return start + len(piece) - len(piece.lstrip()), end - len(piece) + len(piece.rstrip())


def _splitter_starts(text: str) -> set[int]:
    """Ask the splitter below the rules where sentences start."""
    import nupunkt

    return {start for start, _ in nupunkt.sent_spans(text)}


def _verdict(stop: _Stop) -> bool | None:
    """Say whether a sentence ends here; None where no rule knows."""
    if stop.at_start or _inside(stop) or _attributed(stop):
        return False
    if stop.first in "–—-" or not stop.follows:
        return _before_symbol(stop)
    if stop.follows[0].islower():
        return _before_lower(stop)
    if any(dots in stop.found["mark"] for dots in ("…", "..", ". .")):
        return _after_ellipsis(stop)
    if stop.found["mark"] != ".":
        # "(!)" and "[?]" remark on a word; the sentence goes on.
        return stop.behind not in "(["
    return True if stop.found["note"] else _after_full_stop(stop)


def _attributed(stop: _Stop) -> bool:
    """Tell whether a quotation ends here and its speaker follows, as in `“Who decides?” Marlow asked`."""
    if stop.opens or not set(stop.found["closers"]) & set("\"”’'»"):
        return False
    words = stop.text[stop.found.end() : stop.found.end() + 80].split()[:5]
    said = [place for place, word in enumerate(words) if word.strip(".,:;") in known.SAYING]
    return bool(said) and said[0] > 0 and all(word[0].isupper() or word == "the" for word in words[: said[0]])


def _before_symbol(stop: _Stop) -> bool | None:
    """Judge a stop before a dash, a currency sign or an ellipsis."""
    following = re.match(r"[–—-]+\s*(\w)", stop.text[stop.found.end() : stop.found.end() + 8])
    if (following and following[1].islower()) or _is_abbreviation(stop.word):
        return False
    return True if stop.first in "$€£¥#§" or stop.text.startswith(("[...]", "[…]"), stop.found.end()) else None


def _before_lower(stop: _Stop) -> bool:
    """A lower-case word goes on with the sentence, unless it numbers the next or begins a name (`al-Hadi`, `eBay`)."""
    following = stop.text[stop.found.end() : stop.found.end() + 60]
    if stop.found["mark"] == "…" or (stop.found["mark"] == "." and _is_abbreviation(stop.word)):
        return False
    name = _PARTICLE.match(following)
    particle = name is not None and name[1] in (known.ARTICLES if name[2] == "-" else known.PARTICLES)
    return particle or bool(_NUMBERED.match(following) or _NAME_IN_LOWER.match(following))


def _inside(stop: _Stop) -> bool:
    """Tell whether an aside or quotation that opened within the sentence is still open, and the sentence goes on."""
    if stop.found.end() - stop.opened > _LONGEST_SENTENCE:
        return False
    for opening, closing in ("()", "[]", "“”", '""'):
        start = _open_at(stop, opening, closing)
        if start <= stop.opened or stop.text[start - 1] not in " —–-(":
            continue
        end = stop.text.find(closing, stop.found.end(), start + _LONGEST_ASIDE)
        rest = stop.text[end + 1 : end + 20].lstrip(_CLOSING)
        if opening != closing and opening in stop.text[stop.found.end() : end]:
            continue
        if end > 0 and (opening in "([" or rest.lstrip()[:1].islower() or rest[:1] in tuple(",;:")):
            return True
    return False


def _open_at(stop: _Stop, opening: str, closing: str) -> int:
    """Find where a bracket or quotation opens that is not closed before the gap; -1 for none."""
    before = stop.text[stop.opened : stop.found.start("gap")]
    if opening == closing:
        return stop.opened + before.rfind(opening) if before.count(opening) % 2 else -1
    return stop.opened + before.rfind(opening) if before.rfind(opening) > before.rfind(closing) else -1


def _after_ellipsis(stop: _Stop) -> bool:
    """An ellipsis set apart, or in brackets, marks words left out; one that touches its word ends a sentence."""
    if not stop.text[stop.opened : stop.found.start()].strip("[( "):
        return False
    return stop.opens or stop.behind not in " [("


def _is_abbreviation(word: str) -> bool:
    lowered = word.lower()
    return (
        (word.capitalize() in known.TITLES | known.DATES and word != lowered)
        or lowered in known.INNER | known.OPEN_ENDED | known.REFERENCES | known.UNITS
        or bool(_DOTTED.fullmatch(word))
        or (len(word) == 1 and word.isupper())
    )


def _after_full_stop(stop: _Stop) -> bool | None:
    """Judge a full stop by the word it stands at."""
    word, lowered = stop.word, stop.word.lower()
    if not word or not _is_abbreviation(word):
        return _after_word(word, stop.opens)
    if word != lowered and word.capitalize() in known.TITLES:
        return word in known.LATE_TITLES and stop.opens
    if lowered in known.INNER:
        return False
    if lowered in known.UNITS:
        return not stop.follows[0].isdigit() or None
    if lowered in known.REFERENCES:
        return False if _REFERRED.match(stop.text, stop.found.end()) else _after_word(word, stop.opens)
    if word.capitalize() in known.DATES:
        return not stop.follows[0].isdigit()
    if len(word) == 1:
        return stop.opens or stop.earlier.lower() in known.LETTERED
    return _after_open_ended(stop)


def _after_open_ended(stop: _Stop) -> bool | None:
    """`U.S.`, `Co.` and `p.m.` end a sentence where the next word opens one; a number leaves it open."""
    if stop.word.lower() in ("a.m", "p.m"):
        return stop.follows not in known.AFTER_TIME
    if stop.follows[0].isdigit():
        return None
    return stop.opens


def _after_word(word: str, opens: bool) -> bool | None:
    """A word that is no known abbreviation ends its sentence if it is spelt out, a numeral or an acronym."""
    if opens or not word or word.islower() or word.isupper() or word == "No" or word[-1].isdigit():
        return True
    return True if len(word) >= 4 and re.search(r"[aeiouy]", word.lower()) else None
