"""Shares of training documents grow by documents, keep their balance, and are refused when they teach nothing."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from pipeline.corpus.shares import growing_shares
from pipeline.ground.codebook import Codebook, Label
from pipeline.ground.errors import SplitError
from pipeline.ground.records import Example

BOOK = Codebook(
    name="t",
    version="1.0.0",
    unit="sentence",
    choice="any",
    labels=tuple(Label(name=name, short=name, definition=name) for name in ("a", "b")),
)
SHARES = (0.1, 0.3, 0.6, 1.0)


def document(name: str, source: str, sentences: int, seed: int = 0) -> list[Example]:
    rng = np.random.default_rng([seed, *name.encode()])
    return [
        Example(
            doc=name,
            source=source,
            genre="",
            start=10 * i,
            end=10 * i + 5,
            text=" ".join(f"w{n}" for n in rng.integers(10**9, size=8)),
            labels=((), ("a",), ("b",), ("a", "b"))[int(rng.integers(4))],
        )
        for i in range(sentences)
    ]


def corpus(documents: int = 40) -> list[Example]:
    sizes = np.random.default_rng(3).integers(4, 20, documents)
    return [e for n, size in enumerate(sizes) for e in document(f"d{n:02}", ("left", "right")[n % 2], int(size))]


def docs(examples) -> set[str]:
    return {example.doc for example in examples}


@pytest.mark.parametrize("seed", range(4))
def test_each_share_holds_the_smaller_ones_whole_documents_and_about_what_it_says(seed):
    examples = corpus()
    drawn = growing_shares(examples, BOOK, SHARES, seed)
    assert list(drawn) == list(SHARES) and drawn[1.0] == tuple(examples)
    for smaller, larger in pairwise(SHARES):
        assert docs(drawn[smaller]) < docs(drawn[larger])
    for share, part in drawn.items():
        assert part == tuple(example for example in examples if example.doc in docs(part))
        assert len(part) / len(examples) == pytest.approx(share, abs=0.04)
        for source in ("left", "right"):
            for label in BOOK.names:
                whole, here = (sum(label in e.labels and e.source == source for e in of) for of in (examples, part))
                assert here / whole == pytest.approx(share, abs=0.08), (share, source, label)


def test_a_seed_draws_the_same_documents_and_another_seed_others():
    examples = corpus()
    once, again, other = (growing_shares(examples, BOOK, SHARES, seed) for seed in (7, 7, 8))
    assert once == again
    assert docs(once[0.3]) != docs(other[0.3])


def test_the_last_share_need_not_be_everything():
    examples = corpus()
    drawn = growing_shares(examples, BOOK, (0.2, 0.4, 0.5), 1)
    assert docs(drawn[0.2]) < docs(drawn[0.4]) < docs(drawn[0.5]) < docs(examples)
    assert len(drawn[0.5]) / len(examples) == pytest.approx(0.5, abs=0.04)


def test_documents_that_repeat_each_other_come_together():
    examples = corpus()
    twins = [replace(e, doc="twin") for e in examples if e.doc == "d05"]
    for seed in range(8):
        for part in growing_shares([*examples, *twins], BOOK, SHARES, seed).values():
            assert ("twin" in docs(part)) == ("d05" in docs(part))


def test_a_pinned_text_moves_no_other_whether_it_is_there_or_absent():
    examples = corpus()
    pinned = document("guest", "elsewhere", 9)
    first = []
    for seed in range(12):
        without = growing_shares(examples, BOOK, SHARES, seed, {"guest": "train"})
        there = growing_shares([*examples, *pinned], BOOK, SHARES, seed, {"guest": "train"})
        assert all(docs(there[share]) - {"guest"} == docs(without[share]) for share in SHARES)
        assert "guest" in docs(there[1.0])
        first.append(min(share for share in SHARES if "guest" in docs(there[share])))
    assert len(set(first)) > 1  # it joins by chance, not always at one step


def test_a_pinned_text_that_repeats_another_follows_it():
    examples = corpus()
    copy = [replace(e, doc="guest", source="elsewhere") for e in examples if e.doc == "d07"]
    for seed in range(5):
        for part in growing_shares([*examples, *copy], BOOK, SHARES, seed, {"guest"}).values():
            assert ("guest" in docs(part)) == ("d07" in docs(part))


def test_a_share_of_one_document_is_refused_by_name():
    few = [e for n in range(5) for e in document(f"d{n}", "left", 20)]
    with pytest.raises(SplitError, match=r"share 0\.2 \(seed 3\) holds 1 document, and training wants 2") as refused:
        growing_shares(few, BOOK, (0.2, 0.6, 1.0), 3)
    assert "raise the smallest share" in refused.value.hint


def test_a_share_without_a_label_is_refused_by_name():
    examples = [replace(e, labels=("a",)) for e in corpus()]
    examples[0] = replace(examples[0], labels=("b",))
    with pytest.raises(SplitError, match=r"share .*none of its \d+ sentences carries b"):
        for seed in range(6):
            growing_shares(examples, BOOK, SHARES, seed)
