"""Write what the MLflow UI shows as text: of an experiment its question, of a run what it is and how good."""

from collections.abc import Sequence
from pathlib import Path

from pipeline.corpus.load import Corpus
from pipeline.corpus.splits import Split
from pipeline.ground.codebook import Codebook
from pipeline.ground.records import Estimate, Example
from pipeline.judging.records import Report
from pipeline.learning.recipes import Recipe
from pipeline.workflows.inquiry import Inquiry

PURPOSE = "# Purpose:"  # how a recipe's first comment begins; it goes on in lines that are indented
OVERVIEW = "overview.html"
FIGURES = "The view *Figures* (under *Views*) lines the runs up; each run's `overview.html` shows what is behind them."


def headline(codebook: Codebook) -> list[str]:
    """List the metrics that a table of runs shows, in order; the first sorts it.

    That is macro-F1 on validation, by which models are chosen; the figures after it are on test, to be reported.
    """
    by_label = [f"{figure}_{name}" for figure in ("f1", "ap", "ece") for name in codebook.names]
    return [
        *("val_macro_f1", "macro_f1", "macro_f1_low", "macro_f1_high", "loso_macro_f1"),
        *by_label,
        *("train_seconds", "sentences_per_second", "model_megabytes"),
    ]


def experiment_note(spec: Inquiry, more: str = FIGURES) -> str:
    """Say what a specification asks, expects, and when it stops; `more` says how to look at its runs."""
    said = {
        "Question": spec.question,
        "Hypothesis": spec.hypothesis,
        "Stopping rule": getattr(spec, "stopping_rule", ""),
    }
    lines = [f"**{head}.** {' '.join(text.split())}" for head, text in said.items() if text]
    return "\n\n".join([*lines, more])


def run_note(recipe: Recipe, purpose: str, corpus: Corpus, split: Split) -> str:
    """Say in a paragraph what a run trains, and on what."""
    codebook = corpus.codebook
    what = f"**{recipe.name}**, seed {recipe.seed}" + (f": {purpose}" if purpose else ".")
    trained, judged = (
        f"{len(part):,} sentences of {documents(part):,} documents" for part in (split.train, split.test)
    )
    tested = f"judged on {judged} that no training saw" if split.test else "judged on the folds left out"
    return f"{what} Trained on {trained}, {tested} ({codebook.name} {codebook.version}, data `{corpus.fingerprint}`)."


def figures_note(report: Report, seconds: float, speed: float, megabytes: float) -> str:
    """Say a run's headline figures in a sentence."""
    labels = ", ".join(f"{name} {scores.f1.value:.2f}" for name, scores in report.labels.items())
    return (
        f"Macro-F1 on test **{bounded(report.macro_f1)}** (F1: {labels}); trained in {seconds:,.0f} s, scores"
        f" {speed:,.0f} sentences/s, {megabytes:,.1f} MB. `{OVERVIEW}` among the artifacts shows the rest."
    )


def bounded(estimate: Estimate, places: int = 3) -> str:
    """Write a figure with its interval, where it has one."""
    value = f"{estimate.value:.{places}f}"
    if estimate.low is None or estimate.high is None:
        return value
    return f"{value} [{estimate.low:.{places}f}, {estimate.high:.{places}f}]"


def documents(examples: Sequence[Example]) -> int:
    """Count the documents that sentences come from."""
    return len({example.doc for example in examples})


def purpose_of(recipe: Path) -> str:
    """Read why a recipe exists from the comment at its head; empty where it says nothing."""
    said: list[str] = []
    for line in recipe.read_text(encoding="utf-8").splitlines() if recipe.is_file() else []:
        if line.startswith(PURPOSE):
            said.append(line.removeprefix(PURPOSE).strip())
        elif said and line.startswith("#   "):
            said.append(line.lstrip("# ").strip())
        elif said:
            break
    whole = " ".join(said)
    return whole if not whole or whole.endswith((".", "!", "?")) else f"{whole}."
