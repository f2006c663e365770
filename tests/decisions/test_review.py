"""What is marked for review keeps its promise; what is learned survives the way to a file, and old files load."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from pipeline.decisions.decisions import Decisions, sigmoid, softmax
from pipeline.decisions.learn import choose_threshold, expected_f1_threshold, learn_decisions
from pipeline.decisions.review import Review, learn_review, lower_quantile, upper_quantile
from pipeline.decisions.settings import DecisionSettings
from pipeline.ground.codebook import Codebook, Label
from pipeline.ground.config import parse_config
from pipeline.ground.errors import ConfigError

PLAIN = {"learn_from": "validation", "calibration": "sigmoid", "objective": "expected-f1"}


def codebook(choice: str, count: int) -> Codebook:
    labels = tuple(Label(name=name, short=name, definition=name) for name in "abcdef"[:count])
    return Codebook(name="t", version="1.0.0", unit="sentence", choice=choice, labels=labels)


def drawn(rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw chances and gold of two labels, a common and a rare one."""
    chances = sigmoid(rng.normal([-1.0, -2.5], 2.0, (count, 2)))
    return chances, (rng.uniform(size=chances.shape) < chances).astype(int)


def test_quantiles_by_hand():
    scores = np.array([0.9, 0.1, 0.5, 0.3, 0.7, 0.2, 0.4, 0.6, 0.8])  # nine: ten places for a new one
    assert lower_quantile(scores, 0.1) == 0.1 and upper_quantile(scores, 0.1) == 0.9
    assert lower_quantile(scores, 0.3) == 0.3 and upper_quantile(scores, 0.3) == 0.7
    assert lower_quantile(scores, 0.29) == 0.2
    assert (lower_quantile(scores, 0.09), upper_quantile(scores, 0.09)) == (0.0, 1.0)
    assert (lower_quantile(np.zeros(0), 0.4), upper_quantile(np.zeros(0), 0.4)) == (0.0, 1.0)


def test_a_mark_stands_where_the_other_value_conforms_as_well():
    review = Review(error=0.1, error_absent=(0.1,), lowest=(0.2,), highest=(0.7,))
    chances = np.array([[0.1], [0.2], [0.4], [0.5], [0.7], [0.8]])
    decided = (chances >= 0.45).astype(int)
    assert review.unsure(chances, decided)[:, 0].tolist() == [False, True, True, True, True, False]


def test_a_decision_that_the_threshold_makes_against_the_quantiles_is_marked_only_where_it_may_be_wrong():
    apart = Review(error=0.1, error_absent=(0.1,), lowest=(0.6,), highest=(0.3,))  # told apart better than promised
    chances = np.array([[0.2], [0.35], [0.55], [0.65]])
    assert not apart.unsure(chances, (chances >= 0.5).astype(int)).any()
    late = apart.unsure(chances, (chances >= 0.9).astype(int))
    assert late[:, 0].tolist() == [False, False, False, True]


def test_where_one_label_stands_the_rivals_are_named():
    review = Review(error=0.1, error_absent=None, lowest=(0.3,) * 3, highest=None)
    chances = np.array([[0.8, 0.1, 0.1], [0.5, 0.4, 0.1], [0.34, 0.33, 0.33], [0.29, 0.28, 0.43], [0.25, 0.29, 0.27]])
    unsure = review.unsure(chances, np.eye(3, dtype=int)[chances.argmax(axis=1)])
    assert unsure.tolist() == [[False] * 3, [True, True, False], [True] * 3, [False] * 3, [False, True, False]]


