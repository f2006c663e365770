"""Calibrated models are not told apart by what chance adds to their calibration errors; worse calibrated ones are."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.judging.bootstrap import draw_weights
from pipeline.judging.gate import judge_paired
from pipeline.judging.metrics import calibration_bins, expected_calibration_error
from pipeline.judging.paired import ECE, Aspect, compare_figures, resample_figures
from pipeline.judging.paired_calibration import beyond_chance, calibration, noise_of
from pipeline.judging.records import Judged

DOCUMENTS, SIZE, TRIALS, DRAWS = 40, 20, 40, 300
NODES, SHARES = np.polynomial.hermite_e.hermegauss(31)


def sure(logits):
    return 1 / (1 + np.exp(-np.asarray(logits)))


def over_normal(logits, spread):
    """Average probabilities over normal noise in their log-odds."""
    return sure(np.asarray(logits)[..., None] + spread * NODES) @ (SHARES / SHARES.sum())


def two_models(seed: int, sharper: float = 1.0, alike: float = 0.0) -> tuple[Judged, Judged]:
    """Make answers of two models that know two equally good halves of the truth, one fine, one of two values.

    Both are calibrated, but for the log-odds of the first being `sharper` times too large. `alike` is the standard
    deviation of log-odds over documents, of which neither knows.
    """
    rng = np.random.default_rng(seed)
    sentences = DOCUMENTS * SIZE
    coarse, fine = rng.integers(2, size=sentences), rng.normal(size=sentences)
    document = np.repeat(np.arange(DOCUMENTS), SIZE)
    of_document = alike * rng.normal(size=DOCUMENTS)[document]
    gold = rng.random(sentences) < sure(-1.6 + np.where(coarse, 1.2, -1.2) + 1.2 * fine + of_document)
    known = [over_normal([base + 1.2 * fine for base in (-2.8, -0.4)], alike).mean(axis=0)]
    known = [sure(sharper * np.log(known[0] / (1 - known[0]))), over_normal([-2.8, -0.4], np.hypot(1.2, alike))[coarse]]
    return tuple(
        Judged(
            gold=gold[:, None].astype(np.int8),
            probabilities=one[:, None],
            predicted=(one[:, None] > 0.3).astype(np.int8),
            groups=tuple(f"doc-{number:02}" for number in document),
            texts=tuple(map(str, range(sentences))),
            labels=("hope",),
            thresholds=(0.3,),
            slices={},
            exclusive=False,
        )
        for one in known
    )


def error_between(candidate: Judged, champion: Judged):
    figures = resample_figures({"mine": [candidate], "theirs": [champion]}, DRAWS)
    return [one for one in compare_figures(figures["mine"], figures["theirs"], champion) if one.aspect.kind == ECE]


def verdicts(sharper: float, alike: float) -> list[str]:
    """Judge a fine candidate against a coarse champion, again and again, by calibration error alone."""
    return [judge_paired(error_between(*two_models(seed, sharper, alike)), "test")[0].verdict for seed in range(TRIALS)]


@pytest.mark.parametrize("alike", [0.0, 0.5], ids=["apart", "documents alike"])
def test_a_calibrated_candidate_is_not_refused_for_its_calibration(alike):
    said = verdicts(1.0, alike)
    assert said.count("regressed") <= 3 and said.count("better") <= 3


def test_a_candidate_that_is_much_too_sure_is_refused():
    assert verdicts(2.0, 0.0).count("regressed") >= 36


def test_the_figures_shown_are_the_plain_ones_and_the_difference_is_corrected():
    fine, coarse = two_models(1)
    [found] = error_between(fine, coarse)
    plain = [expected_calibration_error(one.gold[:, 0], one.probabilities[:, 0]) for one in (fine, coarse)]
    assert [found.a, found.b] == pytest.approx(plain)
    assert found.difference.value < plain[0] - plain[1] - 0.005
    assert found.difference.low < found.difference.value < found.difference.high


def test_seeds_are_averaged_with_what_is_shown():
    (one, champion), (other, _) = two_models(1), two_models(1, 2.0)
    figures = resample_figures({"one": [one], "other": [other], "both": [one, other]}, DRAWS)
    at = Aspect(ECE, "hope")
    for name in ("value", "plain"):
        mean = np.mean([getattr(figures[model][at], name) for model in ("one", "other")])
        assert getattr(figures["both"][at], name) == pytest.approx(mean)
    assert champion.labels == one.labels


@pytest.mark.parametrize(("gap", "low", "high"), [(0.0, 0.05, 0.25), (2.0, 1.8, 2.05), (6.0, 5.95, 6.05)])
def test_what_is_left_of_a_gap_is_near_the_true_one(gap, low, high):
    observed = gap + np.random.default_rng(0).normal(size=(2000, 15))
    left = beyond_chance(observed, np.ones(15)) / 15
    assert low < left.mean() < high
    assert np.array_equal(beyond_chance(observed, np.zeros(15)), np.abs(observed).sum(axis=1))


def test_errors_are_resampled_as_a_loop_over_drawn_documents_would(make, pick):
    judged = make(200, documents=8)
    names, groups = np.unique(np.array(judged.groups)), np.array(judged.groups)

    def gaps(rows):
        drawn = pick(judged, rows)
        bins = calibration_bins(drawn.gold[:, 1], drawn.probabilities[:, 1])
        return bins.count * (bins.observed - bins.predicted)

    of = [np.flatnonzero(groups == name) for name in names]
    noise = noise_of(np.array([gaps(rows) for rows in of]), np.array([float(len(rows)) for rows in of]))
    weights = draw_weights(len(names), 20, np.random.default_rng(5))
    slow = []
    for row in weights:
        rows = np.concatenate([np.repeat(one, times) for one, times in zip(of, row, strict=True)])
        slow.append(beyond_chance(gaps(rows), noise) / len(rows))
    error, _ = calibration(judged, 1, weights.astype(float))
    assert error.drawn == pytest.approx(np.array(slow))
    assert error.value == pytest.approx(beyond_chance(gaps(np.arange(200)), noise) / 200)


def test_noise_is_that_of_drawn_documents():
    rng = np.random.default_rng(1)
    sizes = rng.integers(5, 40, 50).astype(float)
    gaps = rng.normal(0.2, 1, (50, 15)) * np.sqrt(sizes)[:, None]
    weights = draw_weights(50, 4000, rng).astype(float)
    drawn = (weights @ gaps) / (weights @ sizes)[:, None] * sizes.sum()
    assert noise_of(gaps, sizes) == pytest.approx(drawn.std(axis=0), rel=0.1)


def test_one_document_tells_of_no_noise():
    fine, _ = two_models(1)
    alone = replace(fine, groups=("doc",) * len(fine.groups))
    error, brier = calibration(alone, 0, np.ones((3, 1)))
    assert error.value == error.plain and set(error.drawn) == {error.value} and brier.shown is None
