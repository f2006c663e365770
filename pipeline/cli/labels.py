"""`stance labels`: check the labelled sentences, and divide their documents."""

from pathlib import Path

import click

CHECK_EPILOG = """\b
Example:
  stance labels check
"""
SPLIT_EPILOG = """\b
Example:
  stance labels split
"""
DATASHEET_EPILOG = """\b
Example:
  stance labels datasheet
"""
AUDIT_EPILOG = """\b
Example:
  stance labels audit --recipe models/minilm.yaml
"""
FOLDER = click.argument("folder", type=click.Path(path_type=Path), required=False)


@click.group("labels", epilog=CHECK_EPILOG)
def command() -> None:
    """Check labelled sentences against their texts, and divide documents into splits."""


@command.command("check", short_help="join annotations to their texts; find what repeats", epilog=CHECK_EPILOG)
@FOLDER
def check(folder: Path | None) -> None:
    """Join every annotation to its text and say what is there, what is absent, and what repeats.

    Records of audits and behavioural cases are checked against the labels too.

    FOLDER is a labels folder [default: labels/ of the project].
    """
    from pipeline.cli.console import results, say_notice, stdout_console
    from pipeline.ground.extras import need
    from pipeline.ground.paths import find_project

    need("sklearn", "train", "stance labels check")
    from pipeline.corpus.audits import read_audits
    from pipeline.corpus.cases import check_against, load_suite
    from pipeline.corpus.load import load_corpus
    from pipeline.corpus.splits import split_corpus
    from pipeline.reports.corpus import corpus_summary

    folder = folder or find_project().labels
    corpus = load_corpus(folder)
    for notice in corpus.notices:
        say_notice(notice)
    read_audits(corpus, folder)
    if (folder / "behaviour").is_dir():
        check_against(load_suite(folder, corpus.codebook), corpus.examples)
    summary = corpus_summary(corpus, split_corpus(corpus, folder))
    with results():
        stdout_console().print(summary)


@command.command("split", short_help="divide documents; write splits.yaml", epilog=SPLIT_EPILOG)
@FOLDER
@click.option("--keep", is_flag=True, help="Leave documents where splits.yaml has them; place only the new ones.")
def split(folder: Path | None, keep: bool) -> None:
    """Divide the documents into train, validation and test; refused while a text is absent that it must weigh.

    FOLDER is a labels folder [default: labels/ of the project].
    """
    from pipeline.cli.console import note
    from pipeline.ground.config import load_config
    from pipeline.ground.errors import SplitError
    from pipeline.ground.extras import need
    from pipeline.ground.paths import find_project, shown

    need("sklearn", "train", "stance labels split")
    from pipeline.corpus.load import load_corpus
    from pipeline.corpus.splits import MANIFEST, PARTS, Manifest, make_manifest, write_manifest

    folder = folder or find_project().labels
    corpus = load_corpus(folder)
    known = {a.doc for annotations in corpus.annotations.values() for a in annotations} - set(corpus.pins)
    if absent := known - set(corpus.documents):
        raise SplitError(
            f"{len(absent)} documents have no text here, such as {min(absent)!r}", hint="stance labels check"
        )
    manifest = make_manifest(corpus, keep=load_config(folder / MANIFEST, Manifest) if keep else None)
    path = write_manifest(manifest, folder)
    note(
        f"wrote {shown(path)}: " + ", ".join(f"{len(getattr(manifest, part))} {part}" for part in PARTS) + " documents"
    )


@command.command("datasheet", short_help="write its figures into DATASHEET.md", epilog=DATASHEET_EPILOG)
@FOLDER
def datasheet(folder: Path | None) -> None:
    """Write composition, agreement and re-readings into DATASHEET.md of FOLDER, between its markers."""
    from pipeline.cli.console import note
    from pipeline.corpus.audits import read_audits
    from pipeline.corpus.load import load_corpus
    from pipeline.ground.paths import find_project, shown
    from pipeline.reports.datasheet import agreement_table, audit_table, changes_table, composition_table
    from pipeline.reports.markers import replace_block

    folder = folder or find_project().labels
    corpus = load_corpus(folder)
    path = folder / "DATASHEET.md"
    blocks = {"composition": composition_table(corpus), "agreement": agreement_table(corpus)}
    if records := read_audits(corpus, folder):
        blocks |= {"audit": audit_table(corpus, records), "changes": changes_table(corpus, records)}
    changed = [name for name, body in blocks.items() if replace_block(path, name, body)]
    note(f"{shown(path)}: " + (f"wrote {', '.join(changed)}" if changed else "nothing changed"))


@command.command("audit", short_help="list labels a model doubts", epilog=AUDIT_EPILOG)
@FOLDER
@click.option(
    "--recipe",
    type=click.Path(path_type=Path),
    default=Path("models/minilm.yaml"),
    show_default=True,
    help="The recipe whose out-of-fold probabilities judge the labels.",
)
@click.option(
    "--folds", type=click.IntRange(3, 20), default=5, show_default=True, help="Into how many folds the documents go."
)
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path),
    default=Path("outputs/audit.jsonl"),
    show_default=True,
    help="Where the suspects are written, worst first, as JSON lines without text.",
)
def audit(folder: Path | None, recipe: Path, folds: int, out: Path) -> None:
    """List sentences whose labels are likely wrong, for a person to judge again.

    Trains RECIPE once for each fold, so that every sentence is judged by a model
    that saw nothing of its document, and asks cleanlab which labels contradict
    it. Nothing in FOLDER is changed. Needs the audit extra.
    """
    from pipeline.cli.console import results, stdout_console, terminal_progress
    from pipeline.ground.extras import need, need_training
    from pipeline.ground.files import write_jsonl
    from pipeline.ground.paths import find_project, shown

    need_training("stance labels audit")
    need("cleanlab", "audit", "stance labels audit")
    from pipeline.corpus.load import load_corpus
    from pipeline.learning.encoders import check_encoders
    from pipeline.learning.estimators import Setting
    from pipeline.learning.recipes import load_recipe
    from pipeline.reports.audit import suspects_table
    from pipeline.workflows.audit import audit as find
    from pipeline.workflows.training import THREADS, say_notices

    _check_out(out)
    progress = terminal_progress()
    try:
        loaded = load_recipe(recipe)
        check_encoders(loaded, recipe.parent, progress)
        corpus = load_corpus(folder or find_project(beside=folder).labels)
        say_notices(corpus, progress)
        setting = Setting(corpus.codebook, loaded.seed, recipe.parent, THREADS, progress)
        suspects = find(loaded, setting, corpus, folds)
    finally:
        progress.close()
    write_jsonl(out, (suspect.as_dict() for suspect in suspects))
    with results():
        stdout_console().print(suspects_table(suspects, corpus))
    click.echo(f"wrote {shown(out)}", err=True)


def _check_out(path: Path) -> None:
    """Raise `ConfigError` where suspects cannot be written, or would replace what this command did not write."""
    from pipeline.ground.errors import ConfigError

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a+", encoding="utf-8") as stream:
            stream.seek(0)
            first = stream.readline()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be written ({error})", hint="name another file with -o") from error
    if first.strip() and '"quality"' not in first:
        raise ConfigError(f"{path} is there already and holds no suspects", hint="name another file with -o")
