"""The parent's handle of a fork server: one process a run that imports the libraries once and forks its workers.

A worker spends two to three seconds of processor time on importing torch and timm. The server imports them, computes
nothing, and forks itself for each worker. It ends with its run, so that every run has fresh processes in an address
layout of their own. `levit_bench.measuring.forked_workers` is the other end.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import IO, Protocol

from levit_bench.measuring.failure_reasons import end_of, reason_for_exit, reason_for_no_process
from levit_bench.measuring.workers.cpu_time import process_cpu_s
from levit_bench.measuring.workers.messages import Ended, Fork, Forked, ForkFailed, Reap, decode_fork_answer, encode

_LONGEST = 1 << 12  # Bytes of a message.
_GRACE_S = 5.0
_LOST = -signal.SIGKILL
"""Exit code of a worker whose server has ended: the kernel kills the workers with it."""


class ForkServerLostError(Exception):
    """The server is gone, or the system would not let it fork; the message gives the reason."""


class WorkerProcess(Protocol):
    """What a seat needs of its process, however it was started; `subprocess.Popen` has it all."""

    @property
    def pid(self) -> int:
        """Its number in the system."""

    def kill(self) -> None:
        """End it at once; does nothing where it has ended."""

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code, or the negative number of the signal that ended it.

        Raises:
            subprocess.TimeoutExpired: it still runs after so many seconds.
        """


def can_fork() -> bool:
    """Whether workers can be forked here: they are the server's children, whose end only Linux's pidfds tell."""
    if sys.platform != "linux" or not hasattr(os, "pidfd_open"):
        return False
    try:
        os.close(os.pidfd_open(os.getpid()))
    except OSError:  # An old kernel, or a sandbox without the call.
        return False
    return True


class ForkServer:
    """One server. `close` ends it after its workers; several threads may ask it."""

    def __init__(self, command: Sequence[str], env: Mapping[str, str], folder: str = "") -> None:
        """Start the server and return at once; the first fork waits until it has imported the libraries.

        Args:
            command: the program and its arguments, to which the number of its socket is added.
            env: its environment, and that of its workers.
            folder: that they run in; empty: this process's own.

        Raises:
            OSError: the system cannot start a process.
        """
        self._lock = threading.Lock()
        self._started_at = time.perf_counter()
        self._stderr: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 (closed with the server)
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            self._process = subprocess.Popen(
                [*command, str(theirs.fileno())],
                env=dict(env), cwd=folder or None, pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL, stdout=self._stderr, stderr=self._stderr,
                process_group=0,
            )  # fmt: skip
        except OSError:
            self._socket.close()
            self._stderr.close()
            raise
        finally:
            theirs.close()

    @property
    def pid(self) -> int:
        """Its number in the system."""
        return self._process.pid

    @property
    def is_lost(self) -> bool:
        """Whether its process has ended, and the kernel all workers with it."""
        return self._process.poll() is not None

    def cpu_s(self) -> float:
        """Its processor seconds so far, those of its workers excluded; zero once it is gone."""
        return process_cpu_s(self._process.pid)

    def fork(self, threads: int, files: Sequence[int], *, die_with_parent: bool) -> ForkedProcess:
        """A worker, ready to read its requests.

        Args:
            threads: of an operator.
            files: descriptors of requests, answers, the life pipe and the standard error, as in `worker.work`.
            die_with_parent: whether the kernel ends it when the server ends, also where it does not answer.

        Raises:
            ForkServerLostError: the server is gone, or the system refused the fork.
        """
        answer = self._ask(Fork(threads=threads, die_with_parent=die_with_parent), files)
        if not isinstance(answer, Forked):
            raise ForkServerLostError(
                reason_for_no_process(answer.reason)
                if isinstance(answer, ForkFailed)
                else f"unexpected answer {type(answer).__name__}"
            )
        return ForkedProcess(answer.pid, self, answer.ready_at - self._started_at)

    def reap(self, pid: int) -> int:
        """Exit code of a worker that has ended."""
        with suppress(ForkServerLostError):
            answer = self._ask(Reap(pid=pid))
            if isinstance(answer, Ended):
                return answer.code
        return _LOST

    def close(self) -> None:
        """End the server; its workers have ended before."""
        self._socket.close()
        try:
            self._process.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._stderr.close()

    def _ask(self, request: Fork | Reap, files: Sequence[int] = ()) -> Forked | ForkFailed | Ended:
        with self._lock:
            try:
                socket.send_fds(self._socket, [encode(request)], list(files))
                data = self._socket.recv(_LONGEST)
            except OSError:
                data = b""
            if not data:
                raise ForkServerLostError(self._why_gone())
            return decode_fork_answer(data)

    def _why_gone(self) -> str:
        try:
            code = self._process.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return "the process that starts the workers closed its socket without ending, and was killed"
        return f"the process that starts the workers {reason_for_exit(code, end_of(self._stderr))}"


class ForkedProcess:
    """A worker that a fork server has forked: no child of this process."""

    def __init__(self, pid: int, server: ForkServer, imports_s: float) -> None:
        """`imports_s`: seconds from the server's start until it had imported the libraries."""
        self.pid = pid
        self.imports_s = imports_s
        self._server = server
        self._code: int | None = None
        self._handle = os.pidfd_open(pid)  # Before it is reaped, so that the number is still its own.

    def kill(self) -> None:
        """End it at once."""
        if self._code is None:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._handle, signal.SIGKILL)

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code, as `WorkerProcess.wait`."""
        if self._code is None:
            ready, _, _ = select.select([self._handle], [], [], timeout)
            if not ready:
                raise subprocess.TimeoutExpired("worker", timeout or 0.0)
            self._code = self._server.reap(self.pid)
            os.close(self._handle)
        return self._code
