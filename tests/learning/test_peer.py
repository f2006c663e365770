"""A peer trains in a process of its own, answers in our order, and says plainly what went wrong."""

import gc
import json

import numpy as np
import pytest
from tiny import write_recipe

from pipeline.ground.errors import ConfigError, EncoderError, PeerError, StanceError
from pipeline.learning import peer
from pipeline.learning.estimators import build
from pipeline.learning.recipes import load_recipe

TRANSFORMERS = {"learning_rate": 0.01, "batch_size": 8, "epochs": 25, "max_length": 32, "precision": "bfloat16"}
SETFIT = {"max_steps": 60, "batch_size": 8, "body_learning_rate": 0.002, "max_length": 32, "precision": "float32"}
SPACY = {"optimize": "efficiency", "max_steps": 40, "patience": 40, "eval_frequency": 20}
FAITHFUL = """
import json, os, pathlib, sys
verb, folder = sys.argv[1], pathlib.Path(sys.argv[2])
print("a line of news", flush=True)
print("another at once", flush=True)
if verb == "train":
    (folder / "model").mkdir()
    (folder / "model" / "weights").write_text("x" * 1000)
    seen = {"environment": dict(os.environ), "job": json.loads((folder / "job.json").read_text())}
    seen["train"] = [json.loads(line) for line in (folder / "train.jsonl").read_text().split("\\n") if line]
    pathlib.Path(__file__).with_name("seen.json").write_text(json.dumps(seen))
else:
    texts = [json.loads(line)["text"] for line in (folder / "texts.jsonl").read_text().split("\\n") if line]
    rows = [json.dumps({"probabilities": [1 / len(text), 0.5]}) for text in texts]
    (folder / "probabilities.jsonl").write_text("\\n".join(rows))
(folder / f"{verb}.json").write_text('{"seconds": 1.5}')
"""
CRASH = "import sys; print('x', file=sys.stderr); raise ValueError('the seventh seal')"
SILENT = "pass"
SHORT = FAITHFUL.replace("[1 / len(text), 0.5]", "[0.5]")
NO_NUMBER = FAITHFUL.replace("1 / len(text)", "float('nan')")


def recipe_of(tmp_path, program, settings, **more):
    learner = {"kind": "peer", "program": program, "requirements": [], "settings": settings} | more
    return load_recipe(write_recipe(tmp_path / "models" / "peer.yaml", learner, learn_from="validation"))


def built(recipe, setting, tmp_path):
    setting.base = tmp_path / "models"
    return build(recipe, setting)


@pytest.fixture
def replaced(tmp_path, setting, monkeypatch):
    """Make a peer whose program is the given code."""

    def make(code):
        folder = tmp_path / "programs"
        folder.mkdir()
        (folder / "spacy_peer.py").write_text(code)
        monkeypatch.setattr(peer, "PROGRAMS", folder)
        return built(recipe_of(tmp_path, "spacy", SPACY), setting(seed=11), tmp_path)

    return make


def test_a_tiny_encoder_learns_in_a_process_of_its_own(tmp_path, setting, halves, encoder_folder):
    encoder = {"kind": "folder", "path": str(encoder_folder)}
    recipe = recipe_of(tmp_path, "transformers", TRANSFORMERS, encoder=encoder)
    train, validation = halves()
    fitted = built(recipe, setting(), tmp_path).fit(train, validation)
    found = fitted.predict_proba(train.texts)
    assert ((found >= 0.5) == train.targets).mean() > 0.9
    weights = (encoder_folder / "model.safetensors").stat().st_size
    assert fitted.train_seconds > 0 and fitted.predict_seconds > 0
    assert weights < fitted.model_bytes < 3 * weights + 200_000


def test_setfit_learns_in_a_process_of_its_own(tmp_path, setting, halves, encoder_folder):
    encoder = {"kind": "folder", "path": str(encoder_folder)}
    recipe = recipe_of(tmp_path, "setfit", SETFIT, encoder=encoder)
    train, validation = halves()
    fitted = built(recipe, setting(), tmp_path).fit(train, validation)
    found = fitted.predict_proba(train.texts)
    assert ((found >= 0.5) == train.targets).mean() > 0.8
    assert np.allclose(fitted.predict_proba(train.texts[::-1]), found[::-1], atol=1e-4)
    assert fitted.model_bytes > (encoder_folder / "model.safetensors").stat().st_size


