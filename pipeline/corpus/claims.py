"""Say what a behavioural suite claims about sentences that were written to test a model, never to train one.

The three kinds are those of CheckList (Ribeiro et al. 2020): minimum functionality, invariance, direction.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field, model_validator

from pipeline.corpus.normalise import collapse, normal_words
from pipeline.ground.codebook import Codebook
from pipeline.ground.config import Strict
from pipeline.ground.files import hash_json


def _sentence(text: str) -> str:
    if not normal_words(text):
        raise ValueError("a sentence with a word in it is expected")
    return collapse(text)


Text = Annotated[str, AfterValidator(_sentence)]


class Case(Strict):
    """One claim; `ruling` names a row of the codebook's table of rulings by its first words."""

    kind: ClassVar[str]
    id: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")
    text: Text
    ruling: str = ""
    note: str = ""

    @property
    def texts(self) -> tuple[str, ...]:
        """List the sentences of the case, `text` first."""
        return (self.text,)

    @property
    def named(self) -> tuple[str, ...]:
        """List the labels that the case names."""
        return ()


class Minimum(Case):
    """Minimum functionality: a sentence carries every label of `has` and none of `lacks`."""

    kind = "minimum"
    has: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()

    @property
    def named(self) -> tuple[str, ...]:
        """List the labels that the case names."""
        return (*self.has, *self.lacks)

    @model_validator(mode="after")
    def _claims(self) -> "Minimum":
        if not self.named:
            raise ValueError("claims nothing; name labels under `has` or `lacks`")
        both = [name for name in self.has if name in self.lacks]
        if both:
            raise ValueError(f"both has and lacks {', '.join(both)}")
        twice = sorted({name for name in self.named if self.named.count(name) > 1})
        if twice:
            raise ValueError(f"label named twice: {', '.join(twice)}")
        return self


class Invariant(Case):
    """Invariance: every variant has the labels of the text; variants are written out, or made by swapping words.

    `swap` gives each word of the text that is replaced its replacements; the n-th of each go together.
    """

    kind = "invariant"
    variants: tuple[Text, ...] = ()
    swap: dict[str, tuple[str, ...]] = Field(default_factory=dict)

    @property
    def others(self) -> tuple[str, ...]:
        """List the variants, swapped words put in."""
        return self.variants or tuple(self._swapped(turn) for turn in range(len(next(iter(self.swap.values())))))

    @property
    def texts(self) -> tuple[str, ...]:
        """List the text and its variants."""
        return (self.text, *self.others)

    def _swapped(self, turn: int) -> str:
        longest_first = sorted(self.swap, key=len, reverse=True)
        pattern = "|".join(rf"(?<!\w){re.escape(word)}(?!\w)" for word in longest_first)
        return collapse(re.sub(pattern, lambda found: self.swap[found[0]][turn], self.text))

    @model_validator(mode="after")
    def _varies(self) -> "Invariant":
        if bool(self.variants) == bool(self.swap):
            raise ValueError("give either `variants` or `swap`")
        for word in self.swap:
            if not re.search(rf"(?<!\w){re.escape(word)}(?!\w)", self.text):
                raise ValueError(f"swap: {word!r} is no word of the text")
        lengths = {len(words) for words in self.swap.values()}
        if self.swap and (len(lengths) > 1 or 0 in lengths):
            raise ValueError("swap: every word needs the same number of replacements, at least one")
        if self.text in self.others:
            raise ValueError("a variant is equal to the text")
        if len(set(self.others)) < len(self.others):
            raise ValueError("a variant comes twice")
        return self


class Directional(Case):
    """Direction: from `text` to `changed`, the probability of `label` goes up or down by at least `by`."""

    kind = "directional"
    changed: Text
    label: str
    moves: Literal["up", "down"]
    by: float = Field(gt=0, lt=1)

    @property
    def texts(self) -> tuple[str, ...]:
        """List the text and the changed text."""
        return (self.text, self.changed)

    @property
    def named(self) -> tuple[str, ...]:
        """List the labels that the case names."""
        return (self.label,)

    @model_validator(mode="after")
    def _changes(self) -> "Directional":
        if self.text == self.changed:
            raise ValueError("`changed` is equal to the text: nothing changes")
        return self


KINDS: dict[str, type[Case]] = {schema.kind: schema for schema in (Minimum, Invariant, Directional)}


@dataclass(frozen=True, slots=True)
class Chapter:
    """The cases of one capability; `bar` is the most that invariant probabilities may shift, on average."""

    capability: str
    claim: str
    bar: float | None
    file: str
    cases: tuple[Case, ...]

    def where(self, case: Case) -> str:
        """Name a case by file and id."""
        return f"{self.file}, case {case.id!r}"


@dataclass(frozen=True, slots=True)
class Suite:
    """All claims, for the labels of one codebook."""

    codebook: Codebook
    chapters: tuple[Chapter, ...]

    @property
    def texts(self) -> tuple[str, ...]:
        """List every sentence once, in the order of files and cases."""
        return tuple(dict.fromkeys(text for _, case in self.placed() for text in case.texts))

    @property
    def fingerprint(self) -> str:
        """Name what is claimed of which sentences; 16 hex digits."""
        rows = [[c.capability, c.bar, [case.model_dump(mode="json") for case in c.cases]] for c in self.chapters]
        return hash_json({"labels": self.codebook.names, "choice": self.codebook.choice, "rows": rows})

    def placed(self) -> Iterator[tuple[Chapter, Case]]:
        """Yield each case with its chapter."""
        return ((chapter, case) for chapter in self.chapters for case in chapter.cases)
