"""A frontier judges what is here, says what is not, keeps answers, and times all models anew, in turn."""

import csv
import shutil

import pytest
import yaml
from small import Listener
from tiny import TFIDF, write_labels, write_recipe

from pipeline.ground.errors import ConfigError, ModelError
from pipeline.ground.paths import Project
from pipeline.ground.progress import Progress
from pipeline.inference.manifest import read_manifest
from pipeline.judging.report import judge
from pipeline.predict import Predictor
from pipeline.tracking.store import Tracker
from pipeline.workflows import frontier
from pipeline.workflows.bench import open_bench
from pipeline.workflows.entrants import Answers
from pipeline.workflows.experiment import progress_of
from pipeline.workflows.frontier import Charted, run_frontier, short_names, time_rounds
from pipeline.workflows.judged import judge_examples
from pipeline.workflows.spec import load_spec

SPEC = {
    "kind": "frontier",
    "question": "What does accuracy cost?",
    "hypothesis": "Time.",
    "models": ["tiny", "small"],
    "repeats": 2,
}
PEER = {"kind": "peer", "program": "spacy", "requirements": ["./nowhere.whl"]}
PEER["settings"] = {"optimize": "efficiency", "max_steps": 20, "patience": 20, "eval_frequency": 10}
TINY = "models/trained/tiny"


@pytest.fixture
def place(workshop, tmp_path, monkeypatch):
    """Stand in a project with two trained models, one recipe that nobody trained, and a peer's."""
    monkeypatch.setattr(frontier, "REST", 0.0)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.chdir(tmp_path)
    write_labels(tmp_path / "labels")
    for name, trained in (("tiny", workshop.tiny), ("small", workshop.small)):
        shutil.copytree(trained.folder, tmp_path / "models" / "trained" / name)
    write_recipe(tmp_path / "models" / "later.yaml", TFIDF)
    write_recipe(tmp_path / "models" / "guest.yaml", PEER, learn_from="validation")
    return tmp_path


def write_spec(root, **changes):
    path = root / "experiments" / "cost.yaml"
    path.parent.mkdir(exist_ok=True)
    kept = {key: value for key, value in (SPEC | changes).items() if value is not None}
    path.write_text(yaml.safe_dump(kept, sort_keys=False))
    return path


def prepare(root, listener=None, *, force=False, **changes):
    path = write_spec(root, **changes)
    spec, recipes = load_spec(path, root / "models")
    assert recipes == {}
    bench = open_bench(path, spec.name, Project(root), Tracker(root), listener or Progress(), force=force)
    return spec, bench


def run(root, **changes) -> tuple[Charted, Listener]:
    listener = Listener()
    return run_frontier(*prepare(root, listener, **changes)), listener


def board(root, **changes) -> None:
    """Write a leaderboard of the peer `guest` at two seeds, of an own recipe, and of a peer that failed."""
    _, bench = prepare(root)
    same = {"date": "2026-11-23", "machine": "elsewhere", "failed": ""}
    same |= {"data_fingerprint": bench.corpus.fingerprint, "splits": bench.split_hash[:16]}
    figures = {f"{kind}_{name}": 0.5 for kind in ("f1", "ece") for name in ("hawk", "dove")}
    costs = {"sentences_per_second": 100.0, "model_megabytes": 2.0}
    first = {"recipe": "guest", "seed": 7, **same, "macro_f1": 0.6, "macro_f1_low": 0.5, "macro_f1_high": 0.7}
    first |= figures | costs
    second = first | {"seed": 17, "macro_f1": 0.8, "macro_f1_low": 0.6, "macro_f1_high": 0.8, "date": "2026-11-24"}
    second |= {"sentences_per_second": 300.0, "model_megabytes": 4.0}
    rows = [first | changes, second, first | {"recipe": "tiny"}]
    rows.append({"recipe": "fallen", "seed": 7, **same, "failed": "no\nenvironment"})
    write_recipe(root / "models" / "fallen.yaml", PEER, learn_from="validation")
    with (root / "experiments" / "board.csv").open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(first))
        writer.writeheader()
        writer.writerows(rows)


