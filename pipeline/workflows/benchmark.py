"""Measure how quickly a model scores in batch, beside what else would run an encoder of its size."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path

from pipeline.ground.machine import describe_machine
from pipeline.ground.version import code_version
from pipeline.inference.manifest import read_manifest
from pipeline.judging.benchmark import Briefed, Contest, Grown, Limits
from pipeline.workflows.bench import Bench
from pipeline.workflows.benchmark_briefing import run_briefing
from pipeline.workflows.benchmark_growth import GrowthStep, growth_steps, run_growth
from pipeline.workflows.benchmark_limit import run_limit
from pipeline.workflows.benchmark_spec import Benchmark
from pipeline.workflows.benchmark_texts import Texts, load_texts
from pipeline.workflows.benchmark_throughput import run_throughput
from pipeline.workflows.frontier import folder_of


@dataclass(frozen=True, slots=True)
class Measured:
    """What a benchmark has found; a section that did not run is empty, or None."""

    texts: str
    made_by: dict[str, str]
    contests: tuple[Contest, ...] = ()
    grown: tuple[Grown, ...] = ()
    briefed: tuple[Briefed, ...] = ()
    limits: Limits | None = None


def run_benchmark(spec: Benchmark, bench: Bench) -> Measured:
    """Run the sections in their order; sizes of `growth` are kept, everything else is measured anew.

    Raises:
        ModelError: the model is not here.
        ConfigError: the document of `briefing` is not there.
        PeerError: the whole command fails on a table.
    """
    model = folder_of(spec.model, bench.project)
    load = cache(partial(load_texts, spec.from_year, bench.corpus))
    bench.progress.say("reading the sentences")
    texts = load()
    found: dict[str, object] = {}
    for section in spec.sections:
        found |= _section(section, spec, model, texts, bench)
    return Measured(texts.source, _made(model), **found)  # type: ignore[arg-type]


def _section(section: str, spec: Benchmark, model: Path, texts: Texts, bench: Bench) -> dict[str, object]:
    if section == "throughput":
        return {"contests": run_throughput(spec, model, bench.project.models, texts, bench.progress)}
    if section == "growth":
        return {"grown": run_growth(spec, model, lambda: texts, bench)}
    if section == "briefing":
        return {"briefed": run_briefing(spec, bench.project, bench.progress)}
    sentences = spec.throughput.contestants["stance"]
    return {"limits": run_limit(spec, model, texts, sentences, bench.progress)}


def benchmark_steps(spec: Benchmark, bench: Bench) -> list[GrowthStep]:
    """List the steps that are kept; raise `ModelError` where the model is not here."""
    model = folder_of(spec.model, bench.project)
    load = partial(load_texts, spec.from_year, bench.corpus)
    return growth_steps(spec, model, load) if "growth" in spec.sections else []


def _made(model: Path) -> dict[str, str]:
    """Say where, when and with what was measured."""
    import importlib.metadata

    libraries = {}
    for name in ("onnxruntime", "torch", "transformers", "setfit"):
        try:
            libraries[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            libraries[name] = "absent"
    return {
        "machine": describe_machine(),
        "date": datetime.now(UTC).date().isoformat(),
        "code_version": code_version(),
        "model": read_manifest(model).id,
        "libraries": ", ".join(f"{name} {version}" for name, version in libraries.items()),
    }
