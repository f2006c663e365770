"""Let contestants score the same sentences in turn, each round each in a process of its own."""

import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.ground.errors import PeerError, StanceError
from pipeline.ground.progress import Progress
from pipeline.judging.benchmark import Contest
from pipeline.learning.encoders import locate
from pipeline.workflows.benchmark_programs import (
    count_scored,
    own,
    peer,
    run_command,
    run_program,
    stance_score,
    write_rows,
)
from pipeline.workflows.benchmark_spec import Benchmark
from pipeline.workflows.benchmark_texts import Texts, so_many

SEED = 1  # of random heads, which are in no figure but must be the same everywhere
MAX_LENGTH = 128  # tokens, of the plain loop: as of our models


@dataclass(slots=True)
class Tally:
    """What a contestant has shown so far, round by round."""

    speeds: list[float] = field(default_factory=list)
    startups: list[float] = field(default_factory=list)
    peaks: list[int] = field(default_factory=list)
    chosen: list[int] = field(default_factory=list)
    scored: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Ring:
    """Where contestants meet: the model folder, the encoder's folder, the sentences, a folder to work in."""

    spec: Benchmark
    model: Path
    base: Path
    texts: Texts
    folder: Path

    def sentences(self, name: str) -> list[str]:
        """Give what a contestant scores."""
        return list(so_many(self.texts.sentences, self.spec.throughput.contestants[name]))  # type: ignore[index]

    def job(self, **more: Any) -> dict[str, Any]:
        """Say what every program is told."""
        return {"threads": self.spec.threads, "seed": SEED, **more}


def run_throughput(spec: Benchmark, model: Path, base: Path, texts: Texts, progress: Progress) -> tuple[Contest, ...]:
    """Time all contestants in rounds that each begin with another; one that fails drops out with the reason."""
    tallies = {str(name): Tally() for name in spec.throughput.contestants}
    with tempfile.TemporaryDirectory(prefix="stance-throughput-") as place:
        ring = Ring(spec, model, base, texts, Path(place))
        _prepare(ring, tallies, progress)
        names = list(tallies)
        for number in range(spec.rounds):
            first = number % len(names)
            for name in names[first:] + names[:first]:
                if not tallies[name].reason:
                    progress.say(f"throughput, round {number + 1} of {spec.rounds}: {name}")
                    _try(name, ring, tallies[name], progress)
    return tuple(_contest(name, tally, spec) for name, tally in tallies.items())


def _try(name: str, ring: Ring, tally: Tally, progress: Progress) -> None:
    try:
        RUNS[name](name, ring, tally)
    except StanceError as error:
        _drop(name, tally, error.message, progress)


def _drop(name: str, tally: Tally, reason: str, progress: Progress) -> None:
    tally.reason = reason
    progress.say(f"{name} drops out: {reason}")


def _prepare(ring: Ring, tallies: dict[str, Tally], progress: Progress) -> None:
    """Export the graphs of the plain loops, which is no part of their time."""
    loops = [name for name in tallies if name.startswith("onnx-")]
    if not loops:
        return
    progress.say("exporting the encoder to ONNX, in float32 and int8")
    try:
        run_program(peer("speed_export"), ring.job(encoder=_encoder(ring)), [], ring.folder / "graphs")
    except StanceError as error:
        for name in loops:
            _drop(name, tallies[name], error.message, progress)


def _encoder(ring: Ring) -> str:
    return locate(ring.spec.encoder, ring.base)


def _run_peer(program: list[str], job: dict[str, Any], name: str, ring: Ring, tally: Tally) -> None:
    sentences = ring.sentences(name)
    ran = run_program(program, job, sentences, ring.folder / name)
    if ran.result["scored"] != len(sentences):
        raise PeerError(f"it gave {ran.result['scored']} results for {len(sentences)} sentences", hint="see its code")
    tally.scored = len(sentences)
    tally.speeds.append(len(sentences) / ran.result["seconds"])
    tally.startups.append(ran.startup)
    tally.peaks.append(ran.watched.peak)
    if "batch_size" in ran.result:
        tally.chosen.append(ran.result["batch_size"])


def _own(name: str, ring: Ring, tally: Tally) -> None:
    _run_peer(own(), ring.job(model=str(ring.model)), name, ring, tally)


def _whole(name: str, ring: Ring, tally: Tally) -> None:
    """Run the command on a table; its speed includes its start."""
    folder = ring.folder / f"{name}-{len(tally.speeds)}"
    folder.mkdir()
    write_rows(folder / "table.jsonl", ring.sentences(name))
    took = run_command(stance_score(ring.model, "table.jsonl", "-o", "scores"), ring.spec.threads, folder)
    tally.scored = count_scored(folder / "scores")
    tally.speeds.append(tally.scored / took.wall)
    tally.peaks.append(took.peak)


def _transformers(name: str, ring: Ring, tally: Tally) -> None:
    asked = ring.spec.throughput
    sizes = list(asked.batch_sizes) if name == "transformers-tuned" else []
    job = ring.job(encoder=_encoder(ring), batch_sizes=sizes, tune_on=asked.tune_on)
    _run_peer(peer("speed_transformers"), job, name, ring, tally)


def _setfit(name: str, ring: Ring, tally: Tally) -> None:
    _run_peer(peer("speed_setfit"), ring.job(encoder=_encoder(ring)), name, ring, tally)


def _loop(name: str, ring: Ring, tally: Tally) -> None:
    graphs = ring.folder / "graphs"
    graph = str(graphs / f"{name.removeprefix('onnx-')}.onnx")
    job = ring.job(graph=graph, tokenizer=str(graphs / "tokenizer.json"), max_length=MAX_LENGTH)
    _run_peer(peer("speed_onnx"), job, name, ring, tally)


RUNS: dict[str, Callable[[str, Ring, Tally], None]] = {
    "stance": _own,
    "stance-whole": _whole,
    "transformers": _transformers,
    "transformers-tuned": _transformers,
    "setfit": _setfit,
    "onnx-int8": _loop,
    "onnx-float32": _loop,
}


def _contest(name: str, tally: Tally, spec: Benchmark) -> Contest:
    if tally.reason:
        return Contest(name, 0, reason=tally.reason)
    notes = [f"batches of {size} in {times} of {spec.rounds}" for size, times in Counter(tally.chosen).most_common()]
    return Contest(
        name,
        tally.scored,
        tuple(tally.speeds),
        tuple(tally.startups),
        tuple(tally.peaks),
        tuple(notes),
    )
