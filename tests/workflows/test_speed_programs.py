"""The programs that are timed run by themselves, on eight sentences and a tiny encoder, and say what they measured."""

import importlib.util
import json
import time

import pytest

from pipeline.ground.errors import PeerError
from pipeline.inference.manifest import read_manifest
from pipeline.workflows import benchmark_programs
from pipeline.workflows.benchmark_limit import token_lengths
from pipeline.workflows.benchmark_programs import count_scored, own, peer, run_command, run_program, stance_score

TEXTS = [f"The fleet will{' never' * number} strike at dawn." for number in range(8)]
JOB = {"threads": 1, "seed": 1}


def wants(*modules):
    absent = [name for name in modules if importlib.util.find_spec(name) is None]
    return pytest.mark.skipif(bool(absent), reason=f"not installed: {', '.join(absent)}")


def plausible(ran) -> None:
    assert ran.result["scored"] == len(TEXTS) and 0 < ran.result["seconds"] < ran.watched.wall
    assert 0 < ran.startup < ran.watched.wall and ran.watched.peak > 10e6


@wants("transformers", "torch")
def test_transformers_pipeline_takes_its_best_batch_size(tmp_path, encoder_folder):
    job = JOB | {"encoder": str(encoder_folder), "batch_sizes": [2, 4], "tune_on": 4}
    ran = run_program(peer("speed_transformers"), job, TEXTS, tmp_path / "run")
    plausible(ran)
    assert ran.result["batch_size"] in (2, 4)


@wants("setfit", "sentence_transformers")
def test_setfit_predicts(tmp_path, encoder_folder):
    plausible(run_program(peer("speed_setfit"), JOB | {"encoder": str(encoder_folder)}, TEXTS, tmp_path / "run"))


@wants("onnx", "onnxscript", "torch", "transformers")
def test_the_export_is_faithful_and_the_plain_loop_runs_both_graphs(tmp_path, encoder_folder):
    graphs = tmp_path / "graphs"
    found = run_program(peer("speed_export"), JOB | {"encoder": str(encoder_folder)}, [], graphs)
    assert found.result["worst"] < 1e-4
    for kind in ("float32", "int8"):
        job = JOB | {"graph": str(graphs / f"{kind}.onnx"), "tokenizer": str(graphs / "tokenizer.json")}
        plausible(run_program(peer("speed_onnx"), job | {"max_length": 16}, TEXTS, tmp_path / "run"))


@wants("onnx", "torch")
def test_the_limit_has_a_rate_for_each_kind_and_shape(tmp_path):
    job = JOB | {"shapes": [[8, 16, 4], [8, 4, 16]], "seconds": 0.02}
    result = run_program(peer("speed_limit"), job, [], tmp_path / "run").result
    assert {kind: list(rates) for kind, rates in result.items()} == {
        kind: ["8x16x4", "8x4x16"] for kind in ("float32", "bfloat16", "int8")
    }
    assert all(rate > 1e5 for rates in result.values() for rate in rates.values())


def test_ours_is_timed_alone_and_as_a_whole_command(tmp_path, workshop):
    model = workshop.small.folder
    plausible(run_program(own(), JOB | {"model": str(model)}, TEXTS, tmp_path / "run"))
    (tmp_path / "table.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in TEXTS))
    took = run_command(stance_score(model, "table.jsonl", "-o", "scores"), 1, tmp_path)
    assert took.code == 0 and took.cpu > 0 and count_scored(tmp_path / "scores") == len(TEXTS)
    most = read_manifest(model).scorer.max_length
    lengths = token_lengths(model, TEXTS)
    assert lengths == sorted(lengths) and lengths[-1] <= most and len(set(lengths)) > 5


def test_a_missing_library_a_crash_and_a_silent_program_are_told(tmp_path, monkeypatch):
    codes = {
        "absent": peer("speed_setfit"),
        "crash": "raise ValueError('the seventh seal')",
        "silent": "pass",
    }
    program = tmp_path / "setfit_less.py"
    text = (benchmark_programs.PROGRAMS / "speed_setfit.py").read_text()
    program.write_text(text.replace("    import torch\n", "    import sotfit as torch\n"))
    said = {"absent": "sotfit is not installed", "crash": "the seventh seal", "silent": "ended with 0"}
    for name, code in codes.items():
        if name != "absent":
            program.write_text(code)
        with pytest.raises(PeerError, match=said[name]):
            run_program([*peer("x")[:2], str(program)], JOB | {"encoder": ""}, TEXTS, tmp_path / "run")
    with pytest.raises(PeerError, match="the command ended with"):
        run_command([*peer("x")[:1], "-c", "raise SystemExit(3)"], 1, tmp_path)


def test_programs_get_threads_and_no_network_and_tokenizers_their_default(monkeypatch):
    monkeypatch.setenv("TOKENIZERS_PARALLELISM", "false")
    found = benchmark_programs.environment(3)
    assert found["STANCE_THREADS"] == found["OMP_NUM_THREADS"] == "3" and found["HF_HUB_OFFLINE"] == "1"
    assert "TOKENIZERS_PARALLELISM" not in found and time.monotonic() > 0
