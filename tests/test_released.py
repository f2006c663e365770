"""What is shipped: whole, small enough, as good as it says, and able to score where nothing else is installed."""

import json
import subprocess
from types import SimpleNamespace

import numpy as np
import pytest
from tiny import ROOT, SHARED, STATEMENT, run_apart

from pipeline.corpus.load import load_corpus
from pipeline.corpus.splits import split_corpus
from pipeline.decisions.rates import read_rates
from pipeline.ground.codebook import load_codebook
from pipeline.ground.files import read_json
from pipeline.ground.machine import THREADS
from pipeline.inference.manifest import read_manifest, unlisted_files
from pipeline.judging.report import judge
from pipeline.predict import Predictor
from pipeline.reports.card_figures import speed_section
from pipeline.reports.card_origin import origin_section
from pipeline.workflows.card import CARD, REAL
from pipeline.workflows.judged import judge_examples
from pipeline.workflows.shelf import verify_model
from pipeline.workflows.shrink import PARITY

RELEASED = ROOT / "models" / "released"
MEGABYTES = {"accurate": 95.0, "fast": 30.0}
BRIEFING = ROOT / "docs" / "examples" / "harbour-talks.md"
POINTS = 0.5  # of macro-F1 that quantising may cost

each = pytest.mark.parametrize("name", list(MEGABYTES))


def test_two_models_are_released():
    there = [path.name for path in RELEASED.iterdir() if path.is_dir() and not path.name.startswith(".")]
    assert sorted(there) == sorted(MEGABYTES)


@each
def test_a_released_model_is_whole_and_small(name):
    found = verify_model(RELEASED / name, load_codebook(ROOT / "labels"), "labels/codebook.yaml")
    assert [check.said for check in found.checks if check.state != "ok"] == []
    on_disk = sum(path.stat().st_size for path in (RELEASED / name).rglob("*") if path.is_file())
    assert on_disk / 1e6 < MEGABYTES[name]
    assert unlisted_files(RELEASED / name, read_manifest(RELEASED / name)) == []


@each
def test_quantising_cost_little(name):
    report = read_json(RELEASED / name / PARITY)
    steps = [step["macro_f1"] for step in (report, *report.get("earlier", []))]  # newest first
    for cost in steps:
        assert cost["before"] > 0.5 and cost["cost"]["value"] == pytest.approx(100 * (cost["before"] - cost["after"]))
    assert steps[0]["cost"]["value"] <= POINTS and 100 * (steps[-1]["before"] - steps[0]["after"]) <= POINTS


@each
def test_the_card_and_the_real_figures_are_of_this_model(name):
    manifest = read_manifest(RELEASED / name)
    card = (RELEASED / name / CARD).read_text(encoding="utf-8")
    assert manifest.id in card and f"{manifest.metrics['macro_f1']:.3f}" in card
    real = read_json(RELEASED / name / REAL)
    assert real["model"] == manifest.id and f"{real['report']['macro_f1']['value']:.3f}" in card


@each
def test_the_card_says_of_machine_and_graph_what_would_be_written_today(name):
    manifest, text = read_manifest(RELEASED / name), (RELEASED / name / CARD).read_text(encoding="utf-8")
    files = {file: entry for file, entry in manifest.files.items() if file != CARD}
    card = SimpleNamespace(
        manifest=manifest.model_copy(update={"files": files}), parity=read_json(RELEASED / name / PARITY), sources=()
    )
    assert speed_section(card) in text
    made = origin_section(card).partition("### ")[0]
    assert made in text and ("| quantised again | from `fast-" in made) == (name == "fast")


@each
def test_error_rates_are_of_the_documents_that_validate(name):
    manifest = read_manifest(RELEASED / name)
    rates = read_rates(manifest.facts, manifest.codebook.names, name)
    validation = split_corpus(load_corpus(ROOT / "labels"), ROOT / "labels").validation
    carriers = manifest.codebook.encode([example.labels for example in validation]).sum(axis=0)
    for column, label in enumerate(manifest.codebook.names):
        without, having = rates.of_label(column, label).sum(axis=1)
        assert (having, without) == (carriers[column], len(validation) - carriers[column])
        assert len(rates.counts[label]) == len({example.doc for example in validation})


