"""Turn scored documents into rows: nested ones for JSON lines, flat ones for tables, one profile for each document."""

from collections.abc import Iterator, Sequence
from typing import Any

from pipeline.ground.files import hash_text
from pipeline.ground.records import PLACES, Evidence, ScoredDocument
from pipeline.inference.evidence import phrases

SPREAD = {"probabilities": "p", "counts": "n", "shares": "share"}  # nested by label, and how the flat columns begin


def sentence_rows(
    scored: ScoredDocument, evidence: Sequence[tuple[Evidence, ...]] | None = None
) -> Iterator[dict[str, Any]]:
    """Yield one row for each sentence; `start` and `end` count characters of the text with `text_sha256`.

    `page` is None where the document has no pages. `review` and `unsure` are None where the model has not learned to
    tell; `priors` stands only where probabilities were adapted to other label shares, and `evidence` (a row for each
    sentence) only where it is given.
    """
    document = scored.reading.document
    text_hash = hash_text(document.text)
    priors = {"priors": _rounded(scored.priors)} if scored.priors else {}
    given = [None] * len(scored.predictions) if evidence is None else evidence
    for sentence, prediction, found in zip(scored.reading.sentences, scored.predictions, given, strict=True):
        more = {} if found is None else {"evidence": [_shown(one, sentence.text) for one in found]}
        yield {
            "doc": document.id,
            "index": sentence.index,
            "page": sentence.page,
            "paragraph": sentence.paragraph,
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
        } | (priors | more)


def _shown(evidence: Evidence, text: str) -> dict[str, Any]:
    """Give the phrases worth showing; `start` and `end` count characters of the sentence's own text."""
    words = [
        {"start": one.start, "end": one.end, "text": text[one.start : one.end], "weight": round(one.weight, PLACES)}
        for one in phrases(evidence)
    ]
    return {"label": evidence.label, "method": evidence.method, "words": words}


def document_row(scored: ScoredDocument) -> dict[str, Any]:
    """Give a document's profile: how many sentences carry each label, none, or deserve a look.

    `counts` and `shares` are keyed by label; `review` is None where the model has not learned to tell.
    """
    document, profile = scored.reading.document, scored.profile
    return {
        "doc": document.id,
        "path": document.path,
        "title": document.title,
        "date": document.date,
        "source": document.source,
        "sentences": profile.sentences,
        "counts": dict(profile.counts),
        "shares": _rounded(profile.shares),
        "background": profile.background,
        "review": profile.review,
        "skipped": len(scored.reading.skipped),
        "model": scored.model,
        "text_sha256": hash_text(document.text),
    }


def flat_columns(labels: Sequence[str]) -> tuple[str, ...]:
    """Name the columns of a flat sentence row, in order; each label has one for its probability."""
    return (
        *("doc", "index", "page", "paragraph", "start", "end", "text"),
        *(f"p_{label}" for label in labels),
        *("labels", "review", "unsure", "model", "path", "text_sha256"),
    )


def flat_document_columns(labels: Sequence[str]) -> tuple[str, ...]:
    """Name the columns of a flat document row, in order; each label has one for its count and one for its share."""
    return (
        *("doc", "path", "title", "date", "source", "sentences"),
        *(f"n_{label}" for label in labels),
        *(f"share_{label}" for label in labels),
        *("background", "review", "skipped", "model", "text_sha256"),
    )


def flatten(row: dict[str, Any], labels: Sequence[str]) -> dict[str, Any]:
    """Make a nested row of either kind flat: one column for each label instead of a mapping."""
    flat = {key: value for key, value in row.items() if key not in SPREAD}
    flat |= {f"{short}_{name}": row[key][name] for key, short in SPREAD.items() if key in row for name in labels}
    return {name: flat[name] for name in (flat_columns if "index" in row else flat_document_columns)(labels)}


def _rounded(shares: dict[str, float]) -> dict[str, float]:
    return {name: round(share, PLACES) for name, share in shares.items()}
