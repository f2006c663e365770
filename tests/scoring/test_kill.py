"""A run may be killed anywhere, and its last files cut short: what comes after is what would have been."""

import os
import random
import shutil
import signal
from pathlib import Path

import pytest
from scoring.archives_of_text import contents, read_here, run, write_archive

from pipeline.ground.errors import StanceError
from pipeline.ground.progress import Progress
from pipeline.scoring import store
from pipeline.workflows import archive
from pipeline.workflows.archive import ArchiveRequest, score_to_file

KILLS = int(os.environ.get("STANCE_KILLS", "40"))  # `make long` tries 200
SEED = 2018
pytestmark = pytest.mark.long


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(archive, "read_items", read_here)
    write_archive(tmp_path / "in", documents=16)
    return tmp_path


class Fuse:
    """Count what a run does to the disk, and kill the process at the step chosen."""

    def __init__(self, step: int) -> None:
        self.left = step
        self.burnt = 0

    def wrap(self, function):
        def counted(*arguments, **named):
            self.tick()
            return function(*arguments, **named)

        return counted

    def tick(self) -> None:
        self.burnt += 1
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def rows(self, write_rows):
        def write(path, kind, form, labels, rows):
            def ticking():
                for row in rows:
                    self.tick()
                    yield row

            return write_rows(path, kind, form, labels, ticking())

        return write


def set_fuse(monkeypatch, step: int) -> Fuse:
    fuse = Fuse(step)
    monkeypatch.setattr(os, "replace", fuse.wrap(os.replace))
    monkeypatch.setattr(os, "fsync", fuse.wrap(os.fsync))
    monkeypatch.setattr(os, "unlink", fuse.wrap(os.unlink))
    monkeypatch.setattr(os, "rmdir", fuse.wrap(os.rmdir))
    monkeypatch.setattr(store, "write_rows", fuse.rows(store.write_rows))
    return fuse


def killed(act, step) -> int:
    """Act in a forked process that dies at a step; give its signal, 0 where it came to its end before."""
    child = os.fork()
    if child == 0:
        try:
            with pytest.MonkeyPatch.context() as patch:
                set_fuse(patch, step)
                act()
            os._exit(0)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert not os.WIFEXITED(status) or os.WEXITSTATUS(status) == 0
    return os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0


def killed_run(predictor, place, output, step, **changes) -> int:
    return killed(lambda: run(predictor, place / "in", output, **changes), step)


def steps_of(act) -> int:
    with pytest.MonkeyPatch.context() as patch:
        fuse = set_fuse(patch, 0)
        act()
    return fuse.burnt


def count_steps(predictor, place, output, **changes) -> int:
    return steps_of(lambda: run(predictor, place / "in", output, **changes))


def cut_short(output: Path, dice: random.Random) -> None:
    """Cut off the file written last, as a power cut does to what was not flushed."""
    files = [path for path in output.rglob("*") if path.is_file() and path.name != store.LOCK]
    if files:
        last = max(files, key=lambda path: (path.stat().st_mtime_ns, path.name))
        os.truncate(last, dice.randrange(last.stat().st_size + 1))


@pytest.mark.parametrize("cut", [False, True], ids=["killed", "killed and cut short"])
def test_every_resumed_output_equals_the_uninterrupted_one(place, predictor, cut):
    steps = count_steps(predictor, place, place / "whole")
    whole = contents(place / "whole")
    assert steps > 100 and len(whole["sentences"]) > 50
    dice = random.Random(SEED)
    deaths = 0
    for number in range(KILLS):
        output = place / f"out-{number}"
        deaths += killed_run(predictor, place, output, dice.randrange(1, steps)) == signal.SIGKILL
        if cut:
            cut_short(output, dice)
        run(predictor, place / "in", output)
        assert contents(output) == whole
        assert not [path for path in output.rglob("*") if path.name.startswith((".half", ".0"))]
        shutil.rmtree(output)
    assert deaths > KILLS * 0.9


@pytest.mark.parametrize("step", range(1, 9))
@pytest.mark.parametrize("cut", [False, True])
def test_the_first_steps_are_no_exception(place, predictor, step, cut):
    run(predictor, place / "in", place / "whole")
    output = place / "out"
    assert killed_run(predictor, place, output, step) == signal.SIGKILL
    if cut:
        cut_short(output, random.Random(step))
    run(predictor, place / "in", output)
    assert contents(output) == contents(place / "whole")


