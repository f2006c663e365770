"""Parse `stance evaluate`: judge model folders on labelled sentences, by what they do, or by their evidence."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

if TYPE_CHECKING:
    from pipeline.corpus.claims import Suite
    from pipeline.tracking.store import Tracker
    from pipeline.workflows.behaviour import Tried
    from pipeline.workflows.evaluation import GoldRecord
    from pipeline.workflows.guest import Guest

EXAMPLE = "\b\nExample:\n  stance evaluate models/trained/mine --data gold.jsonl --errors 10"
ONLY_DATA = ("slices", "errors", "adapt_priors")
ONLY_BEHAVIOUR = ("labels", "failures", "output", "track")
ONLY_EVIDENCE = ("labels", "most", "output", "track")
ONLY_PREVALENCE = ("labels", "output")
HOMES = {
    "--data": ONLY_DATA,
    "--behaviour": ONLY_BEHAVIOUR,
    "--evidence": ONLY_EVIDENCE,
    "--prevalence": ONLY_PREVALENCE,
}
ALL_BUT_DATA = "With --behaviour, --evidence, --prevalence: "


@click.command("evaluate", epilog=EXAMPLE)
@click.argument("models", metavar="MODEL...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    help='Labelled sentences, JSON lines: {"text": "…", "labels": ["…"], "doc": "…"}.',
)
@click.option("--behaviour", is_flag=True, help="Judge by the behavioural suite of the labels folder instead.")
@click.option("--evidence", is_flag=True, help="Test instead whether the words named as evidence carry decisions.")
@click.option("--prevalence", is_flag=True, help="Judge instead the shares of labels, counted and corrected.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@click.option("--slices/--no-slices", default=True, help="Show the figures of each source, genre or other text key.")
@click.option("--errors", type=click.IntRange(min=0), default=0, metavar="N", help="List the N worst errors too.")
@click.option("--adapt-priors", is_flag=True, help="Adapt to the label shares of the sentences first, without labels.")
@click.option(
    "--labels",
    type=click.Path(path_type=Path),
    help=ALL_BUT_DATA + "the labels folder [default: labels/ of the project].",
)
@click.option(
    "--failures",
    type=click.IntRange(min=0),
    metavar="N",
    help="With --behaviour: list N failed cases of each model [default: 0, and 15 in a file].",
)
@click.option(
    "--most", type=click.IntRange(min=1), default=200, metavar="N", help="With --evidence: test N labels at most [200]."
)
@click.option("-o", "--output", type=click.Path(path_type=Path), help=ALL_BUT_DATA + "write a Markdown report here.")
@click.option(
    "--track/--no-track", default=True, help="With --behaviour, --evidence: log the figures to MLflow, or do not."
)
def command(
    models: tuple[Path, ...],
    data: Path | None,
    behaviour: bool,
    evidence: bool,
    prevalence: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Judge a MODEL folder on labelled sentences, or several by what they do.

    With --data: F1 with 95 % intervals over documents, average precision,
    calibration and thresholds of each label, and whether what is marked for
    review keeps its promise; needs the train extra (scikit-learn). MODEL may
    also be the recipe of a peer (models/setfit.yaml): it leaves no model
    folder, so it is trained first, in an environment of its own.

    With --behaviour: the cases of each capability that each model passes, and
    how far its probabilities move where nothing should; figures are added to
    the model's MLflow run.

    With --evidence: what a label's probability loses without the words named
    as its evidence, and with only these, beside random words; on validation
    sentences or those of --data. It tells whether the words are faithful to the
    model, not whether a reader finds them plausible.

    With --prevalence: how far shares are from the true ones on documents that
    test, and with --data on FILE too, by several methods, and how often the 95 %
    interval of the corrected share holds the true one.
    """
    asked = {"--behaviour": behaviour, "--evidence": evidence, "--prevalence": prevalence}
    _check_usage(click.get_current_context(), models, data, [flag for flag, given in asked.items() if given])
    if evidence:
        from pipeline.cli.evaluation_evidence import on_evidence

        on_evidence(models, data, as_json, **{name: options[name] for name in ONLY_EVIDENCE})
    elif prevalence:
        from pipeline.cli.evaluation_prevalence import on_prevalence

        on_prevalence(models, data, as_json, **{name: options[name] for name in ONLY_PREVALENCE})
    elif data is not None:
        _on_data(models[0], data, as_json, **{name: options[name] for name in ONLY_DATA})
    else:
        _on_behaviour(models, as_json, **{name: options[name] for name in ONLY_BEHAVIOUR})


def _check_usage(ctx: click.Context, models: tuple[Path, ...], data: Path | None, asked: list[str]) -> None:
    """Raise a usage error unless exactly one kind of judgement is asked for, with its own options."""
    if len(asked) > 1:
        given = " and ".join(asked)
        raise click.UsageError(f"give one of --behaviour, --evidence, --prevalence; {given} are given", ctx)
    if asked == ["--behaviour"] and data is not None:
        raise click.UsageError("give either --data FILE or --behaviour; both are given", ctx)
    if data is None and not asked:
        said = "give --data FILE, --behaviour, --evidence or --prevalence; none of them is given"
        raise click.UsageError(said, ctx)
    kind = asked[0] if asked else "--data"
    for parameter in ctx.command.params:
        name = parameter.name or ""
        wanted = " or ".join(flag for flag, options in HOMES.items() if name in options)
        if wanted and name not in HOMES[kind] and ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            names = "/".join([*parameter.opts, *parameter.secondary_opts])
            raise click.UsageError(f"{names} goes with {wanted} only", ctx)
    if data is not None and not asked and len(models) > 1:
        raise click.UsageError(f"--data judges one MODEL, and {len(models)} are named", ctx)


