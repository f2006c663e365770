"""The language of patterns, and how hits become probabilities."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.ground.errors import ModelError
from pipeline.inference.manifest import RulesSpec, needed_files
from pipeline.inference.rules import LabelPatterns, RulesScorer, checked, probabilities
from pipeline.inference.scorers import load_scorer

HITS = [
    ("must", "Both sides MUST act."),
    ("must", "“Must we?”"),
    ("threat*", "It threatens us."),
    ("threat*", "A threat."),
    ("had better", "They had\n  better go."),
    ("no one", "There is no-one."),
    ("can't last", "It can’t last."),
    ("let us", "Let us go."),
    ("^let us", "“Let us go."),
    ("(must|ought to) act", "You ought to act."),
    ("(must|need*) act", "You needed act."),
    ("should ... not", "should not"),
    ("should ... not", "It should, one day soon, not happen."),
    ("if ... (fail*|collapse)", "if all the talks fail"),
    ("hope", "HOPE"),
]
MISSES = [
    ("must", "The mustard is musty."),
    ("can", "It can't."),
    ("t", "It can't."),
    ("threat", "It threatens us."),
    ("had better", "They had, better late, a plan."),
    ("^let us", "Then let us go."),
    ("should ... not", "It should. Not now."),
    ("should ... not", "should one two three four five not"),
    ("should not", "It should do so, not wait."),
    ("no one", "no two, one"),
]
FAULTS = [
    ("", "begins and ends with a word"),
    ("^", "begins and ends with a word"),
    ("... must", "begins and ends with a word"),
    ("must ...", "begins and ends with a word"),
    ("a ... ... b", "two gaps in a row"),
    ("(must", r"'\(' without its other half"),
    ("must)", r"'\)' without its other half"),
    ("(must|)", "an empty choice"),
    ("must|ought", "a choice stands in parentheses"),
    ("*ing", r"'\*ing' is no word"),
    ("a.b", "'a.b' is no word"),
    ("(a ... b|c)", r"'\.\.\.' is no word"),
    ("must^", r"'must\^' is no word"),
]


@pytest.mark.parametrize(("pattern", "text"), HITS)
def test_a_pattern_hits(pattern, text):
    assert LabelPatterns.of([pattern], []).count(text) == 1


@pytest.mark.parametrize(("pattern", "text"), MISSES)
def test_a_pattern_misses(pattern, text):
    assert LabelPatterns.of([pattern], []).count(text) == 0


@pytest.mark.parametrize(("pattern", "said"), FAULTS)
def test_a_faulty_pattern_is_refused_with_the_reason(pattern, said):
    with pytest.raises(ValueError, match=said):
        checked(pattern)


def test_a_veto_takes_its_words_from_every_match_but_leaves_the_rest():
    patterns = LabelPatterns.of(["should", "expect"], ["should not expect"])
    assert patterns.count("We should not expect much.") == 0
    assert patterns.count("We should not expect much, and should wait.") == 1
    assert patterns.count("We should expect much.") == 2
    assert LabelPatterns.of(["should ... wait"], ["not"]).count("They should not wait") == 0


def test_a_pattern_counts_once_however_often_it_stands_there():
    assert LabelPatterns.of(["must"], []).count("You must, you must, you must.") == 1


@given(st.text())
def test_no_text_breaks_a_pattern(text):
    patterns = LabelPatterns.of(["must ... act", "^(let us|so*)", "no one"], ["never ... must"])
    assert 0 <= patterns.count(text) <= 3


def test_probability_is_a_half_at_one_match_and_grows_with_each():
    found = probabilities(np.array([[0, 1, 2, 3]]), exclusive=False)
    assert found.tolist() == [[0, 0.5, 0.75, 0.875]]


def test_where_one_label_is_carried_probabilities_sum_to_one_and_most_matches_win():
    found = probabilities(np.array([[0, 1, 2], [0, 0, 0]]), exclusive=True)
    assert np.allclose(found, [[1 / 7, 2 / 7, 4 / 7], [1 / 3] * 3])


def test_no_text_gives_no_row():
    scorer = RulesScorer([LabelPatterns.of(["a"], [])] * 2, exclusive=False)
    assert scorer.score([]).shape == (0, 2) and scorer.score(["a"]).tolist() == [[0.5, 0.5]]


@pytest.mark.parametrize("content", ['{"labels": [{"name": "hawk", "match": ["(must"], "veto": []}]}', "{}", "no JSON"])
def test_a_damaged_file_is_a_fault_of_the_model(tmp_path, content):
    assert needed_files(RulesSpec()) == ["rules.json"]
    (tmp_path / "rules.json").write_text(content)
    with pytest.raises(ModelError, match="do not fit together"):
        load_scorer(RulesSpec(), tmp_path, exclusive=False)
