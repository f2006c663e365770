"""Refuse, before anything is trained, an ablation with a variant that cannot be."""

from collections.abc import Mapping

from pipeline.ground.errors import ConfigError, EncoderError
from pipeline.learning.encoders import asks_the_network
from pipeline.learning.fitness import check_altered, check_recipe
from pipeline.learning.learners import DistilledLearner, FinetunedLearner
from pipeline.learning.recipes import Recipe
from pipeline.workflows.bench import Bench


def check_variants(name: str, recipes: Mapping[str, Recipe], bench: Bench, *, fetch: bool) -> None:
    """Check every variant of the ablation `name` by the codebook, and a student's layers by its encoders.

    `fetch` tells whether the network may be asked for an encoder. One that is not to be had is left to the training,
    where its variant drops out.

    Raises:
        ConfigError: a variant alters sentences of a label that there is not, a student or its teacher cannot learn the
            codebook, or a student pairs layers that an encoder does not have.
    """
    for variant, recipe in recipes.items():
        said = f"{name}: {variant}"
        check_altered(recipe, bench.corpus.codebook, said)
        if isinstance(recipe.learner, DistilledLearner):  # others may ask here for what no model folder could score
            check_recipe(recipe, bench.corpus.codebook)
            _check_layers(recipe, recipe.learner, said, bench, fetch=fetch)


def _check_layers(recipe: Recipe, student: DistilledLearner, name: str, bench: Bench, *, fetch: bool) -> None:
    base = bench.project.models
    encoders = [p.learner.encoder for p in recipe.parts if isinstance(p.learner, DistilledLearner | FinetunedLearner)]
    if student.layers is None or (not fetch and any(asks_the_network(encoder, base) for encoder in encoders)):
        return
    from pipeline.learning.nearness import check_layers

    (teacher,) = recipe.members.values()
    try:
        check_layers(student, teacher, base, bench.progress)
    except EncoderError:
        return
    except ConfigError as error:
        raise ConfigError(f"{name}: {error.message}", hint=error.hint) from error
