"""Fit one recipe at several seeds and average their probabilities; a fit that is done is never done again."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from pipeline.learning.average import AverageEstimator
from pipeline.learning.estimators import Setting
from pipeline.learning.finetuned import FinetunedEstimator
from pipeline.learning.learners import FinetunedLearner, SeedsLearner

STRIDE = 1000  # between the seeds of members, so that recipes of neighbouring seeds share none


class SeedsEstimator(AverageEstimator):
    """The mean of one fine-tuned recipe's probabilities over seeds; members are named `seed-N`."""

    def __init__(self, learner: SeedsLearner, member: FinetunedLearner, setting: Setting) -> None:
        seeds = [setting.seed + STRIDE * turn for turn in range(learner.fits)]
        self.members = {
            f"seed-{seed}": FinetunedEstimator(member, replace(setting, seed=seed), keep=weights_cache(setting.base))
            for seed in seeds
        }
        super().__init__(dict(self.members))

    @property
    def facts(self) -> dict[str, Any]:
        """Say of each member when and how long it was fitted."""
        return {"fits": {name: member.facts for name, member in self.members.items()}}


def weights_cache(base: Path) -> Path:
    """Say where weights of finished fits lie, for recipes in the folder `base`; git ignores it."""
    return base.resolve().parent / ".cache" / "weights"
