"""Make the rows that `stance score` prints as JSON lines or writes to a file, for documents at hand."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipeline.ground.records import ScoredDocument
    from pipeline.predict import Predictor


def rows_of(predictor: "Predictor", scored: list["ScoredDocument"], evidence: bool) -> list[dict[str, Any]]:
    """Give a row for each sentence, with the words that carried its labels if wanted.

    Words are weighed by the model as it was trained, also where the labels come of adapted probabilities.
    """
    from pipeline.scoring.rows import sentence_rows

    rows: list[dict[str, Any]] = []
    for document in scored:
        predictions = document.predictions
        found = predictor.explain([p.text for p in predictions], [p.labels for p in predictions]) if evidence else None
        rows += sentence_rows(document, found)
    return rows


def write_rows(output: Path, rows: list[dict[str, Any]], labels: tuple[str, ...]) -> None:
    """Write rows to a file of one of our formats, and say how many."""
    from pipeline.cli.console import note
    from pipeline.ground.errors import StanceError
    from pipeline.scoring.formats import write_file

    kind: Any = output.suffix.lower()[1:]
    try:
        count = write_file(output.resolve(), "sentences", kind, labels, rows)
    except OSError as error:
        raise StanceError(
            f"cannot write {output}: {error.strerror}", hint="name a file in a folder you may write to"
        ) from error
    note(f"wrote {count} sentences to {output}")
