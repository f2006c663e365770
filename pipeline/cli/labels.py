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
FOLDER = click.argument("folder", type=click.Path(path_type=Path), required=False)


@click.group("labels", epilog=CHECK_EPILOG)
def command() -> None:
    """Check labelled sentences against their texts, and divide documents into splits."""


@command.command("check", short_help="join annotations to their texts; find what repeats", epilog=CHECK_EPILOG)
@FOLDER
def check(folder: Path | None) -> None:
    """Join every annotation to its text and say what is there, what is absent, and what repeats.

    FOLDER is a labels folder [default: labels/ of the project].
    """
    from pipeline.cli.console import results, say_notice, stdout_console
    from pipeline.ground.extras import need
    from pipeline.ground.paths import find_project

    need("sklearn", "train", "stance labels check")
    from pipeline.corpus.load import load_corpus
    from pipeline.corpus.splits import split_corpus
    from pipeline.reports.corpus import corpus_summary

    folder = folder or find_project().labels
    corpus = load_corpus(folder)
    for notice in corpus.notices:
        say_notice(notice)
    summary = corpus_summary(corpus, split_corpus(corpus, folder))
    with results():
        stdout_console().print(summary)


@command.command("split", short_help="divide documents; write splits.yaml", epilog=SPLIT_EPILOG)
@FOLDER
def split(folder: Path | None) -> None:
    """Divide the documents anew and write splits.yaml; refused while a text is absent that it must weigh."""
    from pipeline.cli.console import note
    from pipeline.ground.errors import SplitError
    from pipeline.ground.extras import need
    from pipeline.ground.paths import find_project, shown

    need("sklearn", "train", "stance labels split")
    from pipeline.corpus.load import load_corpus
    from pipeline.corpus.splits import PARTS, make_manifest, write_manifest

    folder = folder or find_project().labels
    corpus = load_corpus(folder)
    known = {a.doc for annotations in corpus.annotations.values() for a in annotations} - set(corpus.pins)
    if absent := known - set(corpus.documents):
        raise SplitError(
            f"{len(absent)} documents have no text here, such as {min(absent)!r}", hint="stance labels check"
        )
    manifest = make_manifest(corpus)
    path = write_manifest(manifest, folder)
    note(
        f"wrote {shown(path)}: " + ", ".join(f"{len(getattr(manifest, part))} {part}" for part in PARTS) + " documents"
    )


@command.command("datasheet", short_help="write its figures into DATASHEET.md", epilog=DATASHEET_EPILOG)
@FOLDER
def datasheet(folder: Path | None) -> None:
    """Write composition and agreement into DATASHEET.md of FOLDER, between its markers."""
    from pipeline.cli.console import note
    from pipeline.corpus.load import load_corpus
    from pipeline.ground.paths import find_project, shown
    from pipeline.reports.datasheet import agreement_table, composition_table
    from pipeline.reports.markers import replace_block

    folder = folder or find_project().labels
    corpus = load_corpus(folder)
    path = folder / "DATASHEET.md"
    blocks = {"composition": composition_table(corpus), "agreement": agreement_table(corpus)}
    changed = [name for name, body in blocks.items() if replace_block(path, name, body)]
    note(f"{shown(path)}: " + (f"wrote {', '.join(changed)}" if changed else "nothing changed"))
