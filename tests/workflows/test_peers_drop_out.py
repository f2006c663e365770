"""A peer that fails drops out of a comparison, and the others go on."""

import csv

import yaml
from small import SPEC, compare, results
from tiny import write_recipe

from pipeline.ground.errors import PeerError
from pipeline.workflows import comparison

PEER = {"kind": "peer", "program": "spacy", "requirements": ["./nowhere-1.0-py3-none-any.whl"], "settings": {
    "optimize": "efficiency", "max_steps": 20, "patience": 20, "eval_frequency": 10,
}}  # fmt: skip


def test_a_peer_that_cannot_be_installed_says_why_in_its_row_and_the_others_go_on(place, stance):
    write_recipe(place / "models" / "guest.yaml", PEER, learn_from="validation")
    spec = SPEC | {"recipes": ["guest.yaml", "words.yaml"], "cross_validation": 0}
    (place / "experiments" / "small.yaml").write_text(yaml.safe_dump(spec))
    code, out, err = stance("experiment", "run", "experiments/small.yaml")
    assert code == 0 and "guest drops out" in err
    assert "guest  not run: " in out and max(map(len, out.splitlines())) <= 80
    markdown = (place / "experiments" / "leaderboard.md").read_text()
    guest, words = [line for line in markdown.splitlines() if line.startswith("| `")][:2]
    assert guest.startswith("| `guest` | not run: ") and words.startswith("| `words` | 0.")
    assert guest.count("|") == words.count("|")
    rows = list(csv.DictReader((place / "experiments" / "leaderboard.csv").read_text().splitlines()))
    assert "nowhere" in rows[0]["failed"] and not rows[0]["macro_f1"] and not rows[1]["failed"]
    assert "nowhere" in markdown.split("## Who dropped out")[1]
    tried = stance("experiment", "run", "experiments/small.yaml")[2]
    assert "skipping words seed 3, train" in tried and "skipping guest" not in tried


def given(bench):
    """Give what a peer's training gives: no label for any sentence."""
    zeros = [[0.0, 0.0]] * len(bench.split.test)
    figures = {"macro_f1": 0.0, "macro_f1_half": 0.0, "train_seconds": 1.0, "sentences_per_second": 1.0}
    figures |= {"model_megabytes": 1.0} | {f"{kind}_{n}": 0.0 for kind in KINDS for n in ("hawk", "dove")}
    made_by = dict.fromkeys(
        ("recipe_hash", "data_fingerprint", "splits", "code_version", "date", "run", "machine"), "x"
    )
    return {"figures": figures, "made_by": made_by, "test": {"probabilities": zeros, "predicted": zeros}}


KINDS = ("f1", "f1_half", "ece", "ece_raw")


def test_a_peer_that_fails_only_away_keeps_its_figures_from_home(place, stance, monkeypatch):
    def fails(*_):
        raise PeerError("lost on the road")

    monkeypatch.setattr(comparison, "train_peer", lambda bench, *_: given(bench))
    monkeypatch.setattr(comparison, "environment", lambda *_: None)
    guest = comparison.leave_one_source_out
    monkeypatch.setattr(
        comparison,
        "leave_one_source_out",
        lambda recipe, *rest: (fails if recipe.name == "guest" else guest)(recipe, *rest),
    )
    write_recipe(place / "models" / "guest.yaml", PEER, learn_from="validation")
    spec = SPEC | {"recipes": ["guest.yaml", "floor.yaml"], "cross_validation": 0}
    (place / "experiments" / "small.yaml").write_text(yaml.safe_dump(spec))
    code, out, err = stance("experiment", "run", "experiments/small.yaml")
    assert code == 0 and "guest stays at home: lost on the road" in err
    assert "guest  0.000 [0.000, 0.000]" in out and "not run" not in out
    markdown = (place / "experiments" / "leaderboard.md").read_text()
    assert "- `guest`: only away from home: lost on the road" in markdown and "nan" not in markdown


def test_a_peer_with_nothing_to_do_needs_no_environment(place, monkeypatch):
    asked = []
    monkeypatch.setattr(comparison, "train_peer", lambda bench, *_: given(bench))
    monkeypatch.setattr(comparison, "environment", lambda *_: asked.append(1))
    write_recipe(place / "models" / "guest.yaml", PEER, learn_from="validation")
    spec = SPEC | {"recipes": ["guest.yaml"], "cross_validation": 0, "leave_one_source_out": False}
    (place / "experiments" / "small.yaml").write_text(yaml.safe_dump(spec))
    compare(place)
    compare(place)
    assert asked == [1]


def test_a_peer_that_fails_at_its_second_seed_drops_out_and_keeps_its_first_in_the_cache(place, monkeypatch):
    def fails_at_4(bench, recipe, seed, more):
        if seed == 4:
            raise PeerError("out of luck")
        return given(bench)

    monkeypatch.setattr(comparison, "train_peer", fails_at_4)
    monkeypatch.setattr(comparison, "environment", lambda *_: None)
    write_recipe(place / "models" / "guest.yaml", PEER, learn_from="validation")
    spec = SPEC | {"recipes": ["guest.yaml", "floor.yaml"], "cross_validation": 0, "seeds": [3, 4]}
    (place / "experiments" / "small.yaml").write_text(yaml.safe_dump(spec))
    compared, _ = compare(place)
    assert [row.failed for row in compared.rows] == ["out of luck", "out of luck", "", ""]
    assert list(compared.macro_f1) == ["floor"]
    assert any("guest-seed3-train" in name for name in results(place))


def test_a_peer_cannot_be_trained_into_a_model_folder_and_says_so_before_it_begins(place, stance):
    write_recipe(place / "models" / "guest.yaml", PEER, learn_from="validation")
    code, _, err = stance("train", "models/guest.yaml")
    assert code == 2 and "is a peer" in err and "stance experiment run" in err
    assert not (place / "mlflow.db").exists()
