"""Turn scored documents into rows, one for each sentence, with offsets that slice back."""

from collections.abc import Iterator
from typing import Any

from pipeline.ground.files import hash_text
from pipeline.ground.records import ScoredDocument

PLACES = 4  # decimals of a probability; finer ones mean nothing after calibration


def sentence_rows(scored: ScoredDocument) -> Iterator[dict[str, Any]]:
    """Yield one row for each sentence; `start` and `end` count characters of the text with `text_sha256`.

    `review` and `unsure` are None where the model has not learned to tell; `priors` stands only where
    probabilities were adapted to other label shares.
    """
    document = scored.reading.document
    text_hash = hash_text(document.text)
    priors = {"priors": _rounded(scored.priors)} if scored.priors else {}
    for sentence, prediction in zip(scored.reading.sentences, scored.predictions, strict=True):
        yield {
            "doc": document.id,
            "index": sentence.index,
            "start": sentence.start,
            "end": sentence.end,
            "text": sentence.text,
            "labels": list(prediction.labels),
            "probabilities": _rounded(prediction.probabilities),
            "review": None if prediction.unsure is None else prediction.review,
            "unsure": None if prediction.unsure is None else list(prediction.unsure),
            "model": scored.model,
            "path": document.path,
            "text_sha256": text_hash,
        } | priors


def _rounded(shares: dict[str, float]) -> dict[str, float]:
    return {name: round(share, PLACES) for name, share in shares.items()}
