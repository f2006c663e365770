"""Say things on the terminal: notices and progress on stderr, a bar where there is a TTY."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

import click

from pipeline.ground.progress import Progress
from pipeline.ground.records import Notice

if TYPE_CHECKING:
    from rich.console import Console

WIDTH = 80  # what every table fits into; a pipe or a file is given no less
SILENCE = 30.0  # seconds after which a stage without an end says that it goes on
PIPE_CLOSED = 141  # 128 + SIGPIPE, as a shell reports it


def note(message: str) -> None:
    """Say one line of news on stderr."""
    click.echo(message, err=True)


def say_notice(notice: Notice) -> None:
    """Say a notice and its hint on stderr."""
    note(click.style("note: ", bold=True) + notice.message)
    if notice.hint:
        note(f"  hint: {notice.hint}")


def stdout_console() -> "Console":
    """Make the console for results: takes no markup from data, and gives a pipe or a file 80 columns or more."""
    from rich.console import Console

    class Stdout(Console):
        def on_broken_pipe(self) -> None:
            _leave_pipe()

    console = Stdout(markup=False, emoji=False, highlight=False)
    if not console.is_terminal:
        console.width = max(console.width, WIDTH)
    return console


@contextmanager
def results() -> Iterator[None]:
    """Print results within; where the reader has gone (`| head -1`) the command ends quietly, exit code 141."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        _leave_pipe()


def _leave_pipe() -> NoReturn:
    """Point stdout at nothing, so that the last flush cannot fail, and exit."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, sys.stdout.fileno())
    raise SystemExit(PIPE_CLOSED)


def terminal_progress() -> Progress:
    """Choose a bar for a terminal, plain lines for a file or a pipe."""
    return BarProgress() if sys.stderr.isatty() else LineProgress()


class LineProgress(Progress):
    """One line when a stage begins, one each quarter of a long one, and one after a long silence."""

    def __init__(self) -> None:
        self._start = self._spoke = time.perf_counter()
        self._name, self._total, self._done, self._quarter = "", 0, 0, 0

    def stage(self, name: str, total: int = 0) -> None:
        """Begin a stage."""
        self._name, self._total, self._done, self._quarter = name, total, 0, 0
        self._line(name)

    def advance(self, steps: int = 1) -> None:
        """Mark steps as done; speak at each quarter of a stage with many steps."""
        self._done += steps
        quarter = 4 * self._done // self._total if self._total >= 1000 else 0
        if quarter > self._quarter and quarter < 4:
            self._quarter = quarter
            self._line(f"{self._name}: {25 * quarter} %")
        elif time.perf_counter() - self._spoke > SILENCE:
            self._line(f"{self._name}: {self._done:,} {f'of {self._total:,}' if self._total else 'so far'}")

    def expect(self, total: int) -> None:
        """Speak at quarters from now on."""
        self._total = total
        self._quarter = 4 * self._done // total if total else 0

    def rename(self, name: str) -> None:
        """Use another name in the lines to come."""
        self._name = name

    def say(self, message: str) -> None:
        """Pass on one line of news."""
        self._line(message)

    def _line(self, message: str) -> None:
        self._spoke = time.perf_counter()
        note(f"[{time.perf_counter() - self._start:6.1f} s] {message}")


class BarProgress(Progress):
    """A bar with rate and time left, redrawn in place; news scrolls above it."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        self._bar = Bar(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True, markup=False, emoji=False, highlight=False),
            transient=True,
        )
        self._task = self._bar.add_task("", total=None)

    def stage(self, name: str, total: int = 0) -> None:
        """Begin a stage with a fresh bar."""
        self._bar.start()
        self._bar.remove_task(self._task)
        self._task = self._bar.add_task(name, total=total or None)

    def advance(self, steps: int = 1) -> None:
        """Move the bar; take it away when the stage is complete."""
        self._bar.advance(self._task, steps)
        if self._bar.finished:
            self._bar.stop()

    def expect(self, total: int) -> None:
        """Show how much is left from now on."""
        self._bar.update(self._task, total=total)

    def rename(self, name: str) -> None:
        """Show another name beside the bar."""
        self._bar.update(self._task, description=name)

    def say(self, message: str) -> None:
        """Print one line above the bar."""
        self._bar.console.print(message, markup=False)

    def close(self) -> None:
        """Take the bar away."""
        self._bar.stop()
