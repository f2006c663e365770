"""Few documents are divided so that no part goes without."""

import pytest

from pipeline.corpus.splits import SHARES
from pipeline.corpus.stratify import stratified_parts
from pipeline.ground.codebook import Codebook, Label
from pipeline.ground.records import Example

BOOK = Codebook(
    name="t",
    version="1.0.0",
    unit="sentence",
    choice="any",
    labels=tuple(Label(name=name, short=name, definition=name) for name in ("a", "b")),
)


def examples(sizes: list[int]) -> list[Example]:
    return [
        Example(doc=f"d{doc}", source="one", genre="", start=i, end=i + 1, text="x", labels=("a",) if i % 2 else ())
        for doc, size in enumerate(sizes)
        for i in range(size)
    ]


@pytest.mark.parametrize("shares", [SHARES, (1.0, 1.0, 1.0)])
@pytest.mark.parametrize("sizes", [[4, 4, 4], [4, 4, 4, 4], [100, 1, 1], [1, 1, 50, 50], [1] * 7, [9, 3, 3, 3, 1]])
def test_no_part_is_empty_where_there_are_as_many_documents_as_parts(sizes, shares):
    groups = {f"d{doc}": f"d{doc}" for doc in range(len(sizes))}
    for seed in range(5):
        number = stratified_parts(examples(sizes), groups, BOOK, shares, seed)
        assert set(number) == set(groups) and set(number.values()) == {0, 1, 2}


def test_fewer_documents_than_parts_leave_parts_empty():
    number = stratified_parts(examples([4, 4]), {"d0": "d0", "d1": "d1"}, BOOK, SHARES, seed=0)
    assert set(number) == {"d0", "d1"} and len(set(number.values())) == 2
