"""Refuse, before any work, a recipe that cannot learn a codebook or whose model could not score."""

from pipeline.ground.codebook import Codebook
from pipeline.ground.errors import ConfigError
from pipeline.learning.augment import check_labels
from pipeline.learning.learners import DistilledLearner, FinetunedLearner
from pipeline.learning.loss_settings import BceLoss, Smoothing
from pipeline.learning.recipes import Recipe


def check_recipe(recipe: Recipe, codebook: Codebook) -> None:
    """Check a recipe and its members.

    Raises:
        ConfigError: a learner reads neighbouring sentences, which scoring does not give it; or exactly one label is
            carried and the learner is for any subset, or asks for a loss or smoothing that would be left unused; or
            a learner alters sentences of a label that there is not.
    """
    check_altered(recipe, codebook, recipe.name)
    for part in recipe.parts:
        learner = part.learner
        if isinstance(learner, FinetunedLearner) and learner.context != "none":
            raise ConfigError(
                f"{part.name} reads neighbouring sentences, and scoring gives a model one sentence at a time",
                hint="set context: none; `context: neighbours` is there for ablations (stance experiment run)",
            )
        if not codebook.exclusive:
            continue
        if isinstance(learner, DistilledLearner):
            raise ConfigError(
                f"{part.name}: kind distilled is for codebooks where any subset of labels may hold",
                hint="use kind: finetuned where exactly one label holds",
            )
        if isinstance(learner, FinetunedLearner) and (learner.loss, learner.smoothing) != (BceLoss(), Smoothing()):
            raise ConfigError(
                f"{part.name}: loss and smoothing are for codebooks where any subset of labels may hold",
                hint="leave both out where exactly one label holds",
            )


def check_altered(recipe: Recipe, codebook: Codebook, name: str) -> None:
    """Raise `ConfigError` where a recipe or a member alters sentences of a label that the codebook does not have.

    `name` is what the recipe itself is called in the message.
    """
    for part in recipe.parts:
        if isinstance(part.learner, FinetunedLearner | DistilledLearner) and part.learner.augment:
            check_labels(part.learner.augment, codebook, f"{name if part is recipe else part.name}: augment.labels")
