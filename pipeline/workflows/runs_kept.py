"""Keep what a training's model answered, and tell how far the run is from the champion of its codebook."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pipeline.corpus.splits import Split
from pipeline.ground.errors import StanceError
from pipeline.ground.progress import Progress
from pipeline.ground.records import Estimate
from pipeline.judging.compare import differences, resample_models
from pipeline.judging.kept import KeptAnswers, keep, why_not_paired
from pipeline.tracking.registry import Registry, Version
from pipeline.tracking.runs import RunReader, keep_answers
from pipeline.tracking.store import Run, Tracker

if TYPE_CHECKING:
    from pipeline.workflows.training import Trained

PREFIX = {"test": "", "validation": "val_"}  # as `flat_metrics` names the columns of each part


def answers_of(trained: "Trained", split: Split) -> list[KeptAnswers]:
    """Join what a trained model answered on validation and test with the places of the sentences."""
    manifest = trained.manifest
    about = (manifest.codebook, manifest.data_fingerprint, manifest.id)
    return [
        keep("validation", trained.validated, split.validation, *about),
        keep("test", trained.judged, split.test, *about),
    ]


def keep_and_compare(run: Run, answers: Sequence[KeptAnswers], tracker: Tracker, progress: Progress) -> None:
    """Write answers into a run; where its codebook has a champion judged on the same sentences, add the difference.

    Columns `val_delta_champion`, `val_delta_champion_low` and `val_delta_champion_high` are differences of macro-F1 on
    validation, the ones to choose by; the same without `val_` are on test, to be reported, as are all test figures of a
    training. The tags `val_delta_to_champion` and `delta_to_champion` say so in words. A champion that cannot be
    compared with leaves them out, with a line of news: a training that is done is never lost for it.
    """
    for one in answers:
        keep_answers(run, one)
    try:
        champion = Registry(tracker).champion(answers[0].codebook)
        if champion is not None:
            _add_deltas(run, answers, champion, RunReader(tracker), progress)
    except StanceError as error:
        progress.say(f"not compared with the champion: {error.message}")


def _add_deltas(
    run: Run, answers: Sequence[KeptAnswers], champion: Version, reader: RunReader, progress: Progress
) -> None:
    record = reader.run(champion.run_id)
    for mine in answers:
        theirs = reader.answers(record, mine.part)
        if why := why_not_paired(mine, theirs):
            progress.say(f"not compared with the champion on {mine.part}: {why}")
            continue
        delta = macro_difference(mine, theirs)
        name = f"{PREFIX[mine.part]}delta_champion"
        limits = {f"{name}_low": delta.low, f"{name}_high": delta.high}
        run.metrics({name: delta.value} | {key: value for key, value in limits.items() if value is not None})
        about = f"{champion.model} version {champion.number}, run {champion.run_id[:8]}"
        said = f"{in_words(delta)} on {mine.part}"
        run.tags({"champion": about, f"{PREFIX[mine.part]}delta_to_champion": said})


def macro_difference(mine: KeptAnswers, theirs: KeptAnswers) -> Estimate:
    """Give macro-F1 of one run minus that of another by paired document bootstrap."""
    resampled = resample_models({"mine": [mine.as_judged()], "theirs": [theirs.as_judged()]})
    return differences(resampled)[0].estimate


def in_words(delta: Estimate) -> str:
    """Write a difference with its interval: `+0.012 [-0.004, +0.027]`."""
    if delta.low is None or delta.high is None:
        return f"{delta.value:+.3f}"
    return f"{delta.value:+.3f} [{delta.low:+.3f}, {delta.high:+.3f}]"
