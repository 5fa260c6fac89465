"""Which workers of a run are forked, and from which server.

A worker is forked where another one of its run has the same threads and imports the same libraries. It starts by itself
where it is alone, where it is bound to processors, which libraries ask for when they are imported, on devices whose
libraries do not survive a fork, and where its allocator is not pinned: what glibc gives back to the system after a
pass depends on what a process has allocated before, and a copy is not what a user's own process is
(docs/decisions/0017).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple

from levit_bench.catalog.entries import entries
from levit_bench.catalog.installed import timm_architectures
from levit_bench.catalog.twins import original
from levit_bench.measuring import runtimes
from levit_bench.measuring.reference_cases import NULL, YARDSTICKS
from levit_bench.measuring.session.case_loading import Group
from levit_bench.measuring.workers.fork_server import ForkServer, can_fork
from levit_bench.measuring.workers.place import HERE, Place
from levit_bench.measuring.workers.seat import fork_server
from levit_bench.records import Case, Protocol

_ALLOCATOR = "pinned"
_DEVICES = ("cpu", "arm")
_FEWEST = 2  # A server for one worker would only add a process.


class Kind(NamedTuple):
    """What workers of one server have in common."""

    threads: int
    timm: bool
    """Whether timm is imported: a worker that does without it has none of its memory."""
    place: Place = HERE
    """Where they run."""


def forked(groups: Sequence[Group], protocol: Protocol) -> dict[Kind, int]:
    """Number of workers that one server forks, by their kind; the others of the run start by themselves."""
    if protocol.start_method != "fork" or not can_fork():
        return {}
    counts = Counter(_kind(group, protocol) for group in groups)
    return {kind: count for kind, count in counts.items() if kind is not None and count >= _FEWEST}


def importing(groups: Sequence[Group], protocol: Protocol) -> int:
    """Processes of a run that import the libraries: its servers, and the workers that start by themselves."""
    servers = forked(groups, protocol)
    return len(groups) - sum(servers.values()) + len(servers)


class ForkServers:
    """The servers of one run, by kind of worker. They end with `close`, after the workers."""

    def __init__(self, groups: Sequence[Group], protocol: Protocol) -> None:
        """Start a server for every kind that several of the groups are of."""
        self._protocol = protocol
        self._servers: dict[Kind, ForkServer] = {}
        for kind in forked(groups, protocol):
            with suppress(OSError):  # Then its workers start by themselves, or say why they cannot.
                self._servers[kind] = fork_server(kind.threads, _ALLOCATOR, timm=kind.timm, place=kind.place)

    def of(self, group: Group) -> ForkServer | None:
        """The server of a group's worker; None where it starts by itself, and where the server was lost."""
        kind = _kind(group, self._protocol)
        server = None if kind is None else self._servers.get(kind)
        return None if server is None or server.is_lost else server

    def close(self) -> None:
        """End the servers."""
        for server in self._servers.values():
            server.close()
        self._servers = {}

    def cpu_s(self) -> float:
        """Processor seconds of the servers themselves so far."""
        return sum(server.cpu_s() for server in self._servers.values())


def _kind(group: Group, protocol: Protocol) -> Kind | None:
    """The kind of a group's worker; None where it cannot be forked."""
    case = group.cases[0]
    if case.allocator != _ALLOCATOR or protocol.bound or case.streams > 1 or case.device not in _DEVICES:
        return None
    return Kind(case.threads, any(map(_imports_timm, group.cases)), group.place)


def _imports_timm(case: Case) -> bool:
    """Whether loading the case builds a network of timm."""
    name = original(case.network)
    if case.is_of_user or name in (*YARDSTICKS, NULL) or not runtimes.facts(case.runtime).builds_network:
        return False
    entry = next((entry for entry in entries() if entry.name == name), None)
    if entry is not None:
        return entry.built_by == "timm"
    return name.partition(".")[0] in (timm_architectures() or ())
