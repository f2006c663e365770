"""The MLflow UI on eight real runs: the list, the comparison, a run's artifacts, and nothing leaves the machine."""

import json
import re
from collections.abc import Iterator
from urllib.parse import unquote

import pytest
from browser.chromium import Visit
from browser.lab import RECIPES
from mlflow import MlflowClient
from playwright.sync_api import expect

from pipeline.ground.codebook import load_codebook
from tiny import ROOT

LABELS = [label.name for label in load_codebook(ROOT / "labels").labels]
COLUMNS = ["macro_f1", "macro_f1_low", "macro_f1_high", "train_seconds", "sentences_per_second", "model_megabytes"]
COLUMNS += [f"{kind}_{label}" for kind in ("f1", "ap", "brier", "ece") for label in LABELS]
# The UI asks who has logged in; without accounts MLflow has no such address, and Chromium reports the 404.
KNOWN = re.compile(r"status of 404 .*/ajax-api/2\.0/mlflow/users/current\]$")
# The assistant opens over the runs on the first visit of a profile; this is what its close button writes.
CLOSED = "localStorage.setItem('mlflow.assistant.fab.autoOpenedOnFirstLoad_v1', 'true')"


@pytest.fixture
def runs_page(visitor, ui, lab) -> Iterator[Visit]:
    """Open the list of runs."""
    [experiment] = {MlflowClient(lab.uri).get_run(run).info.experiment_id for run in lab.runs.values()}
    with visitor.visit((1600, 1000)) as visit:
        visit.page.add_init_script(CLOSED)
        visit.page.goto(f"{ui}/#/experiments/{experiment}/runs")
        for name in RECIPES:
            expect(visit.page.get_by_role("link", name=f"{name} seed 7", exact=True)).to_be_visible(timeout=60_000)
        yield visit


def kept(lab, name):
    return MlflowClient(lab.uri).get_run(lab.runs[name]).data


def untroubled(visit, gate):
    """Check that the UI complained of nothing of ours, and asked only this machine, as did its server."""
    assert [said for said in visit.complaints if not KNOWN.search(said)] == []
    assert visit.requests and visit.escaped == [] and gate.asked == []
    assert {url.split("/")[2].split(":")[0] for url in visit.requests if url.startswith("http")} == {"127.0.0.1"}


def test_our_columns_can_be_put_beside_the_runs(runs_page, lab, gate):
    page = runs_page.page
    page.get_by_role("button", name="Columns", exact=True).click()
    chosen = ["f1_caution", "f1_optimism"]
    for name in chosen:
        page.get_by_title(name, exact=True).click()
    page.keyboard.press("Escape")
    for name in RECIPES:
        for column in chosen:
            shown = f"{kept(lab, name).metrics[column]:.17f}"[:6]
            expect(page.get_by_role("row").get_by_text(shown).first).to_be_visible()
    for column in chosen:
        expect(page.get_by_role("columnheader", name=column)).to_be_visible()
    untroubled(runs_page, gate)


def compared(visit):
    """Select all runs in the list and open Compare."""
    page = visit.page
    rows = page.get_by_role("row").filter(has_text="seed 7").filter(has=page.get_by_role("checkbox"))
    expect(rows).to_have_count(len(RECIPES))
    for row in rows.all():
        row.get_by_role("checkbox").first.check()
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(page.get_by_role("heading", name=f"Comparing {len(RECIPES)} Runs from 1 Experiment")).to_be_visible()
    return page


def cells(page, name):
    """Read a row of the comparison: the cells after its name."""
    row = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name=name, exact=True))
    expect(row).to_have_count(1)
    return [cell.strip() for cell in row.get_by_role("cell").all_inner_texts()]


def test_eight_runs_are_compared_column_by_column(runs_page, lab, gate):
    page = compared(runs_page)
    ids = json.loads(re.search(r"runs=(\[.*?\])", unquote(page.url)).group(1))
    names = {run: name for name, run in lab.runs.items()}
    assert len(ids) >= 8 and set(ids) == set(names)
    assert cells(page, "Run Name:") == [f"{names[run]} seed 7" for run in ids]
    assert len(COLUMNS) > 15
    for column in COLUMNS:
        shown = [float(cell) for cell in cells(page, column)]
        assert shown == pytest.approx([kept(lab, names[run]).metrics[column] for run in ids], abs=2e-3), column
    for parameter in ("learner.kind", "seed", "decisions.objective"):
        assert cells(page, parameter) == [kept(lab, names[run]).params[parameter] for run in ids]
    untroubled(runs_page, gate)
