"""How many threads a model may use is said by one variable, or by the machine."""

import os

import pytest

from pipeline.ground.errors import StanceError
from pipeline.ground.machine import THREADS, allowed_threads


def test_without_the_variable_every_core_that_the_process_may_run_on_is_used(monkeypatch):
    monkeypatch.delenv(THREADS, raising=False)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {1, 4, 5})
    assert allowed_threads() == 3
    monkeypatch.setenv(THREADS, "1")
    assert allowed_threads() == 1


@pytest.mark.parametrize("said", ["0", "-1", "two", "1.5"])
def test_what_is_no_number_of_threads_is_refused(monkeypatch, said):
    monkeypatch.setenv(THREADS, said)
    with pytest.raises(StanceError, match=f"{THREADS} is '{said}'") as caught:
        allowed_threads()
    assert caught.value.hint == f"unset {THREADS}"
