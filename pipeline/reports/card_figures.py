"""Lay out the figures of a model card: by label, source and length, calibration, review, behaviour, speed, parity."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pipeline.ground.codebook import Codebook
from pipeline.ground.records import Estimate
from pipeline.judging.lengths import ORDER
from pipeline.judging.records import Report, SliceScores
from pipeline.judging.selective import Selective, SelectiveScores
from pipeline.reports.card_origin import left_table
from pipeline.reports.requantised import machine_of_speed
from pipeline.reports.tables import interval, markdown_table

if TYPE_CHECKING:
    from pipeline.workflows.card import Card

CALIBRATIONS = {
    "none": "not calibrated",
    "sigmoid": "calibrated for each label by a sigmoid of the log-odds (Platt 1999)",
    "temperature": "calibrated by temperature (Guo et al. 2017)",
}
SLICES = {"source": "By source", "length": "By length"}


def figures_section(card: "Card") -> str:
    """Lay out the figures on the test documents."""
    report, codebook = card.report, card.manifest.codebook
    parts = [
        "## Figures on our test documents",
        f"{report.sentences:,} sentences of {report.documents:,} documents that no training saw; the figures belong to"
        " the files below, loaded as a user loads them. Intervals are 95 %, by bootstrap of whole documents.",
        headline(report),
        label_table(report, codebook),
        "AP: average precision. Brier: mean squared error of the probability. ECE: expected calibration error in 15"
        " bins; these two are best at 0. Threshold: the probability from which a label is given. By source and by"
        " length, macro-F1 is over the labels that occur in the row.",
        *(_slices(report, name, codebook) for name in SLICES if name in report.slices),
        _calibration(card),
        _review(card.review, report, codebook),
    ]
    return "\n\n".join(parts)


def headline(report: Report) -> str:
    """Lay out macro-F1, micro-F1 and exact match."""
    figures = {"macro-F1": report.macro_f1, "micro-F1": report.micro_f1, "exact match": report.exact_match}
    return markdown_table(
        ["figure", "value [95 % interval]"], [[name, interval(value)] for name, value in figures.items()]
    )


def label_table(report: Report, codebook: Codebook) -> str:
    """Lay out one row for each label, in codebook order."""
    rows = []
    for name in codebook.names:
        scores = report.labels[name]
        rows.append(
            [
                name,
                f"{scores.support:,}",
                f"{scores.precision:.3f}",
                f"{scores.recall:.3f}",
                interval(scores.f1),
                number(scores.average_precision),
                f"{scores.brier:.3f}",
                f"{scores.ece:.3f}",
                number(scores.threshold),
            ]
        )
    heads = ["label", "sentences", "precision", "recall", "F1 [95 % interval]", "AP", "Brier", "ECE", "threshold"]
    return markdown_table(heads, rows)


def _slices(report: Report, name: str, codebook: Codebook) -> str:
    return f"### {SLICES[name]}\n\n{slice_table(report.slices[name], name, codebook)}"


def slice_table(values: Mapping[str, SliceScores], name: str, codebook: Codebook) -> str:
    """Lay out one row for each value of a slice: lengths from short to long, others by name."""
    rows = [
        [
            value.replace("|", "\\|"),
            f"{scores.n:,}",
            f"{scores.documents:,}",
            number(scores.macro_f1),
            *(number(scores.f1[label]) for label in codebook.names),
        ]
        for value, scores in sorted(values.items(), key=lambda item: ORDER.index(item[0]) if item[0] in ORDER else 0)
    ]
    heads = [name, "sentences", "documents", "macro-F1", *(f"F1 {label}" for label in codebook.names)]
    return markdown_table(heads, rows)


def _calibration(card: "Card") -> str:
    decisions, report = card.decisions, card.report
    learned = {
        "validation": f"the {decisions.sentences:,} validation sentences",
        "out-of-fold": f"out-of-fold probabilities of {decisions.sentences:,} training sentences",
        "nothing": "nothing",
    }[decisions.learned_from]
    worst = max(report.labels, key=lambda name: report.labels[name].ece)
    said = (
        f"Probabilities are {CALIBRATIONS[decisions.calibration]}; calibration and thresholds were learned from"
        f" {learned}, for {decisions.objective}. The largest expected calibration error on the test documents is"
        f" {report.labels[worst].ece:.3f} ({worst})."
    )
    return f"### Calibration, thresholds and base rates\n\n{said}\n\n{_base_rates(card)}"


def _base_rates(card: "Card") -> str:
    """Lay out the share of sentences that carry each label, wherever it is known."""
    columns: list[tuple[str, Sequence[float]]] = []
    names = card.manifest.codebook.names
    if card.decisions.priors:
        columns.append(("where decisions were learned", card.decisions.priors))
    for head, report in (("test documents", card.report), ("other people", card.real.report if card.real else None)):
        if report:
            columns.append((head, [report.labels[name].support / report.sentences for name in names]))
    rows = [[name, *(f"{shares[place]:.1%}" for _, shares in columns)] for place, name in enumerate(names)]
    return markdown_table(["share that carries", *(head for head, _ in columns)], rows)


def _review(review: Selective | None, report: Report, codebook: Codebook) -> str:
    head = "### What marks for review cost\n\n"
    if review is None:
        return head + "This model marks nothing for review: it has not learned which decisions deserve a human eye."
    exact = f", exact match {interval(review.exact_kept)}" if review.exact_kept else ""
    promised = f" (promised: {review.promised:.2f})" if review.promised is not None else ""
    said = (
        f"A decision that deserves a human eye is marked. {1 - review.kept:.0%} of the test sentences have a mark; the"
        f" others are kept{exact}. Wholly right or marked: {interval(review.covered)} of all sentences{promised}."
    )
    heads, cells = ["label", "decisions kept", "F1 of all", "F1 of the kept"], _kept_cells
    rows = [[name, *cells(review.labels[name], report.labels[name].f1)] for name in codebook.names]
    if review.promised is None:
        heads += ["carriers right or marked", "promised", "others right or marked", "promised"]
        rows = [[*row, *_promises(review.labels[row[0]])] for row in rows]
    return f"{head}{said}\n\n{markdown_table(heads, rows)}"


def _kept_cells(scores: SelectiveScores, f1: Estimate) -> list[str]:
    return [f"{scores.kept:.1%}", interval(f1), estimate(scores.f1_kept)]


def _promises(scores: SelectiveScores) -> list[str]:
    pairs = ((scores.carriers, scores.promised_carriers), (scores.others, scores.promised_others))
    return [cell for kept, promised in pairs for cell in (estimate(kept), number(promised))]


def real_section(card: "Card") -> str:
    """Lay out the figures on other people's sentences, or say that there are none."""
    head = "## Figures on other people's sentences\n\n"
    if card.real is None:
        return head + "None: no sentences of other organisations were given when this card was written."
    report, codebook = card.real.report, card.manifest.codebook
    parts = [
        f"{report.sentences:,} sentences of {report.documents:,} documents by other organisations, file"
        f" `{card.real.file}`, sha256 `{card.real.sha256}`. **No fit, threshold or stopping point used it.**"
        " Figures say how far the model agrees with whoever labelled that file, which is not recorded here. The texts"
        " belong to their authors; only these figures are kept (`real.json`).",
        headline(report),
        label_table(report, codebook),
        *(_slices(report, name, codebook) for name in SLICES if name in report.slices),
        _review(card.real.review, report, codebook).replace("test sentences", "sentences") if card.real.review else "",
    ]
    return head + "\n\n".join(part for part in parts if part)


