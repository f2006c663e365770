"""Make the rows that `stance score` prints as JSON lines or writes to a file, for documents at hand."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipeline.ground.records import Evidence, ScoredDocument
    from pipeline.predict import Predictor


def words_of(predictor: "Predictor", scored: list["ScoredDocument"]) -> "list[Sequence[tuple[Evidence, ...]]]":
    """Seek the words that carried the labels of each sentence, document by document.

    Words are weighed by the model as it was trained, also where the labels come of adapted probabilities.
    """
    each = [document.predictions for document in scored]
    return [predictor.explain([p.text for p in one], [p.labels for p in one]) for one in each]


def rows_of(
    scored: list["ScoredDocument"], found: "Sequence[Sequence[tuple[Evidence, ...]]] | None"
) -> list[dict[str, Any]]:
    """Give a row for each sentence, with the words that carried its labels where they were sought."""
    from pipeline.scoring.rows import sentence_rows

    rows: list[dict[str, Any]] = []
    for place, document in enumerate(scored):
        rows += sentence_rows(document, found[place] if found else None)
    return rows


def write_rows(output: Path, rows: list[dict[str, Any]], labels: tuple[str, ...]) -> None:
    """Write rows to a file of one of our formats, and say how many; remove an earlier run's list of failures."""
    from pipeline.cli.console import note
    from pipeline.ground.errors import StanceError
    from pipeline.scoring.formats import write_file
    from pipeline.workflows.archive import errors_of

    kind: Any = output.suffix.lower()[1:]
    try:
        count = write_file(Path(os.path.realpath(output)), "sentences", kind, labels, rows)
        errors_of(output).unlink(missing_ok=True)
    except OSError as error:
        raise StanceError(
            f"cannot write {output}: {error.strerror}", hint="name a file in a folder you may write to"
        ) from error
    note(f"wrote {count} sentences to {output}")
