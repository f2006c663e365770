"""Run the programs that a benchmark times, each in a process of its own: peers', ours, and the whole command."""

import os
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pipeline
from pipeline.ground.errors import PeerError
from pipeline.ground.files import read_json, write_json
from pipeline.learning.peer_environment import tail
from pipeline.workflows.watched import Watched, watch

PROGRAMS = Path(pipeline.__file__).with_name("peers")
OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "DO_NOT_TRACK": "1",
    "CUDA_VISIBLE_DEVICES": "",
}
READABLE = (0, 2)  # the command exits with 2 where some documents could not be read; the others are scored


@dataclass(frozen=True, slots=True)
class Ran:
    """What a program took and what it wrote."""

    watched: Watched
    result: dict[str, Any]

    @property
    def startup(self) -> float:
        """Give the seconds from the start of its process to its first result."""
        return float(self.result["first"] - self.watched.started)


def peer(name: str) -> list[str]:
    """Give the command that runs a program of `pipeline/peers`, which sees nothing of ours."""
    return [sys.executable, "-I", str(PROGRAMS / f"{name}.py")]


def own() -> list[str]:
    """Give the command that times our `Predictor`."""
    return [sys.executable, "-m", "pipeline.workflows.benchmark_own"]


def stance_score(model: Path, *words: str | Path) -> list[str]:
    """Give the whole command, `stance score`, with a model folder."""
    return [sys.executable, "-m", "pipeline", "score", "--model", str(model), *map(str, words)]


def run_program(command: Sequence[str], job: dict[str, Any], texts: Iterable[str], folder: Path) -> Ran:
    """Run a program on a job and texts in a fresh `folder`.

    Raises:
        PeerError: a library is not installed, or the program fails.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    write_json(folder / "job.json", job)
    write_rows(folder / "texts.jsonl", texts)
    log = folder / "log"
    watched = watch([*command, str(folder)], folder, environment(job["threads"]), log)
    if watched.code or not (folder / "result.json").is_file():
        raise PeerError(f"its program ended with {watched.code}\n{tail(log)}", hint="run it by hand to see more")
    result = dict(read_json(folder / "result.json"))
    if "missing" in result:
        raise PeerError(f"{result['missing']} is not installed", hint="pip install 'cautious-hope[train,dev]'")
    return Ran(watched, result)


def run_command(command: Sequence[str], threads: int, folder: Path) -> Watched:
    """Run the whole command, standing in `folder`.

    Raises:
        PeerError: it fails; documents that cannot be read are no failure.
    """
    log = folder / "log"
    watched = watch(command, folder, environment(threads), log)
    if watched.code not in READABLE:
        raise PeerError(f"the command ended with {watched.code}\n{tail(log)}", hint="run it by hand to see more")
    return watched


def environment(threads: int) -> dict[str, str]:
    """Keep the Hub and other settings out; torch and our scorer get so many threads, tokenizers their default."""
    ours = {name: str(threads) for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "STANCE_THREADS")}
    kept = {name: value for name, value in os.environ.items() if name != "TOKENIZERS_PARALLELISM"}
    return kept | OFFLINE | ours | {"PYTHONPATH": str(PROGRAMS.parents[1])}


def write_rows(path: Path, texts: Iterable[str]) -> None:
    """Write a table of one sentence a row, line by line, so that a million are never in memory."""
    import json

    with path.open("w", encoding="utf-8") as stream:
        for number, text in enumerate(texts):
            stream.write(json.dumps({"id": f"row-{number}", "text": text}, ensure_ascii=False) + "\n")


def count_scored(folder: Path) -> int:
    """Count the sentences in a folder of scores."""
    from pyarrow import parquet

    return sum(int(parquet.read_metadata(path).num_rows) for path in _tables(folder))


def _tables(folder: Path) -> Iterator[Path]:
    return (folder / "sentences").glob("part-*.parquet")


def size_of_folder(folder: Path) -> int:
    """Sum the bytes of all files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
