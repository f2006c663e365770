"""Near-duplicates are found by exact overlap of word trigrams; documents that share one are a group."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.corpus.duplicates import SENTENCE_LIKENESS, SHORTEST, Pair, document_groups, near_duplicates
from pipeline.ground.records import Example

SAID = "The parties agreed to meet again in the spring to discuss the border posts"


def trigrams(text: str) -> set[tuple[str, ...]]:
    words = text.lower().split()
    return {tuple(words[i : i + 3]) for i in range(len(words) - 2)}


def examples(**texts: str) -> list[Example]:
    return [Example(name.split("_")[0], "s", "", 0, len(text), text, ()) for name, text in texts.items()]


def test_case_and_punctuation_do_not_hide_a_repetition():
    assert near_duplicates([SAID + ".", "Something else.", SAID.upper() + "!"]) == [Pair(0, 2, 1.0)]


def test_a_small_change_keeps_the_likeness_high_and_a_large_one_does_not():
    changed = SAID.replace("spring", "autumn")
    [pair] = near_duplicates([SAID, changed], 0.3)
    assert pair.likeness == pytest.approx(9 / 15)
    assert near_duplicates([SAID, "The parties agreed to nothing at all about the border posts this year"]) == []


def test_short_sentences_repeat_by_chance_and_are_not_pairs():
    words = SAID.split()
    assert near_duplicates([" ".join(words[: SHORTEST - 1])] * 2) == []
    assert near_duplicates([" ".join(words[:SHORTEST])] * 2) == [Pair(0, 1, 1.0)]


@pytest.mark.parametrize("texts", [[], [SAID], ["short"], ["short", "short"]])
def test_where_there_is_nothing_to_compare_there_are_no_pairs(texts):
    assert near_duplicates(texts) == []


def test_long_texts_of_marks_alone_are_not_pairs():
    assert near_duplicates([". . . . . . .", "- - - - - - -"]) == []


WORDS = ("peace", "war", "talks", "ships", "grain")
SENTENCES = st.lists(st.sampled_from(WORDS), min_size=SHORTEST, max_size=9).map(" ".join)


@settings(deadline=None, max_examples=60)
@given(st.lists(SENTENCES, min_size=2, max_size=6))
def test_the_pairs_are_those_of_a_comparison_one_by_one(texts):
    expected = {}
    for left, one in enumerate(texts):
        for right in range(left + 1, len(texts)):
            a, b = trigrams(one), trigrams(texts[right])
            if len(a & b) / len(a | b) >= SENTENCE_LIKENESS:
                expected[left, right] = len(a & b) / len(a | b)
    found = near_duplicates(texts)
    assert {(pair.left, pair.right) for pair in found} == set(expected)
    assert all(pair.likeness == pytest.approx(expected[pair.left, pair.right]) for pair in found)


def test_documents_linked_through_a_third_are_one_group():
    other = "Nothing was decided on the grain ships that wait outside the harbour"
    found = examples(c=SAID, b_1=SAID, b_2=other, a=other, d="Rain fell on the square for most of the afternoon")
    assert document_groups(found) == {"a": "a", "b": "a", "c": "a", "d": "d"}


def test_a_document_that_repeats_itself_is_a_group_of_its_own():
    assert document_groups(examples(b_1=SAID, b_2=SAID, a="Rain fell on the square all day long")) == {
        "a": "a",
        "b": "b",
    }


@given(st.permutations(range(5)))
def test_groups_do_not_depend_on_the_order_of_sentences(order):
    found = examples(c=SAID, b=SAID, a="one", d="two", e="three")
    assert document_groups([found[i] for i in order]) == {"a": "a", "b": "b", "c": "b", "d": "d", "e": "e"}
