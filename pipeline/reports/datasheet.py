"""Compute the datasheet's figures from the labels: composition, agreement, hesitation, what re-readings found."""

from collections.abc import Sequence

from pipeline.corpus.audits import Reread
from pipeline.corpus.load import Corpus
from pipeline.ground.records import Annotation
from pipeline.judging.verdicts import wilson


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


def audit_table(corpus: Corpus, records: Sequence[Reread]) -> str:
    """Write what re-readings found, by source and by what pointed at the sentence, as Markdown."""
    home = {(a.doc, a.start): source for source, annotations in corpus.annotations.items() for a in annotations}
    heads = ["source", "found by", "read again", "other reading", "changed", "changed, 95 % interval"]
    lines = ["| " + " | ".join(heads) + " |", "| --- | --- |" + " ---: |" * (len(heads) - 2)]
    for source in corpus.annotations:
        of = [record for record in records if home.get((record.doc, record.start)) == source]
        for found_by in sorted({record.found_by for record in of}):
            group = [record for record in of if record.found_by == found_by]
            changed = sum(record.changed for record in group)
            share = wilson(changed, len(group))
            cells = [source, " and ".join(found_by), f"{len(group):,}", str(sum(r.adjudicated for r in group))]
            lines.append("| " + " | ".join([*cells, str(changed), f"{share.low:.1%} to {share.high:.1%}"]) + " |")
    return "\n".join(lines)


def changes_table(corpus: Corpus, records: Sequence[Reread]) -> str:
    """Write how often each label was put on or taken off by re-readings, by source, as Markdown."""
    names = corpus.codebook.names
    home = {(a.doc, a.start): source for source, annotations in corpus.annotations.items() for a in annotations}
    heads = ["labels changed", *(f"{name} {sign}" for name in names for sign in ("on", "off"))]
    lines = ["| " + " | ".join(heads) + " |", "| --- |" + " ---: |" * (len(heads) - 1)]
    for source in corpus.annotations:
        of = [r for r in records if r.changed and home.get((r.doc, r.start)) == source]
        if of:
            cells = [source]
            for name in names:
                cells += [str(sum(name in r.after and name not in r.before for r in of))]
                cells += [str(sum(name in r.before and name not in r.after for r in of))]
            lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)
