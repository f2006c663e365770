"""Calibration undoes what distorted the scores; thresholds do what their objective says."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.decisions.decisions import Decisions, logit, sigmoid, softmax
from pipeline.decisions.learn import choose_threshold, fit_sigmoid, fit_temperature, learn_decisions
from pipeline.decisions.settings import DecisionSettings
from pipeline.ground.codebook import Codebook, Label
from pipeline.ground.config import parse_config
from pipeline.ground.errors import ConfigError
from pipeline.ground.files import read_json, write_json

PLAIN = {"learn_from": "out-of-fold", "calibration": "sigmoid", "objective": "macro-f1"}


def settings_of(**changes: object) -> DecisionSettings:
    return DecisionSettings(**(PLAIN | changes))


def codebook(choice: str, count: int = 3) -> Codebook:
    labels = tuple(Label(name=name, short=name, definition=name) for name in "abcdef"[:count])
    return Codebook(name="t", version="1.0.0", unit="sentence", choice=choice, labels=labels)


def log_loss(chances: np.ndarray, gold: np.ndarray) -> float:
    return float(-np.mean(gold * np.log(chances) + (1 - gold) * np.log(1 - chances)))


def simulated(slope: float, intercept: float, count: int = 20000) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw true chances, gold labels, and raw scores whose logits are (true - intercept) / slope."""
    rng = np.random.default_rng(7)
    true = rng.normal(-1, 1.5, count)
    gold = (rng.uniform(size=count) < sigmoid(true)).astype(int)
    return sigmoid(true), gold, sigmoid((true - intercept) / slope)


@pytest.mark.parametrize(("slope", "intercept"), [(0.4, 0.5), (1.0, -2.0), (2.5, 1.0), (1.0, 0.0)])
def test_calibration_recovers_a_known_distortion(slope, intercept):
    _, gold, raw = simulated(slope, intercept)
    assert fit_sigmoid(raw, gold) == pytest.approx((slope, intercept), abs=0.1)


@pytest.mark.parametrize(("slope", "intercept"), [(0.4, 0.5), (1.0, -2.0), (2.5, 1.0)])
def test_calibration_lowers_log_loss_to_that_of_the_true_chances(slope, intercept):
    true, gold, raw = simulated(slope, intercept)
    found, added = fit_sigmoid(raw, gold)
    mended = sigmoid(found * logit(raw) + added)
    assert log_loss(mended, gold) < log_loss(raw, gold) - 0.01
    assert log_loss(mended, gold) == pytest.approx(log_loss(true, gold), abs=1e-3)
    assert mended.mean() == pytest.approx(gold.mean(), abs=1e-3)


SCORES = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=2, max_size=40)


@settings(deadline=None, max_examples=60)
@given(SCORES)
def test_calibration_never_turns_the_order_round(pairs):
    raw, gold = np.array([p for p, _ in pairs]), np.array([int(g) for _, g in pairs])
    slope, intercept = fit_sigmoid(raw, gold)
    assert slope > 0 and np.isfinite([slope, intercept]).all()
    mended = sigmoid(slope * logit(np.sort(raw)) + intercept)
    assert (np.diff(mended) >= 0).all() and (mended >= 0).all() and (mended <= 1).all()


def test_constant_scores_are_left_as_they_are():
    assert fit_sigmoid(np.full(30, 0.3), np.arange(30) % 2) == (1.0, 0.0)


def test_scores_that_point_the_wrong_way_are_left_as_they_are():
    _, gold, raw = simulated(1.0, 0.0, 500)
    assert fit_sigmoid(1 - raw, gold) == (1.0, 0.0)


@pytest.mark.parametrize("value", [0, 1])
def test_a_label_that_never_or_always_stands_calibrates_without_overflow(value):
    slope, intercept = fit_sigmoid(np.linspace(0, 1, 30), np.full(30, value))
    chances = sigmoid(slope * logit(np.linspace(0, 1, 30)) + intercept)
    assert np.isfinite(chances).all() and abs(chances.mean() - value) < 0.3


def f1_at(chances: np.ndarray, gold: np.ndarray, threshold: float) -> float:
    taken = chances >= threshold
    return 2 * (taken & (gold > 0)).sum() / max(taken.sum() + gold.sum(), 1)


