"""Make altered copies of sentences, two words swapped or some left out.

These are two of the four operations of EDA (Wei and Zou 2019, EMNLP-IJCNLP). The other two, synonyms in place of words
and synonyms put in, need a thesaurus, which we do not have. EDA draws one operation for each copy; here a copy is made
by swapping first and leaving out then.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.ground.codebook import Codebook
from pipeline.ground.config import did_you_mean
from pipeline.ground.errors import ConfigError
from pipeline.ground.files import hash_text
from pipeline.learning.augment_settings import Augment, DistilledAugment

STREAM = 2  # sets these random numbers apart from others of the same seed
DRAWS = 10  # of a copy, until it differs from its sentence; then one change is made that tells


@dataclass(frozen=True, slots=True)
class Copies:
    """Altered sentences, and the position each was copied from, shape (n,), in rising order."""

    texts: list[str]
    sources: np.ndarray

    def among(self, count: int) -> np.ndarray:
        """Give the positions copied from that lie among the first `count`."""
        return self.sources[self.sources < count]


def check_labels(settings: Augment, codebook: Codebook, where: str) -> None:
    """Raise `ConfigError` for a label that the codebook does not have; `where` names the settings."""
    for name in settings.labels:
        if name not in codebook.names:
            raise ConfigError(
                f"{where}: unknown label {name!r}; {did_you_mean(name, list(codebook.names))}",
                hint=f"the codebook {codebook.name} {codebook.version} has: {', '.join(codebook.names)}",
            )


def carriers(targets: np.ndarray, settings: Augment, codebook: Codebook, least: float = 1.0) -> np.ndarray:
    """Tell which rows of `targets`, shape (n, labels), reach `least` at one of the settings' labels; shape (n,)."""
    columns = [codebook.names.index(name) for name in settings.labels]
    return np.asarray((targets[:, columns] >= least).any(axis=1))


def altered_copies(texts: Sequence[str], chosen: np.ndarray, settings: Augment, seed: int) -> Copies:
    """Alter the sentences marked in `chosen`, shape (n,).

    A sentence's copies follow from seed, settings and its words alone, whatever stands beside it. A copy that is equal
    to its sentence is drawn again, some times; then one word is left out, or two that differ are swapped where none may
    be. So a copy always differs, unless a sentence has one word, or one word again and again and none may be left out.
    """
    sources = np.repeat(np.flatnonzero(chosen), settings.copies)
    wanted = [text for text, yes in zip(texts, chosen, strict=True) if yes]
    made = [copy for text in wanted for copy in _copies_of(text, settings, seed)]
    return Copies(made, sources)


def copies_to_judge(
    texts: Sequence[str],
    gold: np.ndarray,
    judged: np.ndarray,
    settings: DistilledAugment,
    codebook: Codebook,
    seed: int,
) -> Copies:
    """Alter labelled sentences, which come first, by `gold`, and unlabelled ones by the teacher's probabilities.

    `gold` has shape (labelled, labels), `judged` (unlabelled, labels).
    """
    likely = np.zeros(len(judged), dtype=bool)
    if settings.unlabelled is not None:
        likely = carriers(judged, settings, codebook, settings.unlabelled)
    chosen = np.concatenate([carriers(gold, settings, codebook), likely])
    return altered_copies(texts, chosen, settings, seed)


def _copies_of(text: str, settings: Augment, seed: int) -> list[str]:
    words = text.split()
    rng = np.random.default_rng([seed, STREAM, int(hash_text(" ".join(words)), 16)])
    return [" ".join(_differing(words, settings, rng)) for _ in range(settings.copies)]


def _differing(words: list[str], settings: Augment, rng: np.random.Generator) -> list[str]:
    """Alter words until they differ from what they were; where `DRAWS` do not bring that about, by one sure change."""
    if len(words) < 2:
        return words
    for _ in range(DRAWS):
        altered = _altered(words, settings, rng)
        if altered != words:
            return altered
    return _changed_once(words, settings, rng)


def _changed_once(words: list[str], settings: Augment, rng: np.random.Generator) -> list[str]:
    """Leave out one word drawn at random; where none may be, swap two that differ, if there are any."""
    one = int(rng.integers(len(words)))
    if settings.delete > 0:
        return [*words[:one], *words[one + 1 :]]
    others = [place for place, word in enumerate(words) if word != words[one]]
    if not others:
        return words
    other = int(rng.choice(others))
    swapped = list(words)
    swapped[one], swapped[other] = words[other], words[one]
    return swapped


def _altered(words: list[str], settings: Augment, rng: np.random.Generator) -> list[str]:
    """Swap and leave out words, of which there are two at least; punctuation goes with the word it stands at."""
    order = np.arange(len(words))
    for _ in range(max(1, int(settings.swap * len(words))) if settings.swap else 0):
        pair = rng.choice(len(words), 2, replace=False)
        order[pair] = order[pair[::-1]]
    stays = rng.random(len(words)) >= settings.delete
    if not stays.any():
        stays[rng.integers(len(words))] = True
    return [words[i] for i in order[stays]]