@pytest.mark.parametrize("error", [0.05, 0.1, 0.2])
def test_the_promise_is_kept_on_average_where_sentences_are_exchangeable(error):
    rng = np.random.default_rng(17)
    settings_ = DecisionSettings(**PLAIN, review_error=error)
    missed, false, alarms, marked = [], [], [], []
    for _ in range(60):
        chances, gold = drawn(rng, 600)
        decisions = learn_decisions(chances, gold, codebook("any", 2), settings_, "validation")
        new, truth = drawn(rng, 2000)
        new = decisions.calibrate(new)
        given, unsure = decisions.decide(new) > 0, decisions.unsure(new)
        carries = truth > 0
        missed.append((carries & ~given & ~unsure).sum(axis=0) / carries.sum(axis=0))
        false.append((~carries & given & ~unsure).sum(axis=0) / (~carries).sum(axis=0))
        alarms.append((~carries & given & ~unsure).sum(axis=0) / carries.sum(axis=0))
        marked.append(unsure.mean(axis=0))
    slack = 0.012
    assert (np.mean(missed, axis=0) <= error + slack).all()
    assert (np.mean(alarms, axis=0) <= error + slack).all()
    assert (np.mean(false, axis=0) <= np.array(decisions.review.error_absent) + slack).all()
    # Not kept by marking everything: close to nominal where marks are needed at all.
    assert (np.mean(marked, axis=0) < 0.6).all() and (np.mean(missed, axis=0) > error - 0.03).any()


@pytest.mark.parametrize("error", [0.1, 0.2])
def test_the_promise_is_kept_where_exactly_one_label_stands(error):
    rng = np.random.default_rng(23)
    wrong = []
    for _ in range(60):
        chances, gold, new, truth = (part for size in (300, 1000) for part in one_of(rng, size))
        wanted = DecisionSettings(**PLAIN, review_error=error)
        decisions = learn_decisions(chances, gold, codebook("one", 3), wanted, "validation")
        new = decisions.calibrate(new)
        unsure = decisions.unsure(new).any(axis=1)
        wrong.append(((decisions.decide(new) != truth).any(axis=1) & ~unsure).mean())
        assert 0 < unsure.mean() < 1
    assert np.mean(wrong) <= error + 0.012


def one_of(rng: np.random.Generator, size: int) -> tuple[np.ndarray, np.ndarray]:
    chances = softmax(rng.normal(0, 1.5, (size, 3)))
    return chances, np.array([rng.multinomial(1, row) for row in chances])


PAIRS = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60)


@settings(deadline=None, max_examples=100)
@given(PAIRS, st.sampled_from([0.05, 0.1, 0.25]), st.floats(0.01, 0.99))
def test_on_the_sentences_learned_from_fewer_than_promised_pass_wrongly_for_any_threshold(pairs, error, threshold):
    chances = np.array([[p] for p, _ in pairs])
    gold = np.array([[int(g)] for _, g in pairs])
    review, _ = learn_review(chances, gold, error, ["a"], exclusive=False)
    given = chances >= threshold
    passed = ~review.unsure(chances, given.astype(int))
    carries = gold > 0
    assert (carries & ~given & passed).sum() <= error * (carries.sum() + 1) + 1e-6
    assert (~carries & given & passed).sum() <= review.error_absent[0] * ((~carries).sum() + 1) + 1e-6


def test_too_few_sentences_promise_nothing_mark_everything_and_say_so():
    chances, gold = np.array([[0.1], [0.2], [0.9]]), np.array([[0], [0], [1]])
    review, notes = learn_review(chances, gold, 0.1, ["a"], exclusive=False)
    assert (review.lowest, review.highest) == ((0.0,), (1.0,))
    assert review.unsure(chances, gold).all()
    assert len(notes) == 1 and notes[0].startswith("a: too few sentences (1) to promise an error of 0.1")


def test_decisions_written_before_there_was_a_review_load_and_mark_nothing():
    old = {
        "labels": ["a"], "choice": "any", "calibration": "none", "slopes": [1.0], "intercepts": [0.0],
        "thresholds": [0.5], "objective": "macro-F1", "learned_from": "validation", "sentences": 9, "notes": [],
    }  # fmt: skip
    decisions = Decisions.model_validate(old)
    assert decisions.unsure(np.array([[0.5]])) is None and decisions.priors is None
    assert decisions.model_dump(mode="json") == old


