"""The MLflow UI on eight real runs: the list, the comparison, a run's artifacts, and nothing leaves the machine."""

import json
import re
from collections.abc import Iterator
from urllib.parse import unquote

import pytest
from browser.chromium import Visit
from browser.lab import CLOSED, RECIPES
from mlflow import MlflowClient
from playwright.sync_api import expect
from tiny import ROOT

from pipeline.ground.codebook import load_codebook

LABELS = [label.name for label in load_codebook(ROOT / "labels").labels]
COLUMNS = ["macro_f1", "macro_f1_low", "macro_f1_high", "train_seconds", "sentences_per_second", "model_megabytes"]
COLUMNS += [f"{kind}_{label}" for kind in ("f1", "ap", "brier", "ece") for label in LABELS]
# Rows of the list stand in no order in the page; they are placed by height.
IN_ORDER = """(names) => {
  const links = [...document.querySelectorAll('a')].filter((one) => one.innerText.endsWith('seed 7'));
  links.sort((one, other) => one.getBoundingClientRect().top - other.getBoundingClientRect().top);
  return JSON.stringify(links.map((one) => one.innerText)) === JSON.stringify(names);
}"""
# MLflow's own noise. Its UI asks who has logged in, and a server without accounts answers 404; its layout observer
# says that it had more to tell than one frame could take.
KNOWN = re.compile(r"status of 404 .*/ajax-api/2\.0/mlflow/users/current\]$|ResizeObserver loop completed with")
# The comparison draws only the rows of figures in sight: scroll through them; names and figures meet by their height.
READ_FIGURES = """async () => {
  const names = document.querySelector('a[title="Plot chart"]').closest('[role=grid]');
  let whole = names.parentElement;
  while (whole.querySelectorAll('[role=grid]').length < 2) whole = whole.parentElement;
  const figures = [...whole.querySelectorAll('[role=grid]')].find((grid) => grid !== names && grid.clientHeight > 100);
  const placed = (one) => one.style.position === 'absolute';
  const cells = (grid) => [...grid.querySelectorAll('[style*="left:"]')].filter(placed);
  const read = {};
  for (let y = 0; y < figures.scrollHeight; y += 150) {
    figures.scrollTop = y;
    await new Promise((done) => setTimeout(done, 60));
    for (const name of cells(names)) {
      const row = cells(figures).filter((one) => one.style.top === name.style.top);
      row.sort((one, other) => parseFloat(one.style.left) - parseFloat(other.style.left));
      if (row.length) read[name.innerText.trim()] = row.map((one) => one.innerText.trim());
    }
  }
  return read;
}"""


@pytest.fixture
def runs_page(visitor, ui, lab) -> Iterator[Visit]:
    """Open the list of runs."""
    [experiment] = {MlflowClient(lab.uri).get_run(run).info.experiment_id for run in lab.runs.values()}
    with visitor.visit((2100, 1000)) as visit:
        visit.page.add_init_script(CLOSED)
        visit.page.goto(f"{ui}/#/experiments/{experiment}/runs")
        for name in RECIPES:
            expect(visit.page.get_by_role("link", name=f"{name} seed 7", exact=True)).to_be_visible()
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
            shown = str(kept(lab, name).metrics[column])
            expect(page.get_by_role("gridcell", name=shown, exact=True).first).to_be_visible()
    for column in chosen:
        expect(page.get_by_role("columnheader", name=column).first).to_be_visible()
    untroubled(runs_page, gate)


def compare_all(page):
    """Select all runs in the list and open Compare; give the ids in the order of its columns."""
    boxes = page.get_by_role("checkbox", name="Press Space to toggle row selection")
    expect(boxes).to_have_count(len(RECIPES))
    for box in boxes.all():
        box.check()
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(page.get_by_role("heading", name=f"Comparing {len(RECIPES)} Runs from 1 Experiment")).to_be_visible()
    return json.loads(re.search(r"runs=(\[.*?\])", unquote(page.url)).group(1))


def test_eight_runs_are_compared_figure_by_figure(runs_page, lab, gate):
    page = runs_page.page
    ids = compare_all(page)
    names = {run: name for name, run in lab.runs.items()}
    assert len(ids) >= 8 and set(ids) == set(names)
    runs = [kept(lab, names[run]) for run in ids]
    page.get_by_title("Plot chart").first.wait_for()
    read = page.evaluate(READ_FIGURES)
    assert len(COLUMNS) > 15 and set(COLUMNS) <= set(read)
    for column in COLUMNS:
        assert [float(cell) for cell in read[column]] == pytest.approx(
            [run.metrics[column] for run in runs], abs=6e-4, rel=1e-3
        ), column
    for parameter in ("learner.kind", "seed", "decisions.objective"):
        row = page.get_by_role("row").filter(has=page.get_by_text(parameter, exact=True))
        expect(row.get_by_role("cell")).to_have_text([run.params[parameter] for run in runs])
    untroubled(runs_page, gate)


def test_what_a_run_left_behind_can_be_read(runs_page, lab, gate):
    page = runs_page.page
    page.get_by_role("link", name="tfidf-c16 seed 7", exact=True).click()
    page.get_by_role("tab", name="Artifacts").click()
    page.get_by_text("recipe.yaml", exact=True).click()
    expect(page.get_by_text("name: tfidf-c16").first).to_be_visible()
    page.get_by_text("overview.html", exact=True).click()
    shown = page.frame_locator("iframe")
    expect(shown.get_by_role("heading", level=1)).to_contain_text("tfidf-c16")
    expect(shown.locator("img, svg").first).to_be_visible()
    untroubled(runs_page, gate)


def test_the_saved_view_shows_the_figures_in_columns(runs_page, lab, ui, gate):
    page = runs_page.page
    page.get_by_role("button", name="Views", exact=True).click()
    page.get_by_text("Figures", exact=True).click()
    best = sorted(RECIPES, key=lambda name: -kept(lab, name).metrics["val_macro_f1"])
    page.wait_for_function(IN_ORDER, arg=[f"{name} seed 7" for name in best])
    for column in ("val_macro_f1", "macro_f1", "macro_f1_low", "f1_optimism"):
        expect(page.get_by_role("columnheader", name=column).first).to_be_visible()
        for name in RECIPES:
            shown = str(kept(lab, name).metrics[column])
            expect(page.get_by_role("gridcell", name=shown, exact=True).first).to_be_visible()
    untroubled(runs_page, gate)
