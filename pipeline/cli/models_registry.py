"""`stance models promote` and `stance models history`: the champion in MLflow's model registry."""

import json
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from pipeline.workflows.promotion import Trial

PROMOTE_EPILOG = """\b
Example:
  stance models promote tfidf --dry-run
"""
PROMOTE_HELP = """Make the model of RUN the champion of its codebook, if nothing regresses.

RUN is named as for `stance compare`. Its model must be whole and must give
the answers its run kept. It is then held against the champion by paired
bootstrap of whole documents. What it may lose, where the 95 % interval
leaves out 0 as well:

\b
  macro-F1                   0.01
  F1 of a label              0.02
  macro-F1 of a source       0.03   (five documents or more)
  ECE of a label             0.01   (unless its Brier score got better)
  size                       a quarter more, if above 10 MB
  seconds, timed in turns    a quarter more, if under 1,000 sentences/s

Validation, size and speed come first; test is opened for a candidate they
let through, by the same lines, and every look by `promote` is counted.
Otherwise the alias stays where it is, and the command ends with exit code 2.
A line with under five documents is not counted; where that is macro-F1, only
--force --why promotes.
"""
HISTORY_EPILOG = """\b
Example:
  stance models history
"""


@click.command("promote", help=PROMOTE_HELP, short_help="make a run's model the champion", epilog=PROMOTE_EPILOG)
@click.argument("run")
@click.option("--dry-run", is_flag=True, help="Compare without opening test, and change nothing.")
@click.option("--force", is_flag=True, help="Promote whatever the comparison says; wants --why.")
@click.option("--why", metavar="TEXT", help="Why the comparison is overruled; kept on the version and on the run.")
@click.option("--json", "as_json", is_flag=True, help="Print the comparison as JSON.")
def promote(run: str, dry_run: bool, force: bool, why: str | None, as_json: bool) -> None:
    """Compare, move the alias or refuse, and say why."""
    from pipeline.cli.console import note, results, say_notice, stdout_console, terminal_progress
    from pipeline.ground.codebook import load_codebook
    from pipeline.ground.extras import need
    from pipeline.ground.paths import find_project

    _check_why(force, why)
    for module in ("mlflow", "sklearn"):
        need(module, "train", "stance models promote")
    from pipeline.reports.promotion import trial_table
    from pipeline.tracking.registry import Registry
    from pipeline.tracking.runs import RunReader
    from pipeline.tracking.store import Tracker
    from pipeline.workflows import promotion

    project = find_project()
    tracker, progress = Tracker(project.root), terminal_progress()
    try:
        hall = promotion.Hall(project, RunReader(tracker), Registry(tracker), progress)
        wish = promotion.Wish(run, (why or "").strip(), dry_run)
        trial = promotion.promote(wish, load_codebook(project.labels).name, hall)
    finally:
        progress.close()
    for notice in trial.notices:
        say_notice(notice)
    with results():
        if as_json:
            click.echo(json.dumps(trial.as_dict(), indent=2, ensure_ascii=False))
        else:
            stdout_console().print(trial_table(trial))
    if trial.version is None:
        _refuse_or_pass(trial)
    else:
        how = "forced" if trial.forced else "nothing regressed" if trial.champion else "the first"
        note(f"{trial.model} version {trial.version.number} is champion: {trial.run.said}, {how}")


def _check_why(force: bool, why: str | None) -> None:
    if force and not (why or "").strip():
        raise click.UsageError("--force wants --why TEXT: what is overruled, and who answers for it, is kept")
    if why is not None and not force:
        raise click.UsageError("--why goes with --force; a promotion that passes needs no reason")


def _refuse_or_pass(trial: "Trial") -> None:
    """Say that a dry run passes, or raise with every reason against."""
    from pipeline.cli.console import note
    from pipeline.ground.errors import ModelError
    from pipeline.reports.promotion import verdict_line

    if trial.passed:
        note(f"{trial.run.said} passes so far; nothing was changed, and test stayed closed")
        return
    reasons = [f"{check.what}: {check.said}" for check in trial.faults] + [verdict_line(one) for one in trial.regressed]
    reasons += [trial.incomparable] if trial.incomparable else []
    overrule = f"overrule it: stance models promote {trial.run.short} --force --why TEXT"
    more = f"see more: stance compare champion {trial.run.short} --on validation --markdown\n      or "
    raise ModelError(
        f"{trial.run.said} is not promoted:\n" + "\n".join(f"  - {reason}" for reason in reasons),
        hint=(more if trial.champion else "") + overrule,
    )


@click.command("history", short_help="the champions in the order of time", epilog=HISTORY_EPILOG)
@click.option("--model", "name", help="Registered model [default: the name of the project's codebook].")
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON, with whole ids and every tag.")
def history(name: str | None, as_json: bool) -> None:
    """List the champions: when, which run and model, how good, and why; a star marks the one of now.

    Macro-F1 and the difference from the champion before are on test.
    """
    from pipeline.cli.console import note, results, stdout_console
    from pipeline.ground.codebook import load_codebook
    from pipeline.ground.errors import TrackingError
    from pipeline.ground.extras import need
    from pipeline.ground.paths import find_project

    need("mlflow", "train", "stance models history")
    from pipeline.ground.config import did_you_mean
    from pipeline.reports.promotion import history_table
    from pipeline.tracking.registry import Registry
    from pipeline.tracking.runs import RunReader
    from pipeline.tracking.store import Tracker

    project = find_project()
    tracker = Tracker(project.root)
    RunReader(tracker)
    registry = Registry(tracker)
    model = name or load_codebook(project.labels).name
    versions = registry.versions(model)
    if name and not versions:
        known = registry.names()
        raise TrackingError(
            f"no registered model is called {name!r}" + (f"; {did_you_mean(name, known)}" if known else ""),
            hint="promote a run: stance models promote RUN",
        )
    with results():
        if as_json:
            click.echo(json.dumps([version.as_dict() for version in versions], indent=2, ensure_ascii=False))
        elif versions:
            stdout_console().print(history_table(versions))
    if not versions:
        note(f"{model} has no champion yet")
        note("  hint: make one: stance models promote RUN")
