"""Lay out shares, counted and corrected, and what they are worth: for the terminal, and as a report in Markdown."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from pipeline.decisions.rates import Rates
from pipeline.ground.codebook import Codebook
from pipeline.ground.errors import StanceError
from pipeline.ground.files import write_text
from pipeline.ground.machine import describe_machine
from pipeline.judging.quantification import Protocol, Quantified, ShareScores
from pipeline.reports.behaviour import check_output, model_names
from pipeline.reports.evaluation import Fitting
from pipeline.reports.tables import markdown_table

if TYPE_CHECKING:
    from pipeline.workflows.prevalence import Measured

MEANING = {
    "counted": "the share of sentences given the label",
    "adjusted count": "corrected by sensitivity and specificity alone (Forman 2008)",
    "mean probability": "the mean of calibrated probabilities",
    "adjusted mean": "corrected by the mean of sentences with and without the label (Bella et al. 2010)",
    "EM": "expectation-maximisation (Saerens et al. 2002)",
    "EM held": "the same, held near the shares of the training, as `--adapt-priors` has it",
    "corrected": "what is shown: the posterior mean given error rates at four levels of confidence",
}
HEADS = ("mean error", "bias", "in the interval", "width")


def rates_table(rates: Rates, codebook: Codebook) -> Group:
    """Lay out each label's sensitivity and specificity on validation sentences, and how many there were."""
    table = Table("label", box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
    for head in ("sensitivity", "specificity", "carry it", "do not"):
        table.add_column(head, justify="right", no_wrap=True)
    for row in rates_rows(rates, codebook.names):
        table.add_row(*row)
    documents = len(next(iter(rates.counts.values())))
    said = f"{documents} validation document{'s' * (documents != 1)}; {_folds(rates)}"
    return Group(Text(said), "", Fitting(table))


def rates_rows(rates: Rates, names: Sequence[str]) -> list[list[str]]:
    """Write each label's sensitivity and specificity, and how many validation sentences carry it and do not."""
    rows = []
    for column, name in enumerate(names):
        (right, wrong), (missed, hit) = rates.of_label(column, name)
        found = [
            f"{part / whole:.3f}" if whole else "–" for part, whole in ((hit, hit + missed), (right, right + wrong))
        ]
        rows.append([name, *found, f"{hit + missed:.0f}", f"{right + wrong:.0f}"])
    return rows


def _folds(rates: Rates) -> str:
    if not rates.folds:
        return "judged by the model's own decisions"
    return f"judged by decisions learned without them, {rates.folds} parts in turn"


def prevalence_tables(measured: Sequence["Measured"]) -> Group:
    """Lay out for each model and set of sentences what every method is worth, one table for each way to sample."""
    parts: list[RenderableType] = []
    for one in measured:
        for name, found in one.sets.items():
            parts += [*([""] if parts else []), Text(f"{one.manifest.id}, {name}: {_size(found)}", style="bold")]
            for protocol in found.protocols:
                parts += ["", Fitting(_table(protocol))]
            for line in _left_out(found):
                parts += ["", Text(f"{line[:1].upper()}{line[1:]}.")]
    legend = "error, bias: of the share, mean; in the interval: how often the true share is; aimed at 0.95"
    return Group(*parts, "", Text(legend, style="dim"))


def _size(found: Quantified) -> str:
    return f"{found.sentences:,} sentences in {found.documents:,} document" + "s" * (found.documents != 1)


def _table(protocol: Protocol) -> Table:
    table = Table(protocol.name, box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="bold")
    for head in HEADS:
        table.add_column(head, justify="right", no_wrap=True)
    for method, scores in protocol.methods.items():
        table.add_row(method, *_cells(scores))
    return table


def _cells(scores: ShareScores) -> list[str]:
    covered = "–" if scores.covered is None else f"{scores.covered:.3f}"
    width = "–" if scores.width is None else f"{scores.width:.3f}"
    return [f"{scores.error:.3f}", f"{scores.bias:+.3f}", covered, width]


def write_report(path: Path, measured: Sequence["Measured"], command: str) -> None:
    """Write the Markdown report."""
    check_output(path, "--prevalence")
    try:
        write_text(path.resolve(), prevalence_markdown(measured, command))
    except OSError as error:
        raise StanceError(
            f"cannot write {path}: {error.strerror}", hint="name a file in a folder you may write to"
        ) from error


def prevalence_markdown(measured: Sequence["Measured"], command: str) -> str:
    """Write the whole report: error rates, every way to sample with every method, each label, and what made it."""
    lines = [
        "# Shares, counted and corrected",
        "",
        f"Generated by `{command}`; do not edit.",
        "",
        "How far the share of sentences that a model gives a label is from the share that carries it, by several",
        "methods, and how often the 95 % interval of the corrected share holds the true one. The true share is that of",
        "the very sentences sampled. Documents are taken as they are, or in random groups; where the share is moved,",
        "sentences are drawn so that it lies anywhere from 0 to as high as there are sentences for. All draws are",
        "seeded. Labels are pooled; each label's own figures for the count and the corrected share come after.",
        "",
        "The corrected share takes the model to err as it did on its validation documents. All samples of a set share",
        "its sentences, and so its errors: the larger the samples, the more a coverage beside 0.95 tells how this one",
        "set differs from the validation documents.",
        "",
        *(f"- **{method}**: {meaning}" for method, meaning in MEANING.items()),
        "",
    ]
    models = model_names(measured)
    for model, one in zip(models, measured, strict=True):
        names = one.manifest.codebook.names
        lines += [f"## {model}", "", "Error rates on validation documents:", ""]
        heads = ["label", "sensitivity", "specificity", "carry it", "do not"]
        lines += [
            markdown_table(heads, rates_rows(one.rates, names)),
            "",
            f"The documents were {_folds(one.rates)}.",
            "",
        ]
        for name, found in one.sets.items():
            lines += [f"### {model}, {name}: {_size(found)}", "", *verdicts(found), ""]
            for protocol in found.protocols:
                lines += [*_section(protocol), ""]
        lines += [f"- {doubt}" for doubt in one.doubts] + [""] * bool(one.doubts)
    machine = f"Machine: {describe_machine()}. Date: {date.today().isoformat()}."
    made = [
        [model, f"`{one.manifest.id}`", f"`{one.manifest.data_fingerprint}`"]
        for model, one in zip(models, measured, strict=True)
    ]
    lines += ["## What made this", "", machine, "", markdown_table(["model", "id", "data"], made)]
    return "\n".join(lines) + "\n"


def verdicts(found: Quantified) -> list[str]:
    """Say for each way to sample which of the count and the corrected share is nearer the true one, as far as shown.

    Then which labels the figures leave out.
    """
    lines = []
    for protocol in found.protocols:
        if "corrected" in protocol.methods:
            errors = [f"{protocol.methods[method].error:.3f}" for method in ("counted", "corrected")]
            counted, corrected = map(float, errors)
            nearer = "the corrected share is nearer" if corrected < counted else "the count is nearer"
            said = "both are about as near" if corrected == counted else nearer
            lines.append(f"- {protocol.name}: {said} (counted {errors[0]}, corrected {errors[1]})")
    return lines + [f"- {line}" for line in _left_out(found)]


def _left_out(found: Quantified) -> list[str]:
    """Say which labels are not pooled."""
    names = list(dict.fromkeys(label for protocol in found.protocols for label in protocol.apart))
    return [f"not pooled, since validation does not tell their error rates: {', '.join(names)}"] if names else []


def _section(protocol: Protocol) -> list[str]:
    """Write one way to sample: a table of methods, and one of labels."""
    counts = {scores.samples for scores in protocol.methods.values()}
    rows = [[method, *_cells(scores)] for method, scores in protocol.methods.items()]
    by_label = [
        [f"{label}, {method}", *_cells(of[method])]
        for label, of in protocol.labels.items()
        for method in ("counted", "corrected")
        if method in of
    ]
    title = f"**{protocol.name[:1].upper()}{protocol.name[1:]}** ({max(counts):,} shares{protocol.omitted})"
    return [title, "", markdown_table(["method", *HEADS], rows), "", markdown_table(["label", *HEADS], by_label)]