def test_every_model_is_judged_on_test_as_its_folder_answers_and_timed(place):
    charted, said = run(place)
    assert [row.reason for row in charted.rows] == ["", ""] and {row.name for row in charted.rows} == {"tiny", "small"}
    scores = [row.macro_f1 for row in charted.rows]
    assert scores == sorted(scores, reverse=True)
    _, bench = prepare(place)
    for row in charted.rows:
        predictor = Predictor.load(place / "models" / "trained" / row.name)
        report = judge(judge_examples(predictor, bench.split.test))
        assert row.point.macro_f1 == report.macro_f1
        assert row.f1 == {name: scores.f1 for name, scores in report.labels.items()}
        assert row.ece == pytest.approx({name: scores.ece for name, scores in report.labels.items()}, abs=1e-4)
        assert row.point.megabytes == predictor.manifest.size / 1e6 and row.made_by["model"] == predictor.manifest.id
        assert 0 < row.point.speed.slowest <= row.point.speed.value <= row.point.speed.fastest
        assert row.load_seconds > 0 and row.notes == () and not row.point.taken
    assert charted.sentences == len(bench.split.test) and charted.rows[0].name in charted.fronts.speed
    assert said.said[-2:] == ["timing 2 models, round 1 of 2", "timing 2 models, round 2 of 2"]


def test_what_is_absent_damaged_or_of_another_codebook_is_a_row_with_its_reason(place):
    trained = place / "models" / "trained"
    shutil.copytree(trained / "tiny", trained / "cut")
    weights = trained / "cut" / "weights.npz"
    weights.write_bytes(weights.read_bytes()[:-9])
    shutil.copytree(trained / "tiny", trained / "foreign")
    for name in ("manifest.json", "decisions.json"):
        file = trained / "foreign" / name
        file.write_text(file.read_text().replace('"dove"', '"lark"'))
    models = ["later", "smal", "unheard-of", "cut", "foreign", "models/trained/gone", "models/trained/tiny"]
    charted, said = run(place, models=models)
    reasons = {row.name: row.reason for row in charted.rows}
    assert list(reasons) == ["tiny", "later", "smal", "unheard-of", "cut", "foreign", "gone"] and reasons["tiny"] == ""
    assert reasons["later"] == "not here; make it: stance train models/later.yaml"
    assert reasons["smal"] == "not here: no model and no recipe is called so; did you mean 'small'?"
    assert reasons["unheard-of"] == "not here: no model and no recipe is called so"
    assert reasons["cut"].startswith("models/trained/cut/weights.npz has ") and "cut short" in reasons["cut"]
    assert "another codebook: its labels are hawk, lark" in reasons["foreign"]
    assert reasons["gone"] == "not here: there is no such folder"
    assert sum("drops out" in line for line in said.said) == 6
    assert charted.fronts.speed == charted.fronts.size == ("tiny",)


def test_a_released_model_comes_before_a_trained_one_of_its_name(place):
    shutil.copytree(place / TINY, place / "models" / "released" / "small")
    charted, _ = run(place, models=["small"])
    assert charted.rows[0].made_by["model"] == read_manifest(place / TINY).id


def test_where_no_model_is_here_all_reasons_come_at_once(place):
    with pytest.raises(ModelError, match="cost: none of its models is here") as caught:
        run(place, models=["later", "tny"])
    assert "- later: not here; make it: stance train models/later.yaml" in caught.value.message
    assert "- tny: not here: no model and no recipe is called so; did you mean 'tiny'?" in caught.value.message


