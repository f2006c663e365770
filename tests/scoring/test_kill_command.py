"""The command itself, with its reading process, may be killed at any moment."""

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from scoring.archives_of_text import contents, write_archive
from tiny import apart

pytestmark = pytest.mark.long
KILLS = 6


def start(place: Path, model: Path, output: str) -> subprocess.Popen:
    command = [sys.executable, "-m", "pipeline", "score", "in", "-o", output, "--model", str(model)]
    return subprocess.Popen(command, cwd=place, env=apart(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def readers_in(place: Path) -> list[int]:
    """List the reading processes that work in a folder."""
    found = []
    for process in Path("/proc").iterdir():
        try:
            words = (process / "cmdline").read_bytes()
            if b"reading_child" in words and (process / "cwd").readlink() == place:
                found.append(int(process.name))
        except (OSError, ValueError):  # it has ended, or is another user's
            continue
    return found


@pytest.mark.skipif(not Path("/proc/self/cwd").exists(), reason="no /proc to see processes in")
def test_the_command_killed_with_its_reader_under_way_goes_on_where_it_was(workshop, tmp_path):
    model, dice, deaths = workshop.tiny.folder, random.Random(2018), 0
    write_archive(tmp_path / "in", documents=400)
    begun = time.monotonic()
    assert start(tmp_path, model, "whole").wait(timeout=120) == 2  # two documents are broken
    took = time.monotonic() - begun
    whole = contents(tmp_path / "whole")
    assert len(whole["documents"]) == 400
    for number in range(KILLS):
        output = f"out-{number}"
        process = start(tmp_path, model, output)
        time.sleep(took * dice.uniform(0.3, 0.95))
        process.send_signal(signal.SIGKILL)
        deaths += process.wait(timeout=60) == -signal.SIGKILL
        deadline = time.monotonic() + 20
        while readers_in(tmp_path) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert readers_in(tmp_path) == []
        assert start(tmp_path, model, output).wait(timeout=120) == 2
        assert contents(tmp_path / output) == whole
    assert deaths >= 1
