"""N-grams are counted as scikit-learn counts them."""

from collections import Counter

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import CountVectorizer
from tiny import tiny_sentences

from pipeline.inference.ngrams import char_ngrams, word_ngrams

RANGES = st.tuples(st.integers(1, 6), st.integers(0, 3)).map(lambda pair: (pair[0], pair[0] + pair[1]))
# Words of every length beside free text: short words are where the two could part.
TEXTS = st.text() | st.lists(st.text("aÉßİ1_-’.", max_size=4)).map(" ".join)


def expected(text: str, analyzer: str, span: tuple[int, int]) -> Counter[str]:
    return Counter(CountVectorizer(analyzer=analyzer, ngram_range=span).build_analyzer()(text))


@given(TEXTS, RANGES)
@example("I a to be", (1, 4))
@example("", (1, 2))
@example("  \t\n ", (2, 5))
@example("İstanbul STRASSE ﬁne naïve 北京 don’t x_y", (1, 3))
@example("a\u00a0b\u2028c", (1, 2))
def test_any_text_is_cut_as_scikit_learn_cuts_it(text, span):
    assert word_ngrams(text, *span) == expected(text, "word", span)
    assert char_ngrams(text, *span) == expected(text, "char_wb", span)


@pytest.mark.parametrize("span", [(1, 1), (1, 2), (2, 5), (3, 8)])
def test_real_sentences_are_cut_as_scikit_learn_cuts_them(span):
    sentences = [text for _, text in tiny_sentences()]
    assert len(sentences) == 48
    for text in sentences:
        assert word_ngrams(text, *span) == expected(text, "word", span)
        assert char_ngrams(text, *span) == expected(text, "char_wb", span)


def test_a_short_word_counts_once_as_a_whole():
    assert char_ngrams("a", 4, 6) == {" a ": 1}
    assert word_ngrams("a I", 1, 2) == {}
