"""Gather what the page of a run shows."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import yaml

from pipeline.corpus.load import Corpus
from pipeline.corpus.splits import PARTS, Split
from pipeline.ground.records import Evidence, Example
from pipeline.ground.version import code_version
from pipeline.judging.errors_table import WorstError, worst_errors
from pipeline.judging.lengths import length_of
from pipeline.judging.records import Judged
from pipeline.judging.report import judge
from pipeline.judging.share_figure import Point
from pipeline.learning.context import neighbours_of
from pipeline.learning.machines import machine_of
from pipeline.learning.recipes import Recipe
from pipeline.pages.overview import Sheet, ShownError, overview_page
from pipeline.predict import Predictor
from pipeline.workflows.notes import documents

if TYPE_CHECKING:
    from pipeline.workflows.training import Trained

ERRORS = 30
Place = tuple[str, str, str]  # document, sentence, label


def overview_of(
    trained: "Trained",
    recipe: Recipe,
    purpose: str,
    corpus: Corpus,
    split: Split,
    history: Sequence[Mapping[str, float]],
    points: Sequence[Point] = (),
) -> str:
    """Write the page of a run that left a model folder, which is asked for the words behind its wrong decisions."""
    megabytes = trained.manifest.size / 1e6
    tiles = cost_tiles(trained.seconds, trained.sentences_per_second, megabytes)
    facts = {"model": trained.manifest.id, "run": trained.run_id}
    evidence = evidence_of(Predictor.load(trained.folder), worst_errors(trained.judged, ERRORS))
    return page_of(recipe, purpose, corpus, split, trained.judged, tiles, facts, history, evidence, points)


def page_of(
    recipe: Recipe,
    purpose: str,
    corpus: Corpus,
    split: Split,
    judged: Judged,
    tiles: Mapping[str, str],
    facts: Mapping[str, str],
    history: Sequence[Mapping[str, float]] = (),
    evidence: Mapping[Place, Evidence] | None = None,
    points: Sequence[Point] = (),
    folds: int = 0,
) -> str:
    """Write the page of any run that was judged on the test sentences of a split, or on its training folds."""
    by_length = judged.slices | {"length": tuple(map(length_of, judged.texts))}
    judged = replace(judged, slices=by_length)
    return overview_page(
        Sheet(
            title=f"{recipe.name}, seed {recipe.seed}",
            purpose=purpose,
            tiles=tiles,
            report=judge(judged),
            judged=judged,
            errors=shown_errors(worst_errors(judged, ERRORS), corpus.examples, evidence or {}),
            history=history,
            facts={**made_by(recipe, corpus, split), **facts},
            recipe=yaml.safe_dump(recipe.described, sort_keys=False, allow_unicode=True),
            points=points,
            folds=folds,
        )
    )


def cost_tiles(seconds: float, speed: float, megabytes: float) -> dict[str, str]:
    """Say what a model costs."""
    return {"Trained in": f"{seconds:,.0f} s", "Sentences a second": f"{speed:,.0f}", "Megabytes": f"{megabytes:,.1f}"}


def made_by(recipe: Recipe, corpus: Corpus, split: Split) -> dict[str, str]:
    """Name exactly what makes a run, for people."""
    sizes = {
        part: f"{len(getattr(split, part)):,} sentences of {documents(getattr(split, part)):,} documents"
        for part in PARTS
    }
    return {
        "recipe": f"{recipe.name}, hash {recipe.hash}",
        "labels": f"{corpus.codebook.name} {corpus.codebook.version}, fingerprint {corpus.fingerprint}",
        **sizes,
        "absent": "; ".join(notice.message for notice in corpus.notices),
        "code": code_version(),
        "machine": machine_of(recipe),
    }


def evidence_of(predictor: Predictor, errors: Sequence[WorstError]) -> dict[Place, Evidence]:
    """Weigh the words of each wrong decision for its label; by occlusion that costs a scoring for each word."""
    found = predictor.explain([error.text for error in errors], [(error.label,) for error in errors])
    return {_key(error): evidence for error, (evidence,) in zip(errors, found, strict=True)}


def _key(error: WorstError) -> Place:
    return (error.document, error.text, error.label)


def shown_errors(
    errors: Sequence[WorstError], examples: Sequence[Example], evidence: Mapping[Place, Evidence]
) -> list[ShownError]:
    """Put each wrong decision between the labelled sentences right before and after it."""
    places: dict[tuple[str, str], int] = {}
    for place, example in enumerate(examples):
        places.setdefault((example.doc, example.text), place)
    beside = neighbours_of(examples)
    shown = []
    for error in errors:
        place = places.get((error.document, error.text), -1)
        if place < 0:
            shown.append(ShownError(error, evidence=evidence.get(_key(error))))
            continue
        shown.append(ShownError(error, *beside[place], evidence=evidence.get(_key(error))))
    return shown
