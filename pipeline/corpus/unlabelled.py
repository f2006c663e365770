"""Read unlabelled text as sentences for distillation and pre-training, without what would leak or repeat."""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.corpus.duplicates import SENTENCE_LIKENESS, SHORTEST
from pipeline.corpus.normalise import collapse, normal_words
from pipeline.corpus.reading import read
from pipeline.corpus.unlabelled_sources import FileText, SotuText, unlabelled_documents
from pipeline.ground.files import hash_json, hash_text
from pipeline.ground.records import Document, Notice

FEWEST, MOST = 4, 80  # words; shorter ones say nothing, longer ones are lists or broken text

_WORDLIKE = re.compile(r"[^\W\d_]")


@dataclass(frozen=True, slots=True)
class UnlabelledSentence:
    """A sentence with its neighbours in the running prose of its document; empty at the document's ends."""

    doc: str
    source: str
    text: str
    previous: str
    next: str


@dataclass(frozen=True, slots=True)
class Unlabelled:
    """Sentences in order of source and document; `counts` says how many each source present gave.

    `absent` names the sources that were not there, and `notices` say how to provide them.
    """

    sentences: tuple[UnlabelledSentence, ...]
    counts: dict[str, int]
    notices: tuple[Notice, ...]
    absent: tuple[str, ...] = ()

    @property
    def texts(self) -> tuple[str, ...]:
        """Give the sentences without their neighbours."""
        return tuple(sentence.text for sentence in self.sentences)

    @property
    def fingerprint(self) -> str:
        """Name the sentences and their neighbours; 16 hex digits."""
        return hash_json([[s.doc, s.source, s.text, s.previous, s.next] for s in self.sentences])


def load_unlabelled(
    sources: Sequence[SotuText | FileText],
    base: Path,
    exclude: Iterable[str],
    limit: int | None,
    seed: int,
    *,
    exclude_docs: Collection[str] = (),
) -> Unlabelled:
    """Read every source that is present; keep each sentence once, and none that says what a labelled one says.

    `exclude` holds the labelled sentences: what equals one but for typography, or shares trigrams with one as
    near-duplicates across splits do, is left out, and so is every document named in `exclude_docs`. `limit`
    draws that many sentences by `seed`, each source in proportion; a larger limit adds to a smaller one's draw
    wherever rounding does not move a share.

    Raises:
        DocumentError, ConfigError: as `unlabelled_documents`.
    """
    labelled, barred = _Labelled(exclude), set(exclude_docs)
    seen: set[str] = set()
    kept: dict[str, list[UnlabelledSentence]] = {}
    notices: dict[str, Notice] = {}
    for source in sources:
        documents, notice = unlabelled_documents(source, base)
        if notice:
            notices[source.name] = notice
            continue
        fresh = (document for document in documents if document.id not in barred)
        kept.setdefault(source.name, []).extend(_new(fresh, labelled, seen))
    quotas = _quotas({name: len(found) for name, found in kept.items()}, limit)
    drawn = {name: _draw(found, quotas[name], seed) for name, found in kept.items()}
    sentences = tuple(sentence for found in drawn.values() for sentence in found)
    return Unlabelled(
        sentences, {name: len(found) for name, found in drawn.items()}, tuple(notices.values()), tuple(notices)
    )


def _new(documents: Iterable[Document], labelled: "_Labelled", seen: set[str]) -> Iterator[UnlabelledSentence]:
    """Yield the usable sentences whose words are not in `seen`, and add them to it."""
    for document in documents:
        texts = [collapse(sentence.text) for sentence in read(document, allow_none=True).sentences]
        for text, previous, following in zip(texts, ["", *texts], [*texts[1:], ""], strict=False):
            words = normal_words(text)
            key = " ".join(words)
            if key in seen or not _usable(text) or labelled.hold(words):
                continue
            seen.add(key)
            yield UnlabelledSentence(document.id, document.source, text, previous, following)


def _usable(text: str) -> bool:
    """Tell whether a sentence is neither too short, counting words with a letter, nor too long."""
    words = text.split()
    return len(words) <= MOST and sum(bool(_WORDLIKE.search(word)) for word in words) >= FEWEST


class _Labelled:
    """The labelled sentences by their words, to be asked whether a sentence says the same as one of them."""

    def __init__(self, texts: Iterable[str]) -> None:
        listed = {tuple(normal_words(text)) for text in texts}
        self._equal = listed
        self._sizes: list[int] = []
        self._holders: dict[tuple[str, ...], list[int]] = defaultdict(list)
        for words in sorted(listed):
            if len(words) >= SHORTEST:
                shingles = _trigrams(words)
                for shingle in shingles:
                    self._holders[shingle].append(len(self._sizes))
                self._sizes.append(len(shingles))

    def hold(self, words: Sequence[str]) -> bool:
        """Tell whether a labelled sentence has these words, or a Jaccard index of trigrams as near-duplicates have."""
        if tuple(words) in self._equal:
            return True
        if len(words) < SHORTEST:
            return False
        shingles = _trigrams(words)
        shared = Counter(number for shingle in shingles for number in self._holders.get(shingle, ()))
        return any(
            count / (len(shingles) + self._sizes[number] - count) >= SENTENCE_LIKENESS
            for number, count in shared.items()
        )


def _trigrams(words: Sequence[str]) -> set[tuple[str, ...]]:
    return set(zip(words, words[1:], words[2:], strict=False))


def _quotas(counts: dict[str, int], limit: int | None) -> dict[str, int]:
    """Divide `limit` among sources in proportion to what they hold, largest remainders first."""
    total = sum(counts.values())
    if limit is None or limit >= total:
        return counts
    quotas = {name: limit * count // total for name, count in counts.items()}
    by_remainder = sorted(counts, key=lambda name: -(limit * counts[name] % total))
    for name in by_remainder[: limit - sum(quotas.values())]:
        quotas[name] += 1
    return quotas


def _draw(sentences: list[UnlabelledSentence], size: int, seed: int) -> list[UnlabelledSentence]:
    """Take the `size` sentences whose hash with the seed is lowest, in the order of the text.

    Unlike a shuffle, this draws nearly the same sentences when a few leave or join the source.
    """
    if size >= len(sentences):
        return sentences
    ranked = sorted(range(len(sentences)), key=lambda i: hash_text(f"{seed}\n{sentences[i].text}"))
    return [sentences[i] for i in sorted(ranked[:size])]
