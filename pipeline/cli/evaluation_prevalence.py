"""Run `stance evaluate --prevalence`: judge the shares that models give."""

import json
from pathlib import Path

import click


def on_prevalence(
    models: tuple[Path, ...], data: Path | None, as_json: bool, labels: Path | None, output: Path | None
) -> None:
    """Judge each model's shares on the test documents and, where given, on other labelled sentences."""
    from pipeline.ground.extras import need

    need("sklearn", "train", "stance evaluate --prevalence")
    from pipeline.cli.console import note, results, stdout_console
    from pipeline.cli.evaluation_typed import typed
    from pipeline.ground.paths import find_project, shown
    from pipeline.inference.released import project_here
    from pipeline.inference.shelf import find_model
    from pipeline.reports.behaviour import check_output
    from pipeline.reports.prevalence import prevalence_tables, write_report
    from pipeline.workflows.prevalence import measure_prevalence

    if output:
        check_output(output, "--prevalence")
    named = labels
    if labels is None and (data is None or project_here()):
        labels = find_project().labels
    measured = []
    for folder in [find_model(model) for model in models]:
        note(f"drawing samples for {shown(folder)}; about a minute")
        measured.append(measure_prevalence(folder, labels, data))
    with results():
        if as_json:
            click.echo(json.dumps([one.as_dict() for one in measured], indent=2, ensure_ascii=False, allow_nan=False))
        else:
            stdout_console().print(prevalence_tables(measured))
    for doubt in dict.fromkeys(doubt for one in measured for doubt in one.doubts):
        note(f"note: {doubt}")
    if output:
        write_report(output, measured, typed(models, "--prevalence", output, data=data, labels=named))
        note(f"wrote {shown(output)}")
