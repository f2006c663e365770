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
    guest, words = [line for line in out.splitlines() if line.startswith("| `")]
    assert guest.startswith("| `guest` | not run: ") and "nowhere" in guest and words.startswith("| `words` | 0.")
    assert guest.count("|") == words.count("|")
    rows = list(csv.DictReader((place / "experiments" / "leaderboard.csv").read_text().splitlines()))
    assert "nowhere" in rows[0]["failed"] and not rows[0]["macro_f1"] and not rows[1]["failed"]
    assert "nowhere" in (place / "experiments" / "leaderboard.md").read_text().split("## Who dropped out")[1]
    tried = stance("experiment", "run", "experiments/small.yaml")[2]
    assert "skipping words seed 3, train" in tried and "skipping guest" not in tried


def test_a_peer_that_fails_at_its_second_seed_drops_out_and_keeps_its_first_in_the_cache(place, monkeypatch):
    def fails_at_4(bench, recipe, seed, more):
        if seed == 4:
            raise PeerError("out of luck")
        return {"figures": {"macro_f1": 0.5}, "made_by": {"run": "none"}, "test": {}}

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
