"""The label set is closed and has one order; what people read and what the code reads say the same."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny import ROOT

from pipeline.corpus.normalise import normal_words
from pipeline.ground.codebook import Codebook, Label, load_codebook
from pipeline.ground.config import parse_config
from pipeline.ground.errors import ConfigError, LabelError

NAMES = ("calm", "alarm", "advice")


def codebook(choice: str = "any", names: tuple[str, ...] = NAMES) -> Codebook:
    labels = tuple(Label(name=name, short=name[:4], definition=f"speaks of {name}") for name in names)
    return Codebook(name="test", version="1.0.0", unit="sentence", choice=choice, labels=labels)


def sections() -> dict[str, str]:
    """Give each `##` section of CODEBOOK.md by its heading, the head under ""."""
    text = (ROOT / "labels" / "CODEBOOK.md").read_text(encoding="utf-8")
    head, *rest = re.split(r"^## ", text, flags=re.MULTILINE)
    return {"": head} | {part.split("\n", 1)[0].strip(): part.split("\n", 1)[1] for part in rest}


def test_both_codebooks_name_the_same_labels_in_the_same_order():
    names = load_codebook(ROOT / "labels").names
    assert len(names) == 3
    assert tuple(name for name in sections() if name in names) == names
    # A label's section is one bare lower-case word; other sections are written out.
    assert tuple(name for name in sections() if re.fullmatch(r"[a-z_-]+", name)) == names


def test_both_codebooks_state_the_same_version():
    head = sections()[""]
    assert re.findall(r"Version (\d+\.\d+\.\d+)", head) == [load_codebook(ROOT / "labels").version]


def test_each_definition_stands_word_for_word_in_its_section():
    found = sections()
    labels = load_codebook(ROOT / "labels").labels
    assert len(labels) == 3
    for label in labels:
        section = f" {' '.join(normal_words(found[label.name]))} "
        assert f" {' '.join(normal_words(label.definition))} " in section, label.name


def test_the_real_codebook_allows_any_subset_of_sentences():
    real = load_codebook(ROOT / "labels")
    assert (real.unit, real.exclusive) == ("sentence", False)
    assert "any subset" in sections()[""]


@given(st.sets(st.sampled_from(NAMES)).flatmap(lambda chosen: st.permutations(sorted(chosen))))
def test_labels_come_back_in_codebook_order_whatever_order_they_came_in(given_labels):
    checked = codebook().check(given_labels, "here")
    assert checked == tuple(name for name in NAMES if name in given_labels)
    assert codebook().check(list(checked), "here") == checked


def test_an_unknown_label_is_refused_with_the_nearest_and_the_place():
    with pytest.raises(LabelError) as caught:
        codebook().check(["calm", "alarn"], "a.jsonl, line 7")
    assert caught.value.message == "a.jsonl, line 7: unknown label 'alarn'; did you mean 'alarm'?"
    assert "calm, alarm, advice" in caught.value.hint


@pytest.mark.parametrize("labels", [None, "calm", {"calm": 1}, [1], [["calm"]], 3])
def test_labels_that_are_no_list_of_names_are_refused(labels):
    with pytest.raises(LabelError, match=r"a\.jsonl, line 7: labels must be a list"):
        codebook().check(labels, "a.jsonl, line 7")


@pytest.mark.parametrize("labels", [[], ["calm", "alarm"], ["calm", "alarm", "advice"]])
def test_exactly_one_means_one(labels):
    assert codebook("any").check(labels, "here") == tuple(labels)
    with pytest.raises(LabelError, match=f"{len(labels)} labels, and the codebook test wants exactly one"):
        codebook("one").check(labels, "here")
    assert codebook("one").check(["alarm"], "here") == ("alarm",)


@given(st.lists(st.sets(st.sampled_from(NAMES))))
def test_what_is_encoded_is_decoded(label_sets):
    book = codebook()
    ordered = [book.check(sorted(chosen), "here") for chosen in label_sets]
    matrix = book.encode(ordered)
    assert matrix.shape == (len(ordered), 3) and matrix.dtype == np.int8
    assert book.decode(matrix) == ordered
    assert matrix.sum() == sum(map(len, ordered))


@given(st.lists(st.lists(st.integers(0, 1), min_size=3, max_size=3)))
def test_what_is_decoded_is_encoded(rows):
    matrix = np.array(rows, dtype=np.int8).reshape(len(rows), 3)
    assert np.array_equal(codebook().encode(codebook().decode(matrix)), matrix)


def test_a_label_named_twice_is_refused():
    value = codebook().model_dump(mode="json")
    value["labels"].append(value["labels"][0])
    with pytest.raises(ConfigError, match="label named twice: calm"):
        parse_config(value, Codebook, "codebook.yaml")


@pytest.mark.parametrize("change", [{"labels": []}, {"choice": "some"}, {"version": "1.0"}])
def test_a_codebook_that_says_nothing_usable_is_refused(change):
    with pytest.raises(ConfigError, match=f"codebook.yaml: 1 fault\n  - {next(iter(change))}"):
        parse_config(codebook().model_dump(mode="json") | change, Codebook, "codebook.yaml")
