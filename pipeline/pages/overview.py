"""Lay out a run as one page: how good, where it errs, what made it."""

import base64
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.ground.records import Estimate, Evidence
from pipeline.inference.evidence import phrases
from pipeline.judging.errors_table import WorstError
from pipeline.judging.records import Judged, Report
from pipeline.judging.share_figure import Point
from pipeline.judging.slice_figure import shown_rows
from pipeline.pages.overview_figures import Drawn, drawn_figures
from pipeline.pages.shell import render_page

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DPI = 130  # twice what a screen of a page's width shows
NONE = "–"


@dataclass(frozen=True, slots=True)
class ShownError:
    """A wrong decision between the sentences beside it, with the words that carried it where they are known."""

    error: WorstError
    before: str = ""
    after: str = ""
    evidence: Evidence | None = None

    @property
    def pieces(self) -> list[tuple[str, float]]:
        """Cut the sentence at its evidence; each piece with its strength, 0 to 1, as a share of the strongest phrase.

        Only what speaks for the label is marked; spans that leave the sentence or overlap are passed over.
        """
        text, pieces, place = self.error.text, list[tuple[str, float]](), 0
        words = phrases(self.evidence) if self.evidence else ()
        strongest = max((word.weight for word in words), default=1.0)
        for word in sorted(words, key=lambda word: word.start):
            if place <= word.start < word.end <= len(text):
                pieces += [(text[place : word.start], 0.0), (text[word.start : word.end], word.weight / strongest)]
                place = word.end
        return [piece for piece in [*pieces, (text[place:], 0.0)] if piece[0]]

    @property
    def marked(self) -> bool:
        """Tell whether any word of the sentence is marked."""
        return any(strength for _, strength in self.pieces)


@dataclass(frozen=True, slots=True)
class Sheet:
    """What the page of a run shows; `tiles` and `facts` are names with what is said of them.

    With `folds`, what is judged are the training sentences, each by a training that was not shown its fold.
    """

    title: str
    purpose: str
    tiles: Mapping[str, str]
    report: Report
    judged: Judged
    errors: Sequence[ShownError]
    history: Sequence[Mapping[str, float]]
    facts: Mapping[str, str]
    recipe: str
    points: Sequence[Point] = ()
    folds: int = 0


def overview_page(sheet: Sheet) -> str:
    """Render the page; whatever a document holds is shown as text."""
    report = sheet.report
    return render_page(
        "overview.html.j2",
        styles=("overview.css",),
        sheet=sheet,
        report=report,
        headline={"Macro-F1": report.macro_f1, "Micro-F1": report.micro_f1, "Exact match": report.exact_match},
        figures=[_picture(drawn) for drawn in drawn_figures(report, sheet.judged, sheet.history, sheet.points)],
        slices={kind: shown_rows(values) for kind, values in report.slices.items()},
        number=number,
        interval=interval,
    )


def number(value: float | None, places: int = 3) -> str:
    """Write a figure; a dash for what cannot be told."""
    return NONE if value is None else f"{value:.{places}f}"


def interval(estimate: Estimate, places: int = 3) -> str:
    """Write the interval of a figure; empty where there is none."""
    if estimate.low is None or estimate.high is None:
        return ""
    return f"{estimate.low:.{places}f} to {estimate.high:.{places}f}"


def _picture(drawn: Drawn) -> dict[str, str]:
    """Put a figure into the page itself."""
    return {
        "name": drawn.name,
        "title": drawn.title,
        "says": drawn.says,
        "reads": drawn.reads,
        "inches": f"{drawn.figure.get_figwidth():.1f}",
        "source": data_uri(drawn.figure),
    }


def data_uri(figure: "Figure") -> str:
    """Write a figure as a picture that lies in the page."""
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=DPI)
    return f"data:image/png;base64,{base64.b64encode(stream.getvalue()).decode()}"
