"""Lay out the deletion test of models' evidence: a table for the terminal, a report in Markdown."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from pipeline.ground.machine import describe_machine
from pipeline.ground.records import Estimate
from pipeline.inference.evidence import MOST, OCCLUSION, SHARE
from pipeline.judging.faithfulness import FIGURES, SHARES, Deletion, Faithfulness
from pipeline.reports.behaviour import check_output, model_names
from pipeline.reports.evaluation import Fitting
from pipeline.reports.output import write_output
from pipeline.reports.tables import interval, markdown_table

if TYPE_CHECKING:
    from pipeline.workflows.faithful import Explained, Sample

WORDS = {"evidence": "its evidence", "random": "as many random words", "first": "as many first words"}
HEADS = ("comprehensiveness", "sufficiency", "AOPC comprehensiveness", "AOPC sufficiency")
MEANING = (
    "Comprehensiveness: what a label's probability loses without the words; the more, the better.",
    "Sufficiency: what it loses when nothing else is kept; the less, the better.",
    "This tests whether the words carried the decision (faithful), not whether a reader would choose them (plausible).",
)


def evidence_table(explained: Sequence["Explained"], sample: "Sample") -> Group:
    """Lay out each model's losses by who chose the words, and how far its evidence is ahead of random words."""
    parts: list[RenderableType] = []
    for name, one in zip(model_names(explained), explained, strict=True):
        table = Table("words", box=None, padding=(0, 1, 0, 0), pad_edge=False, collapse_padding=True)
        for head in ("comprehensiveness", "sufficiency", "AOPC c.", "AOPC s."):
            table.add_column(head, justify="right", no_wrap=True)
        for chooser, deletion in one.report.deletions.items():
            table.add_row(Text(chooser), *_short(deletion))
        table.add_row(Text("ahead"), *_short(one.report.ahead, sign=True))
        parts += [Text(f"{name}: {size(one.report, sample)}"), "", Fitting(table), ""]
    return Group(*parts, *map(Text, MEANING))


def size(report: Faithfulness, sample: "Sample") -> str:
    """Say how much was tested, and how many words the evidence has."""
    return (
        f"{report.method}, {report.chosen:.1f} of {report.words:.1f} words;"
        f" {report.pairs} label{'s' * (report.pairs != 1)} of {report.sentences} sentence"
        f"{'s' * (report.sentences != 1)} in {report.documents} document{'s' * (report.documents != 1)}"
        f" of {sample.name}"
    )


def _short(deletion: Deletion, *, sign: bool = False) -> list[str]:
    """Write the shown words' two figures with intervals, and the two areas without."""
    estimates = [getattr(deletion, name) for name in FIGURES]
    areas = (interval(Estimate(one.value), 2, sign=sign) for one in estimates[2:])
    return [*(interval(one, 2, sign=sign) for one in estimates[:2]), *areas]


def write_report(path: Path, explained: Sequence["Explained"], sample: "Sample", command: str) -> None:
    """Write the Markdown report; only over one that this command wrote."""
    check_output(path, "--evidence")
    write_output(path, evidence_markdown(explained, sample, command))


def evidence_markdown(explained: Sequence["Explained"], sample: "Sample", command: str) -> str:
    """Write the whole report: what was tested and how, the losses, the margins, the cost, and what made it."""
    names = [f"`{name}`" for name in model_names(explained)]
    lines = [
        *_about(command),
        *(f"- {name}: {size(one.report, sample)}" for name, one in zip(names, explained, strict=True)),
        "",
        "## Losses of probability, with 95 % intervals over documents",
        "",
        markdown_table(["model", "without, or with only", *HEADS], _losses(names, explained)),
        "",
        "## By how much evidence beats random words, on the same pairs",
        "",
        "Above 0 is better in every column.",
        "",
        markdown_table(["model", *HEADS], map(_margin, names, explained)),
        "",
        "## What it costs",
        "",
        "How often the model is asked for the evidence of one sentence with a label, and the processor time of that,",
        "all threads together, in milliseconds. Sentences without a label cost nothing.",
        "",
        markdown_table(["model", "sentences", "times asked", "ms"], map(_cost, names, explained)),
        "",
        "## What made this",
        "",
        f"Machine: {describe_machine()}. Date: {date.today().isoformat()}. Sentences: {sample.name}",
        f"`{sample.fingerprint}`.",
        "",
        markdown_table(["model", "id", "data", "code", "trained"], map(_origin, names, explained)),
    ]
    return "\n".join(lines) + "\n"


def _about(command: str) -> list[str]:
    """Say what is weighed, what is tested, and what the test does not tell."""
    shares = ", ".join(f"{100 * share:.0f}" for share in SHARES)
    return [
        "# Evidence",
        "",
        f"Generated by `{command}`; do not edit.",
        "",
        "Which words carried a predicted label? What a linear model or rules decided is shared out over the words",
        f"exactly. In every other model a word's weight is its *{OCCLUSION}*: what the label's calibrated log-odds",
        "lose when the word is deleted (Zeiler and Fergus 2014; Li et al. 2016). Shown are the words with at least",
        f"{100 * SHARE:.0f} % of the largest weight, {MOST} at most.",
        "",
        "The deletion test (ERASER, DeYoung et al. 2020, ACL) asks whether they did carry it:",
        "",
        "- **comprehensiveness**: what the label's probability loses without the shown words; the more, the better",
        "- **sufficiency**: what it loses when only they are kept; the less, the better",
        f"- **AOPC**: either, averaged over the heaviest {shares} % of the words",
        "",
        "Random words are as many, of the same sentence. A sentence with words missing is no sentence, and part of any",
        "loss is surprise at that: read the margin over random words rather than the figure alone. The test tells",
        "whether the words are faithful to the model. It does not tell whether they are plausible: whether a reader",
        "would name the same ones.",
        "",
    ]


def _losses(names: Sequence[str], explained: Sequence["Explained"]) -> list[list[str]]:
    pairs = zip(names, explained, strict=True)
    return [[name, WORDS[who], *_long(loss)] for name, one in pairs for who, loss in one.report.deletions.items()]


def _margin(name: str, one: "Explained") -> list[str]:
    return [name, *_long(one.report.ahead, sign=True)]


def _long(deletion: Deletion, *, sign: bool = False) -> list[str]:
    return [interval(getattr(deletion, name), 2, sign=sign) for name in FIGURES]


def _cost(name: str, one: "Explained") -> list[str]:
    return [name, str(one.report.sentences), f"{one.passes:.1f}", f"{1000 * one.seconds / one.report.sentences:.0f}"]


def _origin(name: str, one: "Explained") -> list[str]:
    manifest = one.manifest
    made = (manifest.id, manifest.data_fingerprint, manifest.code_version, manifest.created[:10])
    return [name, *(f"`{part}`" for part in made)]
