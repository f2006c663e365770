"""A comparison of runs calls real what may be called so, and reads nothing into the words of others."""

from dataclasses import replace

import pytest
from side_by_side import compared, record

from pipeline.reports.comparison_of_runs import how_judged, how_told, runs_markdown


@pytest.mark.parametrize(("documents", "starred"), [(4, False), (5, True)])
def test_a_star_wants_five_documents(documents, starred):
    text = runs_markdown(compared(documents))
    assert ("+0.051 [+0.020, +0.080]\\* |" in text) is starred
    assert "and 5 documents or more stand behind it" in text


def test_under_five_documents_it_is_said_that_nothing_is_called_real():
    few, enough = how_told(compared(4), "words"), how_told(compared(5), "words")
    assert "under 5 documents no difference is called real" in few and "Holm" not in few
    assert "better or worse is what stands among all lines (Holm, 5 %)" in enough and "under 5" not in enough


def test_one_sentence_of_one_document_is_not_several():
    assert how_judged(compared(1, 1)) == "Judged on 1 validation sentence of 1 document."
    assert how_judged(compared(2, 1900)) == "Judged on 1,900 validation sentences of 2 documents."


def test_a_name_is_no_markdown():
    text = runs_markdown(compared(name="x\n\n# Injected | <b> [y](http://z) `q"))
    assert "\n# Injected" not in text and text.count("x # Injected \\| \\<b> \\[y](http://z) \\`q") == 3


def test_seeds_are_named_only_where_every_line_has_several():
    single = compared()
    several = replace(single, entries=tuple(replace(one, runs=(record("a"), record("b"))) for one in single.entries))
    mixed = replace(single, entries=(several.entries[0], single.entries[1]))
    assert "bootstrap of documents and seeds;" in how_told(several, "words")
    for one in (single, mixed):
        assert "bootstrap of documents;" in how_told(one, "words") and "luck of its seed" in how_told(one, "words")
