"""Say in words what a learning curve is worth, and how its figures are read."""

from pipeline.judging.bootstrap import RESAMPLES
from pipeline.judging.curve import FAR, Expectation, Line, Study, Track
from pipeline.reports.tables import interval

ASSUMED = (
    "Expectations hold for sentences of the same making: the same sources in the same shares, chosen and labelled the"
    " same way. Sentences of another kind may bring more or less."
)
SURE = "a gain by the law"


def seeds_of(study: Study) -> str:
    """Count and name the seeds."""
    return f"{len(study.seeds)} seed{'s' * (len(study.seeds) > 1)} ({', '.join(map(str, study.seeds))})"


def in_words(track: Track) -> str:
    """Say what a figure's expectations are worth; what holds for all is said once."""
    said = [f"{worth(track, expected)}{', extrapolated far' * _beyond(expected)}" for expected in track.expectations]
    if len(set(said)) == 1:
        return said[0]
    return "; ".join(f"+{expected.more:,}: {words}" for expected, words in zip(track.expectations, said, strict=True))


def _beyond(expected: Expectation) -> bool:
    return expected.far and not expected.flat


def worth(track: Track, expected: Expectation) -> str:
    """Say what one expectation is worth."""
    if expected.flat:
        return "no gain: the curve is flat"
    if expected.gain.low is None:
        return "no interval can be given"
    if not expected.informative:
        return "not told apart from no gain"
    if track.missed is not None and abs(track.missed) > expected.gain.value:
        return "a gain by the law, which missed the last share by more"
    return SURE


def sentence(line: Line) -> str:
    """Say in one sentence what more sentences would bring to macro-F1."""
    track = line.study.tracks[0]
    expectations = track.expectations
    if all(expected.flat for expected in expectations):
        return f"The curve of `{line.recipe}` is flat: more sentences of the same making promise no gain."
    said = []
    for expected in expectations:
        doubts = [] if worth(track, expected) == SURE else [worth(track, expected)]
        doubts += ["extrapolated beyond twice the present"] * _beyond(expected)
        words = f"{interval(expected.gain, sign=True)} with {expected.more:,} more sentences"
        said.append(f"{words} ({'; '.join(doubts)})" if doubts else words)
    return f"Expected gain in macro-F1 of `{line.recipe}`: {', '.join(said)}."


def reading() -> str:
    """Say what the intervals cover, and what they do not."""
    return "\n".join(
        [
            f"- Brackets: 95 % percentile intervals over {RESAMPLES:,} resamples. Each draws test documents, the same"
            " for every share, and seeds; a seed decides which training documents a share holds and how training runs.",
            "- They cover the choice of test documents and of seeds. They do not cover which documents were labelled at"
            " all (at the whole training set every seed has the same), nor labels of another making.",
            "- Shares are nested and drawn by document, near-duplicates together, stratified by source and label.",
            "- Law: F1 = 1 − a − b n^−c over n training sentences (Cortes et al. 1994; Hestness et al. 2017; Viering &"
            " Loog 2023), least squares on the means with 0 ≤ a ≤ 1, b ≥ 0, 0.05 ≤ c ≤ 1, so never above 1 and never"
            " falling. Gains are fitted F1 there minus fitted F1 now.",
            "- The interval of a gain: the law fitted again in each resample, the means' distances from it redrawn with"
            " random signs (Wu 1986), so that a curve that follows the law badly gets a wide one.",
            "- *Misfit*: largest distance of a mean from the law. *Missed*: the last share's mean minus what the law"
            " through the smaller shares expects there, a test of the law as a prophet.",
            f"- *Extrapolated far*: beyond {FAR:g} times the present sentences. *Not told apart*: the interval reaches"
            " 0.",
            f"- {ASSUMED}",
        ]
    )