def _on_data(model: Path, data: Path, as_json: bool, slices: bool, errors: int, adapt_priors: bool) -> None:
    from pipeline.ground.extras import need

    need("sklearn", "train", "stance evaluate")
    from pipeline.cli.console import note, results, say_notice, stdout_console
    from pipeline.inference.shelf import find_model
    from pipeline.judging.errors_table import worst_errors
    from pipeline.predict import Predictor
    from pipeline.workflows.evaluation import evaluate, judge_review, read_gold

    predictor: Any
    if model.suffix == ".yaml":
        predictor, records = _peer_and_gold(model, data, adapt_priors)
    else:
        predictor = Predictor.load(find_model(model))
        records = read_gold(data, predictor.codebook)
    if adapt_priors:
        predictor, notice = predictor.adapt(record.text for record in records)
        say_notice(notice)
    report, judged = evaluate(predictor, records, predictor.codebook)
    review = judge_review(predictor, judged)
    worst = worst_errors(judged, errors)
    if as_json:
        value = report.as_dict() | ({} if slices else {"slices": {}})
        value |= {"review": review.as_dict() if review else None}
        value |= {"errors": [asdict(error) for error in worst]} if errors else {}
        with results():
            click.echo(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False))
        return
    from pipeline.reports.evaluation import error_list, report_table, review_table

    console = stdout_console()
    with results():
        console.print(report_table(report, predictor.codebook, slices=slices))
        if review:
            console.print("", review_table(review, predictor.codebook), sep="\n")
        if errors:
            console.print("", error_list(worst), sep="\n")
    unmarked = () if review else ("this model marks nothing for review; one trained from now on does",)
    for remark in (*report.notes, *unmarked):
        note(f"note: {remark}")


def _peer_and_gold(recipe: Path, data: Path, adapt_priors: bool) -> "tuple[Guest, list[GoldRecord]]":
    """Read the sentences, then train the peer: a fault in them is found before minutes are spent."""
    if adapt_priors:
        raise click.UsageError("--adapt-priors goes with a model folder, not with the recipe of a peer")
    from pipeline.ground.extras import need_training
    from pipeline.ground.paths import find_project

    need_training("stance evaluate with the recipe of a peer")
    from pipeline.cli.console import terminal_progress
    from pipeline.ground.codebook import load_codebook
    from pipeline.workflows.evaluation import read_gold
    from pipeline.workflows.guest import read_guest, train_guest

    read_guest(recipe)
    labels = find_project().labels
    records = read_gold(data, load_codebook(labels))
    progress = terminal_progress()
    try:
        return train_guest(recipe, labels, progress), records
    finally:
        progress.close()


def _on_behaviour(
    models: tuple[Path, ...], as_json: bool, labels: Path | None, failures: int | None, output: Path | None, track: bool
) -> None:
    from pipeline.ground.extras import need
    from pipeline.ground.paths import find_project, shown

    if track:
        need("mlflow", "train", "stance evaluate --behaviour (without --no-track)")
    from pipeline.cli.console import note, results, stdout_console
    from pipeline.cli.evaluation_typed import typed
    from pipeline.inference.shelf import find_model
    from pipeline.reports.behaviour import behaviour_table, check_output, write_report
    from pipeline.workflows.behaviour import read_suite, try_models

    project = find_project(beside=labels)
    if output:
        check_output(output)
    suite = read_suite(labels or project.labels)
    folders = [find_model(model) for model in models]
    tracker = open_store(project.root) if track else None
    tried = try_models(folders, suite)
    with results():
        if as_json:
            click.echo(_as_json(tried, suite, failures))
        else:
            stdout_console().print(behaviour_table(tried, suite, failures or 0))
    if output:
        again = typed(models, "--behaviour", output, labels=labels, failures=failures)
        write_report(output, tried, suite, again, failures)
        note(f"wrote {shown(output)}")
    if tracker:
        _track(tried, suite, tracker)


def open_store(root: Path) -> "Tracker":
    """Open the store, so that a fault of it is found before any work is done for it."""
    from pipeline.tracking.store import Tracker

    tracker = Tracker(root)
    tracker.open()
    return tracker


def _track(tried: list["Tried"], suite: "Suite", tracker: "Tracker") -> None:
    from pipeline.cli.console import note
    from pipeline.workflows.behaviour import track

    for one in tried:
        note(f"{one.manifest.id}: figures are in MLflow run {track(one, suite, tracker)}")


def _as_json(tried: list["Tried"], suite: "Suite", failures: int | None) -> str:
    """Give suite and reports as JSON; every failure, unless a number is asked for."""
    models = []
    for one in tried:
        report = one.report.as_dict()
        report["failures"] = report["failures"][:failures]
        models.append({"model": one.manifest.id, "folder": str(one.folder)} | report)
    cases = sum(len(chapter.cases) for chapter in suite.chapters)
    value = {"suite": {"fingerprint": suite.fingerprint, "cases": cases}, "models": models}
    return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