def test_seed_threads_and_data_reach_the_program_and_the_network_does_not(replaced, halves, tmp_path):
    train, validation = halves()
    fitted = replaced(FAITHFUL).fit(train, validation)
    seen = json.loads((tmp_path / "programs" / "seen.json").read_text())
    assert seen["job"] == {"labels": ["hawk", "dove"], "seed": 11, "threads": 1, "encoder": None, "settings": SPACY}
    assert seen["environment"] | {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"} == seen["environment"]
    assert [row["text"] for row in seen["train"]] == list(train.texts)
    assert [row["labels"] for row in seen["train"]] == train.targets.tolist()
    assert (fitted.train_seconds, fitted.model_bytes) == (1.5, 1000)


def test_rows_come_back_in_the_order_of_the_texts_and_none_for_none(replaced, halves):
    fitted = replaced(FAITHFUL).fit(*halves())
    found = fitted.predict_proba(["four", "a", "a\u2028b"])
    assert np.allclose(found, [[1 / 4, 0.5], [1, 0.5], [1 / 3, 0.5]])
    assert fitted.predict_proba([]).shape == (0, 2)


def test_news_is_passed_on_sparingly(replaced, halves, monkeypatch):
    estimator, said = replaced(FAITHFUL), []
    monkeypatch.setattr(estimator._setting.progress, "say", said.append, raising=False)
    estimator.fit(*halves())
    assert said == ["spacy: a line of news"]


def test_no_folder_stays_behind(replaced, halves):
    fitted = replaced(FAITHFUL).fit(*halves())
    first = fitted._folder
    second = fitted.fit(*halves())._folder
    assert not first.exists() and second.is_dir()
    del fitted
    gc.collect()
    assert not second.exists()


def test_a_peer_has_no_model_folder(replaced, halves, tmp_path):
    fitted = replaced(FAITHFUL).fit(*halves())
    with pytest.raises(StanceError, match="the spacy peer has no model folder") as caught:
        fitted.save(tmp_path)
    assert "stance experiment run" in caught.value.hint


def test_a_crash_is_told_by_its_last_lines_and_where_the_rest_is(replaced, halves, tmp_path):
    with pytest.raises(PeerError, match="the spacy peer failed to train: its program ended with 1") as caught:
        replaced(CRASH).fit(*halves())
    log = tmp_path / ".cache" / "peers" / "spacy-train.log"
    assert caught.value.message.endswith("ValueError: the seventh seal")
    assert str(log) in caught.value.hint and "Traceback" in log.read_text()


@pytest.mark.parametrize(("code", "said"), [(SILENT, "failed to train"), (SHORT, "shape"), (NO_NUMBER, "no numbers")])
def test_a_program_that_does_less_than_it_should_is_refused(replaced, halves, code, said):
    with pytest.raises(PeerError, match=said):
        replaced(code).fit(*halves()).predict_proba(["a", "b"])


def test_a_peer_that_was_not_fitted_says_so(replaced):
    with pytest.raises(PeerError, match="has not been fitted"):
        replaced(FAITHFUL).predict_proba(["a"])


def test_every_fault_of_the_settings_is_named_at_once(tmp_path):
    wrong = TRANSFORMERS | {"batch_size": 0, "learning_rte": 0.1}
    wrong.pop("learning_rate")
    with pytest.raises(ConfigError) as caught:
        recipe_of(tmp_path, "transformers", wrong, encoder={"kind": "folder", "path": "x"})
    said = caught.value.message
    assert "  - learner.settings: " in said and "batch_size: input should be greater than or equal to 1" in said
    assert "learning_rte: unknown key; did you mean 'learning_rate'?" in said and "learning_rate: missing" in said


@pytest.mark.parametrize(
    ("program", "more", "said"),
    [
        ("sapcy", {}, "learner.program: input should be 'setfit', 'spacy' or 'transformers'"),
        ("spacy", {"encoder": {"kind": "folder", "path": "x"}}, "program spacy takes none"),
        ("transformers", {"settings": TRANSFORMERS}, "program transformers wants an encoder"),
        ("setfit", {"encoder": {"kind": "hub", "id": "x"}}, "learner.encoder.kind: 'hub'; allowed: package, folder"),
    ],
)
def test_what_does_not_belong_together_is_refused(tmp_path, program, more, said):
    with pytest.raises(ConfigError) as caught:
        recipe_of(tmp_path, program, **({"settings": SPACY} | more))
    assert said in caught.value.message


def test_an_encoder_that_is_not_there_stops_it_before_anything_runs(tmp_path, setting):
    recipe = recipe_of(tmp_path, "transformers", TRANSFORMERS, encoder={"kind": "folder", "path": "absent"})
    with pytest.raises(EncoderError, match=r"holds no config\.json"):
        built(recipe, setting(), tmp_path)


def test_one_label_of_many_is_not_what_peers_learn(tmp_path, setting):
    with pytest.raises(PeerError, match="wants exactly one"):
        built(recipe_of(tmp_path, "spacy", SPACY), setting("one"), tmp_path)


def test_an_average_of_peers_is_refused(tmp_path):
    recipe_of(tmp_path, "spacy", SPACY)
    write_recipe(tmp_path / "models" / "a.yaml")
    path = write_recipe(tmp_path / "models" / "both.yaml", {"kind": "average", "members": ["a.yaml", "peer.yaml"]})
    with pytest.raises(ConfigError, match=r"'peer.yaml' is a peer"):
        load_recipe(path)
