"""Figures that round to nothing have no minus, and one thing is not several."""

import io
from pathlib import Path
from types import SimpleNamespace

import pytest
from rich.console import Console
from tiny import codebook_of

from pipeline.decisions.rates import Rates
from pipeline.ground.records import Estimate
from pipeline.judging.faithfulness import Deletion, Faithfulness
from pipeline.reports.faithfulness import evidence_table, size
from pipeline.reports.prevalence import rates_table
from pipeline.reports.tables import interval
from pipeline.workflows.faithful import Explained, Sample

SAMPLE = Sample("gold.jsonl", (), ())


def shown(what) -> str:
    stream = io.StringIO()
    Console(file=stream, width=80, color_system=None, highlight=False).print(what)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("estimate", "sign", "said"),
    [
        (Estimate(-0.001, -0.002, -0.0), False, "0.00 [0.00, 0.00]"),
        (Estimate(-0.001), False, "0.00"),
        (Estimate(-0.28, -0.31, -0.25), False, "-0.28 [-0.31, -0.25]"),
        (Estimate(-0.001, -0.02, 0.001), True, "-0.00 [-0.02, +0.00]"),  # on which side a difference lies is news
        (Estimate(-0.0, -0.0, -0.0), True, "+0.00 [+0.00, +0.00]"),
        (Estimate(-0.0), True, "+0.00"),
    ],
)
def test_a_figure_that_rounds_to_nothing_has_no_minus(estimate, sign, said):
    assert interval(estimate, 2, sign=sign) == said


def report(pairs=1, sentences=1, documents=1) -> Faithfulness:
    nothing = Deletion(*[Estimate(-0.0001)] * 4)
    return Faithfulness("occlusion", pairs, sentences, documents, 9.0, 2.0, {"evidence": nothing}, nothing)


def test_evidence_that_loses_nothing_shows_no_minus():
    explained = Explained(Path("m"), SimpleNamespace(name="rules"), report(), 0.0)
    row = next(line for line in shown(evidence_table([explained], SAMPLE)).splitlines() if line.startswith("evidence"))
    assert row.split() == ["evidence", "0.00", "0.00", "0.00", "0.00"]


def test_evidence_counts_one_and_several():
    assert size(report(), SAMPLE).endswith("; 1 label of 1 sentence in 1 document of gold.jsonl")
    assert size(report(3, 2, 2), SAMPLE).endswith("; 3 labels of 2 sentences in 2 documents of gold.jsonl")


@pytest.mark.parametrize(("lines", "said"), [(1, "1 validation document;"), (2, "2 validation documents;")])
def test_rates_count_one_document_and_several(lines, said):
    counts = dict.fromkeys(("hawk", "dove"), ("1 0 0 0 | 0 0 0 1",) * lines)
    rates = Rates(counts=counts, means=dict.fromkeys(counts, (0.1, 0.9)), folds=0)
    assert shown(rates_table(rates, codebook_of("any"))).startswith(said)
