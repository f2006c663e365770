"""Say on what machine a recipe is fitted: its processor, and the GPU where the learner uses one."""

from pipeline.ground.machine import describe_machine
from pipeline.learning.learners import DistilledLearner, FinetunedLearner
from pipeline.learning.recipes import Recipe


def machine_of(recipe: Recipe) -> str:
    """Name the machine as `describe_machine` does, with the GPU for recipes that are fitted on it."""
    if not any(isinstance(part.learner, FinetunedLearner | DistilledLearner) for part in recipe.parts):
        return describe_machine()
    from pipeline.learning.device import gpu_facts, training_device

    return describe_machine(gpu_facts(training_device()).get("gpu", ""))
