"""The report on shares tells models apart, names a winner where its figures show one, and says what it leaves out."""

from types import SimpleNamespace

import pytest
from rich.console import Console
from tiny import codebook_of

from pipeline.decisions.rates import Rates
from pipeline.judging.quantification import Protocol, Quantified, ShareScores
from pipeline.reports.prevalence import prevalence_markdown, prevalence_tables, verdicts

RATES = Rates(
    counts=dict.fromkeys(("hawk", "dove"), ("5 2 1 0 | 0 1 2 5",)),
    means=dict.fromkeys(("hawk", "dove"), (0.2, 0.7)),
    folds=0,
)


def scores(error):
    return ShareScores(100, error, 0.0)


def quantified(counted, corrected, lacking=()):
    both = {"counted": scores(counted), "corrected": scores(corrected)}
    labels = {name: {"counted": both["counted"]} if name in lacking else both for name in ("hawk", "dove")}
    return Quantified(100, 10, (Protocol("single documents", both, labels),))


def measured(name, number, found):
    manifest = SimpleNamespace(
        name=name, id=f"{name}-{number}", codebook=codebook_of("any"), data_fingerprint=f"data{number}"
    )
    return SimpleNamespace(manifest=manifest, rates=RATES, sets={"test documents": found}, doubts=())


@pytest.mark.parametrize(
    ("counted", "corrected", "said"),
    [
        (0.0421, 0.0409, "the corrected share is nearer (counted 0.042, corrected 0.041)"),
        (0.0409, 0.0421, "the count is nearer (counted 0.041, corrected 0.042)"),
        (0.04104, 0.04102, "both are about as near (counted 0.041, corrected 0.041)"),
        (0.041, 0.041, "both are about as near (counted 0.041, corrected 0.041)"),
    ],
)
def test_a_winner_is_named_where_the_figures_show_one(counted, corrected, said):
    assert verdicts(quantified(counted, corrected)) == [f"- single documents: {said}"]


def test_labels_that_are_not_pooled_are_named():
    one = measured("words", 1, quantified(0.05, 0.04, lacking=("dove",)))
    said = "not pooled, since validation does not tell their error rates: dove"
    assert f"- {said}" in prevalence_markdown([one], "x").splitlines()
    console = Console(width=80)
    with console.capture() as captured:
        console.print(prevalence_tables([one]))
    assert f"N{said[1:]}." in captured.get() and max(map(len, captured.get().splitlines())) <= 80
    assert "not pooled" not in prevalence_markdown([measured("words", 1, quantified(0.05, 0.04))], "x")


def test_two_models_of_one_recipe_go_by_their_ids():
    found = quantified(0.05, 0.04)
    text = prevalence_markdown([measured("words", 1, found), measured("words", 2, found)], "x")
    heads = [line for line in text.splitlines() if line.startswith("#")]
    for number in (1, 2):
        assert f"## words-{number}" in heads and f"| words-{number} | `words-{number}` | `data{number}` |" in text
        assert any(head.startswith(f"### words-{number}, test documents: ") for head in heads)
    assert "## words\n" not in text
    assert "## words\n" in prevalence_markdown([measured("words", 1, found), measured("half", 1, found)], "x")