def test_answers_are_kept_by_model_labels_and_splits_and_times_are_not(place):
    def skipped(**changes):
        return run(place, **changes)[1].skipped

    first, said = run(place)
    assert said.skipped == []
    again, said = run(place)
    assert said.skipped == ["tiny, answers on test", "small, answers on test"]
    assert sum(line.startswith("timing") for line in said.said) == 2
    assert [(row.point.macro_f1, row.f1, row.ece) for row in again.rows] == [
        (row.point.macro_f1, row.f1, row.ece) for row in first.rows
    ]
    assert skipped(force=True) == []
    assert skipped(models=[TINY]) == [f"{TINY}, answers on test"]  # the same model by another name
    shutil.rmtree(place / TINY)
    shutil.copytree(place / "models" / "trained" / "small", place / TINY)
    assert skipped() == ["tiny, answers on test", "small, answers on test"]  # two names of one model
    labels = place / "labels" / "annotations" / "tiny.jsonl"
    labels.write_text(labels.read_text().replace('"labels": ["hawk"]', '"labels": ["dove"]', 1))
    charted, said = run(place)
    assert said.skipped == ["small, answers on test"]  # asked once, as `tiny`
    assert all("not those the model was trained with" in " ".join(row.notes) for row in charted.rows)


def test_show_tells_what_is_kept_what_is_to_do_and_what_is_not_here(place, stance):
    spec, bench = prepare(place, models=["tiny", "small", "later"])
    run_frontier(*prepare(place, models=["tiny"]))
    state = progress_of(spec, {}, bench)
    assert [step.name for step in state.done] == ["tiny, answers on test"]
    assert [step.model for step in state.to_do] == ["small"] and list(state.absent) == ["later"]
    texts = [example.text for example in bench.split.test]
    predictor = Predictor.load(place / "models" / "trained" / "small")
    answers = Answers.read(state.to_do[0].work())
    assert answers.probabilities == pytest.approx(predictor.predict_proba(texts), abs=1e-6)
    write_spec(place, models=["tiny", "small", "later"])
    code, out, _ = stance("experiment", "show", "experiments/cost.yaml")
    assert code == 0 and "1 of 2 steps, with models" in out and "small: answers on test" in out
    said = " ".join(out.split())
    assert "later: not here; make it: stance train models/later.yaml" in said and "times all models anew" in said
    for arguments in (("ls",), ("validate", "experiments/cost.yaml")):
        code, out, _ = stance("experiment", *arguments)
        assert code == 0 and "cost.yaml  frontier, 3 models, 2 rounds" in out and SPEC["question"] in out


def test_the_command_writes_what_it_found_and_exits_with_2_where_nothing_is_here(place, stance):
    board(place)
    (place / "README.md").write_text("<!-- cost:start -->\n<!-- cost:end -->\n")
    write_spec(place, models=["tiny", "small", "later"], leaderboard="board.csv")
    code, out, err = stance("experiment", "run", "experiments/cost.yaml")
    assert code == 0, err
    for name in ("experiments/cost.md", "experiments/cost.csv", "experiments/cost.svg", "README.md"):
        assert f"wrote {name}" in err
        assert name.endswith(".svg") or "small" in (place / name).read_text()
    assert [line.split()[0] for line in out.splitlines()[1:-1]][-2:] == ["fallen", "later"]
    assert max(map(len, out.splitlines())) <= 80 and not (place / "mlflow.db").exists()
    assert "skipping small, answers on test" in stance("experiment", "run", "experiments/cost.yaml")[2]
    shutil.rmtree(place / "models" / "trained")
    code, out, err = stance("experiment", "run", "experiments/cost.yaml")
    assert code == 2 and out == "" and "none of its models is here" in err and "stance models ls" in err


def test_each_round_begins_with_another_model_and_times_each_once(monkeypatch):
    monkeypatch.setattr(frontier, "REST", 0.0)
    turns, now = [], [0.0]

    def work(name, seconds):
        def done():
            turns.append(name)
            now[0] += seconds

        return done

    every = {"a": work("a", 1.0), "b": work("b", 2.0), "c": work("c", 3.0)}
    found = time_rounds(every, 4, Progress(), clock=lambda: now[0])
    assert "".join(turns) == "abcbcacababc"
    assert found == {"a": [1.0] * 4, "b": [2.0] * 4, "c": [3.0] * 4}


