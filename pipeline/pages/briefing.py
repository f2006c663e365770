"""Build a briefing's report from scored documents: one page that stands by itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from pipeline.ground.codebook import Codebook
from pipeline.ground.records import Estimate, Evidence, Prevalence, ScoredDocument
from pipeline.inference.evidence import LINEAR, NOTHING, OCCLUSION, RULES
from pipeline.pages.document_view import label_views, view_document
from pipeline.pages.series import Series, view_series
from pipeline.pages.shell import render_page
from pipeline.pages.views import DocumentView, LabelView, Share, scale_of

METHODS = {  # what a report says of how words were found
    OCCLUSION: "occlusion: the sentence is judged once more without each word, and a word weighs what the label loses",
    LINEAR: "linear terms, which are exactly what the model adds up",
    RULES: "matched patterns, which are exactly what the rules look for",
}


@dataclass(frozen=True, slots=True)
class Maker:
    """What made the scores: the model's id, its codebook, and what is known of its quality.

    `own` is its macro-F1 on held-out documents of its own sources, `others` on texts of other authors.
    """

    model: str
    codebook: Codebook
    thresholds: tuple[float | None, ...]
    own: Estimate | None = None
    others: Estimate | None = None


@dataclass(frozen=True, slots=True)
class Extras:
    """What a report may hold beside the scores; `evidence[d][s]` belongs to document d, sentence s.

    `without` says in one sentence why there is no evidence; empty where there is, or nobody asked.
    """

    evidence: Sequence[Sequence[Sequence[Evidence]]] | None = None
    prevalence: Sequence[Prevalence] = ()
    by_document: Sequence[Sequence[Prevalence]] = ()
    without: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """A whole report: its documents in order, its labels, and what made it; `series` is the view of the set."""

    documents: tuple[DocumentView, ...]
    labels: tuple[LabelView, ...]
    shares: tuple[Share, ...]
    maker: Maker
    made: date
    method: str = ""
    without: str = ""
    adapted: Mapping[str, float] | None = None
    series: Series | None = None

    @property
    def sentences(self) -> int:
        """Count the sentences of all documents."""
        return sum(len(document.sentences) for document in self.documents)

    @property
    def signs(self) -> list[dict[str, Any]]:
        """Give what the page's script knows of each label."""
        return [
            {"name": one.name, "title": one.title, "tag": one.tag, "threshold": one.threshold} for one in self.labels
        ]

    @property
    def keyed(self) -> tuple[LabelView, ...]:
        """Give the labels that a digit key filters by."""
        return self.labels[:9]

    @property
    def scale(self) -> float:
        """Give the end of the axis on which the shares of the set are drawn."""
        return scale_of(self.shares)

    @property
    def title(self) -> str:
        """Give the page its name: the document's where there is one."""
        many = f"{len(self.documents)} documents"
        return self.documents[0].title if len(self.documents) == 1 else f"Stance in {many}"


def build_page(scored: Sequence[ScoredDocument], maker: Maker, made: date, extras: Extras | None = None) -> Page:
    """Build the page of scored documents; ids are by position, so that two of one name stay apart."""
    extras = extras or Extras()
    labels = label_views(maker.codebook, maker.thresholds)
    documents = tuple(
        view_document(
            document,
            labels,
            key=f"d{number}",
            evidence=extras.evidence[number - 1] if extras.evidence else (),
            prevalence=extras.by_document[number - 1] if extras.by_document else (),
        )
        for number, document in enumerate(scored, 1)
    )
    shares = _shares(documents, labels, extras.prevalence)
    found = {one.method for document in extras.evidence or () for row in document for one in row}
    return Page(
        documents,
        labels,
        shares,
        maker,
        made,
        method="; ".join(METHODS.get(one, one) for one in sorted(found - {NOTHING})),
        without=extras.without or _why_no_words(extras, found),
        adapted=scored[0].priors if scored else None,
        series=view_series(documents, labels, shares),
    )


def render_briefing(page: Page, about: str = "") -> str:
    """Write the page as HTML; `about` marks it as the report of certain documents."""
    styles, script = ("report.css", "series.css"), ("report.js", "todo.js", "series.js")
    return render_page("report.html.j2", styles=styles, script=script, about=about, page=page)


def _shares(
    documents: Sequence[DocumentView], labels: Sequence[LabelView], prevalence: Sequence[Prevalence]
) -> tuple[Share, ...]:
    known = {one.label: one for one in prevalence}
    total = sum(len(document.sentences) for document in documents)
    return tuple(
        Share(label, sum(document.shares[label.index].count for document in documents), total, known.get(label.name))
        for label in labels
    )


def _why_no_words(extras: Extras, methods: set[str]) -> str:
    """Say why words were sought and none is shown; empty where some are, or none were sought."""
    if extras.evidence is None or methods - {NOTHING}:
        return ""
    if methods:
        return "None are shown: the model gives every sentence the same, whatever its words."
    return "None are shown: no sentence was given a label."
