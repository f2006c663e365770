"""`stance compare`: line up tracked runs, and tell which differences are real."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

if TYPE_CHECKING:
    from pipeline.ground.codebook import Codebook
    from pipeline.workflows.runs_compared import RunsCompared

FORMS = {".md": "markdown", ".json": "json"}
EPILOG = """\b
Example:
  stance compare
"""


@click.command("compare", epilog=EPILOG)
@click.argument("runs", metavar="[RUN]...", nargs=-1)
@click.option(
    "--experiment",
    help="Compare the runs of this MLflow experiment, or look there for each RUN"
    " [default: the one that ran last, or all].",
)
@click.option("--baseline", metavar="RUN", help="Hold the others against this run [default: the champion].")
@click.option(
    "--on",
    "part",
    type=click.Choice(["validation", "test"]),
    default="validation",
    show_default=True,
    help="Sentences to judge on.",
)
@click.option("--runs-apart", is_flag=True, help="Show each seed by itself instead of means over seeds.")
@click.option("--markdown", is_flag=True, help="Write Markdown, with every label and source.")
@click.option("--json", "as_json", is_flag=True, help="Write JSON, with every label and source.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write to this file, as its name ends: .md or .json.",
)
def command(
    runs: tuple[str, ...],
    experiment: str | None,
    baseline: str | None,
    part: Literal["validation", "test"],
    runs_apart: bool,
    markdown: bool,
    as_json: bool,
    output: Path | None,
) -> None:
    """Compare each RUN by what its model answered on the same sentences.

    A RUN is the id of an MLflow run or its first digits, a run's name, a recipe,
    a model's name or folder, or `champion`. With none: the finished runs of an
    experiment, the newest for each recipe and seed, of at most twelve recipes.

    Differences in macro-F1 are from the champion, by paired bootstrap of whole
    documents and of seeds. Where there is no champion the baseline is the best
    run by validation. The best of many is partly the luckiest on the sentences
    it was chosen on, and every other run looks worse for it: on validation no
    difference from it is called real. Nor is any on fewer than five documents.

    Choose a model on validation. --on test shows figures to report once it is
    chosen, not to choose by. Peers are judged on test alone.
    """
    from pipeline.cli.console import say_notice
    from pipeline.ground.codebook import load_codebook
    from pipeline.ground.extras import need
    from pipeline.ground.paths import find_project
    from pipeline.reports.comparison_of_runs import check_output

    form = _form(markdown, as_json, output)
    if output:
        check_output(output)
    for module in ("mlflow", "sklearn"):
        need(module, "train", "stance compare")
    from pipeline.tracking.registry import Registry
    from pipeline.tracking.runs import RunReader
    from pipeline.tracking.store import Tracker
    from pipeline.workflows.runs_compared import Wish, compare_runs

    project = find_project()
    codebook = load_codebook(project.labels)
    tracker = Tracker(project.root)
    wish = Wish(runs, experiment, baseline, part, runs_apart)
    compared = compare_runs(wish, RunReader(tracker), Registry(tracker), codebook.name)
    for notice in compared.notices:
        say_notice(notice)
    _answer(compared, codebook, form, output)


def _form(markdown: bool, as_json: bool, output: Path | None) -> str:
    """Tell in which form to answer; raise a usage error where flags and the file's name do not agree on it."""
    if markdown and as_json:
        raise click.UsageError("--markdown and --json are two forms of one answer; give one of them")
    asked = "json" if as_json else "markdown" if markdown else ""
    if output is None:
        return asked or "table"
    form = FORMS.get(output.suffix)
    if form is None:
        raise click.UsageError(f"-o {output}: the name must end in .md for Markdown or in .json for JSON")
    if asked and asked != form:
        raise click.UsageError(f"--{asked} and -o {output} are two forms of one answer; leave out --{asked}")
    return form


def _answer(compared: "RunsCompared", codebook: "Codebook", form: str, output: Path | None) -> None:
    """Print the comparison, or write it into a file."""
    from pipeline.cli.console import note, results, stdout_console
    from pipeline.ground.paths import shown
    from pipeline.reports.comparison_of_runs import runs_markdown, runs_table
    from pipeline.reports.output import write_output

    if form == "table":
        with results():
            stdout_console().print(runs_table(compared, codebook))
        return
    as_json = form == "json"
    text = json.dumps(compared.as_dict(), indent=2, ensure_ascii=False) + "\n" if as_json else runs_markdown(compared)
    if output is None:
        with results():
            click.echo(text, nl=False)
        return
    write_output(output, text)
    note(f"wrote {shown(output)}")