def test_a_run_killed_again_and_again_comes_to_its_end(place, predictor):
    steps = count_steps(predictor, place, place / "whole")
    dice, output = random.Random(SEED), place / "out"
    tries = 1
    while killed_run(predictor, place, output, dice.randrange(20, steps // 2)) != 0:
        tries += 1
        assert tries < 100
    assert tries > 2 and contents(output) == contents(place / "whole")


def test_a_replaced_document_is_never_there_twice_nor_lost(place, predictor):
    run(predictor, place / "in", place / "first")
    for number in (1, 4, 9):
        (place / "in" / f"brief-{number:02}.txt").write_text(f"Peace is near in round {number}.")
    shutil.copytree(place / "first", place / "changed")
    steps = count_steps(predictor, place, place / "changed")
    whole = contents(place / "changed")
    dice = random.Random(SEED)
    for number in range(KILLS // 2):
        output = place / f"out-{number}"
        shutil.copytree(place / "first", output)
        killed_run(predictor, place, output, dice.randrange(1, steps))
        run(predictor, place / "in", output)
        assert contents(output) == whole
        shutil.rmtree(output)


FEW = {"named": ("in/brief-00.txt", "in/brief-01.txt"), "form": "csv", "part": 1}


@pytest.mark.parametrize("force", [False, True])
def test_a_new_beginning_goes_on_from_wherever_it_was_killed(place, predictor, force):
    run(predictor, place / "in", place / "first", **(FEW | {"form": "jsonl"}))
    run(predictor, place / "in", place / "whole", **FEW)
    shutil.copytree(place / "first", place / "counted")
    steps = count_steps(predictor, place, place / "counted", **FEW, force=True)
    for step in range(2 + force, steps + 1, 2):
        output = place / f"out-{step}"
        shutil.copytree(place / "first", output)
        assert killed_run(predictor, place, output, step, **FEW, force=True) == signal.SIGKILL
        run(predictor, place / "in", output, **FEW, force=force)
        assert contents(output) == contents(place / "whole")


def test_a_new_beginning_that_never_began_costs_nothing(place, predictor):
    run(predictor, place / "in", place / "out", **(FEW | {"form": "jsonl"}))
    before = contents(place / "out")
    assert killed_run(predictor, place, place / "out", 1, **FEW, force=True) == signal.SIGKILL
    with pytest.raises(StanceError, match="made otherwise"):
        run(predictor, place / "in", place / "out", **FEW)
    assert contents(place / "out") == before


@pytest.mark.parametrize("force", [False, True])
def test_a_file_is_written_from_wherever_the_run_before_was_killed(place, predictor, force):
    request = ArchiveRequest((*FEW["named"], "in/broken.txt"), place / "all.csv", "csv", part=1)
    errors = place / "all.csv.errors.jsonl"
    steps = steps_of(lambda: score_to_file(predictor, request, Progress(), force=force))
    whole, listed = request.output.read_bytes(), errors.read_bytes()
    for step in range(1 + force, steps + 1, 2):
        request.output.unlink(missing_ok=True)
        errors.unlink(missing_ok=True)
        assert killed(lambda: score_to_file(predictor, request, Progress(), force=force), step) == signal.SIGKILL
        score_to_file(predictor, request, Progress())
        assert (request.output.read_bytes(), errors.read_bytes()) == (whole, listed)
        assert sorted(path.name for path in place.iterdir()) == ["all.csv", "all.csv.errors.jsonl", "in"]


def write_table(path: Path, names: range) -> None:
    path.write_text("text\n" + "".join(f'"Peace is near in round {number}."\n' for number in names))


def test_a_table_that_lost_rows_is_whole_again_after_any_kill(place, predictor):
    named = {"named": ("in/t.csv", "in/brief-00.txt"), "part": 5}
    write_table(place / "in" / "t.csv", range(12))
    run(predictor, place / "in", place / "first", **named)
    write_table(place / "in" / "t.csv", range(2, 9))
    shutil.copytree(place / "first", place / "changed")
    steps = count_steps(predictor, place, place / "changed", **named)
    run(predictor, place / "in", place / "whole", **named)
    whole = contents(place / "whole")
    assert contents(place / "changed") == whole and len(whole["documents"]) == 8
    dice = random.Random(SEED)
    for number in range(KILLS // 2):
        output = place / f"out-{number}"
        shutil.copytree(place / "first", output)
        killed_run(predictor, place, output, dice.randrange(1, steps), **named)
        run(predictor, place / "in", output, **named)
        assert contents(output) == whole
        shutil.rmtree(output)
