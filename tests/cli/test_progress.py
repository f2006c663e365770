"""A bar with rate and time left on a terminal; plain lines, and few of them, without one."""

import os
import pty
import re
import subprocess
import sys

import pytest
from tiny import apart

from pipeline.cli import console
from pipeline.cli.console import LineProgress

TEXT = "The talks of round {0} bring peace to harbour {0}. The army of town {0} should strike at once.\n"


def lines(capsys) -> list[str]:
    said = capsys.readouterr().err.splitlines()
    assert all(re.match(r"\[ *\d+\.\d s\] ", line) for line in said)
    return [line.partition("] ")[2] for line in said]


def test_without_a_terminal_a_long_stage_speaks_at_its_quarters(capsys):
    progress = LineProgress()
    progress.stage("scoring")
    progress.expect(4000)
    for _ in range(4000):
        progress.advance()
    assert lines(capsys) == ["scoring", "scoring: 25 %", "scoring: 50 %", "scoring: 75 %"]


@pytest.mark.parametrize(("total", "said"), [(0, "so far"), (40, "of 40")])
def test_without_a_terminal_a_slow_stage_speaks_after_a_silence(capsys, monkeypatch, total, said):
    now = [0.0]
    monkeypatch.setattr(console.time, "perf_counter", lambda: now[0])
    progress = LineProgress()
    progress.stage("reading", total)
    progress.rename("2 sentences/s, documents")
    for _ in range(8):
        now[0] += 0.3 * console.SILENCE
        progress.advance()
    assert lines(capsys) == ["reading", f"2 sentences/s, documents: 4 {said}", f"2 sentences/s, documents: 8 {said}"]


def on_a_terminal(folder, *words: str) -> str:
    """Run the command with a terminal of 100 columns, and give all it drew there."""
    ours, theirs = pty.openpty()
    environment = apart(TERM="xterm-256color", COLUMNS="100", LINES="30")
    command = [sys.executable, "-m", "pipeline", *words]
    with subprocess.Popen(command, cwd=folder, env=environment, stdout=theirs, stderr=theirs, stdin=theirs) as process:
        os.close(theirs)
        drawn = bytearray()
        try:
            while chunk := os.read(ours, 65536):
                drawn += chunk
        except OSError:  # the other side has gone
            pass
        os.close(ours)
        assert process.wait(timeout=120) == 0, drawn.decode()
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", drawn.decode())  # without colours and steps of the cursor


def test_on_a_terminal_a_bar_tells_rate_and_time_left(desk):
    (desk / "in").mkdir()
    for number in range(400):
        (desk / "in" / f"{number:03}.txt").write_text("".join(TEXT.format(f"{number}-{part}") for part in range(20)))
    drawn = on_a_terminal(desk, "score", "in", "-o", "out", "--model", "model")
    assert re.search(r"[\d,]+ sentences/s, documents", drawn), drawn
    assert re.search(r"\d+/400\b", drawn) and re.search(r"\d:\d\d:\d\d \d:\d\d:\d\d", drawn), drawn
    assert "scored 400 documents" in drawn