def test_new_decisions_come_back_from_json_whole():
    chances, gold = drawn(np.random.default_rng(1), 300)
    for choice, target in (("any", gold), ("one", np.eye(2, dtype=int)[gold[:, 0]])):
        decisions = learn_decisions(chances, target, codebook(choice, 2), DecisionSettings(**PLAIN), "validation")
        again = Decisions.model_validate_json(decisions.model_dump_json())
        assert again == decisions and again.review is not None
        assert again.priors == pytest.approx(target.mean(axis=0))


@pytest.mark.parametrize(
    "changes",
    [
        {"priors": (0.1, 0.2)},
        {"review": Review(error=0.1, error_absent=(0.1,) * 2, lowest=(0.1,) * 2, highest=(0.9,) * 2)},
        {"review": Review(error=0.1, error_absent=None, lowest=(0.1,), highest=None)},
    ],
)
def test_a_file_whose_columns_do_not_agree_is_refused(changes):
    chances, gold = drawn(np.random.default_rng(1), 100)
    decisions = learn_decisions(
        chances[:, :1], gold[:, :1], codebook("any", 1), DecisionSettings(**PLAIN), "validation"
    )
    with pytest.raises(ValidationError, match="not for"):
        Decisions.model_validate(decisions.model_dump() | changes)


@pytest.mark.parametrize("error", [0, 0.5, -0.1, 7, "some"])
def test_an_error_out_of_range_is_refused_in_a_recipe(error):
    with pytest.raises(ConfigError, match="review_error: "):
        parse_config(PLAIN | {"review_error": error}, DecisionSettings, "recipe.yaml")


def test_the_default_error_leaves_a_recipe_as_it_was_and_another_stands_in_it():
    assert "review_error" not in DecisionSettings(**PLAIN).model_dump()
    assert DecisionSettings(**PLAIN, review_error=0.2).model_dump()["review_error"] == 0.2


def test_the_cut_for_expected_f1_by_hand():
    # Taking 1, 2, 3 of them: 1.6/2.5 = 0.64, 2.6/3.5 = 0.743, 3/4.5 = 0.667; half the best is the cut.
    assert expected_f1_threshold(np.array([0.2, 0.8, 0.5])) == pytest.approx(1.3 / 3.5)
    assert expected_f1_threshold(np.zeros(3)) > 0


@settings(deadline=None, max_examples=60)
@given(st.lists(st.floats(0.001, 1), min_size=1, max_size=40))
def test_no_other_cut_has_a_higher_expected_f1(chances):
    p = np.array(chances)
    cut = expected_f1_threshold(p)

    def expected(threshold: float) -> float:
        taken = p >= threshold
        return 2 * p[taken].sum() / (taken.sum() + p.sum())

    assert 0 < cut <= 0.5
    assert expected(cut - 1e-12) == pytest.approx(max(expected(other) for other in p)) == pytest.approx(2 * cut)


def test_the_cut_from_probabilities_varies_less_than_the_one_from_gold():
    rng = np.random.default_rng(5)
    cuts = {"expected-f1": [], "macro-f1": []}
    for _ in range(60):
        chances, gold = drawn(rng, 150)
        for objective, found in cuts.items():
            found.append(
                choose_threshold(chances[:, 0], gold[:, 0], DecisionSettings(**PLAIN | {"objective": objective}))[0]
            )
    assert np.std(cuts["expected-f1"]) < np.std(cuts["macro-f1"]) / 2
    assert DecisionSettings(**PLAIN).stated == "expected F1"


def test_a_label_nobody_carries_keeps_one_half_whatever_the_objective():
    cut, note = choose_threshold(np.array([0.1, 0.2]), np.zeros(2), DecisionSettings(**PLAIN))
    assert cut == 0.5 and "no positive sentence" in note
