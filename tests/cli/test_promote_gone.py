"""A champion whose files are gone or damaged stops no promotion for good: what it lacks and the way on are said."""

import shlex
import shutil
from pathlib import Path

import pytest

from pipeline.tracking.registry import Registry
from pipeline.tracking.store import Tracker


def artifacts(run_id) -> Path:
    return Path("mlartifacts/training") / run_id / "artifacts"


def all_files(run_id):
    shutil.rmtree(artifacts(run_id))


def the_model(run_id):
    shutil.rmtree(artifacts(run_id) / "model")


def a_file_of_the_model(run_id):
    (artifacts(run_id) / "model" / "vocabulary.json").unlink()


def the_answers(run_id):
    shutil.rmtree(artifacts(run_id) / "predictions")


@pytest.mark.parametrize(
    ("remove", "said"),
    [
        (all_files, "are not where the store says"),
        (the_model, "carries no model"),
        (a_file_of_the_model, "is damaged"),
        (the_answers, "keeps no answers on validation"),
    ],
)
def test_what_is_gone_is_named_and_the_hint_works(own, stance, remove, said):
    assert stance("models", "promote", "words seed 3")[0] == 0
    remove(own["words"])
    code, _, err = stance("models", "promote", "words seed 5")
    assert code == 2 and "the champion cannot be read: " in err and said in err and "words seed 3" in err
    hint = err.partition("hint: ")[2].strip()
    assert "MLFLOW_TRACKING_URI" not in hint and "stance train" not in hint
    hint = hint.partition("promote without comparing: stance ")[2]
    code, out, err = stance(*shlex.split(hint))
    assert code == 0, err
    assert "not compared: the champion cannot be read: " in out and "version 2 is champion" in err
    champion = Registry(Tracker(Path.cwd())).champion("camps")
    assert champion.run_id == own["words5"] and champion.forced and said in champion.tags["overruled"]
