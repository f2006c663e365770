"""Run a command to its end and say what it took: wall, processor time, and the resident memory of its whole tree."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

EVERY = 0.1  # seconds between two looks at the memory
PROC = Path("/proc")
PDEATHSIG = 1  # of Linux' prctl: the signal a process gets when its parent ends


@dataclass(frozen=True, slots=True)
class Watched:
    """What a command took; `started` is on the clock of `time.monotonic`, which all processes share.

    `cpu` is user and system time in seconds, of the process and the descendants it waited for. `peak` is in bytes:
    the largest sum of resident memory over the tree that was seen; pages that two processes share count twice.
    """

    code: int
    started: float
    wall: float
    cpu: float
    peak: int


def watch(command: Sequence[str], folder: Path, environment: Mapping[str, str], log: Path) -> Watched:
    """Run a command in `folder`, all it says in `log`; it ends where we are interrupted or killed."""
    with log.open("wb") as stream:
        started = time.monotonic()
        process = subprocess.Popen(  # noqa: S603 - our interpreter, our programs
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env=dict(environment),
            start_new_session=True,
            preexec_fn=_die_with_us,
        )
        sampler = Sampler(process.pid)
        sampler.start()
        try:
            _, status, usage = os.wait4(process.pid, 0)  # Popen.wait does not tell the processor time
            wall = time.monotonic() - started
            process.returncode = os.waitstatus_to_exitcode(status)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise
        finally:
            sampler.stop()
    return Watched(process.returncode, started, wall, usage.ru_utime + usage.ru_stime, sampler.peak)


def _die_with_us() -> None:
    """Have the kernel end this process when its parent ends: a scoring left behind would spoil the next timing."""
    import ctypes

    ctypes.CDLL(None).prctl(PDEATHSIG, signal.SIGKILL)


class Sampler:
    """Look at the resident memory of a process and its descendants, ten times a second, in a thread."""

    def __init__(self, pid: int) -> None:
        self.peak = 0
        self._pid = pid
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Stop looking; `peak` is final then."""
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while True:
            self.peak = max(self.peak, sum(map(resident, tree(self._pid))))
            if self._over.wait(EVERY):
                return


@contextmanager
def own_peak() -> Iterator[Sampler]:
    """Watch the memory of this process and its children while the block runs; `peak` is final after it."""
    sampler = Sampler(os.getpid())
    sampler.start()
    try:
        yield sampler
    finally:
        sampler.stop()


def tree(pid: int) -> list[int]:
    """List a process and its descendants; what ends meanwhile is left out."""
    found = [pid]
    for one in found:  # grows as children are found
        with suppress(OSError):
            for task in (PROC / str(one) / "task").iterdir():
                with suppress(OSError):
                    found += [int(child) for child in (task / "children").read_bytes().split()]
    return found


def resident(pid: int) -> int:
    """Give a process's resident memory in bytes; 0 where it has ended."""
    try:
        return int((PROC / str(pid) / "statm").read_bytes().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError):
        return 0
