"""Test evidence for `stance evaluate --evidence`."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from pipeline.predict import Predictor
    from pipeline.workflows.faithful import Explained, Sample

MOST = 200  # labels that are tested unless the user asks for another number


def on_evidence(
    models: tuple[Path, ...],
    data: Path | None,
    as_json: bool,
    labels: Path | None,
    most: int,
    output: Path | None,
    track: bool,
) -> None:
    """Test each model's evidence, print what came of it, and write and track it if asked."""
    from pipeline.cli.console import note, results, stdout_console
    from pipeline.cli.evaluation import open_store
    from pipeline.cli.evaluation_typed import typed
    from pipeline.ground.extras import need
    from pipeline.ground.paths import shown
    from pipeline.inference.shelf import find_model
    from pipeline.reports.behaviour import check_output
    from pipeline.reports.faithfulness import evidence_table, write_report
    from pipeline.workflows.behaviour import load_each
    from pipeline.workflows.faithful import judge_evidence

    if data is not None and labels is not None:
        raise click.UsageError("--labels is for the validation sentences, and --data names others", None)
    if data is None:
        need("sklearn", "train", "stance evaluate --evidence (without --data)")
    if track:
        need("mlflow", "train", "stance evaluate --evidence (without --no-track)")
    if output:
        check_output(output, "--evidence")
    root = _root(data, labels) if track else None
    folders = [find_model(model) for model in models]
    predictors = load_each(folders)
    sample = _sample(data, labels, predictors[0])
    tracker = open_store(root) if root else None
    explained = judge_evidence(folders, predictors, sample, most)
    with results():
        if as_json:
            click.echo(_as_json(explained, sample))
        else:
            stdout_console().print(evidence_table(explained, sample))
    if output:
        unusual = None if most == MOST else most
        again = typed(models, "--evidence", output, data=data, labels=labels, most=unusual)
        write_report(output, explained, sample, again)
        note(f"wrote {shown(output)}")
    if tracker:
        from pipeline.workflows.faithful import track as track_one

        for one in explained:
            note(f"{one.manifest.id}: figures are in MLflow run {track_one(one, sample, tracker)}")


def _root(data: Path | None, labels: Path | None) -> Path:
    """Find the project whose store takes the figures; beside --data no labels folder may be named for it.

    Raises:
        ConfigError: there is no checkout here.
    """
    from pipeline.ground.errors import ConfigError
    from pipeline.ground.paths import find_project

    try:
        return find_project(beside=labels).root
    except ConfigError as error:
        if data is None:
            raise
        raise ConfigError(
            f"{error.message}, so there is no store for the figures",
            hint="add --no-track, which logs nothing to MLflow; or run the command inside a checkout of cautious-hope",
        ) from error


def _sample(data: Path | None, labels: Path | None, predictor: "Predictor") -> "Sample":
    from pipeline.cli.console import terminal_progress
    from pipeline.ground.paths import find_project
    from pipeline.workflows.faithful import sample_of, validation_sample

    if data is not None:
        return sample_of(data, predictor.codebook)
    progress = terminal_progress()
    try:
        return validation_sample(labels or find_project().labels, progress)
    finally:
        progress.close()


def _as_json(explained: list["Explained"], sample: "Sample") -> str:
    models = [
        {"model": one.manifest.id, "folder": str(one.folder), "passes": one.passes} | one.report.as_dict()
        for one in explained
    ]
    sentences = {"name": sample.name, "fingerprint": sample.fingerprint, "sentences": len(sample.texts)}
    return json.dumps({"sample": sentences, "models": models}, indent=2, ensure_ascii=False, allow_nan=False)
