"""Make a briefing's report: gather what is known of scored documents, and write it as one page."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pipeline.ground.errors import StanceError
from pipeline.ground.files import read_json, write_text
from pipeline.ground.progress import Progress
from pipeline.ground.records import Estimate, Evidence, Prevalence, ScoredDocument
from pipeline.inference.manifest import Manifest
from pipeline.pages.briefing import Extras, Maker, build_page, render_briefing
from pipeline.pages.shell import is_ours
from pipeline.predict import Predictor

Rows = Sequence[Sequence[Evidence]]  # what carried the labels of each sentence of a document
Explain = Callable[[ScoredDocument], Rows]
Count = Callable[[Sequence[ScoredDocument]], Sequence[Prevalence]]
REAL = "real.json"
MOST = 2_000  # sentences for whose labels the words are sought; it takes a minute or two with the small model


@dataclass(frozen=True, slots=True)
class BriefingRequest:
    """What to make a report of: scored documents, the model's folder, where to write.

    `explain` finds the words that carried the labels of a document, for at most `most` sentences in all, unless
    `evidence` is false; `prevalence` corrects the shares of documents. Without them a report has no such figures.
    """

    scored: Sequence[ScoredDocument]
    folder: Path
    output: Path
    evidence: bool = True
    explain: Explain | None = None
    prevalence: Count | None = None
    most: int = MOST


def write_briefing(predictor: Predictor, request: BriefingRequest, progress: Progress) -> None:
    """Write the report by one rename; a file that is no report of ours is never replaced.

    Raises:
        StanceError: the file is another's, or cannot be written.
    """
    refuse_output(request.output)
    maker = describe_maker(predictor, request.folder)
    page = build_page(request.scored, maker, date.today(), gather(request, progress))
    html = render_briefing(page)
    try:
        write_text(request.output.resolve(), html)
    except OSError as error:
        raise StanceError(
            f"cannot write the report {request.output}: {error.strerror}",
            hint="name a file in a folder you may write to: --report FILE.html",
        ) from error


def refuse_output(output: Path) -> None:
    """Raise `StanceError` where a report would replace something that is no report."""
    if output.is_dir():
        raise StanceError(f"{output} is a folder, and a report is a file", hint=f"--report {output / 'report.html'}")
    if output.exists() and not (output.is_file() and is_ours(output)):
        raise StanceError(
            f"{output} is there already and is no report of ours; it is left as it is",
            hint=f"name another file: --report {output.with_name(output.stem + '-stance.html')}"
            "\n      or, where it is a document to be scored, put --report at the end",
        )


def report_name(scored: Sequence[ScoredDocument]) -> Path:
    """Name the report of documents for which none was named: by the only one of them, or by none."""
    if len(scored) != 1:
        return Path("stance-report.html")
    document = scored[0].reading.document
    stem = Path((document.path or document.id).replace("\\", "_")).stem.strip(". ")
    return Path(f"{stem or 'stance'}-report.html")


def describe_maker(predictor: Predictor, folder: Path) -> Maker:
    """Say what made the scores and how good it is known to be."""
    manifest = predictor.manifest
    metrics = manifest.metrics
    own = None
    if "macro_f1" in metrics:
        own = Estimate(metrics["macro_f1"], metrics.get("macro_f1_low"), metrics.get("macro_f1_high"))
    return Maker(manifest.id, manifest.codebook, predictor.thresholds, own, _others(folder, manifest))


def _others(folder: Path, manifest: Manifest) -> Estimate | None:
    """Read macro-F1 on other people's sentences; None where there is none of this very model."""
    if REAL not in manifest.files:
        return None
    try:
        kept = read_json(folder / REAL)
        return Estimate(**kept["report"]["macro_f1"]) if kept["model"] == manifest.id else None
    except (StanceError, KeyError, TypeError):  # a report says less rather than failing over a figure
        return None


def gather(request: BriefingRequest, progress: Progress) -> Extras:
    """Gather what a report holds beside the scores: the words that carried labels, and corrected shares."""
    scored, count = request.scored, request.prevalence
    evidence, without = _evidence(request, progress)
    if count is None:
        return Extras(evidence, without=without)
    return Extras(evidence, count(scored), [count([one]) for one in scored], without)


def _evidence(request: BriefingRequest, progress: Progress) -> tuple[list[Rows] | None, str]:
    """Seek the words of every label given, document by document; say why where that is not done."""
    explain = request.explain
    if not request.evidence or explain is None:
        return None, "Not sought: the report was asked for without them." if not request.evidence else ""
    total = sum(len(one.predictions) for one in request.scored)
    if total > request.most:
        return None, (
            f"Not sought: that is done for at most {request.most:,} sentences, and these documents have {total:,}."
        )
    progress.stage("seeking the words that carried labels, documents", len(request.scored))
    found = []
    for one in request.scored:
        found.append(explain(one))
        progress.advance()
    progress.close()
    return found, ""
