"""The fork server's own process: imports what workers need, and forks itself for each of them.

`workers/fork_server.py` starts it with the arguments TIMM SOCKET: whether to import timm, and its end of the socket.
Until its end it runs one thread and no operator of torch: threads do not survive a fork, and OpenMP's must not have
been started before one.
"""

from __future__ import annotations

import gc
import os
import signal
import socket
import sys
import time
import traceback
from contextlib import suppress

from levit_bench.measuring import worker
from levit_bench.measuring.networks.timm_import import import_timm
from levit_bench.measuring.workers.messages import (
    Ended,
    Fork,
    ForkAnswer,
    Forked,
    ForkFailed,
    ForkRequest,
    Reap,
    decode_fork_request,
    encode,
)

_LONGEST = 1 << 12
_MOST_FILES = 4


def serve(connection: socket.socket) -> None:
    """Fork and reap as asked, until the parent closes the socket."""
    ready_at = time.perf_counter()
    while True:
        data, files, _, _ = socket.recv_fds(connection, _LONGEST, _MOST_FILES)
        if not data:
            return
        connection.send(encode(_answer(decode_fork_request(data), files, connection, ready_at)))


def _answer(request: ForkRequest, files: list[int], connection: socket.socket, ready_at: float) -> ForkAnswer:
    match request:
        case Fork():
            return _fork(request, files, connection, ready_at)
        case Reap(pid=pid):
            return Ended(code=os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


def _fork(request: Fork, files: list[int], connection: socket.socket, ready_at: float) -> Forked | ForkFailed:
    server = os.getpid()
    try:
        pid = os.fork()
    except OSError as error:
        return ForkFailed(reason=error.strerror or str(error))
    if pid == 0:
        connection.close()
        _work(request, files, server)
    for file in files:
        os.close(file)
    with suppress(OSError):  # It has done so itself, or is gone: the parent must not find it in this process's group.
        os.setpgid(pid, pid)
    return Forked(pid=pid, ready_at=ready_at)


def _work(request: Fork, files: list[int], server: int) -> None:
    """The whole life of a worker; never returns."""
    code = 1
    try:
        os.setpgid(0, 0)  # A group of its own, so that what a network starts ends with it.
        requests, answers, life, stderr = files
        os.dup2(stderr, 1)
        os.dup2(stderr, 2)
        os.close(stderr)
        parent = server if request.die_with_parent else None
        worker.work(requests, answers, life, request.threads, die_with_parent=parent)
        code = 0
    except BaseException:  # As an interpreter does at its end.
        traceback.print_exc()
    finally:
        with suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def main() -> None:
    """Import, then serve."""
    timm, connection = int(sys.argv[1]), socket.socket(fileno=int(sys.argv[2]))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent.
    worker.die_with(os.getppid())
    if timm:
        with suppress(Exception):  # The case that needs it says why it cannot be had.
            import_timm()
    gc.collect()
    gc.freeze()  # What was imported lives as long as the workers: their collector leaves its pages shared.
    with connection:
        serve(connection)
