"""Sentences are cut where they end: on the boundary cases, and as spans of any text."""

import importlib.util
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.corpus.sentences import split_sentences

SCRIPT = Path(__file__).parents[1] / "compare_splitters.py"


def _comparison():
    spec = importlib.util.spec_from_file_location("compare_splitters", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def _split(text: str) -> list[str]:
    return [text[start:end] for start, end in split_sentences(text)]


@pytest.mark.parametrize("held_out", [False, True])
def test_boundary_cases(held_out):
    comparison = _comparison()
    cases = [case for case in comparison.load_cases() if case.held_out is held_out]
    assert len(cases) >= 120
    figures = comparison.judge(_split, cases)
    assert figures.precision >= 0.97
    assert figures.recall >= 0.98
    assert figures.f1 >= 0.975
    assert figures.right >= 0.95


def test_cases_are_divided_by_id_and_not_by_hand():
    cases = _comparison().load_cases()
    assert len({case.id for case in cases}) == len(cases) >= 240
    assert 0.4 < sum(case.held_out for case in cases) / len(cases) < 0.6


@pytest.mark.parametrize(
    "sentences",
    [
        ["The U.S. and the U.K. met Gen. Holm.", "The talks lasted a day."],
        ["See No. 4 of the list.", "No. 5 is missing."],
        ["He left the U.S.", "In May he came back."],
        ["“Who will pay?” Minister Orn asked.", "Nobody answered."],
        ["The note (it was lost. Nobody knew how) came back.", "It was torn."],
        ["1. Open the gates.", "2. Count the barges."],
        ["It rained in Andorra.", "Farmers cheered at the bank.", "Trade with Lebanon resumed."],
    ],
)
def test_plain_rules(sentences):
    assert _split(" ".join(sentences)) == sentences
    assert [one.replace("\n", " ") for one in _split("\n".join(sentences).replace(" ", "\n"))] == sentences


def _check(text: str) -> None:
    spans = split_sentences(text)
    place = 0
    for start, end in spans:
        assert place <= start < end <= len(text)
        assert not text[place:start].strip(), "what lies between sentences is white space"
        assert text[start:end] == text[start:end].strip()
        place = end
    assert not text[place:].strip()


@settings(deadline=None)  # the first text that no rule knows loads the splitter
@given(st.text(max_size=300))
def test_spans_of_any_text(text):
    _check(text)


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "U.S.",
                "Gen.",
                "No.",
                "4",
                "“",
                "”",
                "(",
                ")",
                "...",
                "…",
                "?",
                "!",
                ".",
                "The",
                "a",
                "\n",
                "[3]",
                "–",
                '"',
                " ",
            ]
        )
    )
)
def test_spans_of_what_sentences_are_made_of(tokens):
    _check(" ".join(tokens))
    _check("".join(tokens))


def test_nothing_in_nothing():
    assert split_sentences("") == split_sentences(" \n") == []