def precision_at(chances: np.ndarray, gold: np.ndarray, threshold: float) -> float:
    taken = chances >= threshold
    return (taken & (gold > 0)).sum() / max(taken.sum(), 1)


def recall_at(chances: np.ndarray, gold: np.ndarray, threshold: float) -> float:
    return ((chances >= threshold) & (gold > 0)).sum() / gold.sum()


WITH_POSITIVES = SCORES.filter(lambda pairs: any(gold for _, gold in pairs))


@settings(deadline=None)
@given(WITH_POSITIVES)
def test_no_other_threshold_has_a_higher_f1(pairs):
    chances, gold = np.array([p for p, _ in pairs]), np.array([int(g) for _, g in pairs])
    threshold, note = choose_threshold(chances, gold, settings_of())
    best = max(f1_at(chances, gold, other) for other in [*chances, 0.0, 1.1])
    assert f1_at(chances, gold, threshold) == pytest.approx(best)
    assert note == "" and 0 <= threshold <= 1


@settings(deadline=None)
@given(WITH_POSITIVES, st.sampled_from([0.3, 0.5, 0.8, 0.95]))
def test_a_precision_floor_is_met_with_the_highest_recall_or_said_to_be_out_of_reach(pairs, floor):
    chances, gold = np.array([p for p, _ in pairs]), np.array([int(g) for _, g in pairs])
    wanted = settings_of(objective="precision-floor", floor=floor)
    threshold, note = choose_threshold(chances, gold, wanted)
    reaching = [other for other in chances if precision_at(chances, gold, other) >= floor]
    if reaching:
        assert note == "" and precision_at(chances, gold, threshold) >= floor
        assert recall_at(chances, gold, threshold) == max(recall_at(chances, gold, other) for other in reaching)
    else:
        best = max(precision_at(chances, gold, other) for other in chances)
        assert f"no threshold reaches precision {floor:g}" in note
        assert precision_at(chances, gold, threshold) == pytest.approx(best)


def test_an_unreachable_floor_is_noted_under_its_label():
    raw = np.array([[0.9, 0.2], [0.8, 0.9], [0.1, 0.3], [0.2, 0.8]])
    gold = np.array([[0, 0], [1, 1], [0, 0], [0, 1]])
    wanted = settings_of(calibration="none", objective="precision-floor", floor=0.9)
    learned = learn_decisions(raw, gold, codebook("any", 2), wanted, "out-of-fold")
    assert [note for note in learned.notes if "promise" not in note] == [
        "a: no threshold reaches precision 0.9; the best, 0.50, stands"
    ]
    assert learned.objective == "precision of at least 0.9, then recall"


def test_a_label_without_a_positive_sentence_keeps_one_half_and_says_so():
    learned = learn_decisions(
        np.linspace(0, 1, 20).reshape(10, 2),
        np.eye(10, 2, dtype=int) * [1, 0],
        codebook("any", 2),
        settings_of(),
        "validation",
    )
    assert learned.thresholds[1] == 0.5
    assert learned.notes[0] == "b: no positive sentence to learn a threshold from; 0.5 stands"


def test_a_fixed_threshold_is_taken_as_it_is():
    assert choose_threshold(np.array([0.1, 0.9]), np.array([1, 0]), settings_of(objective="fixed", threshold=0.7)) == (
        0.7,
        "",
    )


