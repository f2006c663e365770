"""Known shares are recovered by known rates, and intervals hold the true share as often as they say."""

import numpy as np
import pytest

from pipeline.decisions.prevalence import FEWEST, correct, effective_documents, likeness, prevalence
from pipeline.decisions.rates import Rates, count_rates, levels
from pipeline.ground.records import Prediction

HAVING, WITHOUT = np.array([0.1, 0.15, 0.25, 0.5]), np.array([0.85, 0.1, 0.04, 0.01])
NOTHING = np.full(4, 0.25)


def draw(rng, documents, size, share, alike=0.0, having=HAVING, without=WITHOUT):
    """Draw gold and levels (documents, size); with `alike`, each document has rates of its own."""

    def of_document(rates):
        return rng.dirichlet(rates * (1 / alike - 1), documents) if alike else np.tile(rates, (documents, 1))

    gold = rng.random((documents, size)) < share
    own = np.where(gold[..., None], of_document(having)[:, None], of_document(without)[:, None])
    reached = (rng.random((documents, size, 1)) > own.cumsum(axis=2)[..., :3]).sum(axis=2)
    return gold, reached


def rates_of(gold, reached) -> Rates:
    names = np.repeat(np.arange(len(gold)), gold.shape[1]).astype(str).tolist()
    chances, true = np.full((gold.size, 1), 0.5), gold.reshape(-1, 1).astype(int)
    return count_rates(chances, reached.reshape(-1, 1), true, names, ("hawk",))


def estimate(reached, rates):
    (found,) = correct(reached.reshape(-1, 1), [reached.shape[1]] * len(reached), rates)
    return found


@pytest.mark.parametrize("share", [0.02, 0.3, 0.8])
def test_a_known_share_is_recovered_where_the_count_is_off(share):
    rng = np.random.default_rng(3)
    rates = rates_of(*draw(rng, 200, 40, 0.2))
    gold, reached = draw(rng, 200, 40, share)
    found = estimate(reached, rates)
    assert found.value == pytest.approx(gold.mean(), abs=0.015) and found.low <= gold.mean() <= found.high
    assert abs((reached >= 2).mean() - gold.mean()) > 0.02 and found.high - found.low < 0.05


@pytest.mark.parametrize(
    ("documents", "share", "alike"), [(1, 0.2, 0.0), (1, 0.6, 0.1), (8, 0.2, 0.1), (30, 0.2, 0.0), (30, 0.5, 0.1)]
)
def test_the_interval_holds_the_true_share_as_often_as_it_says(documents, share, alike):
    rng = np.random.default_rng(11)
    held = []
    for _ in range(120):
        rates = rates_of(*draw(rng, 40, 20, 0.2, alike))
        gold, reached = draw(rng, documents, 25, share, alike)
        found = estimate(reached, rates)
        held.append(found.low - 1e-9 <= gold.mean() <= found.high + 1e-9)
    assert np.mean(held) >= 0.90
    assert documents == 1 or np.mean(held) <= 0.99  # one document has few counts to choose from


def test_a_classifier_that_tells_nothing_gets_a_wide_interval():
    rng = np.random.default_rng(5)
    rates = rates_of(*draw(rng, 40, 20, 0.5, having=NOTHING, without=NOTHING))
    found = estimate(draw(rng, 1, 25, 0.5, having=NOTHING, without=NOTHING)[1], rates)
    assert found.high - found.low > 0.8 and 0 <= found.low <= found.value <= found.high <= 1


def test_rates_from_few_documents_widen_the_interval():
    rng = np.random.default_rng(7)
    _, reached = draw(rng, 20, 25, 0.3)
    widths = []
    for documents in (3, 30, 300):
        found = estimate(reached, rates_of(*draw(rng, documents, 20, 0.2)))
        widths.append(found.high - found.low)
    assert widths[0] > 1.5 * widths[1] and widths[1] > widths[2]


def test_documents_that_err_each_in_its_own_way_widen_the_interval():
    rng = np.random.default_rng(9)
    alike, apart = rates_of(*draw(rng, 40, 20, 0.2)), rates_of(*draw(rng, 40, 20, 0.2, 0.3))
    assert likeness(alike.table("hawk")[0]) < 0.05 < 0.2 < likeness(apart.table("hawk")[0])
    _, reached = draw(rng, 1, 25, 0.3)
    close, wide = estimate(reached, alike), estimate(reached, apart)
    assert wide.high - wide.low > close.high - close.low


