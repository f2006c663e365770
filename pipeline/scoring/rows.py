"""Turn scored documents into rows, one for each sentence, with offsets that slice back."""

from collections.abc import Iterator
from typing import Any

from pipeline.ground.files import hash_text
from pipeline.ground.records import ScoredDocument

PLACES = 4  # decimals of a probability; finer ones mean nothing after calibration


def sentence_rows(scored: ScoredDocument) -> Iterator[dict[str, Any]]:
    """Yield one row for each sentence; `start` and `end` count characters of the text with `text_sha256`."""
    document = scored.reading.document
    text_hash = hash_text(document.text)
    for sentence, prediction in zip(scored.reading.sentences, scored.predictions, strict=True):
        yield {
            "doc": document.id,
            "index": sentence.index,
            "start": sentence.start,
            "end": sentence.end,
            "text": sentence.text,
            "labels": list(prediction.labels),
            "probabilities": {name: round(p, PLACES) for name, p in prediction.probabilities.items()},
            "model": scored.model,
            "path": document.path,
            "text_sha256": text_hash,
        }
