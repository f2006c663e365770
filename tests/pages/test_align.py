"""Sentences of two texts are paired by their words, wherever they stand, in bounded work."""

import random

import pytest

from pipeline.pages.align import CANDIDATES, align

THEN = [
    "The ceasefire is fragile, and nobody monitors it.",
    "Outside powers should stay away from the room.",
    "Fuel prices are likely to rise again this winter.",
    "The mediators have offered Varo as a venue.",
]


def test_what_differs_in_typography_alone_is_the_same():
    found = align(["The port’s “future” is  OPEN."], ['The port\'s "future" is open!'])
    assert found.same == ((0, 0),) and not found.near and not found.gone and not found.new


@pytest.mark.parametrize(
    ("then", "now"),
    [
        ("Prices rise by 2.5 %.", "Prices rise by -2.5 %."),
        ("The port costs $5bn.", "The port costs €5bn."),
        ("Inflation stays < 5 % this year.", "Inflation stays > 5 % this year."),
        ("The balance is +3.", "The balance is −3."),
        ("They write it in C++.", "They write it in C."),
        ("The truce holds?", "The truce holds."),
        ("It rose by 2.5 points.", "It rose by 2–5 points."),
    ],
)
def test_a_sign_that_carries_meaning_makes_another_sentence_of_the_same_words(then, now):
    for one, other in ((then, now), (now, then)):
        found = align([one], [other])
        assert found.same == () and [(near.then, near.now, near.likeness) for near in found.near] == [(0, 0, 1.0)]


def test_signs_are_found_however_common_the_words_are():
    then, now = ["Traffic rose by 3 %."] * 70, ["Traffic rose by −3 %."] * 70
    assert len(align(then, now).near) == 70


def test_dashes_between_words_and_minus_signs_of_any_shape_are_typography():
    assert align(["A one-day talk—at −3 °C (“2–3 days”)."], ["a one‑day talk - at -3 °C, '2-3 days'!"]).same == (
        (0, 0),
    )


def test_a_sentence_that_moved_is_still_the_same():
    found = align(THEN, THEN[::-1])
    assert set(found.same) == {(0, 3), (1, 2), (2, 1), (3, 0)}


def test_reworded_sentences_pair_and_the_rest_is_new_or_gone():
    now = ["The ceasefire is holding, but nobody monitors it.", "Three ships sailed on Monday.", THEN[2]]
    found = align(THEN, now)
    assert found.same == ((2, 2),)
    assert [(one.then, one.now) for one in found.near] == [(0, 0)]
    assert found.gone == (1, 3) and found.new == (1,)


def test_each_sentence_has_one_partner_and_the_nearest_wins():
    then = ["The two governments should agree on a hotline."]
    now = [
        "The two governments should agree on a pilot scheme for the winter.",
        "The two governments should agree on a new hotline.",
    ]
    found = align(then, now)
    assert [(one.then, one.now) for one in found.near] == [(0, 1)]
    assert found.new == (0,)


def test_repeated_sentences_pair_one_by_one():
    found = align(["Nothing moved."] * 3, ["Nothing moved."] * 2)
    assert found.same == ((0, 0), (1, 1)) and found.gone == (2,)


def test_sentences_without_words_and_empty_texts_are_no_trouble():
    assert align(["***", "—"], ["—"]).same == ((1, 0),)
    assert align([], ["One."]).new == (0,) and align(["One."], []).gone == (0,)


def test_every_sentence_is_in_exactly_one_group():
    random.seed(5)
    pool = [" ".join(random.choices("abcdefghij", k=6)) for _ in range(30)]
    then, now = random.choices(pool, k=25), random.choices(pool, k=20)
    found = align(then, now)
    near = [(one.then, one.now) for one in found.near]
    assert sorted([*found.gone, *(pair[0] for pair in [*found.same, *near])]) == list(range(25))
    assert sorted([*found.new, *(pair[1] for pair in [*found.same, *near])]) == list(range(20))


def test_three_thousand_sentences_are_compared_with_a_few_candidates_each():
    random.seed(7)
    words = [f"w{number}" for number in range(4000)]
    then = [" ".join(random.choices(words, k=20)) for _ in range(3000)]
    now = [text.replace(text.split()[3], "changed", 1) for text in random.sample(then, 3000)]
    found = align(then, now)
    assert len(found.near) == 3000 and found.complete
    assert found.compared <= CANDIDATES * 3000


def test_where_the_work_runs_out_it_says_so_and_loses_nothing():
    then, now = ["a b c d e f x y"] * 40, ["a b c d e f u v"] * 40
    found = align(then, now, work=64 * 10)
    assert not found.complete and found.compared == 10
    assert len(found.near) + len(found.new) == 40
