"""The deletion test finds the words a known model goes by, and finds out evidence that is none."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.ground.records import Evidence, WordWeight
from pipeline.inference.evidence import explain
from pipeline.inference.evidence_words import Words
from pipeline.judging.faithfulness import FIGURES, Case, faithfulness_metrics, judge_faithfulness, sample_pairs

FILL = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]


def chances(texts):
    """Give 0.9 to a text with "hope", 0.1 to others; the second column is the reverse."""
    first = np.array([0.9 if "hope" in text else 0.1 for text in texts])
    return np.column_stack([first, 1 - first])


class Model:
    """What `explain` asks beside log-odds: nothing."""


def cases(sentences=30, documents=6, seed=4):
    rng = np.random.default_rng(seed)
    texts = [" ".join(rng.permutation([*FILL, "hope"])) for _ in range(sentences)]
    found = explain(
        Model(), lambda some: np.log(chances(some) / (1 - chances(some))), texts, [["yes"]] * sentences, ["yes", "no"]
    )
    return [Case(text, 0, f"d{i % documents}", one) for i, (text, (one,)) in enumerate(zip(texts, found, strict=True))]


def reversed_weights(case):
    words = tuple(replace(word, weight=-word.weight) for word in case.evidence.words)
    return replace(case, evidence=replace(case.evidence, words=words))


def test_words_that_carry_a_decision_take_it_away_and_hold_it_alone():
    report = judge_faithfulness(cases(), chances)
    found, ahead = report.deletions["evidence"], report.ahead
    assert (report.pairs, report.documents, report.words, report.chosen) == (30, 6, 11.0, 1.0)
    assert found.comprehensiveness.value == pytest.approx(0.8) and found.sufficiency.value == pytest.approx(0)
    assert found.aopc_comprehensiveness.value == pytest.approx(0.8)
    random = report.deletions["random"]
    assert 0 <= random.comprehensiveness.value < 0.3 and random.sufficiency.value > 0.5
    assert ahead.comprehensiveness.value == pytest.approx(0.8 - random.comprehensiveness.value)
    assert ahead.sufficiency.value == pytest.approx(random.sufficiency.value)
    assert all(getattr(ahead, name).low > 0 for name in FIGURES)


def test_broken_evidence_does_worse_than_random_words():
    broken = judge_faithfulness([reversed_weights(case) for case in cases()], chances)
    assert broken.ahead.aopc_comprehensiveness.high < 0 and broken.ahead.aopc_sufficiency.high < 0
    shuffled = []
    for place, case in enumerate(cases()):
        weights = np.random.default_rng(place).permutation([word.weight for word in case.evidence.words])
        words = tuple(replace(w, weight=float(v)) for w, v in zip(case.evidence.words, weights, strict=True))
        shuffled.append(replace(case, evidence=replace(case.evidence, words=words)))
    ahead = judge_faithfulness(shuffled, chances).ahead.comprehensiveness
    assert ahead.low <= 0 <= ahead.high


def test_where_no_word_speaks_for_a_label_nothing_is_taken_away():
    text = "one two"
    none = Evidence("yes", "occlusion", tuple(WordWeight(a, b, 0.0) for a, b in Words.of(text).spans))
    report = judge_faithfulness([Case("hope " + text, 0, "d", replace(none, words=()))], chances)
    found = report.deletions["evidence"]
    assert report.chosen == 0 and found.comprehensiveness.value == 0 and found.sufficiency.value == pytest.approx(0.8)
    assert found.comprehensiveness.low is None


def test_each_column_is_its_own_label():
    text = "hope one two"
    weights = tuple(WordWeight(a, b, float(a == 0)) for a, b in Words.of(text).spans)
    pair = [Case(text, column, f"d{column}", Evidence("x", "occlusion", weights)) for column in (0, 1)]
    losses = [judge_faithfulness([case], chances).deletions["evidence"].comprehensiveness.value for case in pair]
    assert losses == pytest.approx([0.8, -0.8])


def test_the_seed_fixes_everything_and_another_draws_other_words():
    once, again = judge_faithfulness(cases(), chances, seed=1), judge_faithfulness(cases(), chances, seed=1)
    assert once == again and once.as_dict() == again.as_dict()
    other = judge_faithfulness(cases(), chances, seed=2)
    assert other.deletions["random"] != once.deletions["random"]
    assert other.deletions["evidence"].sufficiency.value == once.deletions["evidence"].sufficiency.value


def test_intervals_draw_whole_documents():
    apart = [replace(case, group=f"d{place}") for place, case in enumerate(cases())]
    together = judge_faithfulness(cases(documents=2), chances).deletions["random"].sufficiency
    alone = judge_faithfulness(apart, chances).deletions["random"].sufficiency
    assert together.value == alone.value and (together.low, together.high) != (alone.low, alone.high)


def test_pairs_are_drawn_by_seed_among_the_labels_given():
    decided = np.zeros((50, 3), dtype=np.int8)
    decided[::2, 0] = decided[::5, 2] = 1
    pairs = sample_pairs(decided, 10, seed=3)
    assert len(pairs) == 10 == len(set(pairs)) and pairs == sorted(pairs) == sample_pairs(decided, 10, seed=3)
    assert all(decided[pair] for pair in pairs) and pairs != sample_pairs(decided, 10, seed=4)
    assert len(sample_pairs(decided, 99)) == 35 and sample_pairs(decided * 0, 9) == []


def test_metrics_have_one_name_for_each_column():
    flat = faithfulness_metrics(judge_faithfulness(cases(), chances))
    assert flat["evidence/comprehensiveness"] == pytest.approx(0.8) and flat["evidence/pairs"] == 30
    assert flat["evidence/ahead_sufficiency_low"] <= flat["evidence/ahead_sufficiency"]
    assert all(isinstance(value, float) for value in flat.values())
    alone = faithfulness_metrics(judge_faithfulness(cases(3, 1), chances))
    assert "evidence/ahead_sufficiency" in alone and "evidence/ahead_sufficiency_low" not in alone
