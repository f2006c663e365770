"""Scoring needs the base install only, and help needs hardly anything."""

import json
import statistics
import subprocess
import sys
import time

import numpy as np
import pytest
from tiny import ROOT, apart

from pipeline.predict import Predictor

TRAINING_ONLY = {"torch", "transformers", "sklearn", "scipy", "mlflow", "datasets", "matplotlib", "pandas", "pyarrow"}
TEXT = "Talks bring peace. The fleet must strike now."
SCORE = """
import json, sys
from pipeline.predict import Predictor
scored = Predictor.load(sys.argv[1]).predict_document(sys.argv[2])
rows = [list(p.probabilities.values()) for p in scored.predictions]
print(json.dumps({"rows": rows, "modules": sorted({name.split(".")[0] for name in sys.modules})}))
"""
LOADED = """
import sys
from pipeline.cli.app import main
try:
    main(sys.argv[1:])
except SystemExit as ended:
    assert not ended.code, ended.code
print("MODULES", *sorted({name.split(".")[0] for name in sys.modules}))
"""


def python(code, *arguments):
    command = [sys.executable, "-c", code, *map(str, arguments)]
    result = subprocess.run(command, env=apart(), cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.mark.parametrize("name", ["tiny", "small"])
def test_a_model_scores_without_what_only_training_installs(workshop, name):
    folder = getattr(workshop, name).folder
    found = json.loads(python(SCORE, folder, TEXT))
    assert "numpy" in found["modules"] and ("onnxruntime" in found["modules"]) == (name == "small")
    assert TRAINING_ONLY & set(found["modules"]) == set()
    here = [list(p.probabilities.values()) for p in Predictor.load(folder).predict_document(TEXT).predictions]
    assert np.allclose(found["rows"], here, atol=1e-6) and len(here) == 2


def test_the_score_command_loads_nothing_of_training_either(workshop, tmp_path):
    (tmp_path / "note.txt").write_text(TEXT)
    out = python(LOADED, "score", "--model", workshop.tiny.folder, tmp_path / "note.txt")
    modules = set(out.rsplit("MODULES", 1)[1].split())
    assert "rich" in modules and modules & TRAINING_ONLY == set()


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["train", "--help"], ["score", "--help"]])
def test_help_loads_no_heavy_library(arguments):
    out = python(LOADED, *arguments)
    assert "stance" in out
    modules = set(out.rsplit("MODULES", 1)[1].split())
    assert "click" in modules and modules & (TRAINING_ONLY | {"onnxruntime", "tokenizers", "trafilatura"}) == set()


def test_help_is_there_at_once():
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        python("from pipeline.cli.app import main; main(['--help'])")
        seconds.append(time.perf_counter() - start)
    assert statistics.median(seconds) < 0.3, seconds
