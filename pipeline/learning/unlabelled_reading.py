"""Read the unlabelled text a recipe names, without anything that labels or held-out documents hold."""

from pathlib import Path
from typing import Any

from pipeline.corpus.unlabelled import Unlabelled, load_unlabelled
from pipeline.corpus.unlabelled_sources import is_there
from pipeline.ground.errors import ConfigError
from pipeline.learning.estimators import Setting
from pipeline.learning.learners import DistilledLearner, FinetunedLearner
from pipeline.learning.recipes import Recipe
from pipeline.learning.unlabelled_settings import UnlabelledSettings


def unlabelled_for(wanted: UnlabelledSettings, setting: Setting) -> Unlabelled:
    """Read and say what is there; what is absent is named and left out.

    Raises:
        ConfigError: the setting does not know the labelled sentences that must be kept out.
        DocumentError: a source is there and not the one the recipe names.
    """
    if not setting.known:
        raise ConfigError(
            "unlabelled text can be read only where every labelled sentence is known, to keep them out of it",
            hint="train the recipe by itself: stance train models/RECIPE.yaml",
        )
    found = load_unlabelled(
        wanted.sources, setting.base, setting.known, wanted.limit, setting.seed, exclude_docs=setting.held_out
    )
    for notice in found.notices:
        setting.progress.say(f"{notice.message}\n  hint: {notice.hint}")
    said = ", ".join(f"{count:,} of {name}" for name, count in found.counts.items()) or "none"
    setting.progress.say(f"unlabelled sentences to learn from: {said}")
    return found


def told_of(unlabelled: Unlabelled) -> dict[str, Any]:
    """Say in a model's facts what it learned from unlabelled, and which sources were not there."""
    absent = {"unlabelled_absent": list(unlabelled.absent)} if unlabelled.absent else {}
    return {"unlabelled": unlabelled.counts, "unlabelled_fingerprint": unlabelled.fingerprint} | absent


def absent_sources(recipe: Recipe, base: Path) -> list[str]:
    """Name, in order, the unlabelled sources that a recipe or a member reads and that are not there."""
    read = [settings for part in recipe.parts if (settings := _read_by(part))]
    return sorted({source.name for one in read for source in one.sources if not is_there(source, base)})


def _read_by(recipe: Recipe) -> UnlabelledSettings | None:
    """Give what a learner reads unlabelled, if anything: for a teacher to judge, or to guess words in."""
    learner = recipe.learner
    if isinstance(learner, DistilledLearner):
        return learner.unlabelled
    return learner.masked.unlabelled if isinstance(learner, FinetunedLearner) and learner.masked else None