@pytest.mark.parametrize("level", [0, 3])
@pytest.mark.parametrize("size", [1, 25])
def test_all_or_none_given_keeps_within_bounds(level, size):
    rates = rates_of(*draw(np.random.default_rng(1), 40, 20, 0.2))
    found = estimate(np.full((1, size), level), rates)
    assert 0 <= found.low <= found.value <= found.high <= 1
    assert found.value > 0.6 if level else found.value < 0.2


def test_rates_without_a_single_error_do_not_make_the_answer_certain():
    gold = np.array([[0, 1, 0, 0]] * 4)
    found = estimate(np.array([[0] * 20 + [3] * 5]), rates_of(gold, 3 * gold))
    assert found.low < 0.2 < found.high and np.isfinite([found.low, found.value, found.high]).all()


@pytest.mark.parametrize("carried", [0, 1])
def test_a_label_that_validation_never_or_always_has_is_not_corrected(carried):
    gold = np.full((4, 5), carried)
    assert estimate(np.array([[0, 3, 1]]), rates_of(gold, 3 * gold)) is None


def test_the_same_sentences_give_the_same_interval():
    rates = rates_of(*draw(np.random.default_rng(1), 40, 20, 0.2))
    reached = draw(np.random.default_rng(2), 3, 25, 0.3)[1]
    assert estimate(reached, rates) == estimate(reached, rates)


def test_many_tiny_documents_beside_a_long_one_count_for_little():
    assert effective_documents([25, 25, 25, 25]) == pytest.approx(4)
    assert effective_documents([100, 1, 1, 1]) < 1.1


def test_shares_of_labels_that_exclude_each_other_are_recovered_and_sum_to_one():
    rng = np.random.default_rng(4)
    errs = np.array([[0.8, 0.1, 0.1], [0.2, 0.7, 0.1], [0.1, 0.3, 0.6]])

    def of(size, shares):
        true = rng.choice(3, size, p=shares)
        return np.eye(3, dtype=int)[true], np.array([rng.choice(3, p=errs[one]) for one in true])[:, None]

    gold, reached = of(3000, [0.4, 0.3, 0.3])
    rates = count_rates(np.full((3000, 3), 1 / 3), reached, gold, [str(n % 60) for n in range(3000)], ("x", "y", "z"))
    gold, reached = of(2000, [0.1, 0.2, 0.7])
    found = correct(reached, [50] * 40, rates)
    assert [one.value for one in found] == pytest.approx(gold.mean(axis=0), abs=0.04)
    assert all(one.low <= true <= one.high for one, true in zip(found, gold.mean(axis=0), strict=True))
    assert sum(one.value for one in found) == pytest.approx(1)
    assert abs(np.mean(reached == 2) - 0.7) > 0.2


def test_predictions_are_counted_beside_what_is_corrected():
    rng = np.random.default_rng(6)
    rates = rates_of(*draw(rng, 40, 20, 0.2))
    chances = rng.random(30)
    said = [Prediction("A.", ("hawk",) if p >= 0.4 else (), {"hawk": float(p)}) for p in chances]
    (one,) = prevalence([said[:10], said[10:]], ("hawk",), (0.4,), rates)
    assert (one.label, one.sentences, one.counted) == ("hawk", 30, pytest.approx(np.mean(chances >= 0.4)))
    assert one.corrected == correct(levels(chances[:, None], (0.4,)), [10, 20], rates)[0]
    assert prevalence([said], ("hawk",), (0.4,), None)[0].corrected is None


def test_few_sentences_are_not_corrected():
    rates = rates_of(*draw(np.random.default_rng(1), 40, 20, 0.2))
    said = [Prediction("A.", (), {"hawk": 0.1})] * FEWEST
    (few,), (enough,) = (prevalence([some], ("hawk",), (0.4,), rates) for some in (said[1:], said))
    assert few.corrected is None and few.counted == 0.0 and enough.corrected is not None


def test_no_sentence_has_no_corrected_share():
    rates = rates_of(*draw(np.random.default_rng(1), 40, 20, 0.2))
    for documents in ([], [[]]):
        (one,) = prevalence(documents, ("hawk",), (0.4,), rates)
        assert (one.sentences, one.counted, one.corrected) == (0, 0.0, None)
