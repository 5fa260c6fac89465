"""The parent's handle of a worker process (a seat): starts it, sends one request at a time, and ends it."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

import msgspec

from levit_bench.measuring.failure_reasons import (
    Silence,
    end_of,
    reason_for_exit,
    reason_for_no_process,
    reason_for_silence,
)
from levit_bench.measuring.machine.cgroups import cpu_quota
from levit_bench.measuring.workers.cpu_time import ProcessorTime, process_cpu_s, processor_time
from levit_bench.measuring.workers.fork_server import ForkServer, ForkServerLostError, WorkerProcess
from levit_bench.measuring.workers.messages import Answer, Request, decode_answer, encode
from levit_bench.measuring.workers.place import HERE, Place
from levit_bench.measuring.workers.process_environment import seat_environment

_READ = 1 << 16
_HOME = str(Path(__file__).parents[3])  # The folder that holds this very package.
# A folder of the user's with the package's name must not hide the suite, for any PYTHONPATH: the package is imported
# from its parent's folder before any other folder is searched. Afterwards the import path is restored. Processors are
# bound first of all: libraries read the affinity when they start their threads.
_IMPORT = "sys.path.insert(0, sys.argv.pop(1)); import levit_bench; del sys.path[0]; "
_BIND = "own = sys.argv.pop(); own and os.sched_setaffinity(0, map(int, own.split(','))); "
_WORKER = ("-P", "-c", f"import os, sys; {_BIND}{_IMPORT}from levit_bench.measuring.worker import main; main()", _HOME)
_SERVER = ("-P", "-c", f"import sys; {_IMPORT}from levit_bench.measuring.forked_workers import main; main()", _HOME)
_LONGEST_POLL_S = 3600.0  # The kernel takes milliseconds in 31 bits.
_LATEST, _LONGEST_LATEST_S = 0.1, 30.0
"""Share of a time-out, and seconds at most, at whose beginning and end a process is looked at that does not answer."""
_GRACE_S = 5.0  # A worker that waits for a request ends at once.


class SeatLostError(Exception):
    """The process ended, or was killed because it did not answer; the message gives the reason."""


class ServerLostError(SeatLostError):
    """The process that had forked it is gone, and it with that: no case is the cause."""


class Seat:
    """One worker process: started on construction, then sent requests; `with` closes it in any case."""

    def __init__(
        self,
        threads: int,
        allocator: str,
        *,
        processors: Sequence[int] | None = None,
        die_with_thread: bool = True,
        timed: bool = True,
        server: ForkServer | None = None,
        place: Place = HERE,
    ) -> None:
        """Start the process, bound to `processors` if they are given.

        Args:
            threads: of an operator.
            allocator: of host memory.
            processors: that it may run on; by default all.
            die_with_thread: whether it ends when the thread that started it does, and not only when its parent does.
            timed: whether passes are timed there; see `seat_environment`.
            server: forks the process, on any processors; its environment is that of these threads and this allocator,
                and its place this one.
            place: where the process runs.

        Raises:
            SeatLostError: the system cannot start a process.
        """
        self._write = self._read = self._life = self._ended = -1
        self._stderr: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 (closed with the seat)
        self._buffer = b""
        self._imports_s = 0.0
        self._asked = time.monotonic(), ProcessorTime(0.0, None)
        self.started_at = time.perf_counter()
        inherited: list[int] = []
        try:
            requests, self._write = os.pipe()
            inherited.append(requests)
            self._read, answers = os.pipe()
            inherited.append(answers)
            # Never written to: its end of file tells the seat that the parent is gone.
            life, self._life = os.pipe()
            inherited.append(life)
            if server is None:
                words = (*inherited, threads, int(die_with_thread), ",".join(map(str, processors or ())))
                self._process: WorkerProcess = subprocess.Popen(
                    [place.interpreter, *_WORKER, *map(str, words)],
                    env=seat_environment(place.environment(os.environ), threads, allocator, timed=timed),
                    cwd=place.folder or None,
                    pass_fds=inherited,
                    stdin=subprocess.DEVNULL,
                    stdout=self._stderr,
                    stderr=self._stderr,
                    process_group=0,  # Of its own, so that what a network starts ends with it.
                )
            else:
                files = [*inherited, self._stderr.fileno()]
                forked = server.fork(threads, files, die_with_parent=die_with_thread)
                self._process, self._imports_s = forked, forked.imports_s
        except OSError as error:
            self._close_pipes()
            self._stderr.close()
            raise SeatLostError(reason_for_no_process(error.strerror or str(error))) from error
        except ForkServerLostError as error:
            self._close_pipes()
            self._stderr.close()
            kind = ServerLostError if server is not None and server.is_lost else SeatLostError
            raise kind(str(error)) from error
        finally:
            for end in inherited:
                os.close(end)
        self._ended = _readable_when_over(self._process.pid)
        self._server = server

    @property
    def is_forked(self) -> bool:
        """Whether a server forked its process."""
        return self._server is not None

    def begin(self) -> None:
        """Say that it is used from now on: a forked one may have waited, and starts as if it had just imported."""
        if self.is_forked:
            self.started_at = time.perf_counter() - self._imports_s

    def ask(self, request: Request, timeout_s: float) -> Answer:
        """Send a request and block until its answer.

        Raises:
            SeatLostError: the process ended, or was killed after `timeout_s` seconds without an answer.
        """
        self.send(request)
        return self.receive(timeout_s)

    def send(self, request: Request) -> None:
        """Send a request; its answer is received later."""
        self._asked = time.monotonic(), processor_time(self._process.pid, living=False)
        try:
            os.write(self._write, encode(request))
        except BrokenPipeError:
            raise self._gone() from None

    def receive(self, timeout_s: float) -> Answer:
        """Block until the next answer. The parent sleeps in the kernel meanwhile.

        Raises:
            SeatLostError: as `ask`.
        """
        deadline = time.monotonic() + timeout_s
        look_at, before = deadline - min(_LATEST * timeout_s, _LONGEST_LATEST_S), self._asked
        poll = select.poll()
        poll.register(self._read, select.POLLIN | select.POLLHUP)
        if self._ended >= 0:
            poll.register(self._ended, select.POLLIN)
        while b"\n" not in self._buffer:
            now = time.monotonic()
            if now >= deadline:
                reason = reason_for_silence(self._silence(before))
                self.kill()
                raise SeatLostError(reason)
            if now >= look_at and before is self._asked:
                before = now, processor_time(self._process.pid)
            until = look_at if now < look_at else deadline
            ready = [file for file, _ in poll.poll(min(until - now, _LONGEST_POLL_S) * 1000)]
            if not ready:
                continue
            # It ended without closing the pipe: a process that it started has the other end open.
            if self._read not in ready:
                raise self._gone()
            data = os.read(self._read, _READ)
            if not data:
                raise self._gone()
            self._buffer += data
        line, _, self._buffer = self._buffer.partition(b"\n")
        try:
            return decode_answer(line)
        except msgspec.DecodeError as error:
            self.kill()
            raise SeatLostError(f"answered nonsense ({error}) and was killed") from error

    def _silence(self, before: tuple[float, ProcessorTime]) -> Silence:
        """How the process spent the time since it was asked; `before`: what it had had at some moment of that time."""
        now, time_now = time.monotonic(), processor_time(self._process.pid)
        (asked, time_asked), (looked, time_then) = self._asked, before
        latest = time_now.since(time_then)
        return Silence(
            waited_s=now - asked,
            used_s=time_now.since(time_asked).used_s,
            latest_s=now - looked,
            latest_used_s=latest.used_s,
            latest_delayed_s=latest.delayed_s,
            is_limited=cpu_quota(Path("/")) is not None,
        )

    def answers_on(self) -> tuple[int, ...]:
        """The file descriptors that become readable when it answers or ends."""
        return tuple(end for end in (self._read, self._ended) if end >= 0)

    def cpu_s(self) -> float:
        """Processor seconds of all its threads so far; zero once it is gone."""
        return process_cpu_s(self._process.pid)

    def kill(self) -> None:
        """End the process at once, and all that it started."""
        self._process.kill()
        self._end_group()
        self._process.wait()

    def _end_group(self) -> None:
        """End the processes that the network started, but for those in process groups of their own."""
        with suppress(OSError):  # No process of the group is left.
            os.killpg(self._process.pid, signal.SIGKILL)

    def close(self) -> None:
        """Let the process end by closing its pipes; kill it if it does not."""
        self._close_pipes()
        try:
            self._process.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            self.kill()
        else:
            self._end_group()
        self._stderr.close()

    def _close_pipes(self) -> None:
        for end in (self._write, self._read, self._life, self._ended):
            if end >= 0:
                os.close(end)
        self._write = self._read = self._life = self._ended = -1

    def __enter__(self) -> Seat:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _gone(self) -> SeatLostError:
        """The error for a process that has ended, or closed its pipe."""
        why = self._why_gone()
        return ServerLostError(why) if self._server is not None and self._server.is_lost else SeatLostError(why)

    def _why_gone(self) -> str:
        try:
            code = self._process.wait(10)
        except subprocess.TimeoutExpired:
            self.kill()
            return "closed its pipe without ending, and was killed"
        return reason_for_exit(code, end_of(self._stderr))


def fork_server(threads: int, allocator: str, *, timm: bool, place: Place = HERE) -> ForkServer:
    """A server for workers with these threads and this allocator there; `timm`: whether it imports timm for them.

    Raises:
        OSError: the system cannot start a process.
    """
    command = [place.interpreter, *_SERVER, str(int(timm))]
    return ForkServer(command, seat_environment(place.environment(os.environ), threads, allocator), place.folder)


def first_with_answer(seats: Iterable[Seat], timeout_s: float) -> Seat:
    """The first of several processes at work that answers or ends; after the time-out, the first that was given."""
    by_end = {end: seat for seat in seats for end in seat.answers_on()}
    poll = select.poll()
    for end in by_end:
        poll.register(end, select.POLLIN | select.POLLHUP)
    ready = poll.poll(min(max(timeout_s, 0.0), _LONGEST_POLL_S) * 1000)
    return by_end[ready[0][0]] if ready else next(iter(by_end.values()))


def _readable_when_over(pid: int) -> int:
    """A file descriptor that becomes readable when the process ends; -1 where the system has none."""
    try:
        return os.pidfd_open(pid)
    except (AttributeError, OSError):  # Not Linux, or an old kernel.
        return -1
