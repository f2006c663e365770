"""Make a briefing's report: gather what is known of scored documents, and write it as one page."""

import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import count
from pathlib import Path

from pipeline.ground.errors import StanceError
from pipeline.ground.files import cut_name, hash_json, head_of, is_ours, look_at, read_json, write_text
from pipeline.ground.progress import Progress
from pipeline.ground.records import Estimate, Evidence, ScoredDocument
from pipeline.inference.manifest import Manifest
from pipeline.pages.briefing import Extras, Maker, build_page, render_briefing
from pipeline.predict import Predictor
from pipeline.scoring.kinds import Kind, kind_of

Rows = Sequence[tuple[Evidence, ...]]  # what carried the labels of each sentence of a document
REAL = "real.json"
KIND = "report"  # the kind of page that another report may replace
TURN = 32  # sentences whose words are sought at once
MOST = 1_000  # sentences whose words are sought; some four minutes of `accurate` on two cores


@dataclass(frozen=True, slots=True)
class BriefingRequest:
    """What to make a report of: scored documents, the model's folder, where to write.

    The words that carried the labels are sought for at most `MOST` sentences in all, and not at all unless `evidence`;
    `found` holds them where they were sought before.
    """

    scored: Sequence[ScoredDocument]
    folder: Path
    output: Path
    evidence: bool = True
    found: list[Rows] | None = None


def write_briefing(predictor: Predictor, request: BriefingRequest, progress: Progress) -> None:
    """Write the report by one rename; a file that is no report of ours is never replaced.

    Raises:
        StanceError: the file is another's, or cannot be written.
    """
    refuse_output(request.output)
    maker = describe_maker(predictor, request.folder)
    page = build_page(request.scored, maker, date.today(), gather(predictor, request, progress))
    html = render_briefing(page, about_of(request.scored))
    try:
        write_text(Path(os.path.realpath(request.output)), html)
    except OSError as error:
        raise StanceError(
            f"cannot write the report {request.output}: {error.strerror}",
            hint="name a file in a folder you may write to: --report FILE.html",
        ) from error


def refuse_output(output: Path) -> None:
    """Raise `StanceError` where a report would replace something that is no report, or cannot be written at all."""
    facts = look_at(output)
    if facts is None:
        return
    if stat.S_ISDIR(facts.st_mode):
        raise StanceError(f"{output} is a folder, and a report is a file", hint=f"--report {output / 'report.html'}")
    if not is_ours(output, KIND):
        raise StanceError(
            f"{output} is there already and is no report of ours; it is left as it is",
            hint=f"name another file: --report {output.with_name(output.stem + '-stance.html')}"
            "\n      or, where it is a document to be scored, put --report at the end",
        )


def report_name(scored: Sequence[ScoredDocument]) -> Path:
    """Name the report of documents for which none was named: by the only one of them, or by none.

    A report of other documents is never replaced under such a name; a number then sets the new one apart.
    """
    stem = ""
    if len(scored) == 1:
        document = scored[0].reading.document
        stem = cut_name(Path((document.path or document.id).replace("\\", "_")).stem.strip(". "))
    about = about_of(scored)
    names = (Path(f"{stem or 'stance'}-report{f'-{number}' * (number > 1)}.html") for number in count(1))
    return next(name for name in names if not is_ours(name, KIND) or _is_about(name, about))


def about_of(scored: Sequence[ScoredDocument]) -> str:
    """Hash which documents a report is of: their files, and the ids of those that share a file or lie in none."""
    places = []
    for one in scored:
        path, key = one.reading.document.path, one.reading.document.id
        alone = path and kind_of(Path(path).name) is Kind.DOCUMENT
        places.append([os.path.realpath(path) if path else "", "" if alone else key])
    return hash_json(sorted(places))


def _is_about(path: Path, about: str) -> bool:
    return f'<meta name="about" content="{about}">' in head_of(path)


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


def gather(predictor: Predictor, request: BriefingRequest, progress: Progress) -> Extras:
    """Gather what a report holds beside the scores: the words that carried labels, and corrected shares."""
    adapted = [one for one in request.scored if one.priors]
    evidence, without = _evidence(predictor, request, progress)
    if adapted:  # to other label shares, with error rates that nobody knows
        return Extras(evidence, without=without)
    documents = [one.predictions for one in request.scored]
    apart = [predictor.prevalence(one) for one in documents]
    together = apart[0] if len(apart) == 1 else predictor.prevalence(*documents)
    return Extras(evidence, together, apart, without)


def _evidence(predictor: Predictor, request: BriefingRequest, progress: Progress) -> tuple[list[Rows] | None, str]:
    """Seek the words of every label given, document by document; say why where that is not done."""
    if request.found is not None:
        return request.found, ""
    if not request.evidence:
        return None, "Not sought: the report was asked for without them."
    total = sum(len(one.predictions) for one in request.scored)
    if total > MOST:
        return None, (f"Not sought: that is done for at most {MOST:,} sentences, and these documents have {total:,}.")
    progress.stage("seeking the words that carried labels, sentences", total)
    found: list[Rows] = []
    for one in request.scored:
        rows: list[tuple[Evidence, ...]] = []
        for start in range(0, len(one.predictions), TURN):
            turn = one.predictions[start : start + TURN]
            texts = [sentence.text for sentence in one.reading.sentences[start : start + TURN]]
            rows += predictor.explain(texts, [prediction.labels for prediction in turn])
            progress.advance(len(turn))
        found.append(rows)
    progress.close()
    return found, ""
