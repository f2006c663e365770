"""`stance evaluate` trains a peer, which leaves no model folder, and judges it as it judges a model."""

import json

import pytest
from tiny import tiny_sentences, write_recipe

from pipeline.learning import peer

SETTINGS = {"optimize": "efficiency", "max_steps": 20, "patience": 20, "eval_frequency": 10}
HAWKISH = """
import json, pathlib, sys
verb, folder = sys.argv[1], pathlib.Path(sys.argv[2])
rows = lambda name: [json.loads(line) for line in (folder / name).read_text().splitlines() if line]
if verb == "train":
    (folder / "model").mkdir()
    words = sorted({word for row in rows("train.jsonl") if row["labels"][0] for word in row["text"].split()})
    (folder / "model" / "words.json").write_text(json.dumps(words))
else:
    known = set(json.loads((folder / "model" / "words.json").read_text()))
    texts = [row["text"].split() for row in rows("texts.jsonl")]
    shares = [sum(word in known for word in words) / len(words) for words in texts]
    lines = [json.dumps({"probabilities": [share, 1 - share]}) for share in shares]
    (folder / "probabilities.jsonl").write_text("\\n".join(lines))
(folder / f"{verb}.json").write_text('{"seconds": 1.5}')
"""


@pytest.fixture
def guest(project, monkeypatch):
    """Give the recipe of a peer whose program is a few lines, and a file of labelled sentences."""
    programs = project / "programs"
    programs.mkdir()
    (programs / "spacy_peer.py").write_text(HAWKISH)
    monkeypatch.setattr(peer, "PROGRAMS", programs)
    learner = {"kind": "peer", "program": "spacy", "requirements": [], "settings": SETTINGS}
    write_recipe(project / "models" / "guest.yaml", learner, learn_from="validation")
    kinds = {"both": ["hawk", "dove"], "none": []}
    rows = [
        {"text": text, "labels": kinds.get(kind, [kind]), "doc": f"d{at % 5}"}
        for at, (kind, text) in enumerate(tiny_sentences())
    ]
    (project / "gold.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return project / "models" / "guest.yaml"


def test_a_peer_is_trained_and_judged(guest, stance):
    code, out, err = stance("evaluate", guest, "--data", "gold.jsonl", "--json")
    report = json.loads(out)
    assert code == 0 and "training guest (a peer) on" in err
    assert report["sentences"] == len(tiny_sentences()) and list(report["labels"]) == ["hawk", "dove"]
    assert 0 < report["macro_f1"]["value"] <= 1 and report["labels"]["hawk"]["average_precision"] > 0.6


def test_faulty_sentences_are_found_before_the_peer_is_trained(guest, stance, project):
    (project / "gold.jsonl").write_text('{"text": "Strike now.", "labels": ["owl"]}\n')
    code, out, err = stance("evaluate", guest, "--data", "gold.jsonl")
    assert code == 2 and not out and "gold.jsonl, line 1" in err and "owl" in err and "training" not in err


def test_a_recipe_of_ours_is_answered_with_its_model_folder(guest, stance):
    code, out, err = stance("evaluate", "models/tiny.yaml", "--data", "gold.jsonl")
    assert code == 2 and not out and "hint: stance train models/tiny.yaml" in err


def test_label_shares_of_a_peer_are_not_adapted(guest, stance):
    code, out, err = stance("evaluate", guest, "--data", "gold.jsonl", "--adapt-priors")
    assert code == 2 and not out and "--adapt-priors goes with a model folder" in err
