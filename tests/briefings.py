"""Make views of short briefings: sentences with their labels, hawk and dove."""

from tiny import codebook_of

from pipeline.ground.records import Document, Prediction, Profile, Reading, ScoredDocument, Sentence
from pipeline.pages.document_view import label_views, view_document

LABELS = label_views(codebook_of("any"), (0.5, 0.5))


def scored(sentences, *, title="", source="", date="", path="", told=True) -> ScoredDocument:
    """Make a scored document of (text, labels) pairs; labels are given at 0.9 and withheld at 0.1."""
    text = " ".join(said for said, _ in sentences)
    spans, predictions, start = [], [], 0
    for index, (said, labels) in enumerate(sentences):
        spans.append(Sentence("doc", index, start, start + len(said), said, None, 1))
        start += len(said) + 1
        likely = {label.name: 0.9 if label.name in labels else 0.1 for label in LABELS}
        predictions.append(Prediction(said, tuple(labels), likely, () if told else None))
    document = Document("doc", text, (), source=source, title=title, path=path, date=date)
    counts = {label.name: sum(label.name in labels for _, labels in sentences) for label in LABELS}
    profile = Profile(len(spans), counts, sum(not labels for _, labels in sentences), 0 if told else None)
    return ScoredDocument(Reading(document, tuple(spans), ()), tuple(predictions), profile, "model-1")


def briefing(key, sentences=(("The envoys met at noon.", ()),), **facts):
    """Make the view of a document."""
    return view_document(scored(sentences, **facts), LABELS, key=key)
