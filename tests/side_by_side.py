"""Make a comparison of two runs by hand, so that a test of its layout says itself what is shown."""

from pipeline.ground.codebook import Codebook
from pipeline.ground.records import Estimate
from pipeline.judging.compare import Difference
from pipeline.judging.paired import LABEL, Aspect, Paired
from pipeline.tracking.runs import RunRecord
from pipeline.workflows.runs_compared import Entry, RunsCompared

LABELS = ("hawk", "dove", "heron", "crane")


def book() -> Codebook:
    labels = [{"name": name, "short": name, "definition": "…"} for name in LABELS]
    return Codebook(name="birds", version="1.0.0", unit="sentence", choice="any", labels=labels)


def record(name: str) -> RunRecord:
    return RunRecord(
        f"{name:0<32}", name, "training", "FINISHED", "2026-01-01", "", {}, {"recipe": name}, {"seed": "3"}
    )


def entry(name: str, **more) -> Entry:
    scores = {"f1": 0.75, "average_precision": 0.8, "brier": 0.061, "ece": 0.02}
    costs = {"train_seconds": 1234.0, "sentences_per_second": 12_345.0, "model_megabytes": 97.5}
    macro = Estimate(0.756, 0.73, 0.784)
    return Entry(name, (record(name[:5]),), macro, dict.fromkeys(LABELS, scores), {}, costs, **more)


def compared(documents: int = 40, sentences: int = 900, name: str = "words seeds 3, 5") -> RunsCompared:
    apart = Estimate(0.051, 0.02, 0.08)
    against = (Paired(Aspect(LABEL, "hawk"), 0.8, 0.7, apart, 0.001, documents),)
    other = entry("other seeds 3, 5", delta=Difference("other", name, apart, 0.001, real=True), against=against)
    return RunsCompared("validation", (other, entry(name)), name, "named", LABELS, sentences, documents)
