"""The whole bench in a reduced size: rules, words, and a peer in a process of its own; two seeds, cases, sources."""

import csv
import shutil

import yaml
from small import SPEC
from tiny import TFIDF, write_recipe

RULES = {"kind": "rules", "labels": {"hawk": {"match": ["(strike|missile*|force)"]}, "dove": {"match": ["peace"]}}}
CASES = {
    "capability": "orders",
    "claim": "Orders to strike are hawkish.",
    "minimum": [
        {"id": "order-1", "text": "Strike with missiles and force.", "has": ["hawk"]},
        {"id": "order-2", "text": "We sold wool.", "lacks": ["hawk", "dove"]},
    ],
}


def test_recipes_and_a_peer_side_by_side_with_cases_and_sources(place, stance, encoder_folder):
    models = place / "models"
    settings = {"learning_rate": 0.01, "batch_size": 8, "epochs": 4, "max_length": 32, "precision": "bfloat16"}
    peer = {"kind": "peer", "program": "transformers", "requirements": [], "settings": settings}
    peer["encoder"] = {"kind": "folder", "path": str(encoder_folder)}
    write_recipe(models / "rules.yaml", RULES, learn_from="validation")
    write_recipe(models / "words.yaml", TFIDF, learn_from="validation")
    write_recipe(models / "guest.yaml", peer, learn_from="validation")
    recipes = ["rules.yaml", "words.yaml", "guest.yaml"]
    spec = SPEC | {"recipes": recipes, "seeds": [3, 4], "cross_validation": 0, "behaviour": True}
    (place / "experiments" / "small.yaml").write_text(yaml.safe_dump(spec))
    (place / "labels" / "behaviour").mkdir()
    (place / "labels" / "behaviour" / "orders.yaml").write_text(yaml.safe_dump(CASES))

    code, out, err = stance("experiment", "run", "experiments/small.yaml")
    assert code == 0, err
    rows = list(csv.DictReader((place / "experiments" / "leaderboard.csv").read_text().splitlines()))
    assert [(row["recipe"], row["seed"]) for row in rows] == [(n, s) for n in ("rules", "words", "guest") for s in "34"]
    for row in rows:
        assert not row["failed"] and float(row["train_seconds"]) >= 0 and float(row["sentences_per_second"]) > 0
        assert float(row["model_megabytes"]) > 0 and row["run"]
        for figure in ("macro_f1", "macro_f1_half", "f1_hawk", "ece_dove", "ece_raw_dove", "behaviour/pass_rate"):
            assert 0 <= float(row[figure]) <= 1, figure
        assert bool(row["loso_macro_f1"]) is (row["seed"] == "3")
    assert rows[0]["behaviour/orders/pass_rate"] == rows[1]["behaviour/orders/pass_rate"]  # rules draw nothing by seed
    markdown = (place / "experiments" / "leaderboard.md").read_text()
    for title in (
        "Which differences are real",
        "Our thresholds",
        "On each source left out",
        "Behavioural cases passed",
    ):
        assert f"## {title}" in markdown
    apart = markdown.split("## Which differences are real")[1].split("## ")[0]
    assert all(f"`{name}`" in apart for name in ("rules", "words", "guest")) and "nan" not in markdown
    assert len(out.splitlines()) == 4 and max(map(len, out.splitlines())) <= 80

    shutil.rmtree(models / "trained" / "rules")
    again = stance("experiment", "run", "experiments/small.yaml")[2]
    assert "skipping guest seed 3, train" in again and "skipping guest seed 3, loso" in again
    assert "skipping rules seed 3, train" not in again and "skipping rules seed 4, train" in again
