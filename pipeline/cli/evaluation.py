"""Parse `stance evaluate`: judge a model folder on labelled sentences."""

import json
from dataclasses import asdict
from pathlib import Path

import click

EXAMPLE = "\b\nExample:\n  stance evaluate models/trained/mine --data gold.jsonl --errors 10"


@click.command("evaluate", epilog=EXAMPLE)
@click.argument("model", type=click.Path(path_type=Path))
@click.option(
    "--data",
    required=True,
    type=click.Path(path_type=Path),
    help='Labelled sentences, JSON lines: {"text": "…", "labels": ["…"], "doc": "…"}.',
)
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@click.option("--slices/--no-slices", default=True, help="Show the figures of each source, genre or other text key.")
@click.option("--errors", type=click.IntRange(min=0), default=0, metavar="N", help="List the N worst errors too.")
def command(model: Path, data: Path, as_json: bool, slices: bool, errors: int) -> None:
    """Judge a MODEL folder on labelled sentences.

    Prints F1 with 95 % intervals over documents, average precision, calibration
    and thresholds of each label. Needs the train extra (scikit-learn).
    """
    from pipeline.ground.extras import need

    need("sklearn", "train", "stance evaluate")
    from pipeline.cli.console import note, results, stdout_console
    from pipeline.judging.errors_table import worst_errors
    from pipeline.predict import Predictor
    from pipeline.workflows.evaluation import evaluate, read_gold

    predictor = Predictor.load(model)
    report, judged = evaluate(predictor, read_gold(data, predictor.codebook), predictor.codebook)
    worst = worst_errors(judged, errors)
    if as_json:
        value = report.as_dict() | ({} if slices else {"slices": {}})
        rows = {"errors": [asdict(error) for error in worst]} if errors else {}
        with results():
            click.echo(json.dumps(value | rows, indent=2, ensure_ascii=False, allow_nan=False))
        return
    from pipeline.reports.evaluation import error_list, report_table

    console = stdout_console()
    with results():
        console.print(report_table(report, predictor.codebook, slices=slices))
        if errors:
            console.print("", error_list(worst), sep="\n")
    for remark in report.notes:
        note(f"note: {remark}")
