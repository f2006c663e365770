"""Learn with somebody else's program, run in an environment of its own; files are all it shares with us."""

import os
import shutil
import subprocess
import tempfile
import time
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.ground.errors import PeerError, StanceError
from pipeline.ground.files import read_json, read_jsonl, write_json, write_jsonl
from pipeline.inference.manifest import ScorerSpec
from pipeline.learning.encoders import locate
from pipeline.learning.estimators import Labelled, Setting
from pipeline.learning.learners import PeerLearner
from pipeline.learning.peer_environment import cache, environment, tail

PROGRAMS = Path(__file__).resolve().parents[1] / "peers"
SECONDS_BETWEEN = 15.0  # of a program's news, one line in so many seconds is passed on
QUIET = {
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "DO_NOT_TRACK": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "CUDA_VISIBLE_DEVICES": "",  # peers are compared on the processor, where our models score
}


def program_of(learner: PeerLearner) -> Path:
    """Say where the program of a peer lies."""
    return PROGRAMS / f"{learner.program}_peer.py"


class PeerEstimator:
    """Run a peer's program to train and to predict.

    Raises:
        PeerError: the codebook allows exactly one label; the programs know subsets only.
        EncoderError: the encoder is not there, or its files are not the stated ones.
    """

    def __init__(self, learner: PeerLearner, setting: Setting) -> None:
        if setting.codebook.exclusive:
            raise PeerError(
                f"the {learner.program} peer learns any subset of labels, and the codebook"
                f" {setting.codebook.name} wants exactly one",
                hint="use a recipe of ours: stance train models/tfidf.yaml",
            )
        self.history: list[dict[str, float]] = []
        self.train_seconds = 0.0
        self.predict_seconds = 0.0
        self.model_bytes = 0
        self._learner = learner
        self._setting = setting
        self._encoder = locate(learner.encoder, setting.base) if learner.encoder else None
        self._python: Path | None = None
        self._folder: Path | None = None

    def fit(self, train: Labelled, validation: Labelled) -> "PeerEstimator":
        """Train in a fresh folder; `train_seconds` leaves out start-up, import and the reading of data.

        Raises:
            PeerError: the environment cannot be made, or the program fails.
        """
        folder = self._fresh_folder()
        for name, part in (("train", train), ("validation", validation)):
            rows = zip(part.texts, part.targets.tolist(), strict=True)
            write_jsonl(folder / f"{name}.jsonl", ({"text": text, "labels": row} for text, row in rows))
        self.train_seconds = self._run("train", folder)["seconds"]
        self.model_bytes = sum(path.stat().st_size for path in (folder / "model").rglob("*") if path.is_file())
        return self

    def predict_proba(self, texts: Sequence[str]) -> np.ndarray:
        """Give raw probabilities, shape (n, labels); `predict_seconds` leaves out the loading of the model."""
        if self._folder is None:
            raise PeerError("the peer has not been fitted", hint="call fit first")
        labels = len(self._setting.codebook.names)
        if not texts:
            return np.zeros((0, labels))
        write_jsonl(self._folder / "texts.jsonl", ({"text": text} for text in texts))
        self.predict_seconds = self._run("predict", self._folder)["seconds"]
        rows = [row["probabilities"] for _, row in read_jsonl(self._folder / "probabilities.jsonl")]
        found = np.array(rows, dtype=float)
        if found.shape != (len(texts), labels) or not np.isfinite(found).all():
            raise PeerError(
                f"the {self._learner.program} peer gave probabilities of shape {found.shape} for {len(texts)} texts"
                f" and {labels} labels, or some that are no numbers",
                hint=f"see {program_of(self._learner)}",
            )
        return found

    def save(self, folder: Path) -> ScorerSpec:
        """Refuse: a peer's model stays in the peer's format."""
        raise StanceError(
            f"the {self._learner.program} peer has no model folder; it is there to be compared with",
            hint="judge it with: stance experiment run experiments/EXPERIMENT.yaml",
        )

    def _fresh_folder(self) -> Path:
        """Make the folder of one training; it goes with the estimator, or at the interpreter's end."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
        self._folder = Path(tempfile.mkdtemp(prefix=f"stance-{self._learner.program}-"))
        weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        job = {
            "labels": list(self._setting.codebook.names),
            "seed": self._setting.seed,
            "threads": self._setting.threads,
            "encoder": self._encoder,
            "settings": self._learner.settings,
        }
        write_json(self._folder / "job.json", job)
        return self._folder

    def _run(self, verb: str, folder: Path) -> dict[str, Any]:
        """Run the program, pass its news on, and return the figures it wrote."""
        if self._python is None:
            self._python = environment(self._learner, self._setting.base, self._setting.progress)
        log = cache(self._setting.base) / f"{self._learner.program}-{verb}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        command = [str(self._python), "-I", str(program_of(self._learner)), verb, str(folder)]
        with log.open("w", encoding="utf-8") as errors:
            code = self._listen(command, folder, errors)
        figures = folder / f"{verb}.json"
        if code or not figures.is_file():
            raise PeerError(
                f"the {self._learner.program} peer failed to {verb}: its program ended with {code}\n{tail(log)}",
                hint=f"all it said is in {log}",
            )
        return dict(read_json(figures))

    def _listen(self, command: list[str], folder: Path, errors: Any) -> int:
        """Run a command to its end, and never leave it running behind; a line of news now and then."""
        threads = {"OMP_NUM_THREADS": str(self._setting.threads), "MKL_NUM_THREADS": str(self._setting.threads)}
        last = -SECONDS_BETWEEN
        with subprocess.Popen(  # noqa: S603 - our program, our interpreter
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            cwd=folder,
            env=os.environ | QUIET | threads,
            text=True,
            encoding="utf-8",
            errors="replace",
        ) as child:
            try:
                for line in child.stdout or ():
                    if line.strip() and time.monotonic() - last >= SECONDS_BETWEEN:
                        last = time.monotonic()
                        self._setting.progress.say(f"{self._learner.program}: {line.strip()}")
                return child.wait()
            except BaseException:
                child.kill()
                raise
