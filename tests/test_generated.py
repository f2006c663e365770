"""Fail where a generated block is stale, or a committed file holds what must not be committed."""

import importlib.util
import json
import re
import sys

import pytest
from tiny import ROOT, SHARED

from pipeline.corpus.load import load_corpus
from pipeline.corpus.normalise import normal_words
from pipeline.decisions.rates import read_rates
from pipeline.ground.codebook import load_codebook
from pipeline.ground.files import read_json
from pipeline.ground.records import Estimate
from pipeline.inference.evidence import MOST, SHARE
from pipeline.inference.manifest import read_manifest
from pipeline.reports.datasheet import agreement_table, composition_table, kappa
from pipeline.reports.markers import block_in
from pipeline.reports.prevalence import rates_rows
from pipeline.reports.tables import interval
from pipeline.workflows.shelf import stored_estimate


def block(path, name):
    text = path.read_text(encoding="utf-8")
    start, end = block_in(text, name, str(path))
    return text[start:end].strip()


@pytest.mark.parametrize(("name", "table"), [("composition", composition_table), ("agreement", agreement_table)])
def test_the_datasheet_is_up_to_date(name, table):
    corpus = load_corpus(ROOT / "labels")
    assert block(ROOT / "labels" / "DATASHEET.md", name) == table(corpus), "run: make datasheet"


def test_kappa_of_a_worked_example():
    pairs = [(True, True)] * 20 + [(True, False)] * 5 + [(False, True)] * 10 + [(False, False)] * 15
    assert kappa(pairs) == pytest.approx(0.4)
    assert kappa([(False, False)] * 3) == 1.0


def test_the_readme_shows_the_leaderboard():
    readme = block(ROOT / "README.md", "leaderboard")
    board = (ROOT / "experiments" / "leaderboard.md").read_text(encoding="utf-8")
    rows = [line for line in readme.splitlines() if line.startswith("| `")]
    assert len(rows) >= 5
    assert [row for row in rows if row not in board] == []


def test_the_readme_shows_the_benchmark_as_its_report_has_it():
    readme, report = block(ROOT / "README.md", "scoring"), ROOT / "experiments" / "benchmarks" / "scoring.md"
    board = report.read_text(encoding="utf-8")
    rows = [line for line in readme.splitlines() if line.startswith("| ")]
    assert len(rows) >= 5 and [row for row in rows if row not in board] == []
    made = next(line for line in board.splitlines() if "; code `" in line)
    assert made.partition("; ")[0] in readme, "run: make benchmarks"


@pytest.mark.parametrize("name", ["accurate", "fast"])
def test_the_readme_states_what_the_released_models_say_of_themselves(name):
    folder = ROOT / "models" / "released" / name
    manifest, real = read_manifest(folder), read_json(folder / "real.json")["report"]
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    [row] = [line for line in readme.splitlines() if line.startswith(f"| [`{name}`]")]
    by_label = [f"{real['labels'][label]['f1']['value']:.2f}" for label in load_codebook(ROOT / "labels").names]
    cells = [interval(stored_estimate(manifest, "macro_f1")), interval(Estimate(**real["macro_f1"])), *by_label]
    assert [cell.strip() for cell in row.split("|")[2:-1]] == [f"{manifest.size / 1e6:.1f}", *cells]


@pytest.mark.parametrize("name", ["accurate", "fast"])
def test_the_evidence_of_each_released_model_was_tested(name):
    report = (ROOT / "experiments" / "evidence.md").read_text(encoding="utf-8")
    assert f"| `{read_manifest(ROOT / 'models' / 'released' / name).id}` |" in report, "run: make evidence"
    assert f"{100 * SHARE:.0f} % of the largest weight, {MOST} at most" in report, "run: make evidence"
    [margins] = [line for line in report.splitlines() if line.startswith(f"| `{name}` | +")]
    assert all(float(cell.split("[")[1].split(",")[0]) > 0 for cell in margins.split("|")[2:-1]), margins


@pytest.mark.parametrize("name", ["accurate", "fast"])
def test_the_report_on_shares_is_of_the_released_models(name):
    report = (ROOT / "experiments" / "prevalence.md").read_text(encoding="utf-8")
    manifest = read_manifest(ROOT / "models" / "released" / name)
    rates = read_rates(manifest.facts, manifest.codebook.names, name)
    rows = ["| " + " | ".join(row) + " |" for row in rates_rows(rates, manifest.codebook.names)]
    assert f"`{manifest.id}`" in report and [row for row in rows if row not in report] == [], "run: make prevalence"


def test_the_readme_names_every_label():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [name for name in load_codebook(ROOT / "labels").names if name not in readme] == []


def test_the_statement_is_nowhere_in_the_repository():
    path = SHARED / "texts" / "statement.txt"
    if not path.exists():
        pytest.skip("../shared/texts/statement.txt is not here to compare with")
    text = path.read_text(encoding="utf-8")
    records = (ROOT / "labels" / "annotations" / "statement.jsonl").read_text().splitlines()
    spans = [json.loads(line) for line in records]
    needles = {" ".join(normal_words(text[s["start"] : s["end"]])) for s in spans if s["end"] - s["start"] > 60}
    assert len(needles) > 20
    import subprocess

    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    hits = []
    for name in listed.splitlines():
        if (ROOT / name).suffix == ".onnx":  # weights, and no words
            continue
        body = " ".join(re.findall(r"\w+", (ROOT / name).read_text(encoding="utf-8", errors="ignore")))
        body = " ".join(normal_words(body)) if any(n.split()[0] in body.casefold() for n in needles) else ""
        hits += [name for needle in needles if needle in body]
    assert hits == []


def test_contributing_shows_what_the_splitter_comparison_says_of_ours():
    rows = block(ROOT / "CONTRIBUTING.md", "splitters").splitlines()
    assert len(rows) >= 7
    spec = importlib.util.spec_from_file_location("compare", ROOT / "tests" / "compare_splitters.py")
    compare = importlib.util.module_from_spec(spec)
    sys.modules["compare"] = compare
    spec.loader.exec_module(compare)
    [ours] = [row for row in rows if "split_sentences" in row]
    cases = compare.load_cases()
    for held_out in (False, True):
        figures = compare.judge(compare._ours(), [case for case in cases if case.held_out is held_out])
        assert f"{figures.f1:.3f}" in ours
