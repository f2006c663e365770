"""Score texts by hand, so that a test of a page says itself what is shown."""

from datetime import date

from lxml import html
from tiny import ROOT, codebook_of

from pipeline.corpus.readers import read_text
from pipeline.corpus.reading import read
from pipeline.ground.codebook import Codebook, load_codebook
from pipeline.ground.records import Evidence, Prediction, Profile, Reading, ScoredDocument, WordWeight
from pipeline.pages.briefing import Extras, Maker, Page, build_page, render_briefing

CODEBOOK = load_codebook(ROOT / "labels")
TEXT = (
    "The envoys met twice in Varo, and both called it a good start.\n\n"
    "Both sides should publish the map. Without monitors the truce may not hold, and monitors should be sent now.\n"
)
LABELS = (("optimism",), ("recommendation",), ("caution", "recommendation"))
UNSURE = ((), (), ("caution",))
THRESHOLDS = (0.4, 0.4, 0.4)


def maker(codebook: Codebook = CODEBOOK, thresholds=THRESHOLDS, **known) -> Maker:
    return Maker("m-1", codebook, thresholds, **known)


def scored(reading: Reading, labels, codebook: Codebook = CODEBOOK, unsure=None) -> ScoredDocument:
    """Join a reading with labels, one tuple for each sentence; what is given has 0.91, what is not 0.1."""
    unsure = unsure or [None] * len(labels)
    predictions = tuple(
        Prediction(s.text, given, {name: 0.91 if name in given else 0.1 for name in codebook.names}, doubted)
        for s, given, doubted in zip(reading.sentences, labels, unsure, strict=True)
    )
    counts = {name: sum(name in given for given in labels) for name in codebook.names}
    told = None if None in unsure else sum(bool(one) for one in unsure)
    profile = Profile(len(labels), counts, sum(not given for given in labels), told)
    return ScoredDocument(reading, predictions, profile, "m-1")


def briefing(name: str = "varo", text: str = TEXT) -> ScoredDocument:
    return scored(read(read_text(text, name)), LABELS, unsure=UNSURE)


def exclusive() -> tuple[ScoredDocument, Codebook]:
    codebook = codebook_of("one")
    return scored(read(read_text(TEXT, "varo")), (("dove",), ("hawk",), ("other",)), codebook), codebook


def carried(document: ScoredDocument, *words: str) -> list[tuple[Evidence, ...]]:
    """Say that these words carried every label given, each half as much as the one before."""
    rows = []
    for prediction in document.predictions:
        there = [(prediction.text.find(word), word, 2.0**-at) for at, word in enumerate(words)]
        spans = tuple(WordWeight(at, at + len(word), weight) for at, word, weight in sorted(there) if at >= 0)
        rows.append(tuple(Evidence(label, "dropping words", spans) for label in prediction.labels))
    return rows


def page_of(*documents: ScoredDocument, extras: Extras | None = None, made: Maker | None = None) -> Page:
    return build_page(documents, made or maker(), date(2026, 11, 26), extras)


def parsed(page: Page) -> html.HtmlElement:
    return html.document_fromstring(render_briefing(page))


def words_of(element: html.HtmlElement) -> str:
    return " ".join(element.text_content().split())
