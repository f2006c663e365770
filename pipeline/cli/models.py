"""`stance models`: what models there are, what one says of itself, whether it is whole, and its card."""

import json
from pathlib import Path

import click

from pipeline.cli.models_registry import history, promote

LS_EPILOG = """\b
Example:
  stance models ls
"""
SHOW_EPILOG = """\b
Example:
  stance models show accurate
"""
VERIFY_EPILOG = """\b
Example:
  stance models verify accurate
"""
EXPORT = """\b
Example:
  stance models export accurate -o accurate-pyfunc
"""
QUANTISE_EPILOG = """\b
Example:
  stance models quantise mpnet --recipe models/mpnet.yaml -o smaller
"""
RATES_EPILOG = """\b
Example:
  stance models rates accurate
"""
CARD_EPILOG = """\b
Example:
  stance models card accurate
"""


@click.group("models", epilog=LS_EPILOG, commands=[promote, history])
def command() -> None:
    """List models, show what one is, verify it, write its card, and make one the champion.

    Released models are in models/released/ of the checkout, or in the installed
    package; models trained here are in models/trained/.
    """


@command.command("ls", short_help="list the models, released and trained", epilog=LS_EPILOG)
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON.")
def ls(as_json: bool) -> None:
    """List the models here: size, codebook, test macro-F1 with interval, speed.

    Speed is in sentences a second, as measured where the model was made.
    """
    from pipeline.cli.console import note, results, say_notice, stdout_console
    from pipeline.ground.errors import ModelError
    from pipeline.ground.paths import shown
    from pipeline.ground.records import Notice
    from pipeline.inference.shelf import choose_model
    from pipeline.workflows.shelf import list_models

    models = list_models()
    if as_json:
        with results():
            click.echo(json.dumps([model.as_dict() for model in models], indent=2, ensure_ascii=False))
        return
    if not models:
        note("no model here, neither released nor trained")
        note("  hint: train one: stance train models/minilm.yaml")
        return
    from pipeline.reports.models import models_table

    with results():
        stdout_console().print(models_table(models))
    for model in models:
        if model.fault:
            say_notice(Notice(model.fault.message, model.fault.hint))
    try:
        note(f"stance score takes {shown(choose_model(None, fast=False)[0])} where none is named")
    except ModelError:
        note("stance score has no model to take by itself: name one with --model")


