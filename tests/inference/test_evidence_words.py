"""Words are spans that slice back, whatever the text is made of, and leaving some out leaves the others."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.inference.evidence_words import Words

CUTS = [
    ("“We must act,” she said.", ["We", "must", "act", "she", "said"]),
    ("Hope—and caution -- remain… or do they?", ["Hope", "and", "caution", "remain", "or", "do", "they"]),
    ("A well-known, don’t-ask rule (of 1.5 %)", ["A", "well-known", "don’t-ask", "rule", "of", "1.5"]),
    ("Talks resume 👩‍🚀 today 👍!", ["Talks", "resume", "👩‍🚀", "today", "👍"]),
    ("caf\u00e9 is cafe\u0301.", ["caf\u00e9", "is", "cafe\u0301"]),
    ("\u200f«يجب أن نعمل»، قال.", ["يجب", "أن", "نعمل", "قال"]),
    ("No.", ["No"]),
    ("“…” — !?", ["“…”", "—", "!?"]),
    ("", []),
    (" \n\t\u00a0", []),
]
TEXTS = st.text(st.sampled_from("ab é\u0301İß“”—-.'’… \n\u200d👍م")) | st.text()


@pytest.mark.parametrize(("text", "expected"), CUTS)
def test_words_are_cut_as_a_reader_would(text, expected):
    assert [text[start:end] for start, end in Words.of(text).spans] == expected


@given(text=TEXTS)
def test_every_character_belongs_to_one_word_and_spans_survive_collapsed_space(text):
    words = Words.of(text)
    assert bool(len(words)) == bool(text.strip())
    owners = [words.owner(place) for place in range(len(text))] if len(words) else []
    assert owners == sorted(owners) and set(owners) == set(range(len(words)))
    assert all(set(owners[start:end]) == {i} for i, (start, end) in enumerate(words.spans))
    collapsed = Words.of(" ".join(text.split()))
    pieces = [[one.text[start:end] for start, end in one.spans] for one in (words, collapsed)]
    assert pieces[0] == pieces[1]


@given(text=TEXTS, dropped=st.sets(st.integers(0, 5)))
def test_without_leaves_out_what_is_dropped_and_nothing_else(text, dropped):
    words = Words.of(text)
    kept = [c for place, c in enumerate(text) if len(words) and words.owner(place) not in dropped]
    assert words.without(dropped) == "".join(kept)
    assert not len(words) or (words.without(()) == text and words.without(range(len(words))) == "")


@given(text=TEXTS, reach=st.integers(0, 20))
def test_a_cut_keeps_words_where_they_were(text, reach):
    words = Words.of(text)
    cut = words.cut(reach)
    assert cut.text == text[:reach] and len(cut) == sum(start < reach for start, _ in words.spans)
    assert all(
        start == before and end == min(after, reach)
        for (start, end), (before, after) in zip(cut.spans, words.spans, strict=False)
    )
    assert not len(cut) or (cut.without(()) == cut.text and cut.without(range(len(cut))) == "")
    assert words.cut(len(text)) == words


def test_signs_go_with_the_word_they_hang_on():
    words = Words.of("“Act now,” she (quietly) said — twice.")
    assert words.without({1}) == "“Act she (quietly) said — twice."
    assert words.without({0, 3}) == "now,” she said — twice."
    assert words.without({4}) == "“Act now,” she (quietly) twice."