def test_peers_come_from_the_leaderboard_as_they_were_measured_there(place):
    board(place)
    charted, _ = run(place, leaderboard="board.csv")
    rows = {row.name: row for row in charted.rows}
    assert set(rows) == {"tiny", "small", "guest", "fallen"}
    guest = rows["guest"]
    whole = guest.point.macro_f1
    assert (whole.value, whole.low, whole.high) == pytest.approx((0.7, 0.55, 0.75))
    speed = guest.point.speed
    assert (speed.value, speed.slowest, speed.fastest) == (300.0, 100.0, 300.0) and guest.point.megabytes == 3.0
    assert guest.point.taken == "2026-11-23, 2026-11-24" and guest.load_seconds is None
    assert guest.f1["hawk"].value == 0.5 and guest.f1["hawk"].low is None
    assert guest.notes == ("Timed in the leaderboard on another machine: elsewhere.",)
    assert rows["fallen"].reason == "no figures in the leaderboard: no environment"
    assert "guest" not in charted.fronts.speed
    board(place, splits="others")
    notes = next(row for row in run(place, leaderboard="board.csv")[0].rows if row.name == "guest").notes
    assert any("on other labels or splits" in note for note in notes)


def test_a_leaderboard_that_cannot_be_read_is_refused_when_validated(place, stance):
    board(place)
    path = place / "experiments" / "board.csv"
    whole = path.read_text()
    for old, new, said in (
        ("0.6,0.5,0.7", "x,0.5,0.7", "board.csv, line 2: macro_f1: 'x' is no number"),
        ("f1_hawk", "f1_crow", "is no leaderboard of these labels: it has no column f1_hawk"),
        ("sentences_per_second", "speed", "is no leaderboard: it has no column sentences_per_second"),
    ):
        path.write_text(whole.replace(old, new))
        write_spec(place, leaderboard="board.csv")
        code, _, err = stance("experiment", "validate", "experiments/cost.yaml")
        assert code == 2 and said in err, err


def test_every_fault_of_a_specification_comes_at_once(place):
    (place / "experiments").mkdir()
    (place / "experiments" / "board.csv").write_text("recipe\n")
    changes = {"models": ["tiny", "guest", "tiny"], "repeats": 0, "leaderboard": "bord.csv"}
    path = write_spec(place, **changes, question=None, repeat=3)
    with pytest.raises(ConfigError) as caught:
        load_spec(path, place / "models")
    for said in (
        "models: named twice: tiny", "repeats: ", "question: missing", "repeat: unknown key; did you mean 'repeats'?",
        "models: 'guest' is a peer, which leaves no model folder", "bord.csv does not exist; did you mean 'board.csv'?",
    ):  # fmt: skip
        assert said in caught.value.message, said


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"models": []}, "models: "),
        ({"models": "tiny"}, "models: "),
        ({"models": ["tiny", 3]}, "models.1: "),
        ({"repeats": None}, "repeats: missing"),
        ({"leaderboard": "../board.csv"}, "leaderboard: '../board.csv', and a file beside the specification"),
        ({"leaderboard": 5}, "leaderboard: "),
        ({"kind": "fronteer"}, "kind: 'fronteer'; did you mean 'frontier'?"),
        ({"kind": None}, "kind: missing; allowed: comparison, learning-curve, ablation, frontier"),
    ],
)
def test_a_bad_value_is_one_fault(place, changes, said):
    with pytest.raises(ConfigError) as caught:
        load_spec(write_spec(place, **changes), place / "models")
    assert said in caught.value.message and caught.value.message.count("\n  - ") <= 1


def test_models_go_by_the_last_part_of_their_path_where_that_names_one():
    assert short_names(["tiny", "models/x/tiny", "/a/b/small"]) == {
        "tiny": "tiny",
        "models/x/tiny": "models/x/tiny",
        "/a/b/small": "small",
    }
