"""A known law is found again, a flat one promises nothing, and the figures equal those of a single report."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import least_squares

from pipeline.judging.curve import Trial, study
from pipeline.judging.power_law import fit_law, fit_laws
from pipeline.judging.report import judge

SHARES = (0.1, 0.2, 0.4, 0.7, 1.0)
N = np.array([400.0, 800.0, 1600.0, 2800.0, 4000.0])


def worse(judged, wrong: float, seed: int):
    """Turn decisions from gold, each wrong with a probability; the same draws, so that less wrong nests in more."""
    flips = np.random.default_rng(seed).random(judged.gold.shape) < wrong
    return replace(judged, predicted=np.where(flips, 1 - judged.gold, judged.gold).astype(np.int8))


def trials(judged, wrong, seeds=(1, 2, 3)):
    return [
        Trial(seed, share, int(n), int(n) // 20, worse(judged, rate, seed))
        for seed in seeds
        for share, n, rate in zip(SHARES, N, wrong, strict=True)
    ]


@pytest.mark.parametrize(("a", "b", "c"), [(0.2, 3.0, 0.4), (0.0, 1.2, 0.1), (0.35, 20.0, 0.8)])
def test_a_known_law_is_found_again(a, b, c):
    f1 = 1 - a - b * N**-c
    law = fit_law(N, f1)
    assert (law.a, law.c) == (pytest.approx(a, abs=0.02), pytest.approx(c, abs=0.02)) and law.misfit < 2e-4
    for more in (500, 2000):
        assert law.gain(N[-1], more) == pytest.approx(b * (N[-1] ** -c - (N[-1] + more) ** -c), abs=2e-4)


def test_no_other_solver_within_the_bounds_does_better():
    rng = np.random.default_rng(0)
    noisy = 1 - 0.2 - 2.5 * N**-0.35 + rng.normal(0, 0.01, (30, 5))
    for f1, (a, b, c) in zip(noisy, fit_laws(N, noisy), strict=True):
        ours = np.sum((a + b * N**-c - (1 - f1)) ** 2)
        assert 0 <= a <= 1 and b >= 0 and 0.05 <= c <= 1
        for start in ((0.1, 1.0, 0.2), (0.3, 5.0, 0.5), (0.0, 0.5, 0.1)):
            found = least_squares(
                lambda p, f1=f1: p[0] + p[1] * N ** -p[2] - (1 - f1), start, bounds=([0, 0, 0.05], [1, 1000, 1])
            )
            assert ours <= 2 * found.cost + 1e-7


@pytest.mark.parametrize("f1", [np.full(5, 0.6), np.linspace(0.7, 0.6, 5), np.zeros(5), np.ones(5)])
def test_level_and_falling_curves_promise_nothing(f1):
    law = fit_law(N, f1)
    assert law.gain(N[-1], 2000) == pytest.approx(0, abs=1e-9)
    assert float(law.f1(1e9)) == pytest.approx(f1.mean())


def test_a_law_never_promises_more_than_one():
    for f1 in ([0.1, 0.3, 0.6, 0.9, 0.99], [0.5, 0.9, 0.99, 1.0, 1.0]):
        law = fit_law(N, np.array(f1))
        assert 0 <= law.a <= 1 and float(law.f1(1e12)) <= 1


def test_the_expected_gain_lies_in_its_interval_when_the_curve_follows_a_law(make):
    judged = make(3000, documents=60)
    wrong = 0.03 + 1.2 * N**-0.45
    found = study(trials(judged, wrong), expect=(500, 2000), resamples=400)
    finer = np.array([N[-1], N[-1] + 500, N[-1] + 2000])
    truth = [
        np.mean([judge(worse(judged, rate, seed), resamples=2).macro_f1.value for seed in (1, 2, 3)])
        for rate in 0.03 + 1.2 * finer**-0.45
    ]
    macro = found.tracks[0]
    for expected, there in zip(macro.expectations, truth[1:], strict=True):
        assert expected.informative and not expected.far
        assert expected.gain.low < there - truth[0] < expected.gain.high
        assert expected.gain.low < expected.gain.value < expected.gain.high
        assert expected.f1 == pytest.approx(there, abs=0.02)
    assert macro.expectations[0].gain.value < macro.expectations[1].gain.value
    assert [track.name for track in found.of("label")] == list(judged.labels)


def test_noise_around_a_level_is_not_told_apart_from_no_gain(make):
    judged = make(1200, documents=30)
    for start in range(0, 30, 10):
        level = [
            Trial(seed, share, int(n), 9, worse(judged, 0.2, 100 * start + 10 * seed + place))
            for seed in (1, 2, 3)
            for place, (share, n) in enumerate(zip(SHARES, N, strict=True))
        ]
        for expected in study(level, expect=(500, 2000), resamples=400).tracks[0].expectations:
            assert expected.flat or not expected.informative


def test_the_same_answer_everywhere_is_flat(make):
    judged = make(200, documents=10)
    same = [Trial(1, share, int(n), 5, judged) for share, n in zip(SHARES, N, strict=True)]
    found = study(same, expect=(500,), resamples=100)
    assert all(track.expectations[0].flat and track.law.misfit < 1e-12 for track in found.tracks)
    assert any("seeds run: 1" in note for note in found.notes)


def test_with_one_seed_figures_and_intervals_are_those_of_a_report(make):
    judged = make(400, documents=20)
    line = trials(judged, 0.05 + 1.2 * N**-0.45, seeds=(5,))
    found = study(line, expect=(500,), resamples=300, seed=4)
    for place, trial in enumerate(line):
        report = judge(trial.judged, resamples=300, seed=4)
        assert found.tracks[0].values[place] == report.macro_f1
        for track in found.of("label"):
            assert track.values[place] == report.labels[track.name].f1
        for track in found.of("source"):
            assert track.values[place].value == pytest.approx(report.slices["source"][track.name].macro_f1)
    assert [track.name for track in found.of("source")] == sorted(set(judged.slices["source"]))


def test_seeds_widen_the_intervals_and_are_averaged(make):
    judged = make(400, documents=20)
    grid = trials(judged, 0.05 + 1.2 * N**-0.45)
    spread = [replace(t, judged=worse(judged, 0.1 * t.seed, t.seed)) for t in grid]
    alike = [replace(t, judged=worse(judged, 0.2, 1)) for t in grid]
    wide, narrow = (study(g, expect=(500,), resamples=500).tracks[0] for g in (spread, alike))
    assert wide.values[0].value == pytest.approx(np.mean(wide.by_seed[0])) and len(wide.by_seed[0]) == 3
    assert len(set(narrow.by_seed[0])) == 1
    width = [value.high - value.low for value in (wide.values[0], narrow.values[0])]
    assert width[0] > 1.5 * width[1]


def test_more_than_twice_the_present_is_called_far_and_a_bad_prophet_is_known(make):
    judged = make(1200, documents=30)
    wrong = [0.4, 0.3, 0.2, 0.1, 0.35]
    found = study(trials(judged, wrong), expect=(500, 4000, 4001), resamples=50).tracks[0]
    assert [expected.far for expected in found.expectations] == [False, False, True]
    assert found.missed is not None and found.missed < -0.1


def test_a_source_with_one_document_gets_no_interval(make):
    judged = make(300, documents=12)
    lone = tuple("lone" if doc == "doc-03" else "rest" for doc in judged.groups)
    judged = replace(judged, slices={"source": lone})
    found = study(trials(judged, 0.05 + 1.2 * N**-0.45), expect=(500,), resamples=100)
    [track] = [track for track in found.of("source") if track.name == "lone"]
    assert all(value.low is None for value in track.values) and track.expectations[0].gain.low is None
    assert not track.expectations[0].informative
    assert any("lone (1)" in note for note in found.notes)


def test_trials_on_other_sentences_or_an_uneven_grid_are_refused(make):
    grid = trials(make(100, documents=6), [0.1] * 5)
    with pytest.raises(ValueError, match="same shares"):
        study(grid[:-1], expect=(500,))
    other = replace(grid[-1], judged=make(100, documents=6, seed=9))
    with pytest.raises(ValueError, match="same sentences"):
        study([*grid[:-1], other], expect=(500,))
