"""The hostile corpus is made whole, and looking for documents in it neither fails nor takes long."""

import time

import pytest
from scoring.hostile import hostile_corpus, hostile_inputs

from pipeline.ground.errors import DocumentError
from pipeline.scoring.archives import read_item
from pipeline.scoring.columns import TableOptions
from pipeline.scoring.inputs import find_items
from pipeline.scoring.items import Failure, Item, Passed


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile")
    return folder, hostile_corpus(folder, line=1_000_000)


def test_all_are_made_and_each_says_why(corpus):
    folder, made = corpus
    inputs = hostile_inputs()
    assert len({one.name for one in inputs}) == len(inputs) == len(made) >= 60
    assert all(one.why and "\n" not in one.why for one in inputs)
    assert [path for path in made if not path.is_symlink() and not path.exists()] == []
    assert {path.name for path in folder.iterdir()} == {one.name for one in inputs}


@pytest.mark.parametrize("outright", [True, False])
def test_all_are_found_in_bounded_time(corpus, outright, monkeypatch):
    folder, made = corpus
    monkeypatch.chdir(folder)
    began = time.monotonic()
    found = list(find_items([path.name for path in made] if outright else ["."], TableOptions()))
    assert time.monotonic() - began < 30
    places = [one.place for one in found if not isinstance(one, Passed)]
    assert len(set(places)) == len(places) > len(made)
    assert all(place.isprintable() for place in places)
    assert all(one.reason and one.hint for one in found if isinstance(one, Failure))


def test_all_are_read_or_refused_with_a_reason(corpus, monkeypatch):
    folder, _ = corpus
    monkeypatch.chdir(folder)
    read = refused = 0
    for one in find_items(["."], TableOptions()):
        if isinstance(one, Item):
            try:
                assert isinstance(read_item(one), bytes)
                read += 1
            except DocumentError as error:
                assert error.hint
                refused += 1
    assert read > 100 and refused >= 2
