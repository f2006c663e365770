"""Compute the datasheet's figures from the labels: composition, agreement, hesitation."""

from collections.abc import Sequence

from pipeline.corpus.load import Corpus
from pipeline.ground.records import Annotation


def composition_table(corpus: Corpus) -> str:
    """Write documents, sentences and label shares of each source as Markdown."""
    names = corpus.codebook.names
    lines = [
        "| source | documents | sentences | share | " + " | ".join(names) + " | none | unsure |",
        "| --- |" + " ---: |" * (len(names) + 5),
    ]
    total = sum(len(annotations) for annotations in corpus.annotations.values())
    everything = [a for annotations in corpus.annotations.values() for a in annotations]
    for source, annotations in [*corpus.annotations.items(), ("all", everything)]:
        lines.append(_row(source, annotations, total, names))
    return "\n".join(lines)


def _row(source: str, annotations: Sequence[Annotation], total: int, names: Sequence[str]) -> str:
    n = len(annotations)
    shares = [f"{sum(name in a.labels for a in annotations) / n:.1%}" for name in names]
    none = f"{sum(not a.labels for a in annotations) / n:.1%}"
    unsure = f"{sum(a.unsure for a in annotations) / n:.1%}"
    cells = [source, str(len({a.doc for a in annotations})), f"{n:,}", f"{n / total:.1%}", *shares, none, unsure]
    return "| " + " | ".join(cells) + " |"


def agreement_table(corpus: Corpus) -> str:
    """Write Cohen's kappa between the two passes, per label and source, as Markdown (Cohen 1960)."""
    names = corpus.codebook.names
    lines = [
        "| kappa between passes | " + " | ".join(names) + " | sentences | disagreements |",
        "| --- |" + " ---: |" * (len(names) + 2),
    ]
    for source, annotations in corpus.annotations.items():
        both = [a for a in annotations if a.pass_a is not None and a.pass_b is not None]
        kappas = [_kappa_cell([(n in (a.pass_a or ()), n in (a.pass_b or ())) for a in both]) for n in names]
        apart = sum(a.pass_a != a.pass_b for a in both)
        lines.append(f"| {source} | " + " | ".join(kappas) + f" | {len(both):,} | {apart} |")
    return "\n".join(lines)


def _kappa_cell(pairs: Sequence[tuple[bool, bool]]) -> str:
    return f"{kappa(pairs):.2f}" if pairs else "not labelled twice"


def kappa(pairs: Sequence[tuple[bool, bool]]) -> float:
    """Give Cohen's kappa of two raters on a yes-no question; 1.0 where both always say the same one thing."""
    n = len(pairs)
    observed = sum(a == b for a, b in pairs) / n
    first, second = sum(a for a, _ in pairs) / n, sum(b for _, b in pairs) / n
    expected = first * second + (1 - first) * (1 - second)
    return 1.0 if expected == 1 else (observed - expected) / (1 - expected)
