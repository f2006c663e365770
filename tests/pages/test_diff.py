"""A diff tells new, gone, reworded and repeated apart, and its counts add up."""

import pytest
from briefings import LABELS, briefing

from pipeline.pages.align import LONGEST
from pipeline.pages.diff import SHOWN, diff, mark_changes

THEN = briefing(
    "d1",
    [
        ("Nine days will not undo three years of mistrust.", ["hawk"]),
        ("Port traffic stands at 60 per cent.", []),
        ("The mediators should publish the agenda.", ["dove"]),
        ("Hardliners have much to gain.", ["hawk"]),
    ],
)
NOW = briefing(
    "d2",
    [
        ("Port traffic stands at 66 per cent.", []),
        ("Hardliners have much to gain.", ["hawk"]),
        ("Both parliaments must ratify quickly.", ["hawk", "dove"]),
        ("It runs to four pages.", []),
        ("Nine days did not undo three years of mistrust, but they helped.", ["dove"]),
    ],
)


def test_groups_and_turns():
    found = diff(THEN, NOW, LABELS)
    assert [one.text for one in found.new.carrying] == ["Both parliaments must ratify quickly."]
    assert [one.text for one in found.new.plain] == ["It runs to four pages."]
    assert [one.text for one in found.gone.carrying] == ["The mediators should publish the agenda."]
    [turned] = found.turned
    assert [label.name for label in turned.lost] == ["hawk"] and [label.name for label in turned.gained] == ["dove"]
    assert [one.now.number for one in found.reworded] == [1] and found.repeated == 1
    assert not found.identical


def test_what_each_label_lost_and_won_adds_up():
    for flow in diff(THEN, NOW, LABELS).flows:
        assert flow.now == flow.then - flow.gone + flow.new - flow.lost + flow.gained
    assert [flow.turn for flow in diff(THEN, NOW, LABELS).flows] == ["−1", "+1"]


def test_the_same_words_judged_differently_are_a_turn_without_marks():
    [turned] = diff(briefing("d1", [("All is well.", ["dove"])]), briefing("d2", [("All is well!", [])]), LABELS).turned
    assert turned.turned and not any(mark.changed and mark.text.strip(".!") for mark in [*turned.before, *turned.after])


def test_a_briefing_against_itself_is_identical():
    assert diff(THEN, THEN, LABELS).identical


def test_long_groups_are_cut_and_say_so():
    many = briefing("d2", [(f"word{n} other{n} third{n}.", []) for n in range(SHOWN + 7)])
    found = diff(briefing("d1"), many, LABELS)
    assert len(found.new.plain) == SHOWN and found.new.more == 7 and found.new.size == SHOWN + 7


@pytest.mark.parametrize(
    ("then", "now", "gone", "new"),
    [
        ("Traffic stands at 60 per cent.", "Traffic stands at 66 per cent.", ["60"], ["66"]),
        ("It is holding.", "It is holding for now.", [], ["for now"]),
        ("Eleven went home.", "The eleven went home.", [], ["The"]),
        ("The old port is shut.", "A new port was opened.", ["The old", "is shut"], ["A new", "was opened"]),
        ("One is a two.", "Six of a ten.", ["One is a two"], ["Six of a ten"]),
        ("Same.", "Same.", [], []),
        ("", "New.", [], ["New."]),
    ],
)
def test_words_that_changed_are_marked(then, now, gone, new):
    before, after = mark_changes(then, now)
    assert [mark.text for mark in before if mark.changed] == gone
    assert [mark.text for mark in after if mark.changed] == new
    assert "".join(mark.text for mark in before) == then and "".join(mark.text for mark in after) == now


def test_a_sign_turned_round_is_a_rewording_with_the_sign_marked():
    then, now = (briefing(key, [(f"Prices rise by {by} %.", [])]) for key, by in (("d1", "2.5"), ("d2", "-2.5")))
    found = diff(then, now, LABELS)
    assert not found.identical and found.repeated == 0
    assert [mark.text for mark in found.reworded[0].after if mark.changed] == ["-"]


def test_a_sentence_without_end_is_marked_whole_rather_than_word_by_word():
    then, now = "word " * LONGEST + "one", "word " * LONGEST + "two"
    before, after = mark_changes(then, now)
    assert [(mark.text, mark.changed) for mark in (*before, *after)] == [(then, True), (now, True)]
    before, _ = mark_changes(then.partition(" ")[2], now.partition(" ")[2])
    assert [mark.text for mark in before if mark.changed] == ["one"]