def behaviour_section(card: "Card") -> str:
    """Lay out the behavioural suite by capability, and how far names of countries move probabilities."""
    head = "## Behaviour\n\n"
    if card.behaviour is None:
        return head + "These labels have no behavioural suite."
    rows = []
    for name, scores in card.behaviour.capabilities.items():
        shift = [f"{scores.shift.mean:.3f}", f"{scores.shift.largest:.2f}"] if scores.shift else ["–", "–"]
        bar = "–" if scores.bar is None else f"{scores.bar:g}, {'met' if scores.bar_met else 'NOT met'}"
        rows.append([name, *_tally(scores.total.cases, scores.total.passed), *shift, bar])
    total = card.behaviour.total
    heads = ["capability", "cases", "passed", "share", "mean shift", "largest shift", "bar of the mean"]
    table = markdown_table(heads, [*rows, ["all", *_tally(total.cases, total.passed), "–", "–", "–"]])
    said = (
        "Cases written to test a model, in the manner of CheckList (Ribeiro et al. 2020); no sample of real prose."
        " Shift: how far a probability moves where nothing should, such as where one country's name stands for"
        " another's."
    )
    return f"{head}{said}\n\n{table}"


def _tally(cases: int, passed: int) -> list[str]:
    return [str(cases), str(passed), f"{passed / max(cases, 1):.0%}"]


def speed_section(card: "Card") -> str:
    """Lay out size and speed as they were measured when the model, or its graph without a training, was made."""
    metrics, manifest = card.manifest.metrics, card.manifest
    trained_on, timed_on = manifest.facts.get("machine", "not recorded"), machine_of_speed(manifest.facts)
    speed, seconds = metrics.get("sentences_per_second"), metrics.get("train_seconds")
    rows = [
        ["size of all files", f"{manifest.size / 1e6:.1f} MB"],
        ["scoring", "not recorded" if speed is None else f"{speed:,.0f} sentences/s"],
        *([["machine that scored", timed_on]] if timed_on else []),
        ["last training run", "not recorded" if seconds is None else f"{seconds:,.0f} s"],
        *_taught(manifest.facts),
        ["machine that trained" if timed_on else "machine", trained_on],
    ]
    when = "the graph was quantised" if timed_on else "the model was made"
    said = (
        f"Measured once, when {when}, on the test sentences; this card measures no time. A training run"
        " reads back what earlier ones kept, so the last one may be shorter than all the work."
    )
    return f"## Speed and size\n\n{said}\n\n{left_table(['figure', 'value'], rows)}"


def _taught(facts: Mapping[str, Any]) -> list[list[str]]:
    """Say how long the teacher's fits took, each measured when it was made."""
    fits = facts.get("teacher", {}).get("fits", {})
    seconds = [fit["seconds"] for fit in fits.values() if "seconds" in fit]
    return [["the teacher's fits", " + ".join(f"{one:,.0f}" for one in seconds) + " s"]] if seconds else []


def number(value: float | None) -> str:
    """Write a figure that may be unknown."""
    return "–" if value is None else f"{value:.3f}"


def estimate(value: Estimate | None) -> str:
    """Write a figure with its interval, which may be unknown."""
    return "–" if value is None else interval(value)
