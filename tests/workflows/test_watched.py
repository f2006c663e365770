"""What a command takes is seen: its memory with that of its children, its time, and where it goes when we stop."""

import os
import subprocess
import sys
import threading
import time

import pytest
from tiny import apart

from pipeline.workflows import watched
from pipeline.workflows.watched import resident, tree, watch

HOLD = "held = bytearray(b'x') * 50_000_000; import time; time.sleep(0.35)"
PARENT = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {HOLD!r}], check=True)"
BURN = """
import os, time
if os.fork() == 0:
    while time.process_time() < 0.3: pass
    os._exit(0)
os.wait()
"""


def run(code, tmp_path):
    return watch([sys.executable, "-c", code], tmp_path, dict(os.environ), tmp_path / "log")


@pytest.mark.parametrize("code", [HOLD, PARENT])
def test_fifty_megabytes_are_seen_also_in_a_child(tmp_path, code):
    idle = run("import time; time.sleep(0.35)", tmp_path)
    took = run(code, tmp_path)
    assert took.code == idle.code == 0
    assert 45e6 < took.peak - idle.peak < 90e6
    assert 0.35 < took.wall < 20


def test_the_time_of_children_counts_and_sleep_does_not(tmp_path):
    assert 0.3 <= run(BURN, tmp_path).cpu < 5
    slept = run("import time; time.sleep(0.3)", tmp_path)
    assert slept.cpu < slept.wall


def test_failures_and_words_are_kept(tmp_path):
    before = time.monotonic()
    took = run("import sys; print('so it goes', file=sys.stderr); sys.exit(7)", tmp_path)
    assert took.code == 7 and (tmp_path / "log").read_text() == "so it goes\n"
    assert before <= took.started <= time.monotonic()


def test_a_tree_holds_its_root_and_what_is_gone_weighs_nothing():
    assert os.getpid() in tree(os.getpid()) and resident(os.getpid()) > 1e6
    assert tree(2**22 + 1) == [2**22 + 1] and resident(2**22 + 1) == 0


def test_a_command_does_not_outlive_us(tmp_path):
    code = "from pathlib import Path; import os, sys; from pipeline.workflows.watched import watch;"
    code += "watch([sys.executable, '-c', sys.argv[1]], Path(), dict(os.environ), Path('log'))"
    note = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", code, note], cwd=tmp_path, env=apart()) as ours:
        deadline = time.monotonic() + 30
        while not ((tmp_path / "log").is_file() and (tmp_path / "log").read_text().endswith("\n")):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        ours.kill()
    child = int((tmp_path / "log").read_text())
    while resident(child) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not resident(child)


def test_an_interruption_ends_the_command_with_its_children(tmp_path, monkeypatch):
    seen = []

    def interrupted(pid, options):
        while len(seen) < 2:
            seen[:] = tree(pid)
        raise KeyboardInterrupt

    monkeypatch.setattr(watched.os, "wait4", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(PARENT.replace("0.35", "60"), tmp_path)
    deadline = time.monotonic() + 10
    while any(resident(pid) for pid in seen) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert len(seen) == 2 and not any(resident(pid) for pid in seen)
    assert threading.active_count() < 20
