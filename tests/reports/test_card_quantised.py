"""A card says where a graph came from that was quantised without a training, and on which machine it was timed."""

from dataclasses import replace

import pytest

from pipeline.reports.card_figures import speed_section
from pipeline.reports.card_origin import origin_section
from pipeline.workflows.card import measure_card

FACT = {"from": "fast-12345678", "date": "2026-11-26", "code_version": "0.1.0+abc"}


@pytest.fixture(scope="module")
def card(workshop):
    return measure_card(workshop.small.folder, workshop.root / "labels")


def with_facts(card, **facts):
    return replace(card, manifest=card.manifest.model_copy(update={"facts": card.manifest.facts | facts}))


def test_a_graph_quantised_without_a_training_names_where_it_came_from(card):
    first, said = with_facts(card, requantised=FACT), "| from `fast-12345678`, on 2026-11-26, by code `0.1.0+abc` |"
    for parity in (None, {"sentences": 8}):
        assert f"| quantised without a training {said}" in origin_section(replace(first, parity=parity))
    again = origin_section(replace(first, parity={"sentences": 8, "earlier": [{"sentences": 8}]}))
    assert f"| quantised again {said}" in again and "without a training" not in again
    assert "| quantised" not in origin_section(card)


def test_speed_measured_anew_names_its_own_machine_and_the_training_keeps_the_other(card):
    old = with_facts(card, machine="the old one")
    anew = speed_section(with_facts(old, requantised=FACT | {"machine": "the new one"}))
    rows = [line.split(" | ")[0] for line in anew.splitlines() if line.startswith("| ")]
    place = rows.index("| machine that scored")
    assert rows[place - 1 : place + 2] == ["| scoring", "| machine that scored", "| last training run"]
    assert "| machine that scored | the new one |" in anew and "| machine that trained | the old one |" in anew
    assert "when the graph was quantised" in anew and "when the model was made" not in anew
    untold = speed_section(with_facts(old, requantised=FACT))
    assert untold == speed_section(old) and "| machine | the old one |" in untold
