"""A benchmark's specification is strict, and the one we ship is listed and can be shown."""

from pathlib import Path

import pytest
import yaml
from tiny import ROOT

from pipeline.ground.errors import ConfigError
from pipeline.ground.paths import Project
from pipeline.workflows.benchmark_spec import Benchmark
from pipeline.workflows.spec import load_spec
from pipeline.workflows.survey import list_specs

SHIPPED = ROOT / "experiments" / "benchmarks" / "scoring.yaml"


def changed(tmp_path, **changes) -> Path:
    value = yaml.safe_load(SHIPPED.read_text())
    for key, change in changes.items():
        value[key] = value[key] | change if isinstance(change, dict) and key in value else change
    path = tmp_path / "speed.yaml"
    path.write_text(yaml.safe_dump(value, sort_keys=False))
    return path


def test_ours_is_named_by_its_file_and_listed():
    spec, recipes = load_spec(SHIPPED, ROOT / "models")
    assert isinstance(spec, Benchmark) and recipes == {} and spec.name == "scoring"
    assert spec.throughput.bars == {"transformers": 10, "transformers-tuned": 6, "onnx-int8": 1.3}
    found = {entry.path: entry for entry in list_specs(Project(ROOT))}
    assert found[SHIPPED].spec == spec and not found[SHIPPED].fault


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"sectoins": ["growth"]}, "sectoins: unknown key; did you mean 'sections'?"),
        ({"growth": {"size": [1]}}, "growth.size: unknown key; did you mean 'sizes'?"),
        ({"rounds": 2}, "rounds: "),
        ({"sections": ["growth", "growth"]}, "sections: named twice: growth"),
        ({"sections": ["growht"]}, "sections.0: "),
        ({"growth": {"sizes": [100, 10]}}, "must rise"),
        ({"growth": {"sizes": [100]}}, "growth.sizes: "),
        ({"throughput": {"contestants": {"setfit": 5}, "bars": {}}}, "must hold `stance`"),
        ({"throughput": {"contestants": {"stance": 5}}}, "bars: transformers"),
        ({"throughput": {"contestants": {"stance": 5, "keras": 5}, "bars": {}}}, "keras"),
        ({"threads": 0}, "threads: "),
    ],
)
def test_what_would_measure_nothing_or_is_misspelt_is_refused(tmp_path, changes, said):
    with pytest.raises(ConfigError) as caught:
        load_spec(changed(tmp_path, **changes), ROOT / "models")
    assert said in caught.value.message


def test_ls_and_show_know_it(stance, monkeypatch):
    monkeypatch.chdir(ROOT)
    code, out, _ = stance("experiment", "ls")
    assert code == 0 and "benchmarks/scoring.yaml  benchmark, 4 sections, 5 rounds" in " ".join(out.split(" "))
    code, out, _ = stance("experiment", "show", "experiments/benchmarks/scoring.yaml")
    assert code == 0 and "of 4 steps" in out and "growth, throughput, briefing, limit" in " ".join(out.split())
