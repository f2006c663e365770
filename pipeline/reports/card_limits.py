"""Say in a model card what to beware of: what the figures show to be weak, and what no figure shows."""

import re
from typing import TYPE_CHECKING

from pipeline.decisions.shift import MINIMUM
from pipeline.inference.manifest import OnnxSpec
from pipeline.judging.records import Report
from pipeline.reports.tables import interval

if TYPE_CHECKING:
    from pipeline.workflows.card import Card

LEAST_PASSED = 0.7  # a capability below it is named as a limit
MISCOUNTED = 0.15  # a label given this much more or less often than it is true is named


def limits_section(card: "Card") -> str:
    """List the limits, those of the figures first."""
    return "## Limits\n\n" + "\n".join(f"- {line}" for line in [*_shown(card), *_known(card)])


def _shown(card: "Card") -> list[str]:
    """Say what the figures show."""
    lines = [_weakest_label(card.report, "the test documents"), *_weakest(card.report, "the test documents")]
    if card.real:
        lines += [_weakest_label(card.real.report, "other people's sentences")]
        lines += _weakest(card.real.report, "other people's sentences")
        lines += _miscounted(card.real.report)
        lines.append(
            f"Macro-F1 is {card.report.macro_f1.value:.3f} on test documents of the same making as the training"
            f" documents and {card.real.report.macro_f1.value:.3f} on other people's sentences: expect the second."
        )
    else:
        lines.append("The test documents are of the same making as the training documents: elsewhere expect less.")
    return [*lines, *_failing(card), *card.doubts, *_noted(card)]


def _weakest_label(report: Report, where: str) -> str:
    name = min(report.labels, key=lambda label: report.labels[label].f1.value)
    return f"Weakest label on {where}: `{name}`, F1 {interval(report.labels[name].f1)}."


def _weakest(report: Report, where: str) -> list[str]:
    """Name the source and the length with the least macro-F1, where there are several."""
    lines = []
    for kind in ("source", "length"):
        known = {name: part for name, part in report.slices.get(kind, {}).items() if part.macro_f1 is not None}
        if len(known) > 1:
            name, part = min(known.items(), key=lambda item: item[1].macro_f1 or 0.0)
            lines.append(f"Weakest {kind} on {where}: {name}, macro-F1 {part.macro_f1:.3f} on {part.n:,} sentences.")
    return lines


def _miscounted(report: Report) -> list[str]:
    """Name the labels given much more or less often than they are true, since shares of them mislead."""
    lines = []
    for name, scores in report.labels.items():
        ratio = scores.recall / scores.precision if scores.precision else 0.0  # given over true
        if scores.support and abs(ratio - 1) > MISCOUNTED:
            lines.append(
                f"On other people's sentences `{name}` is given {ratio:.2f} times as often as it is true"
                f" ({1 - scores.precision:.0%} of those given are wrong, {1 - scores.recall:.0%} of the true ones are"
                " missed): its shares mislead."
            )
    return lines


def _failing(card: "Card") -> list[str]:
    if card.behaviour is None:
        return []
    below = [
        f"{name} ({scores.total.passed} of {scores.total.cases})"
        for name, scores in card.behaviour.capabilities.items()
        if scores.total.pass_rate < LEAST_PASSED
    ]
    said = f"Capabilities with fewer than {LEAST_PASSED:.0%} of their cases passed: {', '.join(below)}."
    whole = f"Every capability of the behavioural suite passes {LEAST_PASSED:.0%} of its cases."
    moved = [
        f"In `{name}` a probability moves by up to {scores.shift.largest:.2f} where nothing should move it, whatever"
        " its mean."
        for name, scores in card.behaviour.capabilities.items()
        if scores.shift and scores.bar is not None and scores.shift.largest > 2 * scores.bar
    ]
    return [said if below else whole, *moved]


def _noted(card: "Card") -> list[str]:
    """Pass on what decisions and reports say a reader must know."""
    real = card.real.report.notes if card.real else ()
    notes = [*card.decisions.notes, *card.report.notes, *(f"other people's sentences: {note}" for note in real)]
    return [note[:1].upper() + note[1:].rstrip(".") + "." for note in dict.fromkeys(notes)]


def _known(card: "Card") -> list[str]:
    """Say what no figure shows."""
    made = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", card.made)  # the targets of links lie elsewhere
    said = f"Who made the labels, by their datasheet: “{made}”" if made else "No datasheet says who made the labels."
    corrects = ""
    if card.decisions.priors:
        corrects = (
            f": `stance score --adapt-priors` estimates the shares of {MINIMUM} sentences or more and corrects"
            " for them, which may help or harm; try it on labelled sentences (`stance evaluate --adapt-priors`) first"
        )
    lines = [
        said,
        "Probabilities and thresholds suit the label shares they were learned on (see base rates); where a text has"
        f" others, they are off{corrects}.",
        "Each sentence is judged by itself, without those around it: irony, reference and quotation that only the"
        " paragraph explains are lost.",
    ]
    if isinstance(card.manifest.scorer, OnnxSpec):
        lines.append(f"Of a sentence, no more than {card.manifest.scorer.max_length} word pieces are read.")
    return lines