@command.command("show", short_help="what a model is, and how good", epilog=SHOW_EPILOG)
@click.argument("model", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print all of it as JSON, with whole hashes.")
def show(model: Path, as_json: bool) -> None:
    """Show MODEL, a name or a folder: origin, figures, decisions, files, recipe.

    A name is looked up among the released models, then the trained ones.
    """
    from pipeline.cli.console import results, stdout_console
    from pipeline.reports.models import model_as_dict, model_card
    from pipeline.workflows.shelf import describe_model

    folder, manifest, decisions = describe_model(model)
    with results():
        if as_json:
            click.echo(json.dumps(model_as_dict(folder, manifest, decisions), indent=2, ensure_ascii=False))
        else:
            stdout_console().print(model_card(folder, manifest, decisions))


@command.command("verify", short_help="check files, decisions, scores, codebook", epilog=VERIFY_EPILOG)
@click.argument("models", metavar="[MODEL]...", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--labels",
    type=click.Path(path_type=Path),
    help="Labels folder whose codebook is compared [default: labels/ of the project].",
)
def verify(models: tuple[Path, ...], labels: Path | None) -> None:
    """Verify each MODEL, a name or a folder [default: every released one].

    Checks the manifest, each file's size and sha256, the decisions, that the
    model loads and gives probabilities, and that its labels are those of the
    codebook. Exit code 2 if anything is at fault.
    """
    from pipeline.cli.console import note, results, stdout_console
    from pipeline.ground.codebook import load_codebook
    from pipeline.ground.paths import shown
    from pipeline.inference.released import project_here
    from pipeline.reports.models import verified_list
    from pipeline.workflows.shelf import models_to_verify, verify_model

    folders = models_to_verify(models)
    if labels is None and (project := project_here()):
        labels = project.labels
    codebook = load_codebook(labels) if labels else None
    place = shown(labels / "codebook.yaml") if labels else ""
    verified = [verify_model(folder, codebook, place) for folder in folders]
    with results():
        stdout_console().print(verified_list(verified))
    faulty = sum(not one.sound for one in verified)
    note(f"{len(verified)} verified, {faulty} at fault")
    if faulty:
        raise SystemExit(2)


@command.command("card", short_help="judge a model anew and write its MODEL_CARD.md", epilog=CARD_EPILOG)
@click.argument("model", type=click.Path(path_type=Path))
@click.option(
    "--labels",
    type=click.Path(path_type=Path),
    help="Labels folder whose test documents judge it [default: labels/ of the project].",
)
@click.option(
    "--real",
    type=click.Path(path_type=Path),
    help='Other people\'s labelled sentences, JSON lines: {"text": "…", "labels": ["…"], "doc": "…", "source": "…"}.',
)
def card(model: Path, labels: Path | None, real: Path | None) -> None:
    """Write MODEL_CARD.md into the folder of MODEL, a name or a folder.

    Its files are verified, and it is judged on the test documents, by the
    behavioural suite and, with --real, on other people's sentences: of these,
    the figures are kept in real.json, never the text, so that the card can be
    written again without them. The same folder and labels give the same card.
    """
    from pipeline.ground.extras import need

    need("sklearn", "train", "stance models card")
    from pipeline.cli.console import note
    from pipeline.ground.paths import find_project, shown
    from pipeline.inference.shelf import find_model
    from pipeline.reports.card import card_markdown
    from pipeline.reports.tables import interval
    from pipeline.workflows.card import CARD, keep_card, measure_card

    folder = find_model(model)
    measured = measure_card(folder, labels or find_project().labels, real)
    for doubt in measured.doubts:
        note(f"note: {doubt}")
    manifest = keep_card(measured, card_markdown(measured))
    said = f"macro-F1 {interval(measured.report.macro_f1)}"
    if measured.real:
        said += f", on other people's sentences {interval(measured.real.report.macro_f1)}"
    note(f"{manifest.id}: {said}")
    note(f"wrote {shown(folder / CARD)}")


@command.command("rates", short_help="measure a model's error rates anew", epilog=RATES_EPILOG)
@click.argument("model", type=click.Path(path_type=Path))
@click.option(
    "--labels",
    type=click.Path(path_type=Path),
    help="Labels folder whose validation documents are judged [default: labels/ of the project].",
)
def rates(model: Path, labels: Path | None) -> None:
    """Measure how often MODEL errs on validation documents, and keep that in its manifest.

    Shares are corrected by these rates. Training measures them; this command does
    it for a model trained before there were any. Nothing but the manifest changes,
    and the model keeps its id. The same folder and labels give the same rates.
    """
    from pipeline.ground.extras import need

    need("sklearn", "train", "stance models rates")
    from pipeline.cli.console import note, results, stdout_console
    from pipeline.ground.paths import find_project, shown
    from pipeline.inference.manifest import MANIFEST
    from pipeline.inference.shelf import find_model
    from pipeline.reports.prevalence import rates_table
    from pipeline.workflows.prevalence import add_rates

    folder = find_model(model)
    manifest, found = add_rates(folder, labels or find_project().labels)
    with results():
        stdout_console().print(rates_table(found, manifest.codebook))
    note(f"{manifest.id}: wrote {shown(folder / MANIFEST)}")


@command.command("quantise", short_help="quantise a model's graph without training it again", epilog=QUANTISE_EPILOG)
@click.argument("model", type=click.Path(path_type=Path))
@click.option(
    "--recipe",
    required=True,
    type=click.Path(path_type=Path),
    help="The recipe that made MODEL, with `quantise` added or changed.",
)
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="Model folder to write.")
@click.option(
    "--labels",
    type=click.Path(path_type=Path),
    help="Labels folder with its held-out documents [default: labels/ of the project].",
)
def quantise(model: Path, recipe: Path, output: Path, labels: Path | None) -> None:
    """Write MODEL, a name or a folder, with its graph quantised as --recipe says.

    --recipe names the recipe that made MODEL, with `quantise` added to it or
    changed; all else must be as it was, but for the seed, which is MODEL's own.
    Most recipes in models/ have no `quantise`: write it into the file first, as
    models/fast.yaml has it. Nothing is trained. It takes a graph of float32, and
    one by rows (int8-rows) if the recipe asks for int8-static.

    Figures and error rates are measured anew, and so are decisions learned from
    validation; those learned out-of-fold stay. parity.json says what the change
    cost. A model that is there already is never replaced.
    """
    from pipeline.ground.extras import need

    need("onnx", "train", "stance models quantise")
    from pipeline.cli.console import note, terminal_progress
    from pipeline.ground.paths import find_project, shown
    from pipeline.inference.shelf import find_model
    from pipeline.workflows.requantise import requantise

    progress = terminal_progress()
    try:
        made = requantise(find_model(model), recipe, labels or find_project().labels, output, progress)
    finally:
        progress.close()
    note(f"{made.id}: test macro-F1 {made.metrics['macro_f1']:.3f}, {made.size / 1e6:.1f} MB")
    note(f"wrote {shown(output)}; what it cost: {shown(output / 'parity.json')}")


@command.command("export", short_help="write a model as an MLflow pyfunc, to serve or to load elsewhere", epilog=EXPORT)
@click.argument("model", type=click.Path(path_type=Path))
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="Folder to write.")
def export(model: Path, output: Path) -> None:
    """Write MODEL, a name or a folder, as an MLflow pyfunc that carries its own code.

    It takes a table with a text column and gives each label's probability, the
    labels and what deserves a look; `mlflow models serve` answers for it, and
    `mlflow.pyfunc.spark_udf` runs it on a cluster. No pickle is in it.
    """
    from pipeline.ground.extras import need

    need("mlflow", "spark", "stance models export")
    from pipeline.cli.console import note
    from pipeline.inference.shelf import find_model
    from pipeline.tracking.pyfunc import save_pyfunc

    place = save_pyfunc(find_model(model), output)
    note(f"wrote {place}; serve it: mlflow models serve -m {place} --env-manager local -h 127.0.0.1 -p 5001")
