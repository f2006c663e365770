"""Find labels that are likely wrong: what a model, trained without a sentence's document, holds against its label."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.corpus.load import Corpus
from pipeline.corpus.splits import grouped_folds
from pipeline.ground.codebook import Codebook
from pipeline.ground.extras import need
from pipeline.ground.files import hash_text
from pipeline.ground.records import Example
from pipeline.learning.estimators import Setting
from pipeline.learning.fit import fit, labelled
from pipeline.learning.recipes import Recipe


@dataclass(frozen=True, slots=True)
class Suspect:
    """A sentence whose labels the model doubts; `quality` in [0, 1] is low where the doubt is strong."""

    example: Example
    suggested: tuple[str, ...]
    probabilities: dict[str, float]
    quality: float

    def as_dict(self) -> dict[str, Any]:
        """Give the suspect standoff: by document, span and hash, without its text."""
        e = self.example
        return {
            "doc": e.doc,
            "start": e.start,
            "end": e.end,
            "sha256": hash_text(e.text, 16),
            "source": e.source,
            "labels": list(e.labels),
            "suggested": list(self.suggested),
            "probabilities": {name: round(value, 4) for name, value in self.probabilities.items()},
            "quality": round(self.quality, 4),
        }


def audit(recipe: Recipe, setting: Setting, corpus: Corpus, folds: int) -> list[Suspect]:
    """List likely label errors, worst first, over all documents, test documents too: labels are judged, not models.

    Confident learning on out-of-fold calibrated probabilities (Northcutt, Jiang and Chuang 2021), by cleanlab.

    Raises:
        MissingExtra: cleanlab is not installed.
        SplitError: there are fewer independent documents than folds.
    """
    need("cleanlab", "audit", "stance labels audit")
    examples = list(corpus.examples)
    probabilities, decided = out_of_fold_answers(recipe, setting, examples, folds)
    return find_suspects(examples, setting.codebook, probabilities, decided)


def out_of_fold_answers(
    recipe: Recipe, setting: Setting, examples: Sequence[Example], folds: int
) -> tuple[np.ndarray, np.ndarray]:
    """Give every sentence the probabilities and decisions of a model that saw nothing of its document group.

    Both have shape (n, labels). In each turn one fold is answered, the next one validates, the others train.
    """
    probabilities = np.zeros((len(examples), len(setting.codebook.names)))
    decided = np.zeros(probabilities.shape, dtype=np.int8)
    for number, (train, validation, held) in enumerate(fold_turns(examples, setting.codebook, folds), start=1):
        setting.progress.say(f"{recipe.name}: fold {number} of {folds}")
        classifier = fit(recipe, setting, [examples[i] for i in train], [examples[i] for i in validation])
        texts = labelled([examples[i] for i in held], setting.codebook).texts
        probabilities[held] = classifier.predict_proba(texts)
        decided[held] = classifier.decisions.decide(probabilities[held])
    return probabilities, decided


def fold_turns(
    examples: Sequence[Example], codebook: Codebook, folds: int
) -> Iterator[tuple[list[int], list[int], list[int]]]:
    """Yield the positions that train, validate and are held out, turn by turn; folds by document group."""
    held = grouped_folds(examples, codebook, folds)
    for turn in range(folds):
        after = (turn + 1) % folds
        yield [i for fold in range(folds) if fold not in (turn, after) for i in held[fold]], held[after], held[turn]


def find_suspects(
    examples: Sequence[Example], codebook: Codebook, probabilities: np.ndarray, decided: np.ndarray
) -> list[Suspect]:
    """Ask cleanlab which labels are likely errors; both matrices have shape (n, labels)."""
    from cleanlab.multilabel_classification import get_label_quality_scores
    from cleanlab.multilabel_classification.filter import find_label_issues

    gold = [np.flatnonzero(row).tolist() for row in codebook.encode([e.labels for e in examples])]
    issues = find_label_issues(gold, probabilities, n_jobs=1)
    quality = get_label_quality_scores(gold, probabilities)
    suggested = codebook.decode(decided)
    found = [
        Suspect(
            examples[i],
            suggested[i],
            dict(zip(codebook.names, map(float, probabilities[i]), strict=True)),
            float(quality[i]),
        )
        for i in np.flatnonzero(issues).tolist()
    ]
    return sorted(found, key=lambda suspect: suspect.quality)
