"""Of two promotions at once one is refused, and no look at test is lost."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from mlflow import MlflowClient

from pipeline.ground.errors import TrackingError
from pipeline.tracking import registry
from pipeline.tracking.registry import Registry
from pipeline.tracking.store import Tracker


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    tracker = Tracker(tmp_path_factory.mktemp("store"))
    tracker.open()
    return tracker


@pytest.fixture
def tracker(store, monkeypatch):
    def write(_, folder):
        folder.mkdir()
        (folder / "MLmodel").write_text("flavors: {}\n")
        return folder

    monkeypatch.setattr(registry, "save_pyfunc", write)
    return store


def run(tracker) -> str:
    with tracker.run("training", "words seed 3", {}, {}) as made:
        return made.id


def slowed(monkeypatch, name):
    """Let time pass between what was read and what is written."""
    plain = getattr(MlflowClient, name)

    def slow(*arguments, **named):
        time.sleep(0.3)
        return plain(*arguments, **named)

    monkeypatch.setattr(MlflowClient, name, slow)


def promote(tracker, model, run_id, expected=None):
    return Registry(tracker).promote(model, run_id, tracker.file.parent, {}, "", expected)


def test_of_two_promotions_against_one_champion_the_second_is_refused(tracker, monkeypatch):
    runs = [run(tracker) for _ in range(3)]
    first = promote(tracker, "two", runs[0]).number
    slowed(monkeypatch, "set_registered_model_alias")
    with ThreadPoolExecutor(2) as pool:
        both = [pool.submit(promote, tracker, "two", run_id, first) for run_id in runs[1:]]
        errors = [one.exception() for one in both]
    [refused] = [error for error in errors if error]
    assert isinstance(refused, TrackingError) and "changed during the comparison" in refused.message
    [made] = [one.result() for one in both if not one.exception()]
    assert [one.number for one in Registry(tracker).versions("two")] == [first, made.number]
    assert Registry(tracker).champion("two").number == made.number


def test_looks_at_the_same_moment_are_all_counted(tracker, monkeypatch):
    promote(tracker, "looked", run(tracker))
    slowed(monkeypatch, "set_registered_model_tag")
    with ThreadPoolExecutor(3) as pool:
        looks = list(pool.map(lambda _: Registry(tracker).count_look("looked", "abc"), range(3)))
    assert sorted(looks) == [1, 2, 3]


def test_a_promotion_that_another_overtook_is_taken_back_and_told(tracker, monkeypatch):
    runs = [run(tracker) for _ in range(3)]
    first = promote(tracker, "overtaken", runs[0]).number
    plain = MlflowClient.set_registered_model_alias

    def overtaken(self, name, alias, version):
        plain(self, name, alias, version)
        other = self.create_model_version("overtaken", "runs:/x", run_id=runs[2])
        plain(self, name, alias, other.version)

    monkeypatch.setattr(MlflowClient, "set_registered_model_alias", overtaken)
    with pytest.raises(TrackingError, match="in the same moment: it is version 3"):
        promote(tracker, "overtaken", runs[1], first)
    assert [one.number for one in Registry(tracker).versions("overtaken")] == [first, 3]


def test_a_place_that_takes_no_lock_is_told(tracker, monkeypatch):
    def fail(*_):
        raise OSError("no locks available")

    run_id = run(tracker)
    monkeypatch.setattr(registry.fcntl, "flock", fail)
    with pytest.raises(TrackingError, match="cannot be used: no locks available"):
        promote(tracker, "locked", run_id)