def learned_any(calibration: str = "sigmoid") -> tuple[Decisions, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    raw = rng.uniform(0.01, 0.99, (400, 3))
    gold = (rng.uniform(size=raw.shape) < raw**2).astype(int)
    return learn_decisions(raw, gold, codebook("any"), settings_of(calibration=calibration), "out-of-fold"), raw, gold


@pytest.mark.parametrize("calibration", ["sigmoid", "none"])
def test_the_threshold_was_chosen_on_what_calibrate_gives(calibration):
    decisions, raw, gold = learned_any(calibration)
    chances = decisions.calibrate(raw)
    chosen = decisions.decide(chances)
    assert chosen.dtype == np.int8 and set(np.unique(chosen)) == {0, 1}
    assert len(decisions.thresholds) == 3
    for column, threshold in enumerate(decisions.thresholds):
        assert np.array_equal(chosen[:, column] == 1, chances[:, column] >= threshold)
        best = max(f1_at(chances[:, column], gold[:, column], other) for other in chances[:, column])
        assert f1_at(chances[:, column], gold[:, column], threshold) == pytest.approx(best)
    assert np.array_equal(chances, raw) == (calibration == "none")


@pytest.mark.parametrize("temperature", [0.4, 1.0, 3.0])
def test_temperature_is_recovered_where_exactly_one_label_stands(temperature):
    rng = np.random.default_rng(11)
    scores = rng.normal(0, 1.5, (8000, 4))
    true = softmax(scores)
    gold = np.array([rng.multinomial(1, row) for row in true])
    assert 1 / fit_temperature(softmax(scores * temperature), gold) == pytest.approx(temperature, rel=0.08)


def test_where_exactly_one_label_stands_the_largest_probability_decides():
    rng = np.random.default_rng(5)
    raw = softmax(rng.normal(0, 2, (500, 3)))
    gold = np.array([rng.multinomial(1, row**2 / (row**2).sum()) for row in raw])
    decisions = learn_decisions(raw, gold, codebook("one"), settings_of(), "validation")
    chances = decisions.calibrate(raw)
    assert (decisions.choice, decisions.calibration, decisions.thresholds) == ("one", "temperature", None)
    assert decisions.cutoffs == (None, None, None)
    assert np.allclose(chances.sum(axis=1), 1)
    assert np.array_equal(decisions.decide(chances).argmax(axis=1), raw.argmax(axis=1))
    assert (decisions.decide(chances).sum(axis=1) == 1).all()
    kept = learn_decisions(raw, gold, codebook("one"), settings_of(calibration="none"), "validation")
    assert np.array_equal(kept.calibrate(raw), raw)
    assert log_loss(chances, gold) < log_loss(raw, gold)


@pytest.mark.parametrize("make", [learned_any, lambda: learned_any("none")])
def test_decisions_survive_the_way_to_json_and_back(tmp_path, make):
    decisions, raw, _ = make()
    write_json(tmp_path / "decisions.json", decisions.model_dump(mode="json"))
    again = parse_config(read_json(tmp_path / "decisions.json"), Decisions, "decisions.json")
    assert again == decisions
    assert np.array_equal(again.calibrate(raw), decisions.calibrate(raw))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"objective": "precision-floor"}, "needs `floor`"),
        ({"floor": 0.5}, "goes with objective precision-floor"),
        ({"floor": 1.0}, "floor: "),
        ({"folds": 1}, "folds: "),
        ({"threshold": 0.0}, "threshold: "),
        ({"calibration": "isotonic"}, "calibration: "),
    ],
)
def test_wishes_that_contradict_each_other_are_refused(changes, said):
    with pytest.raises(ConfigError, match=said):
        parse_config(PLAIN | changes, DecisionSettings, "recipe.yaml")


@given(st.floats(-700, 700), st.floats(-15, 15))
def test_sigmoid_never_overflows_and_undoes_logit(large, score):
    assert 0 <= sigmoid(np.array(large)) <= 1
    assert logit(sigmoid(np.array(score))) == pytest.approx(np.clip(score, -13.8155, 13.8155), abs=1e-3)


@given(st.lists(st.floats(-700, 700), min_size=2, max_size=5), st.floats(-100, 100))
def test_softmax_sums_to_one_and_does_not_know_a_common_shift(scores, shift):
    row = np.array([scores])
    assert softmax(row).sum() == pytest.approx(1)
    assert np.allclose(softmax(row), softmax(row + shift))


def test_a_precision_floor_takes_the_most_precise_of_the_thresholds_with_the_same_recall():
    probabilities = np.array([0.1, 0.2, 0.25, 0.28, 0.6, 0.8, 0.9])
    gold = np.array([0, 0, 0, 0, 1, 1, 1])
    settings = DecisionSettings(learn_from="validation", calibration="none", objective="precision-floor", floor=0.5)
    threshold, note = choose_threshold(probabilities, gold, settings)
    assert 0.28 < threshold < 0.6 and note == ""