@each
def test_no_other_peoples_words_are_kept(name):
    path = SHARED / "realtext" / "dev.jsonl"
    if not path.is_file():
        pytest.skip(f"{path} is not here to compare with")
    texts = [json.loads(line)["text"] for line in path.read_text(encoding="utf-8").splitlines()]
    held = " ".join((RELEASED / name / file).read_text(encoding="utf-8") for file in (REAL, CARD, "manifest.json"))
    long = [text for text in texts if len(text) > 40]
    assert len(long) > 100 and [text for text in long if text in held] == []


@each
def test_probabilities_mean_what_they_say_on_test(name):
    metrics = read_manifest(RELEASED / name).metrics
    ece = {label: metrics[f"ece_{label}"] for label in load_codebook(ROOT / "labels").names}
    assert {label: value for label, value in ece.items() if value > 0.05} == {}


def test_fast_is_as_good_as_its_manifest_says():
    predictor = Predictor.load(RELEASED / "fast")
    split = split_corpus(load_corpus(ROOT / "labels"), ROOT / "labels")
    report, said = judge(judge_examples(predictor, split.test), resamples=1), predictor.manifest.metrics
    # Another processor may round a product otherwise, and turn a decision that lies on its threshold.
    assert report.macro_f1.value == pytest.approx(said["macro_f1"], abs=0.01)
    for label, scores in report.labels.items():
        assert scores.ece == pytest.approx(said[f"ece_{label}"], abs=0.01)


@pytest.mark.parametrize(("options", "name"), [((), "accurate"), (("--fast",), "fast")])
def test_the_command_scores_a_briefing_with_what_is_shipped(options, name):
    ended = run_apart(ROOT, "score", BRIEFING, "--json", *options)
    rows = [json.loads(line) for line in ended.stdout.splitlines()]
    assert ended.returncode == 0 and len(rows) == 23, ended.stderr
    assert {row["model"] for row in rows} == {read_manifest(RELEASED / name).id}
    asked = [row for row in rows if "should agree on a hotline" in row["text"]]
    assert len(asked) == 1 and asked[0]["labels"] == ["recommendation"]


def test_a_sentence_has_the_same_row_alone_and_in_any_company(monkeypatch):
    monkeypatch.setenv(THREADS, "2")  # the tests' own processes may have a single core each
    predictor = Predictor.load(RELEASED / "fast")
    texts = [example.text for example in load_corpus(ROOT / "labels").examples if example.source == "briefings-hard"]
    rows = predictor.predict_raw(texts[:150])
    alone = np.array([predictor.predict_raw([text])[0] for text in texts[:40]])
    # To the last bit on processors with AVX-512; others may add in another order.
    assert np.allclose(rows[:40], alone, rtol=0, atol=1e-6) and np.mean(rows[:40] == alone) > 0.5
    assert np.allclose(rows[::-1], predictor.predict_raw(texts[:150][::-1]), rtol=0, atol=1e-6)


@each
def test_the_statement_is_scored_without_what_only_training_installs(name):
    if not STATEMENT.is_file():
        pytest.skip(f"the statement is not ours to ship; put it at {STATEMENT}")
    from test_no_torch import SCORE, TRAINING_ONLY, python

    found = json.loads(python(SCORE, RELEASED / name, STATEMENT))
    assert len(found["rows"]) == 31 and TRAINING_ONLY & set(found["modules"]) == set()
    assert all(0 <= value <= 1 for row in found["rows"] for value in row)


def test_git_leaves_the_bytes_of_released_models_alone():
    files = [
        "models/released/fast/manifest.json",
        "models/released/fast/MODEL_CARD.md",
        "models/released/fast/model.onnx",
    ]
    asked = subprocess.run(["git", "check-attr", "text", *files], cwd=ROOT, capture_output=True, text=True)
    if asked.returncode:
        pytest.skip("not a git checkout")
    assert asked.stdout.splitlines() == [f"{file}: text: unset" for file in files]
