"""Label shares are recovered from unlabelled sentences, and probabilities follow by Bayes' rule."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.decisions.decisions import Decisions, sigmoid, softmax
from pipeline.decisions.review import Review
from pipeline.decisions.shift import adapt, adapt_decisions, estimate_priors


def batch(rng: np.random.Generator, share: float, believed: float, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw gold with `share` positives, scores N(±1, 1), and the chances that one who believes in `believed` gives."""
    gold = rng.uniform(size=count) < share
    scores = rng.normal(np.where(gold, 1.0, -1.0), 1.0)
    return sigmoid(2 * scores + np.log(believed / (1 - believed)))[:, None], gold


@pytest.mark.parametrize(("share", "believed"), [(0.05, 0.3), (0.5, 0.2), (0.3, 0.3)])
def test_a_shifted_share_is_recovered(share, believed):
    chances, gold = batch(np.random.default_rng(3), share, believed, 20000)
    estimate = estimate_priors(chances, (believed,))
    assert estimate.converged and estimate.sentences == 20000
    assert estimate.priors[0] == pytest.approx(share, abs=0.015)
    mended = adapt(chances, (believed,), estimate.priors)
    assert mended.mean() == pytest.approx(gold.mean(), abs=0.01)
    near = (mended[:, 0] > 0.4) & (mended[:, 0] < 0.6)
    assert gold[near].mean() == pytest.approx(mended[near].mean(), abs=0.08)


def test_shares_of_labels_that_exclude_each_other_are_recovered_together():
    rng = np.random.default_rng(9)
    true, believed = np.array([0.6, 0.3, 0.1]), np.array([0.2, 0.3, 0.5])
    gold = rng.choice(3, size=20000, p=true)
    scores = rng.normal(np.eye(3)[gold] * 2, 1.0)  # log-likelihood of class k is 2 x_k, up to a constant
    chances = softmax(2 * scores + np.log(believed))
    estimate = estimate_priors(chances, tuple(believed), exclusive=True)
    assert np.allclose(estimate.priors, true, atol=0.02) and sum(estimate.priors) == pytest.approx(1)
    assert np.allclose(adapt(chances, believed, estimate.priors, exclusive=True).sum(axis=1), 1)


def test_few_sentences_move_little_and_the_plain_method_runs_away():
    chances = np.full((20, 1), 0.35)
    held = estimate_priors(chances, (0.2,))
    plain = estimate_priors(chances, (0.2,), pseudo_count=0)
    assert 0.2 < held.priors[0] < 0.25 and plain.priors[0] > 0.9


def test_one_step_by_hand():
    # From 0.5 to 0.2 the odds are divided by four: 0.8 has odds 4, then 1.
    assert adapt(np.array([[0.8], [0.5]]), (0.5,), (0.2,))[:, 0] == pytest.approx([0.5, 0.2])
    exclusive = adapt(np.array([[0.5, 0.5]]), (0.5, 0.5), (0.2, 0.8), exclusive=True)
    assert exclusive[0] == pytest.approx([0.2, 0.8])


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.floats(0, 1), min_size=1, max_size=50),
    st.floats(0.01, 0.99),
    st.sampled_from([0.0, 10.0, 200.0]),
)
def test_estimates_stay_shares_and_order_stays(chances, trained, strength):
    column = np.sort(np.array(chances))[:, None]
    estimate = estimate_priors(column, (trained,), pseudo_count=strength)
    assert 0 <= estimate.priors[0] <= 1
    mended = adapt(column, (trained,), estimate.priors)
    assert (np.diff(mended[:, 0]) >= 0).all() and ((mended >= 0) & (mended <= 1)).all()


def test_the_same_shares_change_nothing():
    chances = np.array([[0.3, 0.6, 0.1]])
    assert np.allclose(adapt(chances, (0.2, 0.3, 0.5), (0.2, 0.3, 0.5)), chances)
    assert np.allclose(adapt(chances, (0.2, 0.3, 0.5), (0.2, 0.3, 0.5), exclusive=True), chances)


@pytest.mark.parametrize("never", [0.0, 1.0])
def test_a_label_that_all_or_none_carried_in_training_is_left_as_it_is(never):
    chances = np.tile([[0.3, 0.4]], (200, 1))
    estimate = estimate_priors(chances, (never, 0.2))
    assert estimate.priors[0] == never
    assert adapt(chances, (never, 0.2), estimate.priors)[:, 0] == pytest.approx(chances[:, 0])


@pytest.mark.parametrize("shape", [(0, 1), (3, 2), (3,)])
def test_other_shapes_are_refused(shape):
    with pytest.raises(ValueError, match="label shares"):
        estimate_priors(np.full(shape, 0.5), (0.2,))


def decisions(choice: str = "any", **changes: object) -> Decisions:
    one = choice == "one"
    plain = {
        "labels": ("a", "b"), "choice": choice, "calibration": "temperature" if one else "sigmoid",
        "slopes": (0.7, 0.7), "intercepts": (0.0, 0.0) if one else (-0.4, 0.3), "objective": "",
        "thresholds": None if one else (0.3, 0.4), "learned_from": "validation", "sentences": 9, "priors": (0.2, 0.8),
    }  # fmt: skip
    return Decisions.model_validate(plain | changes)


@pytest.mark.parametrize("choice", ["any", "one"])
@pytest.mark.parametrize("calibrated", [True, False])
def test_adapted_decisions_give_what_adapting_the_probabilities_gives(choice, calibrated):
    before = (
        decisions(choice) if calibrated else decisions(choice, calibration="none", slopes=(1, 1), intercepts=(0, 0))
    )
    raw = softmax(np.random.default_rng(0).normal(0, 1, (50, 2)))
    after = adapt_decisions(before, (0.5, 0.5))
    wanted = adapt(before.calibrate(raw), before.priors, (0.5, 0.5), exclusive=choice == "one")
    assert np.allclose(after.calibrate(raw), wanted)
    assert after.thresholds == before.thresholds and after.priors == (0.5, 0.5)


def test_marks_that_hang_on_what_conforms_do_not_change_with_the_shares():
    review = Review(error=0.1, error_absent=(0.02, 0.1), lowest=(0.1, 0.0), highest=(0.7, 1.0))
    before = decisions(review=review)
    after = adapt_decisions(before, (0.4, 0.5))
    raw = np.random.default_rng(0).uniform(size=(200, 2))
    for chosen in (np.zeros((200, 2)), np.ones((200, 2))):
        assert np.array_equal(
            before.review.unsure(before.calibrate(raw), chosen), after.review.unsure(after.calibrate(raw), chosen)
        )
    assert (after.review.lowest[1], after.review.highest[1]) == (0.0, 1.0)


def test_decisions_without_shares_cannot_be_adapted():
    with pytest.raises(ValueError, match="cannot be adapted"):
        adapt_decisions(decisions(priors=None), (0.1, 0.2))
