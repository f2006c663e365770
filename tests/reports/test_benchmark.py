"""A recorded benchmark is laid out as it always was, and every form says the same."""

import csv

import pytest
import yaml
from tiny import DATA, ROOT

from pipeline.ground.paths import Project
from pipeline.judging.benchmark import Briefed, Contest, Grown, Limit, Limits, Spread
from pipeline.reports.benchmark import finding
from pipeline.reports.experiment import publish_result
from pipeline.workflows.benchmark import Measured
from pipeline.workflows.spec import load_spec

MADE = {"machine": "a machine, 2 cores", "date": "2026-11-25", "code_version": "0.1.0+abc", "model": "fast-1234"}
MADE |= {"libraries": "onnxruntime 1.32.0, torch 2.13.0, transformers 5.24.0, setfit absent"}


def contest(name, speeds, **more) -> Contest:
    return Contest(name, 3000, speeds, (0.4, 0.5, 0.6), (90_000_000, 91_000_000, 95_000_000), **more)


def grown(rows, cpu) -> Grown:
    return Grown(rows, rows, cpu / 2, cpu, 250_000_000, rows * 120, "2026-11-24", "0.1.0+abd")


MEASURED = Measured(
    "12 sentences of ours",
    MADE,
    (
        contest("stance", (1000.0, 900.0, 1100.0)),
        Contest("stance-whole", 2990, (600.0, 500.0, 700.0), (), (200_000_000,) * 3),
        contest("transformers", (80.0, 75.0, 100.0)),
        contest("transformers-tuned", (200.0, 180.0, 220.0), notes=("batches of 32 in 3 of 3",)),
        Contest("setfit", 0, reason="setfit is\nnot installed"),
        contest("onnx-int8", (500.0, 450.0, 610.0)),
    ),
    (grown(1000, 3.0), grown(10_000, 12.0), grown(100_000, 120.0)),
    (Briefed("fast", (0.5, 0.6, 0.55), 200, 20.0, 5000), Briefed("accurate", reason="not here")),
    Limits(
        (
            Limit("float32", {"512x384x1536": Spread(2e11, 1e11, 3e11)}, Spread(2e11, 1e11, 3e11)),
            Limit("int8", {"512x384x1536": Spread(1e12, 9e11, 1.1e12)}, Spread(1e12, 9e11, 1.1e12)),
        ),
        27.5,
        6e8,
    ),
)


@pytest.fixture
def place(tmp_path):
    (tmp_path / "experiments" / "benchmarks").mkdir(parents=True)
    (tmp_path / "README.md").write_text("# T\n<!-- speed:start -->\n<!-- speed:end -->\nend\n")
    return tmp_path


def publish(root, measured=MEASURED):
    value = yaml.safe_load((ROOT / "experiments" / "benchmarks" / "scoring.yaml").read_text())
    path = root / "experiments" / "benchmarks" / "speed.yaml"
    path.write_text(yaml.safe_dump(value | {"rounds": 3, "question": "How quickly?", "hypothesis": "Quickly."}))
    spec, _ = load_spec(path, root / "models")
    return spec, *publish_result(path, spec, measured, Project(root))


def test_the_report_is_the_golden_one(place):
    _, _, written = publish(place)
    assert [path.name for path in written] == ["speed.md", "speed.csv", "README.md"]
    assert written[0].read_text() == (DATA / "benchmark.md").read_text(), "if the change is meant, renew the file"


def test_csv_and_readme_have_the_same_figures(place):
    _, _, written = publish(place)
    markdown, readme = written[0].read_text(), written[2].read_text()
    rows = list(csv.DictReader(written[1].read_text().splitlines()))
    found = {(row["section"], row["name"], row["figure"]): row for row in rows}
    assert len(found) == len(rows) > 30
    assert found["throughput", "stance", "speed"]["value"] == "1000"
    assert found["throughput", "transformers", "stance_times_as_quick"]["note"] == "wanted 10: met"
    assert found["throughput", "onnx-int8", "stance_times_as_quick"]["low"] == "1.80328"
    assert found["growth", "two largest", "exponent"]["value"] == "1"
    assert found["growth", "1000", "wall"]["date"] == "2026-11-24"
    assert found["briefing", "fast", "in_batch"]["value"] == "0.1"
    assert found["limit", "int8", "share_reached"]["value"] == "0.6"
    shared = [line for line in readme.splitlines() if line.startswith("| ")]
    assert len(shared) == 8 + 5 and all(line in markdown for line in shared)
    assert readme.startswith("# T\n<!-- speed:start -->\n") and readme.endswith("<!-- speed:end -->\nend\n")
    assert "(experiments/benchmarks/speed.md)" in readme and "a machine, 2 cores, 2026-11-25" in readme


def test_bars_say_met_and_not_met_and_growth_says_linear(place):
    spec, text, _ = publish(place)
    said = finding(spec, MEASURED)
    assert "12 [11–12.5] times as quick as `transformers` (wanted: 10; met)" in said
    assert "5 [5–5] times as quick as `transformers-tuned` (wanted: 6; not met)" in said
    assert "power of 1.00 (linear)" in said and "reaches 60% of the speed" in said
    table = text.splitlines()[:-1]
    assert max(map(len, table)) <= 80 and "setfit is not installed" in text


def test_sections_that_did_not_run_are_not_shown(place):
    _, text, written = publish(place, Measured("12 sentences", MADE, grown=MEASURED.grown[:1]))
    markdown = written[0].read_text()
    assert "## Growth" in markdown and "Exponent" not in markdown and text == "Nothing has figures."
    assert "## Throughput" not in markdown and "## One briefing" not in markdown and "## The limit" not in markdown
    failed = Measured("12 sentences", MADE, limits=Limits(reason="torch is not installed"))
    _, _, written = publish(place, failed)
    assert "Not measured: torch is not installed" in written[0].read_text() and "torch" in written[1].read_text()
