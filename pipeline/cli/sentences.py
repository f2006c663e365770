"""`stance sentences`: show what the reader sees in a document."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from pipeline.ground.records import Reading

EPILOG = """\b
Example:
  stance sentences briefing.md --show-skipped
"""


@click.command("sentences", epilog=EPILOG)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--show-skipped", is_flag=True, help="Show also what is no running prose, and why.")
@click.option("--text", "as_text", is_flag=True, help="Print the text that the offsets index into.")
@click.option("--encoding", metavar="NAME", help="Decode the file by this encoding instead of its own.")
def command(file: Path, as_json: bool, show_skipped: bool, as_text: bool, encoding: str | None) -> None:
    """Show the sentences of running prose in FILE, with their offsets.

    FILE is plain text (.txt), Markdown (.md), HTML (.html), PDF (.pdf), Word (.docx) or
    an e-mail message (.eml).
    """
    from pipeline.corpus.readers import read_document
    from pipeline.corpus.reading import read

    if as_json and as_text:
        raise click.UsageError("--json and --text exclude each other; give one of them")
    document = read_document(file, encoding=encoding)
    if as_text:
        click.echo(document.text.encode("utf-8"), nl=False)
        return
    reading = read(document, allow_none=show_skipped)
    click.echo(_as_json(reading) if as_json else _as_lines(reading, show_skipped=show_skipped))
    if not as_json:
        click.echo(_summary(reading, show_skipped=show_skipped), err=True)


def _as_json(reading: "Reading") -> str:
    import json

    from pipeline.ground.files import hash_text

    document = reading.document
    return json.dumps(
        {
            "doc": document.id,
            "sha256": hash_text(document.text),
            "sentences": [
                {"index": one.index, "start": one.start, "end": one.end, "text": one.text} for one in reading.sentences
            ],
            "skipped": [
                {"start": one.start, "end": one.end, "reason": str(one.reason), "text": one.text}
                for one in reading.skipped
            ],
        },
        ensure_ascii=False,
        indent=2,
    )


def _as_lines(reading: "Reading", *, show_skipped: bool) -> str:
    """Lay out the sentences, numbered from 1, in the order of the text."""
    shown = [(one.start, one.end, f"{one.index + 1}", one.text) for one in reading.sentences]
    if show_skipped:
        shown += [(one.start, one.end, f"[{one.reason}]", one.text) for one in reading.skipped]
    return "\n".join(_paragraph(start, end, label, text) for start, end, label, text in sorted(shown))


def _paragraph(start: int, end: int, label: str, text: str) -> str:
    """Wrap one span to the terminal; skipped ones carry their reason in brackets and are indented."""
    import shutil
    import sys
    import textwrap

    from pipeline.corpus.normalise import collapse

    width = shutil.get_terminal_size((80, 24)).columns if sys.stdout.isatty() else 80
    skipped = label.startswith("[")
    lead = f"   -  {label} " if skipped else f"{label:>4}  "
    lines = textwrap.wrap(
        f"{lead}{collapse(text)}",
        max(width, 40),
        subsequent_indent=" " * 6,
        break_long_words=False,
        drop_whitespace=True,
    )
    offsets = f"({start}-{end})"
    room = len(lines[-1]) + 1 + len(offsets) <= max(width, 40)
    lines = [click.style(line, dim=True) for line in lines] if skipped else lines
    tail = click.style(offsets, dim=True)
    return "\n".join([*lines[:-1], f"{lines[-1]} {tail}"] if room else [*lines, f"      {tail}"])


def _summary(reading: "Reading", *, show_skipped: bool) -> str:
    from collections import Counter

    counts = Counter(str(one.reason) for one in reading.skipped)
    reasons = ", ".join(f"{number} {reason}" for reason, number in counts.most_common())
    more = "" if show_skipped or not reasons else "; see them with --show-skipped"
    number = len(reading.sentences)
    return f"\n{number} sentence{'' if number == 1 else 's'}; skipped: {reasons or 'nothing'}{more}"
